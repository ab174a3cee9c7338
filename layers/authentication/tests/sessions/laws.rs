//! The laws of a service, kept by a layer with sessions.

use std::{
    convert::Infallible,
    future::Future,
    task::{Context, Waker},
};

use gatefold_authentication::{AuthenticationLayer, Csrf, Session, SessionAuthentication};
use gatefold_core::testing::Strict;
use gatefold_tokens::{MemorySessionStore, Sessions};
use http::{
    Method, Request, Response,
    header::{CACHE_CONTROL, COOKIE, SET_COOKIE, VARY},
};
use tower::{Layer, Service, ServiceExt, limit::ConcurrencyLimitLayer, service_fn};

use crate::browser::{Body, layer, stores};

#[tokio::test]
async fn the_service_that_was_polled_ready_is_called_at_once_and_after_a_wait() {
    for store in stores() {
        let layer = layer(Sessions::new(store));
        let mut strict = layer.layer(Strict::new());
        let inner = service_fn(|_: Request<Body>| async {
            Ok::<_, Infallible>(Response::new(Body::new()))
        });
        let mut limited = layer.layer(ConcurrencyLimitLayer::new(1).layer(inner));
        for _ in 0..3 {
            let cookie = format!("__Host-session={}", "a".repeat(43));
            let request = || Request::get("/").header(COOKIE, &cookie).body(Body::new());
            let request = || request().expect("a request");
            let ready = ServiceExt::<Request<Body>>::ready(&mut strict).await;
            let response = ready.expect("infallible").call(request()).await;
            assert_eq!(response.expect("infallible").headers()[VARY], "Cookie");
            // A future that is dropped on the way frees its place.
            let mut dropped = Box::pin(limited.ready().await.expect("infallible").call(request()));
            let _ = dropped
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
            drop(dropped);
            let ready = limited.ready().await.expect("infallible");
            ready.call(request()).await.expect("infallible");
        }
    }
}

#[test]
fn everything_travels_between_threads() {
    fn travels<T: Clone + Send + Sync>() {}
    travels::<Session>();
    travels::<SessionAuthentication>();
    travels::<Csrf>();
}

#[tokio::test]
async fn djangos_token_goes_out_with_its_cookie_and_comes_back() {
    let sessions = SessionAuthentication::new(Sessions::new(MemorySessionStore::new())).drf();
    let layer = AuthenticationLayer::new(sessions);
    let service = layer.layer(service_fn(|request: Request<Body>| async move {
        let session = Session::of(request.extensions()).expect("the layer leaves one");
        if request.method() == Method::POST {
            let checked = session.check_csrf();
            return Ok(Response::new(format!("{:?}", checked.is_ok())));
        }
        let (one, two) = (session.csrf_token(), session.csrf_token());
        let (one, two) = (one.expect("random"), two.expect("random"));
        assert_ne!(one, two, "each page has a mask of its own");
        Ok::<_, Infallible>(Response::new(one.unwrap_or_default()))
    }));
    let request = Request::get("/").body(Body::new()).expect("a request");
    let response = service.clone().oneshot(request).await.expect("infallible");
    let cookie = response.headers()[SET_COOKIE]
        .to_str()
        .expect("text")
        .to_owned();
    assert!(
        cookie.starts_with("csrftoken=") && !cookie.contains("HttpOnly"),
        "{cookie}"
    );
    assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
    let token = response.into_body();
    assert_eq!(token.len(), 64);
    let cookie = cookie.split(';').next().unwrap_or_default();
    for (token, wanted) in [
        (token.as_str(), "true"),
        ("", "false"),
        (&"a".repeat(64), "false"),
    ] {
        let request = Request::post("/")
            .header(COOKIE, cookie)
            .header("x-csrftoken", token);
        let request = request.body(Body::new()).expect("a request");
        let response = service.clone().oneshot(request).await.expect("infallible");
        assert_eq!(response.body(), wanted, "{token}");
    }
}
