//! The errors that `raise_case`, `codes` and `full` know by name.

use std::{error::Error, fmt, time::Duration};

use gatefold::{ErrorDetail, Exception};
use http::{HeaderValue, Method, StatusCode, header::WWW_AUTHENTICATE};

use super::json::Json;

/// What a case raises.
#[derive(Debug)]
pub(crate) enum Raised {
    /// An error that the pipeline words.
    Exception(Exception),
    /// An error that it does not know.
    Unknown(String),
    /// An error that Django calls suspicious.
    Suspicious,
}

/// The name of the error class, which the custom exception handler shows. It travels as source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind(pub(crate) &'static str);

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Kind {}

/// The name of an exception's class.
pub(crate) fn kind(exception: &Exception) -> &'static str {
    if let Some(kind) = exception.source().and_then(|s| s.downcast_ref::<Kind>()) {
        return kind.0;
    }
    match exception.status().as_u16() {
        400 if exception.code() == "parse_error" => "ParseError",
        400 => "ValidationError",
        401 | 403 if exception.code() == "not_authenticated" => "NotAuthenticated",
        403 if exception.code() == "authentication_failed" => "AuthenticationFailed",
        401 => "AuthenticationFailed",
        403 => "PermissionDenied",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        406 => "NotAcceptable",
        415 => "UnsupportedMediaType",
        429 => "Throttled",
        _ => "APIException",
    }
}

fn http404() -> Exception {
    Exception::not_found().with_source(Kind("Http404"))
}

fn throttled_with(detail: &str, wait: Option<u64>) -> Exception {
    let words = match wait {
        Some(wait) => format!("{detail} Expected available in {wait} seconds."),
        None => detail.to_owned(),
    };
    Exception::throttled(wait.map(Duration::from_secs)).with_detail(words)
}

fn custom_503() -> Exception {
    Exception::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "service_unavailable",
        "Service temporarily unavailable, try again later.",
    )
    .with_source(Kind("ServiceUnavailable"))
}

const NO_CASE: &str = "no such case";

/// Whether this is the error for a name that there is not.
pub(crate) fn is_unknown(exception: &Exception) -> bool {
    exception.detail().text() == Some(NO_CASE)
}

