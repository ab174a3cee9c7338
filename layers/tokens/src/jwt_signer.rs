use std::{fmt, sync::Arc};

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    signature::{self as aws, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use gatefold_core::Exception;
use jsonwebtoken::EncodingKey;
use serde_json::json;

use crate::{
    JwtAlgorithm, JwtKeyError, JwtKeyErrorKind as Kind, jwt_algorithm::Family, jwt_key::unreadable,
};

/// Signs tokens: for the issuing end, for examples and tests.
///
/// ```
/// use gatefold_tokens::{JwtAlgorithm, JwtSigner};
///
/// let signer = JwtSigner::hmac(JwtAlgorithm::Hs256, "0123456789abcdef0123456789abcdef")?;
/// let token = signer.kid("2026").sign(r#"{"sub":"alice","exp":4102444800}"#)?;
/// assert_eq!(token.split('.').count(), 3);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct JwtSigner {
    algorithm: JwtAlgorithm,
    kid: Option<Box<str>>,
    typ: Box<str>,
    key: Arc<Key>,
}

enum Key {
    Secret(Box<hmac::Key>),
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl JwtSigner {
    /// Signs with a secret.
    ///
    /// # Errors
    ///
    /// If the secret is shorter than the algorithm's hash, or the algorithm takes no secret.
    pub fn hmac(algorithm: JwtAlgorithm, secret: impl AsRef<[u8]>) -> Result<Self, JwtKeyError> {
        let secret = secret.as_ref();
        let Some(hmac) = algorithm.hmac() else {
            return Err(other(algorithm));
        };
        if secret.len() < algorithm.shortest_secret() {
            let least = algorithm.shortest_secret();
            let about = format!("{algorithm} wants a secret of {least} bytes at least");
            return Err(JwtKeyError::new(Kind::Strength, about));
        }
        Ok(Self::of(
            algorithm,
            Key::Secret(Box::new(hmac::Key::new(hmac, secret))),
        ))
    }

    /// Signs with a private key as PEM: PKCS#8, or PKCS#1 for RSA.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is not the algorithm's.
    pub fn pem(algorithm: JwtAlgorithm, pem: impl AsRef<[u8]>) -> Result<Self, JwtKeyError> {
        let pem = pem.as_ref();
        let key = match algorithm.family() {
            Family::Rsa => EncodingKey::from_rsa_pem(pem),
            Family::Ec => EncodingKey::from_ec_pem(pem),
            Family::Ed => EncodingKey::from_ed_pem(pem),
            Family::Hmac => return Err(other(algorithm)),
        };
        let key = key.map_err(|_| unreadable("PEM"))?;
        Self::der(algorithm, key.as_bytes())
    }

    /// Signs with a private key as DER: PKCS#8, or PKCS#1 for RSA.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is not the algorithm's.
    pub fn der(algorithm: JwtAlgorithm, der: impl AsRef<[u8]>) -> Result<Self, JwtKeyError> {
        let der = der.as_ref();
        let ec = match algorithm {
            JwtAlgorithm::Es256 => &aws::ECDSA_P256_SHA256_FIXED_SIGNING,
            JwtAlgorithm::Es384 => &aws::ECDSA_P384_SHA384_FIXED_SIGNING,
            _ => &aws::ECDSA_P521_SHA512_FIXED_SIGNING,
        };
        let key = match algorithm.family() {
            Family::Rsa => RsaKeyPair::from_pkcs8(der)
                .or_else(|_| RsaKeyPair::from_der(der))
                .map(Key::Rsa),
            Family::Ec => EcdsaKeyPair::from_pkcs8(ec, der).map(Key::Ec),
            Family::Ed => Ed25519KeyPair::from_pkcs8(der)
                .or_else(|_| Ed25519KeyPair::from_pkcs8_maybe_unchecked(der))
                .map(Key::Ed),
            Family::Hmac => return Err(other(algorithm)),
        };
        let key = key.map_err(|_| unreadable("private key"))?;
        Ok(Self::of(algorithm, key))
    }

    /// Signs with a new key, for tests.
    ///
    /// # Errors
    ///
    /// If there is no randomness.
    pub fn generate(algorithm: JwtAlgorithm) -> Result<Self, JwtKeyError> {
        let failed = |_| JwtKeyError::new(Kind::Unreadable, "no key could be made");
        let ec = match algorithm {
            JwtAlgorithm::Es256 => &aws::ECDSA_P256_SHA256_FIXED_SIGNING,
            JwtAlgorithm::Es384 => &aws::ECDSA_P384_SHA384_FIXED_SIGNING,
            _ => &aws::ECDSA_P521_SHA512_FIXED_SIGNING,
        };
        let key = match algorithm.family() {
            Family::Rsa => RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).map(Key::Rsa),
            Family::Ec => EcdsaKeyPair::generate(ec).map(Key::Ec),
            Family::Ed => Ed25519KeyPair::generate().map(Key::Ed),
            Family::Hmac => {
                let mut secret = [0; 64];
                let filled = aws_lc_rs::rand::fill(&mut secret);
                filled.map_err(failed)?;
                return Self::hmac(algorithm, secret);
            }
        };
        Ok(Self::of(algorithm, key.map_err(failed)?))
    }

