//! Policies per route, inside each other, and shared.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use gatefold::permissions::{AllowAny, DenyAll, IsAdmin, IsAuthenticated, Routes};
use gatefold::throttling::UserRateThrottle;
use gatefold::{Identity, Policy, detach};
use http::{Method, Request, Response, StatusCode, request::Parts};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};

type Answer = Result<Response<Full<Bytes>>, Infallible>;

async fn ok(_: Request<()>) -> Answer {
    Ok(Response::default())
}

fn request(user: &str) -> Request<()> {
    Request::builder()
        .uri("/tasks")
        .header("x-user", user)
        .body(())
        .unwrap()
}

/// Identifies by a header and counts how often it was asked.
fn counted(policy: Policy) -> (Policy, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let policy = policy.authentication(move |head: &Parts| {
        counter.fetch_add(1, Ordering::Relaxed);
        let user = head.headers.get("x-user")?.to_str().ok()?;
        Some(Identity::new(user).with_admin(user == "admin"))
    });
    (policy, asked)
}

#[tokio::test]
async fn a_policy_with_authentication_and_no_permission_is_closed() {
    let (policy, _) = counted(Policy::new());
    let service = policy.layer(service_fn(ok));
    let nobody = Request::new(());
    assert_eq!(
        service.clone().oneshot(nobody).await.unwrap().status(),
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        service.oneshot(request("ada")).await.unwrap().status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_policy_that_says_allow_any_is_open() {
    let (policy, _) = counted(Policy::new());
    let service = policy.permission(AllowAny).layer(service_fn(ok));
    assert_eq!(
        service.oneshot(Request::new(())).await.unwrap().status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_changed_copy_leaves_its_model_alone() {
    let (model, _) = counted(Policy::new());
    let staff = model.clone().permission(IsAdmin).layer(service_fn(ok));
    let model = model.layer(service_fn(ok));
    assert_eq!(
        model.oneshot(request("ada")).await.unwrap().status(),
        StatusCode::OK
    );
    let refused = staff.clone().oneshot(request("ada")).await.unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        staff.oneshot(request("admin")).await.unwrap().status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn copies_share_the_counts_of_their_throttles() {
    let (policy, _) = counted(Policy::new());
    let policy = policy
        .throttle(UserRateThrottle::new(["2/min"]).unwrap())
        .unwrap();
    let one = policy.clone().layer(service_fn(ok));
    let other = policy.permission(AllowAny).layer(service_fn(ok));
    assert_eq!(
        one.clone().oneshot(request("ada")).await.unwrap().status(),
        StatusCode::OK
    );
    assert_eq!(
        other.oneshot(request("ada")).await.unwrap().status(),
        StatusCode::OK
    );
    let third = one.oneshot(request("ada")).await.unwrap();
    assert_eq!(third.status(), StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn the_same_authentication_and_throttle_are_asked_once_on_one_path() {
    let (policy, asked) = counted(Policy::new());
    let policy = policy
        .throttle(UserRateThrottle::new(["1/min"]).unwrap())
        .unwrap();
    let service = policy.layer(
        policy
            .clone()
            .permission(IsAuthenticated)
            .layer(service_fn(ok)),
    );
    assert_eq!(
        service
            .clone()
            .oneshot(request("ada"))
            .await
            .unwrap()
            .status(),
        StatusCode::OK
    );
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    let second = service.oneshot(request("ada")).await.unwrap();
    assert_eq!(second.status(), StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn an_inner_policy_tightens_and_never_loosens() {
    let (outer, _) = counted(Policy::new());
    for (inner, expected) in [
        (Policy::new().permission(DenyAll), StatusCode::FORBIDDEN),
        (Policy::new().permission(AllowAny), StatusCode::OK),
    ] {
        let service = outer.layer(inner.layer(service_fn(ok)));
        let response = service.clone().oneshot(request("ada")).await.unwrap();
        assert_eq!(response.status(), expected);
        let nobody = service.oneshot(Request::new(())).await.unwrap();
        assert_eq!(nobody.status(), StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn a_table_is_a_default_with_exceptions() {
    let table = Routes::new(IsAuthenticated)
        .at(Method::GET, "/tasks", AllowAny)
        .unwrap()
        .at(Method::DELETE, "/tasks/{id}", IsAdmin)
        .unwrap();
    let (policy, _) = counted(Policy::new());
    let service = policy.permission(table).layer(service_fn(ok));
    for (method, path, user, expected) in [
        ("GET", "/tasks", "", StatusCode::OK),
        ("HEAD", "/tasks", "", StatusCode::OK),
        ("POST", "/tasks", "", StatusCode::FORBIDDEN),
        ("POST", "/tasks", "ada", StatusCode::OK),
        ("DELETE", "/tasks/1", "ada", StatusCode::FORBIDDEN),
        ("DELETE", "/tasks/1", "admin", StatusCode::OK),
        ("GET", "/elsewhere", "", StatusCode::FORBIDDEN),
    ] {
        let mut request = Request::builder().method(method).uri(path);
        if !user.is_empty() {
            request = request.header("x-user", user);
        }
        let response = service
            .clone()
            .oneshot(request.body(()).unwrap())
            .await
            .unwrap();
        assert_eq!(response.status(), expected, "{method} {path} by `{user}`");
    }
}

#[tokio::test]
async fn a_sub_request_continues_its_callers_request_until_it_is_detached() {
    let (policy, asked) = counted(Policy::new());
    let inner = policy.layer(service_fn(ok));
    let batch = service_fn(move |mut request: Request<()>| {
        let inner = inner.clone();
        async move {
            // Another user's name in a header changes nothing: it is still the caller's request.
            request
                .headers_mut()
                .insert("x-user", "admin".parse().unwrap());
            let (head, ()) = request.into_parts();
            inner
                .clone()
                .oneshot(Request::from_parts(head.clone(), ()))
                .await?;
            let mut own = Request::from_parts(head, ());
            detach(own.extensions_mut());
            inner.oneshot(own).await
        }
    });
    let service = policy.layer(batch);
    service.oneshot(request("ada")).await.unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}
