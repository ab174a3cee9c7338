//! axum's router and extractors behind the layer, and tower's middleware.

use axum::{
    Json, Router,
    body::Body,
    extract::Query,
    routing::{get, post},
};
use gatefold_core::Exception;
use gatefold_exceptions::{Detail, ExceptionLayer};
use http::{Request, StatusCode, header::CONTENT_TYPE};
use http_body_util::BodyExt;
use tower::{Layer, Service, ServiceExt};

#[derive(serde::Deserialize)]
struct Task {
    #[allow(dead_code, reason = "only read from the request")]
    title: String,
}

async fn refuse() -> Result<(), Exception> {
    Err(Exception::permission_denied())?;
    Ok(())
}

fn app() -> Router {
    Router::new()
        .route("/tasks", post(|_: Json<Task>| async { "created" }))
        .route("/find", get(|_: Query<Task>| async { "found" }))
        .route("/refuse", get(refuse))
}

async fn ask<S>(mut service: S, request: Request<Body>) -> (StatusCode, serde_json::Value)
where
    S: Service<Request<Body>, Response = http::Response<Body>>,
    S::Error: std::fmt::Debug,
{
    let answer = service.ready().await.unwrap().call(request).await.unwrap();
    assert_eq!(answer.headers()[CONTENT_TYPE], "application/json");
    let status = answer.status();
    let words = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&words).unwrap())
}

fn post_json(body: &'static str, content_type: Option<&str>) -> Request<Body> {
    let request = Request::post("/tasks");
    let request = match content_type {
        Some(content_type) => request.header(CONTENT_TYPE, content_type),
        None => request,
    };
    request.body(Body::from(body)).unwrap()
}

fn get_(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn the_routers_answers_and_the_extractors_rejections_have_one_form() {
    let layer = ExceptionLayer::new(Detail::new().codes());
    let json = Some("application/json");
    for (request, status, code, detail) in [
        (get_("/none"), 404, "not_found", "Not found."),
        (
            get_("/tasks"),
            405,
            "method_not_allowed",
            "Method \"GET\" not allowed.",
        ),
        (
            get_("/refuse"),
            403,
            "permission_denied",
            "You do not have permission to perform this action.",
        ),
        (
            post_json("{}", None),
            415,
            "unsupported_media_type",
            "Expected request with `Content-Type: application/json`",
        ),
        (
            post_json("{", json),
            400,
            "parse_error",
            "Failed to parse the request body as JSON",
        ),
        (
            post_json("{}", json),
            422,
            "invalid",
            "Failed to deserialize the JSON body into the target type",
        ),
        (
            get_("/find"),
            400,
            "parse_error",
            "Failed to deserialize query string",
        ),
    ] {
        // Around the router, and as one of its own layers.
        let again = Request::from_parts(request_head(&request), Body::empty());
        let around = ask(layer.layer(app()), request).await;
        assert_eq!(around.0, status);
        assert_eq!(around.1["code"], code);
        let words = around.1["detail"].as_str().unwrap();
        assert!(words.starts_with(detail), "{words}");
        let inside = ask(app().layer(layer.clone()), again).await;
        assert!(inside.0.is_client_error());
    }
}

fn request_head(request: &Request<Body>) -> http::request::Parts {
    let mut head = Request::new(()).into_parts().0;
    head.method = request.method().clone();
    head.uri = request.uri().clone();
    head.headers = request.headers().clone();
    head
}

#[tokio::test]
async fn allow_survives() {
    let service = ExceptionLayer::default().layer(app());
    let answer = service.oneshot(get_("/tasks")).await.unwrap();
    assert_eq!(answer.headers()["allow"], "POST");
}

#[cfg(feature = "tower")]
mod tower_middleware {
    use std::{convert::Infallible, future::pending, task::Poll, time::Duration};

    use http::Response;
    use tower::{buffer::Buffer, limit::ConcurrencyLimit, load_shed::LoadShed, timeout::Timeout};

    use super::*;

    fn forever()
    -> impl Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send> + Clone
    {
        tower::service_fn(|_: Request<Body>| pending())
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_is_a_504() {
        let slow = Timeout::new(forever(), Duration::from_secs(5));
        let (status, words) = ask(ExceptionLayer::default().layer(slow), get_("/")).await;
        assert_eq!(status, StatusCode::GATEWAY_TIMEOUT);
        assert_eq!(words["detail"], "The service took too long to answer.");
    }

    #[tokio::test]
    async fn overload_is_a_503() {
        let shed = LoadShed::new(ConcurrencyLimit::new(forever(), 1));
        let mut one = ExceptionLayer::default().layer(shed);
        let other = one.clone();
        let ready = std::future::poll_fn(|cx| Poll::Ready(one.poll_ready(cx))).await;
        assert!(ready.is_ready());
        let _inside = one.call(get_("/"));
        let (status, _) = ask(other, get_("/")).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test]
    async fn a_closed_buffer_is_a_503_from_poll_ready() {
        let (buffer, worker) = Buffer::pair(forever(), 1);
        drop(worker);
        let (status, _) = ask(ExceptionLayer::default().layer(buffer), get_("/")).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    }
}
