use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    JwtAlgorithm, JwtErrorKind as Kind, JwtKeys, jwt::Verified, jwt_header::JwtHeader,
    jwt_key_source::Current, jwt_payload::Payload, jwt_rules::Rules,
};

/// A token in its parts (RFC 7515, section 7.1).
struct Parts<'t> {
    signed: &'t str,
    header: &'t str,
    payload: &'t str,
    signature: &'t str,
}

impl<'t> Parts<'t> {
    fn of(token: &'t str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        (!payload.contains('.')).then_some(Self {
            signed,
            header,
            payload,
            signature,
        })
    }
}

/// Base64url without padding, and in its one canonical form, so that a token has one text.
fn decode(part: &str) -> Result<Vec<u8>, Kind> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Kind::Malformed)
}

/// What costs little is tested before the signature; nothing is accepted before it.
pub(crate) fn token(
    token: &str,
    rules: &Rules,
    current: &Current,
    now: f64,
) -> Result<Verified, Kind> {
    let parts = Parts::of(token).ok_or(Kind::Malformed)?;
    let header = decode(parts.header)?;
    let header: JwtHeader<'_> = serde_json::from_slice(&header).map_err(|_| Kind::Malformed)?;
    let algorithm = rules.header(&header)?;
    let bytes = decode(parts.payload)?;
    let claims = Payload::read(&bytes, rules).map_err(|_| Kind::Malformed)?;
    let held = rules.claims(&claims, now);
    if !rules.signature_first {
        held?;
    }
    let kid = header.kid.as_deref();
    signed(
        &parts,
        &current.keys,
        kid,
        algorithm,
        Some(claims.iss.as_deref()),
    )?;
    held?;
    let mut verified = Verified::new(&claims, current.epoch, now);
    drop(claims);
    verified.payload = bytes.into_boxed_slice();
    Ok(verified)
}

/// The payload of a JWS, of which nothing but the signature is looked at.
pub(crate) fn payload(token: &str, rules: &Rules, keys: &JwtKeys) -> Result<Vec<u8>, Kind> {
    let parts = Parts::of(token).ok_or(Kind::Malformed)?;
    let header = decode(parts.header)?;
    let header: JwtHeader<'_> = serde_json::from_slice(&header).map_err(|_| Kind::Malformed)?;
    let algorithm = rules.header(&header)?;
    signed(&parts, keys, header.kid.as_deref(), algorithm, None)?;
    decode(parts.payload)
}

fn signed(
    parts: &Parts<'_>,
    keys: &JwtKeys,
    kid: Option<&str>,
    algorithm: JwtAlgorithm,
    issuer: Option<Option<&str>>,
) -> Result<(), Kind> {
    let signature = decode(parts.signature)?;
    let mut result = Kind::Key;
    for key in keys.candidates(kid, algorithm) {
        let vouches = key.issuer.as_deref();
        if issuer.is_some_and(|issuer| vouches.is_some() && issuer != vouches) {
            result = Kind::Issuer;
            continue;
        }
        if key.verifies(algorithm, parts.signed.as_bytes(), &signature) {
            return Ok(());
        }
        result = Kind::Signature;
    }
    Err(result)
}