    fn of(algorithm: JwtAlgorithm, key: Key) -> Self {
        Self {
            algorithm,
            kid: None,
            typ: "JWT".into(),
            key: Arc::new(key),
        }
    }

    /// Names the key in the header.
    pub fn kid(mut self, kid: impl Into<Box<str>>) -> Self {
        self.kid = Some(kid.into());
        self
    }

    /// Writes another `typ` than `JWT`: `at+jwt` (RFC 9068).
    pub fn typ(mut self, typ: impl Into<Box<str>>) -> Self {
        self.typ = typ.into();
        self
    }

    /// The token with these claims, a JSON object as text.
    ///
    /// # Errors
    ///
    /// If the key fails, for want of randomness.
    pub fn sign(&self, claims: impl AsRef<[u8]>) -> Result<String, Exception> {
        let mut header = json!({"alg": self.algorithm.name(), "typ": self.typ});
        if let Some(kid) = &self.kid {
            header["kid"] = json!(kid);
        }
        let mut token = URL_SAFE_NO_PAD.encode(header.to_string());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims.as_ref(), &mut token);
        let signature = self.signature(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, Exception> {
        let failed = |_| Exception::unavailable("a token could not be signed");
        let random = SystemRandom::new();
        Ok(match &*self.key {
            Key::Secret(key) => hmac::sign(key, message).as_ref().to_vec(),
            Key::Ec(key) => key
                .sign(&random, message)
                .map_err(failed)?
                .as_ref()
                .to_vec(),
            Key::Ed(key) => key.sign(message).as_ref().to_vec(),
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                let encoding: &dyn aws::RsaEncoding = match self.algorithm {
                    JwtAlgorithm::Rs256 => &aws::RSA_PKCS1_SHA256,
                    JwtAlgorithm::Rs384 => &aws::RSA_PKCS1_SHA384,
                    JwtAlgorithm::Rs512 => &aws::RSA_PKCS1_SHA512,
                    JwtAlgorithm::Ps256 => &aws::RSA_PSS_SHA256,
                    JwtAlgorithm::Ps384 => &aws::RSA_PSS_SHA384,
                    _ => &aws::RSA_PSS_SHA512,
                };
                let signed = key.sign(encoding, &random, message, &mut signature);
                signed.map_err(failed)?;
                signature
            }
        })
    }

    /// The public half as a JSON Web Key, to be published; `None` for a secret.
    pub fn jwk(&self) -> Option<String> {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = match &*self.key {
            Key::Secret(_) => return None,
            Key::Rsa(key) => {
                let key = aws::RsaPublicKeyComponents::<Vec<u8>>::from(key.public_key());
                json!({"kty": "RSA", "n": text(&key.n), "e": text(&key.e)})
            }
            Key::Ec(key) => {
                let (x, y) = key
                    .public_key()
                    .as_ref()
                    .get(1..)?
                    .split_at(self.algorithm.point() / 2);
                let curve = match self.algorithm {
                    JwtAlgorithm::Es256 => "P-256",
                    JwtAlgorithm::Es384 => "P-384",
                    _ => "P-521",
                };
                json!({"kty": "EC", "crv": curve, "x": text(x), "y": text(y)})
            }
            Key::Ed(key) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": text(key.public_key().as_ref())})
            }
        };
        jwk["use"] = json!("sig");
        jwk["alg"] = json!(self.algorithm.name());
        if let Some(kid) = &self.kid {
            jwk["kid"] = json!(kid);
        }
        Some(jwk.to_string())
    }
}

fn other(algorithm: JwtAlgorithm) -> JwtKeyError {
    let about = format!("the key is none for {algorithm}");
    JwtKeyError::new(Kind::Algorithm, about)
}

impl fmt::Debug for JwtSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtSigner")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}
