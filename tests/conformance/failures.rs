//! The failures that `error_map.jsonl` names, as they come about.

use std::{convert::Infallible, error::Error, time::Duration};

use axum::{
    Form, Json,
    body::Body,
    extract::{FromRequest, FromRequestParts, Query},
    response::IntoResponse,
};
use gatefold::Exception;
use gatefold::versioning::{
    AcceptHeaderVersioning, HostNameVersioning, NamespaceVersioning, QueryParameterVersioning,
    UrlPathVersioning, Versioning,
};
use gatefold_core::refusal;
use http::{
    Extensions, HeaderValue, Method, Request, Response,
    header::{ACCEPT, ALLOW, CONTENT_TYPE, WWW_AUTHENTICATE},
};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tower::{BoxError, Service, ServiceExt, buffer::Buffer, service_fn};

/// What a service does that fails.
pub(crate) enum Failure {
    Answers(Response<Body>),
    Fails(BoxError),
    Panics,
}

#[derive(Deserialize)]
struct Task {
    #[expect(dead_code, reason = "it is never read successfully")]
    id: u32,
}

/// The failure of this kind; `None` for a kind that nobody here knows.
pub(crate) async fn of(kind: &str) -> Option<Failure> {
    if let Some(exception) = exception(kind).or_else(|| version(kind)) {
        return Some(Failure::Answers(refusal(exception, &Extensions::new())));
    }
    Some(match kind {
        "axum Json: no content-type" => Failure::Answers(json(None, "{}").await?),
        "axum Json: syntax" => Failure::Answers(json(Some(JSON), "{").await?),
        "axum Json: data" => Failure::Answers(json(Some(JSON), r#"{"id":"x"}"#).await?),
        "axum Query" => {
            let (mut head, ()) = Request::get("/?id=x").body(()).ok()?.into_parts();
            let rejection = Query::<Task>::from_request_parts(&mut head, &())
                .await
                .err()?;
            Failure::Answers(rejection.into_response())
        }
        "axum Form" => {
            let request = Request::get("/?id=x").body(Body::empty()).ok()?;
            let rejection = Form::<Task>::from_request(request, &()).await.err()?;
            Failure::Answers(rejection.into_response())
        }
        "tower timeout Elapsed (BoxError)" => {
            Failure::Fails(tower::timeout::error::Elapsed::new().into())
        }
        "tower buffer Closed / ServiceError" => Failure::Fails(closed_buffer().await?),
        "hyper incomplete message / reset while reading the body" => {
            Failure::Fails(broken_body().await?.into())
        }
        "panic" => Failure::Panics,
        "unknown BoxError" => Failure::Fails("hunter2: nobody knows this one".into()),
        _ => return None,
    })
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

fn exception(kind: &str) -> Option<Exception> {
    let accept = HeaderValue::from_static("application/json");
    let allow = HeaderValue::from_static("GET, POST");
    let challenge = HeaderValue::from_static("Token");
    Some(match kind {
        "APIException" => Exception::internal("hunter2"),
        "ValidationError" => Exception::validation("Invalid input."),
        "ParseError" => Exception::parse_error(),
        "AuthenticationFailed" => {
            Exception::authentication_failed().with_header(WWW_AUTHENTICATE, challenge)
        }
        "NotAuthenticated" => {
            Exception::not_authenticated().with_header(WWW_AUTHENTICATE, challenge)
        }
        "PermissionDenied" => Exception::permission_denied(),
        "NotFound" => Exception::not_found(),
        "MethodNotAllowed" => {
            Exception::method_not_allowed(&Method::PATCH).with_header(ALLOW, allow)
        }
        "NotAcceptable" => Exception::not_acceptable(),
        "UnsupportedMediaType" => {
            Exception::unsupported_media_type("text/weird").with_header(ACCEPT, accept)
        }
        "Throttled" => Exception::throttled(Some(Duration::from_millis(7300))),
        _ => return None,
    })
}

/// What the scheme says to a version that there is not.
fn version(kind: &str) -> Option<Exception> {
    let place = kind.strip_prefix("invalid version: ")?.to_ascii_lowercase();
    let request = Request::get("http://v9.example.org/v9/?version=9")
        .header(ACCEPT, "application/json; version=9");
    let (head, ()) = request.body(()).ok()?.into_parts();
    let known = ["v1"];
    let outcome = if place.contains("namespace") {
        let scheme = NamespaceVersioning::new(known).namespace("v9", "/v9");
        scheme.determine_version(&head)
    } else if place.contains("path") {
        UrlPathVersioning::new(known).determine_version(&head)
    } else if place.contains("query") {
        QueryParameterVersioning::new(known).determine_version(&head)
    } else if place.contains("host") {
        HostNameVersioning::new(known).determine_version(&head)
    } else if place.contains("accept") {
        AcceptHeaderVersioning::new(known).determine_version(&head)
    } else {
        return None;
    };
    outcome.err()
}

async fn json(content_type: Option<HeaderValue>, body: &'static str) -> Option<Response<Body>> {
    let mut request = Request::post("/").body(Body::from(body)).ok()?;
    if let Some(content_type) = content_type {
        request.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    let rejection = Json::<Task>::from_request(request, &()).await.err()?;
    Some(rejection.into_response())
}

/// What a buffer says whose worker is gone.
async fn closed_buffer() -> Option<BoxError> {
    let service = service_fn(|(): ()| async { Ok::<_, BoxError>(()) });
    let (mut buffer, worker) = Buffer::pair(service, 1);
    drop(worker);
    buffer.ready().await.err()
}

/// What hyper says to who reads a body whose sender has gone away in the middle.
async fn broken_body() -> Option<hyper::Error> {
    let (mut client, server) = tokio::io::duplex(1024);
    client
        .write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
        .await
        .ok()?;
    drop(client);
    let (said, mut hear) = tokio::sync::mpsc::unbounded_channel();
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let said = said.clone();
        async move {
            if let Err(error) = request.into_body().collect().await {
                let _ = said.send(error);
            }
            Ok::<_, Infallible>(Response::new(String::new()))
        }
    });
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(server), service);
    let _ = connection.await;
    hear.recv().await
}

/// The service that fails so.
pub(crate) fn service(
    failure: Failure,
) -> impl Service<Request<Body>, Response = Response<Body>, Error = BoxError, Future: Send> {
    let mut failure = Some(failure);
    service_fn(move |_: Request<Body>| {
        let failure = failure.take();
        async move {
            match failure {
                Some(Failure::Answers(response)) => Ok(response),
                Some(Failure::Fails(error)) => Err(error),
                Some(Failure::Panics) => panic!("hunter2: the payload of a panic"),
                None => Err(Box::<dyn Error + Send + Sync>::from("called twice")),
            }
        }
    })
}
