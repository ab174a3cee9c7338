//! Inside axum's router: captured parameters, nested routers, extractors.

#![cfg(feature = "axum")]

use axum::{Router, body::Body, response::IntoResponse, routing::get};
use gatefold_core::Version;
use gatefold_versioning::{Dispatch, SemanticVersion, Typed, UrlPathVersioning, VersioningLayer};
use http::{Request, StatusCode};
use tower::ServiceExt;

async fn status_and_body(router: &Router, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).body(Body::empty()).expect("a request");
    let answer = router.clone().oneshot(request).await.expect("an answer");
    let status = answer.status();
    let body = axum::body::to_bytes(answer.into_body(), 1000).await;
    let body = String::from_utf8(body.expect("a body").to_vec());
    (status, body.expect("text"))
}

fn layer() -> VersioningLayer {
    VersioningLayer::new(UrlPathVersioning::new(["v1", "v2.1"]).captured("version"))
}

#[tokio::test]
async fn a_captured_parameter_is_read_where_the_router_is_nested() {
    let handler = |Typed(version): Typed<SemanticVersion>| async move {
        format!("{} and {}", version.major(), version.minor())
    };
    let inner = Router::new().route("/tasks", get(handler)).layer(layer());
    let router = Router::new().nest("/api/{version}", inner);
    let found = status_and_body(&router, "/api/v2.1/tasks").await;
    assert_eq!(found, (StatusCode::OK, "2 and 1".to_owned()));
    let (status, _) = status_and_body(&router, "/api/v3/tasks").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_typed_version_may_be_missing_or_wrong() {
    let optional = |version: Option<Typed<SemanticVersion>>| async move {
        version.map_or("none", |_| "some").into_response()
    };
    let wanted = |_: Typed<SemanticVersion>| async {};
    let router = Router::new()
        .route("/optional", get(optional))
        .route("/wanted", get(wanted));
    let found = status_and_body(&router, "/optional").await;
    assert_eq!(found, (StatusCode::OK, "none".to_owned()));
    let (status, _) = status_and_body(&router, "/wanted").await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn each_version_may_be_a_router_of_its_own() {
    let router = |text: &'static str| {
        Router::new().route("/{version}/tasks", get(async move |_: Version| text))
    };
    let dispatch = Dispatch::new([("v1", router("old")), ("v2", router("new"))]);
    let versions = VersioningLayer::new(UrlPathVersioning::new(["v1", "v2"]));
    let service = tower::Layer::layer(&versions, dispatch);
    let app = Router::new().fallback_service(service);
    let old = status_and_body(&app, "/v1/tasks").await;
    let new = status_and_body(&app, "/v2/tasks").await;
    assert_eq!((old.1.as_str(), new.1.as_str()), ("old", "new"));
}
