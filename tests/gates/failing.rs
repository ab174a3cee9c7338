//! What fails, how, and what is to be said of it.

use std::time::Duration;

use bytes::Bytes;
use gatefold::exceptions::GrpcCode;
use gatefold::versioning::{NamespaceVersioning, Versioning};
use gatefold::{ErrorDetail, Exception};
use gatefold_core::refusal;
use http::{
    HeaderValue, Method, Request, Response,
    header::{ACCEPT, WWW_AUTHENTICATE},
};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use tower::{BoxError, ServiceExt, buffer::Buffer, service_fn};

/// What a caller is told of a failure.
#[derive(Clone, Copy)]
pub(crate) struct Fact {
    pub(crate) name: &'static str,
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) grpc: GrpcCode,
    /// A header that has to survive.
    pub(crate) keeps: &'static str,
    /// The words begin so.
    pub(crate) words: &'static str,
}

impl Fact {
    /// Reads a line of a table.
    pub(crate) fn read(line: &'static str) -> Self {
        let mut columns = line.trim().splitn(6, char::is_whitespace);
        let mut next = || columns.next().unwrap_or_default();
        let (name, status, code) = (next(), next(), next());
        Self {
            name,
            status: status.parse().unwrap_or_else(|_| panic!("{line}")),
            code,
            grpc: GrpcCode::from_name(next()).unwrap_or_else(|| panic!("{line}")),
            keeps: next(),
            words: next(),
        }
    }
}

pub(crate) fn facts(table: &'static str) -> impl Iterator<Item = Fact> {
    table.trim().lines().map(Fact::read)
}

pub(crate) const SECRET: &str = "hunter2";

/// Exceptions of gates and handlers.
pub(crate) const THROWN: &str = "
    validation 400 invalid INVALID_ARGUMENT content-type
    parse 400 parse_error INVALID_ARGUMENT content-type Malformed request.
    failed 401 authentication_failed UNAUTHENTICATED www-authenticate Incorrect authentication
    nobody 401 not_authenticated UNAUTHENTICATED www-authenticate Authentication credentials
    denied 403 permission_denied PERMISSION_DENIED content-type You do not have permission
    missing 404 not_found NOT_FOUND content-type Not found.
    method 405 method_not_allowed UNIMPLEMENTED allow Method \"PUT\" not allowed.
    form 406 not_acceptable INVALID_ARGUMENT content-type Could not satisfy
    late 408 timeout DEADLINE_EXCEEDED content-type Request timed out.
    version 404 not_found UNIMPLEMENTED content-type Invalid version in URL path. Does not
    conflict 409 conflict ABORTED content-type The request conflicts
    gone 410 gone NOT_FOUND content-type No longer here.
    condition 412 precondition_failed FAILED_PRECONDITION content-type A condition
    large 413 payload_too_large RESOURCE_EXHAUSTED content-type Request body too large.
    media 415 unsupported_media_type INVALID_ARGUMENT accept Unsupported media type \"text/weird\"
    undoable 422 invalid INVALID_ARGUMENT content-type No.
    unconditional 428 precondition_required FAILED_PRECONDITION content-type The request has to
    throttled 429 throttled RESOURCE_EXHAUSTED retry-after Request was throttled. Expected available in 8 seconds.
    law 451 unavailable_for_legal_reasons PERMISSION_DENIED content-type Unavailable for
    inside 500 error INTERNAL x-request-id A server error occurred.
    unwritten 501 not_implemented UNIMPLEMENTED x-request-id Not implemented.
    behind 502 bad_gateway UNAVAILABLE x-request-id A server behind this one
    away 503 unavailable UNAVAILABLE x-request-id Service temporarily unavailable
    slow 504 timeout DEADLINE_EXCEEDED x-request-id The service took too long
";

/// What goes wrong in middleware: errors and panics.
pub(crate) const ERRORS: &str = "
    tower-timeout 504 timeout DEADLINE_EXCEEDED x-request-id The service took too long
    tower-overload 503 unavailable UNAVAILABLE x-request-id Service temporarily
    tower-buffer 503 unavailable UNAVAILABLE x-request-id Service temporarily
    too-long 413 payload_too_large RESOURCE_EXHAUSTED content-type Request body too large.
    status-missing 404 not_found NOT_FOUND content-type No task 4.
    status-inside 500 error INTERNAL x-request-id A server error occurred.
    unknown 500 error INTERNAL x-request-id A server error occurred.
";

