use std::{error::Error, time::Duration};

use http::{Method, StatusCode};

use crate::{ErrorDetail, Exception, exception::whole_seconds};

/// What the client did wrong. The names are Django REST Framework's where it has a class.
impl Exception {
    /// 400: what was sent is understood but not valid. A single message becomes a list of one.
    pub fn validation(detail: impl Into<ErrorDetail>) -> Self {
        let detail = match detail.into() {
            message @ ErrorDetail::Message { .. } => ErrorDetail::List(vec![message]),
            nested => nested,
        };
        Self::new(StatusCode::BAD_REQUEST, "invalid", detail)
    }

    /// 400: what was sent cannot be read.
    pub fn parse_error() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "parse_error", "Malformed request.")
    }

    /// 401: the credentials are bad.
    pub fn authentication_failed() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "authentication_failed",
            "Incorrect authentication credentials.",
        )
    }

    /// 401: there are no credentials and some are needed.
    pub fn not_authenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "not_authenticated",
            "Authentication credentials were not provided.",
        )
    }

    /// 403: the caller is known and may not.
    pub fn permission_denied() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "permission_denied",
            "You do not have permission to perform this action.",
        )
    }

    /// 404: there is no such thing, or none that this caller may know of.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "Not found.")
    }

    /// 405: the resource does not answer to `method`. Add `Allow` with [`with_header`]
    /// (RFC 9110, section 15.5.6).
    ///
    /// [`with_header`]: Self::with_header
    pub fn method_not_allowed(method: &Method) -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            format!("Method \"{method}\" not allowed."),
        )
    }

    /// 406: no form that there is can be accepted.
    pub fn not_acceptable() -> Self {
        Self::new(
            StatusCode::NOT_ACCEPTABLE,
            "not_acceptable",
            "Could not satisfy the request Accept header.",
        )
    }

    /// 408: the request did not come in time (RFC 9110, section 15.5.9).
    pub fn request_timeout() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "timeout", "Request timed out.")
    }

    /// 409: the request does not fit the state of the resource: an edit of what somebody else has
    /// changed, a name that is taken.
    pub fn conflict() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "conflict",
            "The request conflicts with the state of the resource.",
        )
    }

    /// 410: it was here and will not come back.
    pub fn gone() -> Self {
        Self::new(StatusCode::GONE, "gone", "No longer here.")
    }

    /// 412: a condition of the request, as `If-Match`, is not true (RFC 9110, section 13).
    pub fn precondition_failed() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "precondition_failed",
            "A condition of the request is not true.",
        )
    }

    /// 413: the body is larger than is accepted.
    pub fn payload_too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "payload_too_large",
            "Request body too large.",
        )
    }

    /// 415: the body's media type is not understood.
    pub fn unsupported_media_type(media_type: &str) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            format!("Unsupported media type \"{media_type}\" in request."),
        )
    }

    /// 422: what was sent is understood but cannot be done (RFC 9110, section 15.5.21). Django REST
    /// Framework answers 400: [`validation`](Self::validation).
    pub fn unprocessable(detail: impl Into<ErrorDetail>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail)
    }

    /// 428: the request has to be conditional, with `If-Match` as a rule (RFC 6585, section 3).
    pub fn precondition_required() -> Self {
        Self::new(
            StatusCode::PRECONDITION_REQUIRED,
            "precondition_required",
            "The request has to be conditional.",
        )
    }

    /// 429: too many requests; `wait` until one more is admitted, where that is known.
    ///
    /// The header `Retry-After` and the words give it in whole seconds, rounded up and never 0.
    pub fn throttled(wait: Option<Duration>) -> Self {
        let mut detail = "Request was throttled.".to_owned();
        if let Some(wait) = wait {
            let seconds = whole_seconds(wait);
            let plural = if seconds == 1 { "" } else { "s" };
            detail += &format!(" Expected available in {seconds} second{plural}.");
        }
        let exception = Self::new(StatusCode::TOO_MANY_REQUESTS, "throttled", detail);
        match wait {
            Some(wait) => exception.with_wait(wait),
            None => exception,
        }
    }

    /// 451: the law forbids it (RFC 7725).
    pub fn unavailable_for_legal_reasons() -> Self {
        Self::new(
            StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS,
            "unavailable_for_legal_reasons",
            "Unavailable for legal reasons.",
        )
    }
}

/// What the server did wrong.
impl Exception {
    /// 500: something broke inside. `source` is for the log alone.
    pub fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "error",
            "A server error occurred.",
        )
        .with_source(source)
    }

    /// 501: nobody has written that yet.
    pub fn not_implemented() -> Self {
        Self::new(
            StatusCode::NOT_IMPLEMENTED,
            "not_implemented",
            "Not implemented.",
        )
    }

    /// 502: a server behind this one answered nonsense or not at all. `source` is for the log alone.
    pub fn bad_gateway(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(
            StatusCode::BAD_GATEWAY,
            "bad_gateway",
            "A server behind this one gave no good answer.",
        )
        .with_source(source)
    }

    /// 503: something that is needed (a store, another service) does not answer. `source` is for
    /// the log alone. Made for `.map_err(Exception::unavailable)`.
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Service temporarily unavailable, try again later.",
        )
        .with_source(source)
    }

    /// 504: a server behind this one, or this one itself, took too long. `source` is for the log
    /// alone.
    pub fn gateway_timeout(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(
            StatusCode::GATEWAY_TIMEOUT,
            "timeout",
            "The service took too long to answer.",
        )
        .with_source(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_throttle_are_django_rest_frameworks() {
        let text = |wait| {
            let exception = Exception::throttled(wait);
            exception
                .detail()
                .text()
                .map(str::to_owned)
                .unwrap_or_default()
        };
        assert_eq!(text(None), "Request was throttled.");
        assert_eq!(
            text(Some(Duration::from_secs(1))),
            "Request was throttled. Expected available in 1 second."
        );
        assert_eq!(
            text(Some(Duration::from_millis(1200))),
            "Request was throttled. Expected available in 2 seconds."
        );
    }

    #[test]
    fn a_single_validation_message_becomes_a_list() {
        let exception = Exception::validation("Wrong.");
        assert_eq!(*exception.detail(), ErrorDetail::from(vec!["Wrong."]));
    }

    #[test]
    fn each_kind_has_its_status() {
        for (exception, status) in [
            (Exception::request_timeout(), 408),
            (Exception::conflict(), 409),
            (Exception::gone(), 410),
            (Exception::precondition_failed(), 412),
            (Exception::payload_too_large(), 413),
            (Exception::unprocessable("No."), 422),
            (Exception::precondition_required(), 428),
            (Exception::unavailable_for_legal_reasons(), 451),
            (Exception::internal("why"), 500),
            (Exception::not_implemented(), 501),
            (Exception::bad_gateway("why"), 502),
            (Exception::unavailable("why"), 503),
            (Exception::gateway_timeout("why"), 504),
        ] {
            assert_eq!(exception.status().as_u16(), status);
            assert!(!exception.to_string().contains("why"), "{exception}");
        }
    }
}
