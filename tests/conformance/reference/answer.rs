//! What a handler gives back, before any layer has seen it.

use bytes::Bytes;
use gatefold::Exception;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header::CONTENT_TYPE};

use super::json::Json;

/// A handler's answer.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Data, to be rendered in the form that was accepted.
    Data {
        status: StatusCode,
        headers: HeaderMap,
        data: Json,
    },
    /// A response that is ready.
    Raw(Response<Bytes>),
    /// An error that the pipeline words.
    Raise(Exception),
    /// An error that it does not know.
    Crash(String),
}

impl Answer {
    /// 200 with data.
    pub(crate) fn ok(data: Json) -> Self {
        Self::with(StatusCode::OK, data)
    }

    pub(crate) fn with(status: StatusCode, data: Json) -> Self {
        Self::Data {
            status,
            headers: HeaderMap::new(),
            data,
        }
    }

    /// What gatefold cannot do yet.
    pub(crate) fn not_built(what: &str) -> Self {
        Self::Raw(not_built(&[what.to_owned()]))
    }

    /// 204.
    pub(crate) fn no_content() -> Self {
        Self::with(StatusCode::NO_CONTENT, Json::Null)
    }
}

impl From<Exception> for Answer {
    fn from(exception: Exception) -> Self {
        Self::Raise(exception)
    }
}

/// Says that a response is the framework's own and not the pipeline's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Framework;

/// One of the framework's own answers.
pub(crate) fn framework(
    status: StatusCode,
    content_type: &'static str,
    body: String,
) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.extensions_mut().insert(Framework);
    response
}

pub(crate) fn server_error() -> Response<Bytes> {
    let words = r#"{"error": "Server Error (500)"}"#.to_owned();
    framework(StatusCode::INTERNAL_SERVER_ERROR, "application/json", words)
}

pub(crate) fn bad_request() -> Response<Bytes> {
    let words = r#"{"error": "Bad Request (400)"}"#.to_owned();
    framework(StatusCode::BAD_REQUEST, "application/json", words)
}

pub(crate) fn no_route() -> Response<Bytes> {
    let page = "<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>Not Found</title>\n</head>\n\
                <body>\n  <h1>Not Found</h1>\n</body>\n</html>\n";
    framework(
        StatusCode::NOT_FOUND,
        "text/html; charset=utf-8",
        page.to_owned(),
    )
}

/// An endpoint that cannot be built yet: says what is missing.
pub(crate) fn not_built(missing: &[String]) -> Response<Bytes> {
    let words = format!("not built: {}", missing.join(", "));
    framework(StatusCode::NOT_IMPLEMENTED, "text/plain", words)
}