pub(crate) const PANIC: &str = "panic 500 error INTERNAL x-request-id A server error occurred.";
pub(crate) const FOREIGN: &str = "foreign 500 error UNKNOWN x-request-id A server error occurred.";
/// axum's rejections of content types that a gRPC call does not have.
pub(crate) const TYPED: &str = "
    no-type 415 unsupported_media_type INVALID_ARGUMENT content-type Expected request with `Content-Type: application/json`
    syntax 400 parse_error INVALID_ARGUMENT content-type Failed to parse the request body as JSON
    data 422 invalid INVALID_ARGUMENT content-type Failed to deserialize the JSON body into the target type
    form 422 invalid INVALID_ARGUMENT content-type Failed to deserialize form body
";

/// axum's other answers, and those of tower-http's middleware.
pub(crate) const ANSWERED: &str = "
    query 400 parse_error INVALID_ARGUMENT content-type Failed to deserialize query string
    path 400 parse_error INVALID_ARGUMENT content-type Invalid URL: 
    axum-limit 413 payload_too_large RESOURCE_EXHAUSTED content-type Failed to buffer
    http-limit 413 payload_too_large RESOURCE_EXHAUSTED content-type length limit exceeded
    http-timeout 408 timeout DEADLINE_EXCEEDED content-type Request timed out.
    no-route 404 not_found UNIMPLEMENTED content-type Not found.
    no-method 405 method_not_allowed UNIMPLEMENTED allow Method \"POST\" not allowed.
";

pub(crate) fn thrown(name: &str) -> Option<Exception> {
    let challenge = HeaderValue::from_static("Token");
    Some(match name {
        "validation" => Exception::validation(ErrorDetail::fields([
            ("title", vec!["This field is required."]),
            ("owner", vec!["Unknown."]),
        ])),
        "parse" => Exception::parse_error(),
        "failed" => Exception::authentication_failed().with_header(WWW_AUTHENTICATE, challenge),
        "nobody" => Exception::not_authenticated().with_header(WWW_AUTHENTICATE, challenge),
        "denied" => Exception::permission_denied(),
        "missing" => Exception::not_found(),
        "method" => Exception::method_not_allowed(&Method::PUT).with_allow([&Method::GET]),
        "form" => Exception::not_acceptable(),
        "late" => Exception::request_timeout(),
        "version" => {
            let request = Request::get("/v9/tasks").body(()).ok()?;
            let versions = NamespaceVersioning::new(["v1"]).namespace("v9", "/v9");
            versions.determine_version(&request.into_parts().0).err()?
        }
        "conflict" => Exception::conflict(),
        "gone" => Exception::gone(),
        "condition" => Exception::precondition_failed(),
        "large" => Exception::payload_too_large(),
        "media" => Exception::unsupported_media_type("text/weird")
            .with_header(ACCEPT, HeaderValue::from_static("application/json")),
        "undoable" => Exception::unprocessable("No."),
        "unconditional" => Exception::precondition_required(),
        "throttled" => Exception::throttled(Some(Duration::from_millis(7300))),
        "law" => Exception::unavailable_for_legal_reasons(),
        "inside" => Exception::internal(SECRET),
        "unwritten" => Exception::not_implemented(),
        "behind" => Exception::bad_gateway(SECRET),
        "away" => Exception::unavailable(SECRET),
        "slow" => Exception::gateway_timeout(SECRET),
        _ => return None,
    })
}

async fn error(name: &str) -> Option<BoxError> {
    Some(match name {
        "tower-timeout" => tower::timeout::error::Elapsed::new().into(),
        "tower-overload" => tower::load_shed::error::Overloaded::new().into(),
        "tower-buffer" => {
            let service = service_fn(|(): ()| async { Ok::<_, BoxError>(()) });
            let (mut buffer, worker) = Buffer::pair(service, 1);
            drop(worker);
            buffer.ready().await.err()?
        }
        "too-long" => {
            let body = Limited::new(Full::<Bytes>::from("too long"), 3);
            let error = body.collect().await.err()?;
            assert!(error.is::<LengthLimitError>());
            error
        }
        "status-missing" => tonic::Status::not_found("No task 4.").into(),
        "status-inside" => tonic::Status::internal(SECRET).into(),
        "unknown" => SECRET.into(),
        "panic" => panic!("{SECRET}"),
        _ => return None,
    })
}

/// A service of any kind of body that fails as the last segment of the path says.
pub(crate) async fn fail<B, R: Default>(request: Request<B>) -> Result<Response<R>, BoxError> {
    let name = request.uri().path().rsplit('/').next().unwrap_or_default();
    match (thrown(name), error(name).await) {
        (Some(exception), _) => Ok(refusal(exception, request.extensions())),
        (None, Some(error)) => Err(error),
        (None, None) => Ok(Response::default()),
    }
}
