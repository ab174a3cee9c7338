use std::{fmt, sync::Arc};

use aws_lc_rs::{
    hmac,
    rsa::PublicKey,
    signature::{ED25519, ParsedPublicKey, RsaPublicKeyComponents},
};
use jsonwebtoken::{DecodingKey, DecodingKeyKind};

use crate::{
    Digest, JwtAlgorithm, JwtKeyError, JwtKeyErrorKind as Kind, jwt_algorithm::Family, jwt_jwk,
};

/// A key that signed tokens are verified with, parsed and tested once.
///
/// A key belongs to one algorithm, whatever a token's header says; only a JWK without `alg` serves
/// all algorithms of its kind that its length allows, and then
/// [`JwtVerifier::algorithms`](crate::JwtVerifier::algorithms) says which.
///
/// ```
/// use gatefold_tokens::{JwtAlgorithm, JwtKey};
///
/// let key = JwtKey::hmac(JwtAlgorithm::Hs256, "0123456789abcdef0123456789abcdef")?.kid("2026");
/// assert!(JwtKey::hmac(JwtAlgorithm::Hs256, "secret").is_err());
/// # Ok::<_, gatefold_tokens::JwtKeyError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct JwtKey {
    pub(crate) kid: Option<Box<str>>,
    pub(crate) issuer: Option<Box<str>>,
    pub(crate) family: Family,
    checks: Vec<(JwtAlgorithm, Arc<Check>)>,
    print: Digest,
}

#[derive(Debug)]
enum Check {
    Secret(Box<hmac::Key>),
    Public(ParsedPublicKey),
}

impl JwtKey {
    /// A secret that issuer and verifier share.
    ///
    /// # Errors
    ///
    /// If the secret is shorter than the algorithm's hash (RFC 7518, section 3.2), or the algorithm
    /// takes no secret.
    pub fn hmac(algorithm: JwtAlgorithm, secret: impl AsRef<[u8]>) -> Result<Self, JwtKeyError> {
        Self::of(&DecodingKey::from_secret(secret.as_ref()), &[algorithm])
    }

    /// A public key as PEM: `PUBLIC KEY` (RSA, EC, Ed25519), `RSA PUBLIC KEY` or a certificate of
    /// an RSA or EC key.
    ///
    /// # Errors
    ///
    /// If it cannot be read, is too weak, or is not the algorithm's.
    pub fn pem(algorithm: JwtAlgorithm, pem: impl AsRef<[u8]>) -> Result<Self, JwtKeyError> {
        let pem = pem.as_ref();
        let key = match algorithm.family() {
            Family::Rsa => DecodingKey::from_rsa_pem(pem),
            Family::Ec => DecodingKey::from_ec_pem(pem),
            Family::Ed => DecodingKey::from_ed_pem(pem),
            Family::Hmac => return Err(other(algorithm)),
        };
        Self::of(&key.map_err(|_| unreadable("PEM"))?, &[algorithm])
    }

    /// A public key as DER: `SubjectPublicKeyInfo` or PKCS#1 for RSA; for EC the uncompressed point,
    /// for Ed25519 the 32 bytes.
    ///
    /// # Errors
    ///
    /// As [`pem`](Self::pem).
    pub fn der(algorithm: JwtAlgorithm, der: impl AsRef<[u8]>) -> Result<Self, JwtKeyError> {
        let der = der.as_ref();
        let key = match algorithm.family() {
            Family::Rsa => DecodingKey::from_rsa_der(der),
            Family::Ec => DecodingKey::from_ec_der(der),
            Family::Ed => DecodingKey::from_ed_der(der),
            Family::Hmac => return Err(other(algorithm)),
        };
        Self::of(&key, &[algorithm])
    }

    /// A JSON Web Key (RFC 7517). Its `kid`, `alg`, `use` and `key_ops` hold.
    ///
    /// # Errors
    ///
    /// As [`pem`](Self::pem), and if it is not for verifying.
    pub fn jwk(jwk: &str) -> Result<Self, JwtKeyError> {
        let value = serde_json::from_str(jwk).map_err(|_| unreadable("JWK"))?;
        jwt_jwk::key(&value)
    }

    /// Names the key, as tokens do in their header's `kid`.
    pub fn kid(mut self, kid: impl Into<Box<str>>) -> Self {
        self.kid = Some(kid.into());
        self
    }

