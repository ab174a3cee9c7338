//! Logins, logouts and lost races.

use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, SystemTime},
};

use gatefold_authentication::Session;
use gatefold_core::{ManualClock, refusal};
use gatefold_tokens::{MemorySessionStore, MemoryUserEpochs, Sessions, UserEpochs};
use http::{Method, Request, Response, StatusCode, header::SET_COOKIE};
use tower::{Layer, Service, ServiceExt, service_fn, util::BoxCloneService};

use crate::browser::{Body, Browser, Store, act, layer, served, stores};

#[tokio::test]
async fn people_log_in_and_out() {
    for store in stores() {
        let service = served(&layer(Sessions::new(store)));
        let mut browser = Browser::new(&service);
        assert_eq!(browser.who().await, "nobody");
        browser.post("/login/alice").await;
        let first = browser.cookie.clone().expect("a cookie");
        assert_eq!(browser.who().await, "alice");
        browser.post("/login/alice").await;
        assert_ne!(browser.cookie.as_ref(), Some(&first), "the id is cycled");
        let mut thief = Browser {
            service: service.clone(),
            cookie: Some(first),
        };
        assert_eq!(thief.who().await, "nobody");
        assert_eq!(thief.cookie, None, "the cookie of no session is deleted");
        let kept = browser.cookie.clone();
        browser.post("/logout").await;
        assert_eq!(browser.cookie, None);
        let mut late = Browser {
            service,
            cookie: kept,
        };
        assert_eq!(late.who().await, "nobody");
    }
}

#[tokio::test]
async fn data_goes_with_its_user_and_no_other() {
    for store in stores() {
        let mut browser = Browser::new(&served(&layer(Sessions::new(store))));
        browser.post("/keep/cart").await;
        assert_eq!(browser.who().await, "nobody");
        browser.post("/login/alice").await;
        assert_eq!(browser.post("/kept").await, "cart");
        browser.post("/login/alice").await;
        assert_eq!(browser.post("/kept").await, "cart");
        browser.post("/login/bob").await;
        assert_eq!(
            (browser.who().await, browser.post("/kept").await),
            ("bob".into(), String::new())
        );
    }
}

#[tokio::test]
async fn all_sessions_of_a_user_are_listed_and_ended() {
    let epochs = MemoryUserEpochs::new();
    let sessions = Sessions::new(MemorySessionStore::new()).epochs(epochs.clone());
    let service = served(&layer(sessions));
    let (mut phone, mut laptop) = (Browser::new(&service), Browser::new(&service));
    let mut bob = Browser::new(&service);
    phone.post("/login/alice").await;
    laptop.post("/login/alice").await;
    bob.post("/login/bob").await;
    assert_eq!(phone.post("/list").await, "2");
    let id = phone.post("/id").await;
    assert_eq!(bob.post(&format!("/revoke/{id}")).await, "false");
    assert_eq!(laptop.post(&format!("/revoke/{id}")).await, "true");
    assert_eq!(
        (phone.who().await.as_str(), laptop.who().await.as_str()),
        ("nobody", "alice")
    );
    phone.post("/login/alice").await;
    assert_eq!(laptop.post("/everywhere").await, "2");
    assert_eq!(
        (laptop.cookie.clone(), phone.who().await.as_str()),
        (None, "nobody")
    );
    assert_eq!(bob.who().await, "bob");
    // A new password elsewhere.
    epochs.advance("bob").wait().await.expect("counted");
    assert_eq!(
        (bob.who().await.as_str(), bob.cookie.clone()),
        ("nobody", None)
    );
}

#[tokio::test]
async fn sessions_that_are_over_are_nobodys_and_the_cookie_is_deleted() {
    let hand = ManualClock::new(SystemTime::UNIX_EPOCH);
    let hour = Duration::from_secs(3600);
    let sessions = Sessions::new(MemorySessionStore::new()).clock(hand.clock());
    let service = served(&layer(sessions.idle(hour).lifetime(3 * hour)));
    let mut browser = Browser::new(&service);
    browser.post("/login/alice").await;
    hand.advance(hour);
    assert_eq!(
        (browser.who().await.as_str(), browser.cookie.clone()),
        ("nobody", None)
    );
    browser.post("/login/alice").await;
    for _ in 0..5 {
        hand.advance(hour / 2);
        assert_eq!(browser.who().await, "alice");
    }
    hand.advance(hour / 2);
    assert_eq!(
        (browser.who().await.as_str(), browser.cookie.clone()),
        ("nobody", None)
    );
}

#[tokio::test]
async fn a_lost_race_brings_nothing_back_and_mixes_nobody() {
    // The gate has let a request through that is still at work; meanwhile the same browser logs in
    // as another.
    let (sent, seen) = (
        Arc::new(tokio::sync::Notify::new()),
        Arc::new(tokio::sync::Notify::new()),
    );
    let store = Store::default();
    let held = {
        let (sent, seen) = (Arc::clone(&sent), Arc::clone(&seen));
        let layer = layer(Sessions::new(store.clone()));
        let inner = service_fn(move |request: Request<Body>| {
            let (sent, seen) = (Arc::clone(&sent), Arc::clone(&seen));
            async move {
                let session = Session::of(request.extensions()).expect("left");
                let path = request.uri().path().to_owned();
                if path.starts_with("/keep") {
                    sent.notify_one();
                    seen.notified().await;
                }
                Ok::<_, Infallible>(match act(&session, &path).await {
                    Ok(said) => Response::new(said),
                    Err(exception) => refusal(exception, request.extensions()),
                })
            }
        });
        BoxCloneService::new(layer.layer(inner))
    };
    let mut browser = Browser::new(&held);
    browser.post("/login/alice").await;
    let slow = browser.request(Method::POST, "/keep/late");
    let mut service = held.clone();
    let slow =
        tokio::spawn(async move { service.ready().await.expect("infallible").call(slow).await });
    sent.notified().await;
    let old = browser.cookie.clone();
    browser.post("/login/bob").await;
    seen.notify_one();
    let lost = slow.await.expect("no panic").expect("infallible");
    assert_eq!(lost.status(), StatusCode::CONFLICT);
    assert!(
        !lost.headers().contains_key(SET_COOKIE),
        "bob's cookie stays"
    );
    browser.receive(lost.headers());
    assert_eq!(browser.post("/id").await.len(), 16);
    assert_eq!(browser.post("/kept").await, "", "alice's data is not bob's");
    let mut again = Browser {
        service: held,
        cookie: old,
    };
    assert_eq!(
        again.post("/list").await,
        "0",
        "alice's session has not come back"
    );
}
