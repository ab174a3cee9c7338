use axum::{Router, routing::get};
use gatefold::permissions::{Permission, PermissionLayer};
use gatefold_policy_engines::CasbinPermission;
use http::{StatusCode, request::Parts};

use super::{ask, served};

const MODEL: &str = include_str!("../../policies/model.conf");
const POLICY: &str = include_str!("../../policies/policy.csv");

async fn app() -> Router {
    let casbin = CasbinPermission::new(MODEL, POLICY).await.unwrap();
    let weekday = |head: &Parts| !head.headers.contains_key("x-sunday");
    let layer = PermissionLayer::new(casbin.and(weekday));
    let ok = async || "ok";
    served(
        Router::new()
            .route("/tasks", get(ok).post(ok))
            .route("/tasks/{id}", get(ok).delete(ok))
            .route("/other", get(ok))
            .layer(layer),
    )
}

#[tokio::test]
async fn a_casbin_policy_decides_about_routes() {
    let app = app().await;
    for (method, path, token, status) in [
        ("GET", "/tasks", None, StatusCode::OK),
        ("HEAD", "/tasks", None, StatusCode::OK),
        ("POST", "/tasks", None, StatusCode::UNAUTHORIZED),
        ("GET", "/tasks", Some("eve"), StatusCode::FORBIDDEN),
        ("POST", "/tasks", Some("eve-member"), StatusCode::OK),
        ("GET", "/tasks/4", Some("eve-member"), StatusCode::OK),
        (
            "DELETE",
            "/tasks/4",
            Some("eve-member"),
            StatusCode::FORBIDDEN,
        ),
        ("DELETE", "/tasks/4", Some("eve-editor"), StatusCode::OK),
        ("GET", "/tasks/4", Some("eve-editor"), StatusCode::OK),
        ("DELETE", "/tasks/4", Some("root"), StatusCode::OK),
        ("GET", "/other", Some("root"), StatusCode::FORBIDDEN),
        ("GET", "/nowhere", Some("root"), StatusCode::FORBIDDEN),
    ] {
        let answer = ask(&app, method, path, token).await;
        assert_eq!(answer.0, status, "{method} {path} {token:?}: {}", answer.1);
    }
}

#[tokio::test]
async fn nobody_can_take_the_name_of_a_role_or_of_nobody() {
    let app = app().await;
    for token in ["role:editor", "nobody"] {
        let answer = ask(&app, "GET", "/tasks", Some(token)).await;
        assert_eq!(answer.0, StatusCode::FORBIDDEN, "{token}");
    }
}

#[tokio::test]
async fn a_model_that_cannot_be_read_is_an_error_at_the_start() {
    assert!(CasbinPermission::new("[matchers]", POLICY).await.is_err());
}