    /// Lets the key vouch for tokens of this issuer alone (RFC 8725, section 3.8).
    pub fn issuer(mut self, issuer: impl Into<Box<str>>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    pub(crate) fn of(key: &DecodingKey, algorithms: &[JwtAlgorithm]) -> Result<Self, JwtKeyError> {
        let Some(first) = algorithms.first() else {
            return Err(JwtKeyError::new(
                Kind::Algorithm,
                "the key has no algorithm",
            ));
        };
        let check = |algorithm: &JwtAlgorithm| {
            if algorithm.family() != first.family() {
                return Err(other(*algorithm));
            }
            Ok((*algorithm, Arc::new(check(key, *algorithm)?)))
        };
        let print = match key.kind() {
            DecodingKeyKind::SecretOrDer(bytes) => Digest::keyed(&[0; 32], &[bytes]),
            DecodingKeyKind::RsaModulusExponent { n, e } => Digest::keyed(&[1; 32], &[n, e]),
        };
        Ok(Self {
            kid: None,
            issuer: None,
            family: first.family(),
            checks: algorithms.iter().map(check).collect::<Result<_, _>>()?,
            print,
        })
    }

    pub(crate) fn serves(&self, algorithm: JwtAlgorithm) -> bool {
        self.checks.iter().any(|(known, _)| *known == algorithm)
    }

    pub(crate) fn algorithms(&self) -> impl Iterator<Item = JwtAlgorithm> {
        self.checks.iter().map(|(algorithm, _)| *algorithm)
    }

    /// Whether both are the same key for the same use.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.print == other.print
            && self.kid == other.kid
            && self.issuer == other.issuer
            && self.algorithms().eq(other.algorithms())
    }

    /// Whether `signature` over `message` is this key's. HMACs are compared in constant time.
    pub(crate) fn verifies(
        &self,
        algorithm: JwtAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let check = self.checks.iter().find(|(known, _)| *known == algorithm);
        match check.map(|(_, check)| &**check) {
            Some(Check::Secret(key)) => hmac::verify(key, message, signature).is_ok(),
            Some(Check::Public(key)) => key.verify_sig(message, signature).is_ok(),
            None => false,
        }
    }
}

fn check(key: &DecodingKey, algorithm: JwtAlgorithm) -> Result<Check, JwtKeyError> {
    let bytes = || key.try_get_as_bytes().map_err(|_| other(algorithm));
    if let Some(hmac) = algorithm.hmac() {
        let secret = bytes()?;
        let least = algorithm.shortest_secret();
        if secret.len() < least {
            let given = secret.len();
            let about = format!("the secret has {given} bytes: {algorithm} wants {least} at least");
            return Err(JwtKeyError::new(Kind::Strength, about));
        }
        return Ok(Check::Secret(Box::new(hmac::Key::new(hmac, secret))));
    }
    let parsed = if let Some(rsa) = algorithm.rsa() {
        let components = components(key)?;
        strong(&components)?;
        components.to_parsed_public_key(rsa)
    } else if let Some(ec) = algorithm.ec() {
        let point = bytes()?;
        if point.len() != algorithm.point() || point[0] != 4 {
            return Err(other(algorithm));
        }
        ParsedPublicKey::new(ec, point)
    } else {
        let key = bytes()?;
        if key.len() != 32 {
            return Err(other(algorithm));
        }
        ParsedPublicKey::new(&ED25519, key)
    };
    Ok(Check::Public(parsed.map_err(|_| unreadable("public key"))?))
}

fn components(key: &DecodingKey) -> Result<RsaPublicKeyComponents<Vec<u8>>, JwtKeyError> {
    match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, e } => {
            let (n, e) = (n.clone(), e.clone());
            Ok(RsaPublicKeyComponents { n, e })
        }
        DecodingKeyKind::SecretOrDer(der) => {
            let key = PublicKey::from_der(der).map_err(|_| unreadable("RSA public key"))?;
            Ok(RsaPublicKeyComponents::from(&key))
        }
    }
}

/// RFC 7518, section 3.3, and an exponent that is one: an odd number of 3 or more.
fn strong(key: &RsaPublicKeyComponents<Vec<u8>>) -> Result<(), JwtKeyError> {
    let number = |bytes: &[u8]| {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        bytes[zeros..].to_vec()
    };
    let (n, e) = (number(&key.n), number(&key.e));
    let bits = n
        .first()
        .map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize);
    if !(2048..=8192).contains(&bits) {
        let about = format!("the RSA key has {bits} bits: wanted are 2048 to 8192");
        return Err(JwtKeyError::new(Kind::Strength, about));
    }
    let odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
    if e == [1] || e.len() > 4 || !odd(&e) || !odd(&n) {
        let about = "the RSA key's exponent or modulus is none: wanted are odd numbers, and an exponent from 3 to 32 bits";
        return Err(JwtKeyError::new(Kind::Strength, about));
    }
    Ok(())
}

fn other(algorithm: JwtAlgorithm) -> JwtKeyError {
    let about = format!("the key is none for {algorithm}: another kind of key or another curve");
    JwtKeyError::new(Kind::Algorithm, about)
}

pub(crate) fn unreadable(what: &str) -> JwtKeyError {
    JwtKeyError::new(Kind::Unreadable, format!("the {what} cannot be read"))
}

impl fmt::Debug for JwtKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtKey")
            .field("kid", &self.kid)
            .field("algorithms", &self.algorithms().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
