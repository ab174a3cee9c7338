use gatefold_core::{ErrorDetail, Exception};
use gatefold_tokens::{JwtError, JwtErrorKind};
use http::{HeaderValue, StatusCode, header::WWW_AUTHENTICATE};

use crate::{ConfigurationError, configuration_error};

/// What is said to whoever sends no good token: simplejwt's words, and RFC 6750's challenges.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    pub(crate) challenge: HeaderValue,
    invalid_token: Option<HeaderValue>,
    invalid_request: Option<HeaderValue>,
}

impl Words {
    /// With `errors`, challenges say what was wrong (RFC 6750, section 3.1). They never repeat
    /// anything that was sent.
    pub(crate) fn new(
        keyword: &str,
        realm: &str,
        errors: bool,
    ) -> Result<Self, ConfigurationError> {
        configuration_error::keyword(keyword)?;
        let challenge = format!("{keyword} realm={}", configuration_error::quoted(realm)?);
        // Both words are printable by now.
        let value = |text: &str| HeaderValue::from_str(text).ok();
        let error = |code: &str| {
            let text = format!("{challenge}, error=\"{code}\"");
            errors.then(|| value(&text)).flatten()
        };
        Ok(Self {
            invalid_token: error("invalid_token"),
            invalid_request: error("invalid_request"),
            challenge: value(&challenge).unwrap_or(HeaderValue::from_static("Bearer")),
        })
    }

    /// A token that does not hold.
    pub(crate) fn refused(&self, error: &JwtError) -> Exception {
        if let Some(unavailable) = error.unavailability() {
            return unavailable;
        }
        let message = match error.kind() {
            JwtErrorKind::Expired => "Token is expired",
            JwtErrorKind::NoExpiry => "Token has no 'exp' claim",
            JwtErrorKind::NoId => "Token has no id",
            JwtErrorKind::NoTokenType => "Token has no type",
            JwtErrorKind::WrongTokenType => "Token has wrong type",
            JwtErrorKind::Revoked => "Token is blacklisted",
            _ => "Token is invalid",
        };
        let message = ErrorDetail::fields([
            ("token_class", "AccessToken"),
            ("token_type", "access"),
            ("message", message),
        ]);
        let detail = ErrorDetail::Fields(vec![
            (
                "detail".into(),
                "Given token not valid for any token type".into(),
            ),
            ("code".into(), "token_not_valid".into()),
            ("messages".into(), ErrorDetail::List(vec![message])),
        ]);
        let exception = Exception::new(StatusCode::UNAUTHORIZED, "token_not_valid", detail);
        challenged(exception, self.invalid_token.as_ref())
    }

    pub(crate) fn nobody(&self) -> Exception {
        let detail = "Token contained no recognizable user identification";
        self.about_the_token(detail, "token_not_valid")
    }

    pub(crate) fn unknown(&self) -> Exception {
        self.about_the_token("User not found", "user_not_found")
    }

    pub(crate) fn inactive(&self) -> Exception {
        self.about_the_token("User is inactive", "user_inactive")
    }

    pub(crate) fn bad_header(&self) -> Exception {
        let detail = "Authorization header must contain two space-delimited values";
        let exception = plain(detail, "bad_authorization_header");
        challenged(exception, self.invalid_request.as_ref())
    }

    pub(crate) fn several(&self) -> Exception {
        let exception = plain("The request holds more than one token", "several_tokens");
        challenged(exception, self.invalid_request.as_ref())
    }

    fn about_the_token(&self, detail: &'static str, code: &'static str) -> Exception {
        challenged(plain(detail, code), self.invalid_token.as_ref())
    }
}

fn plain(detail: &'static str, code: &'static str) -> Exception {
    let words = ErrorDetail::fields([("detail", detail), ("code", code)]);
    Exception::new(StatusCode::UNAUTHORIZED, code, words)
}

fn challenged(exception: Exception, challenge: Option<&HeaderValue>) -> Exception {
    match challenge {
        Some(challenge) => exception.with_header(WWW_AUTHENTICATE, challenge.clone()),
        None => exception,
    }
}
