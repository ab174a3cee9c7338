//! Secrets planted wherever something breaks inside, and the answers searched for them.
#![cfg(feature = "tonic")]

use std::{error::Error, fmt, panic, sync::Once};

use axum::{Router, body::Body, extract::Extension, response::IntoResponse, routing::get};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use gatefold_core::Exception;
use gatefold_exceptions::{Detail, ExceptionHandler, ExceptionLayer, Problem};
use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use http_body_util::BodyExt;
use tonic::Status;
use tower::{BoxError, Layer, ServiceExt, service_fn};

const SECRET: &str = "hunter2";

#[derive(Clone, Copy, Debug)]
enum Leak {
    Source,
    NestedSource,
    Error,
    ErrorWithException,
    Panic,
    PanicWithString,
    Text,
    Rejection,
    StatusAsError,
    StatusOfError,
    StatusOfException,
}

const LEAKS: [Leak; 11] = [
    Leak::Source,
    Leak::NestedSource,
    Leak::Error,
    Leak::ErrorWithException,
    Leak::Panic,
    Leak::PanicWithString,
    Leak::Text,
    Leak::Rejection,
    Leak::StatusAsError,
    Leak::StatusOfError,
    Leak::StatusOfException,
];

#[derive(Debug)]
struct Wrapper(BoxError);

impl fmt::Display for Wrapper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SECRET}: {}", self.0)
    }
}

impl Error for Wrapper {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

#[derive(Clone)]
#[allow(non_camel_case_types, reason = "the rejection names the type")]
struct hunter2;

async fn missing(_: Extension<hunter2>) {}

async fn fail(leak: Leak) -> Result<Response<Body>, BoxError> {
    match leak {
        Leak::Source => Ok(Exception::internal(SECRET).into_response()),
        Leak::NestedSource => {
            let source = Wrapper(SECRET.into());
            Ok(Exception::unavailable(source).into_response())
        }
        Leak::Error => Err(Wrapper(SECRET.into()).into()),
        Leak::ErrorWithException => Err(Wrapper(Exception::internal(SECRET).into()).into()),
        Leak::Panic => panic!("hunter2"),
        Leak::PanicWithString => panic!("{SECRET}"),
        Leak::Text => Ok((StatusCode::BAD_GATEWAY, SECRET).into_response()),
        Leak::StatusAsError => Err(Status::internal(SECRET).into()),
        Leak::StatusOfError => Ok(Status::from_error(SECRET.into()).into_http()),
        Leak::StatusOfException => Ok(Status::from(Exception::internal(SECRET)).into_http()),
        Leak::Rejection => {
            let app: Router = Router::new().route("/", get(missing));
            let request = Request::get("/").body(Body::empty()).unwrap();
            Ok(app.oneshot(request).await.unwrap())
        }
    }
}

fn quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| panic::set_hook(Box::new(|_| {})));
}

async fn search(handler: impl ExceptionHandler, leak: Leak, request: Request<()>) {
    let service = ExceptionLayer::new(handler).layer(service_fn(move |_: Request<()>| fail(leak)));
    let answer = service.oneshot(request).await.unwrap();
    let is_grpc = answer.headers().contains_key("grpc-status");
    assert!(is_grpc || answer.status().is_server_error(), "{leak:?}");
    let (parts, body) = answer.into_parts();
    let words = body.collect().await.unwrap().to_bytes();
    let words = String::from_utf8_lossy(&words);
    assert!(is_grpc || !words.is_empty(), "{leak:?}");
    assert!(!words.contains(SECRET), "{leak:?}: {words}");
    assert!(
        !format!("{parts:?}").contains(SECRET),
        "{leak:?}: {parts:?}"
    );
    assert!(parts.extensions.get::<Exception>().is_none(), "{leak:?}");
    if let Some(details) = parts.headers.get("grpc-status-details-bin") {
        let details = STANDARD_NO_PAD.decode(details).unwrap();
        let details = String::from_utf8_lossy(&details);
        assert!(!details.contains(SECRET), "{leak:?}: {details}");
    }
    assert!(is_grpc || parts.headers.contains_key("x-request-id"));
}

#[tokio::test]
async fn nothing_of_a_cause_is_in_any_answer() {
    quiet();
    for leak in LEAKS {
        for accept in ["*/*", "text/html", "text/plain", "application/problem+json"] {
            let request = || {
                let mut request = Request::new(());
                let accept = HeaderValue::from_static(accept);
                request.headers_mut().insert(ACCEPT, accept);
                request
            };
            search(Detail::new().codes(), leak, request()).await;
            search(Problem::new().instance(), leak, request()).await;
        }
        let mut grpc = Request::new(());
        *grpc.method_mut() = Method::POST;
        let content_type = HeaderValue::from_static("application/grpc");
        grpc.headers_mut().insert(CONTENT_TYPE, content_type);
        search(Detail::new(), leak, grpc).await;
    }
}
