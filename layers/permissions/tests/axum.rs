//! On axum: the extractor, and the table across `nest`.
#![cfg(feature = "axum")]

use axum::{
    Router,
    body::Body,
    routing::{get, post},
};
use gatefold_core::{Exception, Identity};
use gatefold_permissions::{
    AllowAny, DenyAll, Guard, HasRole, IsAdmin, PermissionLayer, Routes, RoutesError, object,
};
use http::{Method, Request, StatusCode, request::Parts};
use tower::ServiceExt;

async fn status(app: &Router, method: Method, path: &str, who: Option<Identity>) -> StatusCode {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(who) = who {
        who.leave(request.extensions_mut().unwrap());
    }
    let request = request.body(Body::empty()).unwrap();
    app.clone().oneshot(request).await.unwrap().status()
}

fn table() -> Result<Routes, RoutesError> {
    Routes::new(DenyAll)
        .at(Method::GET, "/v1/tasks/{pk}", AllowAny)?
        .at(Method::POST, "/v1/tasks/search", HasRole::new("reader"))?
        .at(Method::DELETE, "/v1/tasks/{id}", IsAdmin)
}

fn routes() -> Router {
    let tasks = Router::new()
        .route("/{id}", get(async || "one").delete(async || "gone"))
        .route("/search", post(async || "found").get(async || "form"));
    let v1 = Router::new()
        .nest("/tasks", tasks)
        .route("/other", get(async || "other"));
    Router::new().nest("/v1", v1)
}

async fn judge(app: &Router) {
    let admin = || Some(Identity::new("1").with_admin(true));
    let reader = || Some(Identity::new("2").with_roles(["reader"]));
    let refused = StatusCode::FORBIDDEN;
    for (method, path, who, expected) in [
        (Method::GET, "/v1/tasks/1", None, StatusCode::OK),
        (Method::HEAD, "/v1/tasks/1", None, StatusCode::OK),
        (Method::DELETE, "/v1/tasks/1", None, refused),
        (Method::DELETE, "/v1/tasks/1", admin(), StatusCode::OK),
        (Method::POST, "/v1/tasks/search", admin(), refused),
        (Method::POST, "/v1/tasks/search", reader(), StatusCode::OK),
        (Method::GET, "/v1/tasks/search", reader(), refused),
        (Method::GET, "/v1/other", admin(), refused),
        (Method::GET, "/nowhere", admin(), refused),
    ] {
        let answer = status(app, method.clone(), path, who).await;
        assert_eq!(answer, expected, "{method} {path}");
    }
}

#[tokio::test]
async fn a_table_judges_nested_routes_inside_the_router() -> Result<(), RoutesError> {
    judge(&routes().layer(PermissionLayer::new(table()?))).await;
    Ok(())
}

#[tokio::test]
async fn a_table_judges_the_same_inside_a_nested_router() -> Result<(), RoutesError> {
    let layer = PermissionLayer::new(table()?);
    let tasks = Router::new()
        .route("/{id}", get(async || "one").delete(async || "gone"))
        .layer(layer);
    let app = Router::new().nest("/v1/tasks", tasks);
    let refused = StatusCode::FORBIDDEN;
    assert_eq!(
        status(&app, Method::GET, "/v1/tasks/1", None).await,
        StatusCode::OK
    );
    assert_eq!(
        status(&app, Method::DELETE, "/v1/tasks/1", None).await,
        refused
    );
    Ok(())
}

#[tokio::test]
async fn a_table_judges_the_same_around_the_router() -> Result<(), RoutesError> {
    use tower::Layer;
    let service = PermissionLayer::new(table()?).layer(routes());
    judge(&Router::new().fallback_service(service)).await;
    Ok(())
}

struct Task {
    owner: &'static str,
}

async fn remove(guard: Guard) -> Result<&'static str, Exception> {
    guard.object(&Task { owner: "alice" }).await?;
    Ok("gone")
}

#[tokio::test]
async fn a_handler_asks_its_guard() {
    let is_owner = object(|head: &Parts, task: &Task| {
        Identity::of(&head.extensions).is_some_and(|who| who.id() == task.owner)
    });
    let layer = PermissionLayer::new(IsAdmin | is_owner);
    let app = Router::new()
        .route("/tasks/1", get(remove).layer(layer.clone()))
        .route("/forgets", get(async || "gone").layer(layer))
        .route("/open", get(remove));
    for (path, who, expected) in [
        ("/tasks/1", "alice", StatusCode::OK),
        ("/tasks/1", "bob", StatusCode::FORBIDDEN),
        ("/forgets", "alice", StatusCode::INTERNAL_SERVER_ERROR),
        ("/open", "alice", StatusCode::INTERNAL_SERVER_ERROR),
    ] {
        let answer = status(&app, Method::GET, path, Some(Identity::new(who))).await;
        assert_eq!(answer, expected, "{path} {who}");
    }
}

#[tokio::test]
async fn a_suffix_does_not_lead_to_another_row() -> Result<(), RoutesError> {
    use gatefold_core::{Format, keep_original_uri};
    use tower::Layer;
    let table = Routes::new(DenyAll)
        .at(Method::GET, "/{page}", AllowAny)?
        .at(Method::GET, "/admin", IsAdmin)?;
    let router = Router::new().route("/admin", get(async || "admin"));
    let service = PermissionLayer::new(table).layer(router);
    // What the suffix layer makes of `/admin.json`.
    let (mut head, body) = Request::new(Body::empty()).into_parts();
    head.uri = http::Uri::from_static("/admin.json");
    keep_original_uri(&mut head);
    head.uri = http::Uri::from_static("/admin");
    Format::new("json").leave(&mut head.extensions);
    let answer = service.oneshot(Request::from_parts(head, body)).await;
    assert_eq!(answer.unwrap().status(), StatusCode::FORBIDDEN);
    Ok(())
}
