use crate::{JwtAlgorithm, JwtErrorKind as Kind, jwt_header::JwtHeader, jwt_payload::Payload};

/// What a verifier wants of a token, beside a good signature.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// `None`: all that the keys serve.
    pub(crate) algorithms: Option<Vec<JwtAlgorithm>>,
    pub(crate) issuers: Vec<Box<str>>,
    pub(crate) audiences: Vec<Box<str>>,
    pub(crate) any_audience: bool,
    pub(crate) leeway: f64,
    pub(crate) required: Vec<Box<str>>,
    pub(crate) types: Vec<Box<str>>,
    pub(crate) token_type: Option<(Box<str>, Box<str>)>,
    pub(crate) user: Box<str>,
    pub(crate) epoch: Box<str>,
    pub(crate) longest: usize,
    pub(crate) future_iat: bool,
    /// Say what is wrong with the claims only if the signature is good.
    pub(crate) signature_first: bool,
}

impl Rules {
    pub(crate) fn new() -> Self {
        Self {
            algorithms: None,
            issuers: Vec::new(),
            audiences: Vec::new(),
            any_audience: false,
            leeway: 0.0,
            required: vec!["exp".into()],
            types: Vec::new(),
            token_type: None,
            user: "sub".into(),
            epoch: "epoch".into(),
            longest: 16 * 1024,
            future_iat: false,
            signature_first: false,
        }
    }

    /// The algorithm that the header names, if all else in the header is right.
    pub(crate) fn header(&self, header: &JwtHeader<'_>) -> Result<JwtAlgorithm, Kind> {
        if header.critical {
            return Err(Kind::Critical);
        }
        let algorithm = header.alg.as_deref().and_then(JwtAlgorithm::of_name);
        let allowed = |one: &JwtAlgorithm| {
            let listed = self.algorithms.as_deref();
            listed.is_none_or(|listed| listed.contains(one))
        };
        let algorithm = algorithm.filter(allowed).ok_or(Kind::Algorithm)?;
        if self.types.is_empty() {
            return Ok(algorithm);
        }
        let typ = header.typ.as_deref().ok_or(Kind::Type)?;
        let mut types = self.types.iter();
        match types.any(|wanted| bare(typ).eq_ignore_ascii_case(bare(wanted))) {
            true => Ok(algorithm),
            false => Err(Kind::Type),
        }
    }

    /// In simplejwt's order, so that the same thing is said of a token that is wrong twice.
    pub(crate) fn claims(&self, claims: &Payload<'_>, now: f64) -> Result<(), Kind> {
        let ahead = |moment: Option<f64>| moment.is_some_and(|moment| moment > now + self.leeway);
        if (!self.future_iat && ahead(claims.iat)) || ahead(claims.nbf) {
            return Err(Kind::NotYetValid);
        }
        if claims.exp.is_some_and(|exp| exp <= now - self.leeway) {
            return Err(Kind::Expired);
        }
        for required in &self.required {
            if !claims.names.has(required) {
                return Err(match &**required {
                    "exp" => Kind::NoExpiry,
                    "jti" => Kind::NoId,
                    "iss" => Kind::Issuer,
                    "aud" => Kind::Audience,
                    _ => Kind::Missing,
                });
            }
        }
        let mut issuers = self.issuers.iter();
        let from = claims.iss.as_deref();
        if !self.issuers.is_empty() && !issuers.any(|wanted| from == Some(wanted)) {
            return Err(Kind::Issuer);
        }
        // RFC 7519, section 4.1.3: whoever does not find itself in `aud` must refuse.
        match claims.aud {
            Some(false) if !self.any_audience => return Err(Kind::Audience),
            None if !self.audiences.is_empty() => return Err(Kind::Audience),
            _ => {}
        }
        if let Some((name, wanted)) = &self.token_type {
            if !claims.names.has(name) {
                return Err(Kind::NoTokenType);
            }
            if claims.token_type.as_deref() != Some(wanted) {
                return Err(Kind::WrongTokenType);
            }
        }
        Ok(())
    }

    /// What has to be asked again each time.
    pub(crate) fn times(&self, exp: Option<f64>, nbf: Option<f64>, now: f64) -> Result<(), Kind> {
        if exp.is_some_and(|exp| exp <= now - self.leeway) {
            return Err(Kind::Expired);
        }
        match nbf.is_some_and(|nbf| nbf > now + self.leeway) {
            true => Err(Kind::NotYetValid),
            false => Ok(()),
        }
    }
}

/// A media type without the `application/` that a header leaves out (RFC 7515, section 4.1.9).
fn bare(typ: &str) -> &str {
    const PREFIX: &str = "application/";
    match typ.get(..PREFIX.len()) {
        Some(prefix)
            if prefix.eq_ignore_ascii_case(PREFIX) && !typ[PREFIX.len()..].contains('/') =>
        {
            &typ[PREFIX.len()..]
        }
        _ => typ,
    }
}