/// The error of this name.
pub(crate) fn raise(case: &str) -> Raised {
    let wait = |millis| Exception::throttled(Some(Duration::from_millis(millis)));
    let server_error = || Exception::internal(Kind("APIException"));
    let purge = Method::from_bytes(b"PURGE").unwrap_or_default();
    let unsupported = || Exception::unsupported_media_type("text/weird");
    Raised::Exception(match case {
        "api-exception" => server_error(),
        "api-exception-detail" => server_error().with_detail("Something broke."),
        "api-exception-code" => server_error()
            .with_detail("Something broke.")
            .with_code("broken"),
        "parse-error" => Exception::parse_error(),
        "parse-error-detail" => Exception::parse_error().with_detail("Bad line 3."),
        "authentication-failed" => Exception::authentication_failed(),
        "authentication-failed-detail" => Exception::authentication_failed()
            .with_detail("Key revoked.")
            .with_code("revoked"),
        "not-authenticated" => Exception::not_authenticated(),
        "permission-denied" => Exception::permission_denied(),
        "permission-denied-detail" => Exception::permission_denied()
            .with_detail("Not today.")
            .with_code("later"),
        "not-found" | "lazy" => Exception::not_found(),
        "not-found-detail" => Exception::not_found().with_detail("No such note."),
        "not-found-number" => Exception::not_found().with_detail("42"),
        "not-found-list" => Exception::not_found().with_detail(vec!["a", "b"]),
        "not-found-dict" => Exception::not_found().with_detail(ErrorDetail::fields([
            ("id", ErrorDetail::from("missing")),
            ("tried", ErrorDetail::from(vec!["1", "2"])),
        ])),
        "not-found-false" => Exception::not_found().with_detail("False"),
        "not-found-empty" => Exception::not_found().with_detail(""),
        "method-not-allowed" => Exception::method_not_allowed(&purge),
        "method-not-allowed-detail" => {
            Exception::method_not_allowed(&purge).with_detail("Use the other door.")
        }
        "not-acceptable" => Exception::not_acceptable(),
        "unsupported-media-type" => unsupported(),
        "unsupported-media-type-detail" => unsupported().with_detail("Only cats."),
        "throttled" => Exception::throttled(None),
        "throttled-0" => wait(0),
        "throttled-fraction" => wait(200),
        "throttled-1" => wait(1000),
        "throttled-1-2" => wait(1200),
        "throttled-60" => wait(60_000),
        "throttled-detail" => throttled_with("Slow down.", Some(30)),
        "throttled-detail-nowait" => throttled_with("Slow down.", None).with_code("slow"),
        "custom-503" => custom_503(),
        "custom-503-detail" => custom_503().with_detail("Down for tea.").with_code("tea"),
        "custom-503-dict" => custom_503().with_detail(ErrorDetail::fields([("retry", "soon")])),
        "custom-503-wait" => custom_503().with_wait(Duration::from_secs(120)),
        "custom-503-wait-fraction" => custom_503().with_wait(Duration::from_millis(2700)),
        "custom-503-wait-zero" => custom_503().with_wait(Duration::ZERO),
        "custom-418" => Exception::new(StatusCode::IM_A_TEAPOT, "teapot", "I am a teapot.")
            .with_source(Kind("Teapot")),
        "auth-header-attr" => Exception::permission_denied()
            .with_detail("Sign in.")
            .with_header(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Custom realm=\"x\""),
            ),
        "status-attr" => Exception::not_found()
            .with_detail("Gone.")
            .with_status(StatusCode::GONE)
            .with_source(Kind("NotFound")),
        "http404" => http404(),
        "http404-detail" => http404().with_detail("No Note matches the given query."),
        "http404-two" => http404().with_detail("first").with_code("second"),
        "django-permission-denied" => Exception::permission_denied(),
        "django-permission-denied-detail" => {
            Exception::permission_denied().with_detail("Staff only.")
        }
        "suspicious" => return Raised::Suspicious,
        "unhandled"
        | "key-error"
        | "attribute-error"
        | "object-does-not-exist"
        | "django-validation-error" => return Raised::Unknown(case.to_owned()),
        other => match validation(other) {
            Some(exception) => exception,
            None => http404().with_detail(NO_CASE),
        },
    })
}

fn validation(case: &str) -> Option<Exception> {
    let fields = |name: &'static str, detail: ErrorDetail| ErrorDetail::fields([(name, detail)]);
    Some(match case {
        "validation" => Exception::validation("Invalid input."),
        "validation-string" => Exception::validation("Wrong."),
        "validation-code" => Exception::validation("Wrong.").with_code("wrong"),
        "validation-list" | "validation-tuple" => Exception::validation(vec!["One.", "Two."]),
        "validation-dict" => {
            Exception::validation(fields("title", vec!["This field is required."].into()))
        }
        "validation-dict-string" => Exception::validation(fields("title", "Not a list.".into())),
        "validation-nested" => {
            let name = ErrorDetail::List(vec![
                "Too short.".into(),
                ErrorDetail::coded("Too odd.", "odd"),
            ]);
            let tags = ErrorDetail::List(vec![
                ErrorDetail::Fields(Vec::new()),
                fields("label", vec!["Blank."].into()),
            ]);
            Exception::validation(ErrorDetail::fields([
                ("author", fields("name", name)),
                ("tags", tags),
                ("non_field_errors", vec!["Mismatch."].into()),
            ]))
            .with_code("bad")
        }
        "validation-empty-list" => Exception::validation(ErrorDetail::List(Vec::new())),
        "validation-empty-dict" => Exception::validation(ErrorDetail::Fields(Vec::new())),
        "validation-number" => Exception::validation("7"),
        "validation-mixed" => {
            Exception::validation(fields("n", vec!["1", "None", "True", "2.5"].into()))
        }
        _ => return None,
    })
}

/// The codes of an exception, in the shape of its detail; with `full`, message and code.
pub(crate) fn codes(exception: &Exception, full: bool) -> Json {
    let said = match full {
        true => exception.full_details(),
        false => exception.codes(),
    };
    serde_json::to_value(said).map_or(Json::Null, Json::from)
}
