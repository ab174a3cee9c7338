use std::{error::Error, fmt};

use gatefold_core::Exception;

/// Why a token does not hold.
#[derive(Clone, Debug)]
pub struct JwtError {
    kind: JwtErrorKind,
    source: Option<Exception>,
}

/// What is wrong with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwtErrorKind {
    /// It is longer than what is read.
    TooLong,
    /// It is no JWS in compact form (RFC 7515, section 7.1), its header or claims are no JSON
    /// objects, a member stands there twice or is of the wrong type.
    Malformed,
    /// The header asks for an extension that must be understood (`crit`).
    Critical,
    /// The algorithm is not one of the verifier's.
    Algorithm,
    /// The media type in `typ` is not the wanted one.
    Type,
    /// There is no key for it.
    Key,
    /// The signature is not the key's.
    Signature,
    /// `exp` has passed.
    Expired,
    /// `nbf` or `iat` lies ahead.
    NotYetValid,
    /// `iss` is missing, or not a wanted one.
    Issuer,
    /// `aud` is missing, or not a wanted one.
    Audience,
    /// A required claim is missing.
    Missing,
    /// `exp` is missing.
    NoExpiry,
    /// `jti` is missing.
    NoId,
    /// The claim that says what the token is for is missing.
    NoTokenType,
    /// The token is for something else.
    WrongTokenType,
    /// It has been called back, by itself or with all of its user.
    Revoked,
    /// It could not be verified: there are no keys yet, or a store is away.
    Unavailable,
}

impl JwtError {
    pub(crate) const fn new(kind: JwtErrorKind) -> Self {
        Self { kind, source: None }
    }

    pub(crate) fn unavailable(source: Exception) -> Self {
        Self {
            kind: JwtErrorKind::Unavailable,
            source: Some(source),
        }
    }

    /// What is wrong.
    pub fn kind(&self) -> JwtErrorKind {
        self.kind
    }

    /// The refusal, where the token could not be verified: 503.
    pub fn unavailability(&self) -> Option<Exception> {
        let away = || Exception::unavailable("there are no keys to verify tokens with");
        let unavailable = self.kind == JwtErrorKind::Unavailable;
        unavailable.then(|| self.source.clone().unwrap_or_else(away))
    }
}

impl From<JwtErrorKind> for JwtError {
    fn from(kind: JwtErrorKind) -> Self {
        Self::new(kind)
    }
}

impl fmt::Display for JwtError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            JwtErrorKind::TooLong => "the token is too long",
            JwtErrorKind::Malformed => "the token is malformed",
            JwtErrorKind::Critical => "the token asks for an extension that is not known",
            JwtErrorKind::Algorithm => "the token's algorithm is not allowed",
            JwtErrorKind::Type => "the token is of another media type",
            JwtErrorKind::Key => "there is no key for the token",
            JwtErrorKind::Signature => "the token's signature is wrong",
            JwtErrorKind::Expired => "the token has expired",
            JwtErrorKind::NotYetValid => "the token is not valid yet",
            JwtErrorKind::Issuer => "the token is another issuer's",
            JwtErrorKind::Audience => "the token is for another audience",
            JwtErrorKind::Missing => "the token lacks a claim",
            JwtErrorKind::NoExpiry => "the token has no end",
            JwtErrorKind::NoId => "the token has no id",
            JwtErrorKind::NoTokenType => "the token does not say what it is for",
            JwtErrorKind::WrongTokenType => "the token is for something else",
            JwtErrorKind::Revoked => "the token has been called back",
            JwtErrorKind::Unavailable => "the token could not be verified",
        })
    }
}

impl Error for JwtError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as &dyn Error)
    }
}
