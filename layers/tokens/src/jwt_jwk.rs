use jsonwebtoken::{
    DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve},
};
use serde_json::{Map, Value};

use crate::{
    JwtAlgorithm, JwtKey, JwtKeyError, JwtKeyErrorKind as Kind, jwt_algorithm::Family,
    jwt_key::unreadable,
};

/// More keys of a set are not read.
const MOST: usize = 128;

/// The usable keys of a JWK Set. A key that cannot be used is left out (RFC 7517, section 5), and
/// so are two of one kind with the same `kid`: which one is meant nobody can say.
pub(crate) fn keys(text: &[u8], secrets: bool) -> Result<Vec<JwtKey>, JwtKeyError> {
    let set: Value = serde_json::from_slice(text).map_err(|_| unreadable("JWK Set"))?;
    let listed = set["keys"]
        .as_array()
        .ok_or_else(|| unreadable("JWK Set"))?;
    let listed = &listed[..listed.len().min(MOST)];
    // Counted before the unusable ones are left out: a key is not clearer because the other one of
    // its name cannot be read.
    let ambiguous = |at: usize, jwk: &Value| {
        let same = |other: &Value| other["kid"] == jwk["kid"] && other["kty"] == jwk["kty"];
        let mut others = listed.iter().enumerate().filter(|(other, _)| *other != at);
        jwk["kid"].is_string()
            && others.any(|(_, other)| {
                let verifies = other.as_object().is_some_and(|other| usable(other).is_ok());
                same(other) && other != jwk && verifies
            })
    };
    let mut keys: Vec<JwtKey> = Vec::new();
    for (at, jwk) in listed.iter().enumerate() {
        match key(jwk) {
            Ok(key)
                if !ambiguous(at, jwk)
                    && (secrets || key.family != Family::Hmac)
                    && !keys.iter().any(|before| before.is(&key)) =>
            {
                keys.push(key);
            }
            _ => {}
        }
    }
    Ok(keys)
}

pub(crate) fn key(jwk: &Value) -> Result<JwtKey, JwtKeyError> {
    let jwk = jwk.as_object().ok_or_else(|| unreadable("JWK"))?;
    usable(jwk)?;
    // Only what makes the key: jsonwebtoken need not know every `alg` and `use` that there is.
    let parameters = ["kty", "crv", "x", "y", "n", "e", "k"];
    let parameters: Map<String, Value> = parameters
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), jwk.get(name)?.clone())))
        .collect();
    let parameters = serde_json::from_value(Value::Object(parameters));
    let parameters: AlgorithmParameters = parameters.map_err(|_| unreadable("JWK"))?;
    let (key, possible) = read(&parameters)?;
    let algorithms = match jwk.get("alg") {
        None => possible,
        Some(named) => {
            let named = named.as_str().and_then(JwtAlgorithm::of_name);
            let named = named.filter(|named| possible.contains(named));
            let about = "the JWK's `alg` is none that its key can serve";
            vec![named.ok_or_else(|| JwtKeyError::new(Kind::Algorithm, about))?]
        }
    };
    let key = JwtKey::of(&key, &algorithms)?;
    match jwk.get("kid") {
        None => Ok(key),
        Some(Value::String(kid)) => Ok(key.kid(kid.as_str())),
        Some(_) => Err(unreadable("JWK")),
    }
}

/// RFC 7517, sections 4.2 and 4.3.
fn usable(jwk: &Map<String, Value>) -> Result<(), JwtKeyError> {
    let signs = jwk.get("use").is_none_or(|used| used == "sig");
    let verifies = jwk.get("key_ops").is_none_or(|operations| {
        let operations = operations.as_array().into_iter().flatten();
        operations
            .into_iter()
            .any(|operation| operation == "verify")
    });
    match signs && verifies {
        true => Ok(()),
        false => Err(JwtKeyError::new(
            Kind::Use,
            "the JWK is not for verifying signatures",
        )),
    }
}

fn read(parameters: &AlgorithmParameters) -> Result<(DecodingKey, Vec<JwtAlgorithm>), JwtKeyError> {
    let of = |family: Family| {
        JwtAlgorithm::ALL
            .into_iter()
            .filter(move |one| one.family() == family)
    };
    let none = || {
        JwtKeyError::new(
            Kind::Algorithm,
            "the JWK is of a kind or curve not known here",
        )
    };
    let (key, algorithms) = match parameters {
        AlgorithmParameters::RSA(rsa) => {
            let key = DecodingKey::from_rsa_components(&rsa.n, &rsa.e);
            (key, of(Family::Rsa).collect())
        }
        AlgorithmParameters::EllipticCurve(ec) => {
            let algorithm = match ec.curve {
                EllipticCurve::P256 => JwtAlgorithm::Es256,
                EllipticCurve::P384 => JwtAlgorithm::Es384,
                EllipticCurve::P521 => JwtAlgorithm::Es512,
                _ => return Err(none()),
            };
            (
                DecodingKey::from_ec_components(&ec.x, &ec.y),
                vec![algorithm],
            )
        }
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => (
            DecodingKey::from_ed_components(&pair.x),
            vec![JwtAlgorithm::EdDsa, JwtAlgorithm::Ed25519],
        ),
        AlgorithmParameters::OctetKey(secret) => {
            let key = jsonwebtoken::jwk::Jwk {
                common: jsonwebtoken::jwk::CommonParameters::default(),
                algorithm: AlgorithmParameters::OctetKey(secret.clone()),
            };
            let key = DecodingKey::from_jwk(&key);
            let long = key
                .as_ref()
                .ok()
                .and_then(|key| key.try_get_as_bytes().ok());
            let long = long.map_or(0, <[u8]>::len);
            let enough = |one: &JwtAlgorithm| one.shortest_secret() <= long;
            (key, of(Family::Hmac).filter(enough).collect())
        }
        _ => return Err(none()),
    };
    let key = key.map_err(|_| unreadable("JWK"))?;
    match algorithms.is_empty() {
        false => Ok((key, algorithms)),
        true => {
            let about = "the JWK's secret is shorter than 32 bytes";
            Err(JwtKeyError::new(Kind::Strength, about))
        }
    }
}
