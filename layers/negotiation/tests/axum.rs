//! The same on axum.
#![cfg(feature = "axum")]

use axum::{
    Router,
    body::Body,
    routing::{get, post},
};
use gatefold_core::{Accepted, Exception};
use gatefold_negotiation::{JsonParser, NegotiationLayer, Parsed, Parsers, Reply};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use tower::ServiceExt;

#[derive(Deserialize, Serialize)]
struct Task {
    title: String,
}

async fn show() -> Result<Reply<Task>, Exception> {
    let title = "milk".to_owned();
    Ok(Reply(Task { title }))
}

async fn create(Parsed(task): Parsed<Task>) -> (StatusCode, Reply<Task>) {
    (StatusCode::CREATED, Reply(task))
}

async fn perhaps(accepted: Accepted, task: Option<Parsed<Task>>) -> String {
    let title = task.map_or("nothing".into(), |task| task.0.title);
    format!("{title} as {}", accepted.media_type())
}

fn app() -> Router {
    Router::new()
        .route("/task", get(show).post(create))
        .route("/perhaps", post(perhaps))
        .layer(NegotiationLayer::default())
}

async fn ask(request: Request<Body>) -> Response<Body> {
    app().oneshot(request).await.expect("infallible")
}

async fn text(response: Response<Body>) -> String {
    let bytes = response
        .into_body()
        .collect()
        .await
        .expect("a body")
        .to_bytes();
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

#[tokio::test]
async fn a_reply_is_rendered_in_the_accepted_form() {
    let request = Request::get("/task").header("accept", "text/html");
    let response = ask(request.body(Body::empty()).unwrap()).await;
    assert_eq!(
        response.headers()["content-type"],
        "text/html; charset=utf-8"
    );
    assert!(text(response).await.contains("milk"));
    let response = ask(Request::get("/task?format=json")
        .body(Body::empty())
        .unwrap())
    .await;
    assert_eq!(text(response).await, r#"{"title":"milk"}"#);
}

#[tokio::test]
async fn head_has_the_type_and_no_body() {
    let request = Request::head("/task").header("accept", "text/html");
    let response = ask(request.body(Body::empty()).unwrap()).await;
    assert_eq!(
        response.headers()["content-type"],
        "text/html; charset=utf-8"
    );
    assert!(response.headers().get("content-length").is_none());
    assert_eq!(text(response).await, "");
}

#[tokio::test]
async fn the_length_is_left_to_the_server_and_is_known_to_it() {
    let response = ask(Request::get("/task").body(Body::empty()).unwrap()).await;
    let hint = http_body::Body::size_hint(response.body());
    assert_eq!(hint.exact(), Some(16));
}

#[tokio::test]
async fn a_body_comes_in_as_json_or_as_a_form() {
    for (content_type, body) in [
        ("application/json", r#"{"title":"bread"}"#),
        ("application/x-www-form-urlencoded", "title=bread"),
    ] {
        let request = Request::post("/task").header("content-type", content_type);
        let response = ask(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(text(response).await, r#"{"title":"bread"}"#);
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_an_exception() {
    for (content_type, body, status) in [
        ("application/xml", "<a/>", 415),
        ("application/json", "{", 400),
        ("application/json", "{}", 400),
    ] {
        let request = Request::post("/task").header("content-type", content_type);
        let response = ask(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(response.status(), status, "{content_type} {body}");
        let exception = response
            .extensions()
            .get::<Exception>()
            .expect("left there");
        assert!(exception.accepted().is_some());
    }
}

#[tokio::test]
async fn a_body_may_be_missing() {
    let response = ask(Request::post("/perhaps").body(Body::empty()).unwrap()).await;
    assert_eq!(text(response).await, "nothing as application/json");
}

#[tokio::test]
async fn a_route_may_have_its_own_parsers() {
    let parsers = Parsers::new(JsonParser::new()).limit(8);
    let app = Router::new()
        .route("/task", post(create))
        .layer(NegotiationLayer::default().parsers(parsers));
    let request = Request::post("/task").header("content-type", "application/json");
    let request = request.body(Body::from(r#"{"title":"bread"}"#)).unwrap();
    let response = app.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[cfg(all(feature = "cbor", feature = "msgpack", feature = "multipart"))]
#[tokio::test]
async fn the_handler_cannot_tell_which_form_came() {
    use gatefold_core::{Accepted, Data, RenderContext, Renderer};
    use gatefold_negotiation::{
        CborParser, CborRenderer, FormParser, MessagePackParser, MessagePackRenderer,
        MultipartParser,
    };
    use std::sync::Arc;

    let rendered = |renderer: Arc<dyn Renderer>| {
        let media_type = renderer.media_type().clone();
        let accepted = Accepted::new(media_type.clone(), Arc::clone(&renderer));
        let headers = http::HeaderMap::new();
        let context = RenderContext::new(StatusCode::OK, &headers, &accepted);
        let title = "bread".to_owned();
        let body = renderer.render(&Data::new(&Task { title }), &context);
        (media_type.to_string(), body.expect("rendered"))
    };
    let multipart =
        "--B\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nbread\r\n--B--\r\n";
    let parsers = Parsers::new(JsonParser::new())
        .or(FormParser::new())
        .or(MultipartParser::new())
        .or(MessagePackParser::new())
        .or(CborParser::new());
    let app = Router::new()
        .route("/task", post(create))
        .layer(NegotiationLayer::default().parsers(parsers));
    for (content_type, body) in [
        rendered(Arc::new(CborRenderer::new())),
        rendered(Arc::new(MessagePackRenderer::new())),
        (
            "multipart/form-data; boundary=B".to_owned(),
            multipart.into(),
        ),
        (
            "application/x-www-form-urlencoded".to_owned(),
            "title=bread".into(),
        ),
    ] {
        let request = Request::post("/task").header("content-type", &content_type);
        let request = request.body(Body::from(body)).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::CREATED, "{content_type}");
        assert_eq!(text(response).await, r#"{"title":"bread"}"#);
    }
}

#[tokio::test]
async fn streams_and_large_replies_are_answers_too() {
    let numbers = || async { Reply::blocking(vec![1, 2]) };
    let app = Router::new()
        .route("/numbers", get(numbers))
        .layer(NegotiationLayer::default());
    let request = Request::get("/numbers").body(Body::empty()).unwrap();
    assert_eq!(text(app.oneshot(request).await.unwrap()).await, "[1,2]");
}
