//! The default words of a status.

use std::borrow::Cow;

use gatefold_core::Exception;
use http::{Method, StatusCode};

/// The exception that a bare `status` stands for: Django REST Framework's class where there is
/// one, else the phrase of the status and a code made of it.
pub(crate) fn exception_for(status: StatusCode, method: Option<&Method>) -> Exception {
    match status.as_u16() {
        400 => Exception::parse_error(),
        401 => Exception::not_authenticated(),
        403 => Exception::permission_denied(),
        404 => Exception::not_found(),
        405 => match method {
            Some(method) => Exception::method_not_allowed(method),
            None => Exception::new(status, "method_not_allowed", "Method not allowed."),
        },
        406 => Exception::not_acceptable(),
        408 => Exception::request_timeout(),
        409 => Exception::conflict(),
        410 => Exception::gone(),
        412 => Exception::precondition_failed(),
        413 => Exception::payload_too_large(),
        415 => Exception::new(
            status,
            "unsupported_media_type",
            "Unsupported media type in request.",
        ),
        422 => Exception::unprocessable("Invalid input."),
        428 => Exception::precondition_required(),
        429 => Exception::throttled(None),
        451 => Exception::unavailable_for_legal_reasons(),
        500 => Exception::new(status, "error", "A server error occurred."),
        501 => Exception::not_implemented(),
        503 => Exception::new(
            status,
            "unavailable",
            "Service temporarily unavailable, try again later.",
        ),
        504 => Exception::new(status, "timeout", "The service took too long to answer."),
        _ => phrased(status),
    }
}

fn phrased(status: StatusCode) -> Exception {
    match status.canonical_reason() {
        Some(phrase) => Exception::new(status, code(phrase), format!("{phrase}.")),
        None if status.is_server_error() => {
            Exception::new(status, "error", "A server error occurred.")
        }
        None => Exception::new(status, "error", "The request failed."),
    }
}

/// `I'm a teapot` is `im_a_teapot`.
fn code(phrase: &str) -> Cow<'static, str> {
    let kept = phrase
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || " -".contains(*c));
    kept.map(|c| match c {
        ' ' | '-' => '_',
        c => c.to_ascii_lowercase(),
    })
    .collect::<String>()
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_its_own_status_a_code_and_words() {
        for number in 400..=599 {
            let status = StatusCode::from_u16(number).unwrap();
            let exception = exception_for(status, Some(&Method::GET));
            assert_eq!(exception.status(), status);
            assert!(!exception.code().is_empty());
            let words = exception.detail().text().unwrap_or_default();
            assert!(words.ends_with('.'), "{status}: {words}");
        }
    }

    #[test]
    fn a_code_is_made_of_the_phrase() {
        let code = |number| {
            let status = StatusCode::from_u16(number).unwrap();
            exception_for(status, None).code().to_owned()
        };
        assert_eq!(code(409), "conflict");
        assert_eq!(code(418), "im_a_teapot");
        assert_eq!(code(502), "bad_gateway");
        assert_eq!(code(599), "error");
    }
}
