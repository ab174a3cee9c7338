//! What is refused, and what an answer says of sessions.

use std::sync::atomic::Ordering;

use gatefold_authentication::{
    AuthenticationLayer, BasicAuthentication, Session, SessionAuthentication, TokenAuthentication,
};
use gatefold_core::{Exception, Identity};
use gatefold_tokens::{MemorySessionStore, SessionRecord, Sessions};
use http::{
    HeaderValue, Method, Request, StatusCode,
    header::{CACHE_CONTROL, COOKIE, SET_COOKIE, VARY},
};
use tower::{Layer, ServiceExt, util::BoxCloneService};

use crate::browser::{Body, Browser, Store, layer, served};

#[tokio::test]
async fn what_another_site_sends_is_refused_and_only_for_somebody() {
    let mut browser = Browser::new(&served(&layer(Sessions::new(MemorySessionStore::new()))));
    let cross = |browser: &Browser, path: &str| {
        let mut request = browser.request(Method::POST, path);
        let site = HeaderValue::from_static("cross-site");
        request.headers_mut().insert("sec-fetch-site", site);
        request
    };
    // There is nobody yet, and the login asks by itself.
    let request = cross(&browser, "/");
    assert_eq!(browser.send(request).await.0, StatusCode::OK);
    let request = cross(&browser, "/login/mallory");
    assert_eq!(browser.send(request).await.0, StatusCode::FORBIDDEN);
    browser.post("/login/alice").await;
    let request = cross(&browser, "/");
    let (status, _, headers) = browser.send(request).await;
    assert_eq!(
        (status, &headers[VARY]),
        (StatusCode::FORBIDDEN, &HeaderValue::from_static("Cookie"))
    );
    assert_eq!(browser.who().await, "alice", "it is still her session");
}

#[tokio::test]
async fn an_answer_varies_by_the_cookie_exactly_where_the_session_was_asked() {
    let token = TokenAuthentication::new(|key: String| async move {
        Ok::<_, Exception>((key == "good").then(|| Identity::new("robot")))
    });
    let sessions = Sessions::new(MemorySessionStore::new());
    let both = AuthenticationLayer::new(token).or(SessionAuthentication::new(sessions));
    let mut browser = Browser::new(&served(&both));
    let with = |path: &str, token: &'static str, browser: &Browser| {
        let mut request = browser.request(Method::GET, path);
        request
            .headers_mut()
            .insert("authorization", HeaderValue::from_static(token));
        request
    };
    let request = with("/", "Token good", &browser);
    let (_, who, headers) = browser.send(request).await;
    assert_eq!((who.as_str(), headers.get(VARY)), ("robot", None));
    assert_eq!(headers.get(CACHE_CONTROL), None);
    let request = with("/", "Token bad", &browser);
    let (status, _, headers) = browser.send(request).await;
    assert_eq!(
        (status, headers.get(VARY)),
        (StatusCode::UNAUTHORIZED, None)
    );
    // A handler that looks at the session makes the answer vary.
    let request = with("/kept", "Token good", &browser);
    assert_eq!(browser.send(request).await.2[VARY], "Cookie");
    let request = browser.request(Method::GET, "/");
    let (_, _, headers) = browser.send(request).await;
    assert_eq!(
        (&headers[VARY], headers.get(CACHE_CONTROL)),
        (&HeaderValue::from_static("Cookie"), None)
    );
    browser.post("/login/alice").await;
    let request = browser.request(Method::GET, "/");
    let (_, _, headers) = browser.send(request).await;
    assert_eq!(
        (&headers[VARY], &headers[CACHE_CONTROL]),
        (
            &HeaderValue::from_static("Cookie"),
            &HeaderValue::from_static("private")
        )
    );
    let request = browser.request(Method::GET, "/public");
    assert_eq!(
        browser.send(request).await.2[CACHE_CONTROL],
        "public, max-age=60"
    );
}

#[tokio::test]
async fn a_refusal_after_the_session_was_asked_says_so() {
    let basic = BasicAuthentication::new(|_: String, _: String| async {
        Ok::<_, Exception>(None::<Identity>)
    });
    let sessions = SessionAuthentication::new(Sessions::new(MemorySessionStore::new()));
    let mut browser = Browser::new(&served(&AuthenticationLayer::new(sessions).or(basic)));
    browser.cookie = Some("a".repeat(43));
    let mut request = browser.request(Method::GET, "/");
    request
        .headers_mut()
        .insert("authorization", HeaderValue::from_static("Basic YTpi"));
    let (status, _, headers) = browser.send(request).await;
    assert_eq!(
        (status, &headers[VARY]),
        (
            StatusCode::UNAUTHORIZED,
            &HeaderValue::from_static("Cookie")
        )
    );
    assert_eq!(browser.cookie, None);
}

#[tokio::test]
async fn a_store_that_fails_is_503_and_no_cookie_is_written() {
    for slow in [false, true] {
        let store = Store {
            broken: true,
            slow,
            ..Store::default()
        };
        let mut browser = Browser::new(&served(&layer(Sessions::new(store.clone()))));
        let request = browser.request(Method::POST, "/login/alice");
        let (status, _, headers) = browser.send(request).await;
        assert_eq!(
            (status, headers.get(SET_COOKIE)),
            (StatusCode::SERVICE_UNAVAILABLE, None)
        );
        browser.cookie = Some("a".repeat(43));
        let request = browser.request(Method::GET, "/");
        let (status, _, headers) = browser.send(request).await;
        assert_eq!(
            (status, headers.get(SET_COOKIE)),
            (StatusCode::SERVICE_UNAVAILABLE, None)
        );
    }
}

#[tokio::test]
async fn an_answer_that_fails_takes_no_new_session_out() {
    let mut browser = Browser::new(&served(&layer(Sessions::new(MemorySessionStore::new()))));
    let request = browser.request(Method::POST, "/fail/alice");
    let (status, _, headers) = browser.send(request).await;
    assert_eq!(
        (status, headers.get(SET_COOKIE)),
        (StatusCode::INTERNAL_SERVER_ERROR, None)
    );
    browser.post("/inout/alice").await;
    assert_eq!(browser.cookie, None);
}

#[tokio::test]
async fn what_is_no_id_is_not_looked_up() {
    let store = Store::default();
    let service = served(&layer(Sessions::new(store.clone())));
    let good = "a".repeat(43);
    let many: String = (0..100).map(|n| format!("c{n}={n}; ")).collect();
    for (line, looked, deleted) in [
        (String::new(), 0, false),
        ("__Host-session=".to_owned(), 0, true),
        ("__Host-session=abc".to_owned(), 0, true),
        (format!("__Host-session={}", "a".repeat(65_536)), 0, true),
        (format!("__Host-session={}", "-".repeat(43)), 0, true),
        (
            format!("__Host-session={good}; __Host-session=b{}", &good[1..]),
            0,
            false,
        ),
        (format!("session={good}; __host-session={good}"), 0, false),
        (format!("{many}__Host-session={good}"), 1, true),
        (
            format!("__Host-session={good}; {many}__Host-session={good}"),
            1,
            true,
        ),
    ] {
        let before = store.asked.load(Ordering::Relaxed);
        let request = Request::get("/")
            .header(COOKIE, &line)
            .body(Body::new())
            .expect("a request");
        let response = service.clone().oneshot(request).await.expect("infallible");
        assert_eq!(response.body(), "nobody");
        assert_eq!(
            store.asked.load(Ordering::Relaxed) - before,
            looked,
            "{line:.60}"
        );
        assert_eq!(
            response.headers().contains_key(SET_COOKIE),
            deleted,
            "{line:.60}"
        );
    }
}

#[tokio::test]
async fn one_session_is_written_once_through_two_layers() {
    let authentication = SessionAuthentication::new(Sessions::new(MemorySessionStore::new()));
    let same = AuthenticationLayer::new(authentication);
    let wider = same.clone().or(|_: &http::request::Parts| None::<Identity>);
    let other = SessionAuthentication::new(Sessions::new(MemorySessionStore::new()));
    for outer in [same.clone(), wider, AuthenticationLayer::new(other)] {
        let service = BoxCloneService::new(outer.layer(served(&same)));
        let mut browser = Browser::new(&service);
        // What is none of their ids would have both of them delete it.
        browser.cookie = Some("a".repeat(43));
        browser.post("/login/alice").await;
        assert!(browser.cookie.is_some());
    }
}

#[tokio::test]
async fn the_applications_user_is_looked_up() {
    let sessions = Sessions::new(MemorySessionStore::new());
    let authentication =
        SessionAuthentication::new(sessions).identity(|session: SessionRecord| async move {
            let user = session.user().unwrap_or_default().to_owned();
            let active = user != "dave";
            let staff = user == "root";
            let known = user != "ghost";
            Ok::<_, Exception>(
                known.then(|| Identity::new(user).with_active(active).with_admin(staff)),
            )
        });
    let service = served(&AuthenticationLayer::new(authentication));
    for (user, who, kept) in [
        ("root", "root", true),
        ("dave", "nobody", true),
        ("ghost", "nobody", false),
    ] {
        let mut browser = Browser::new(&service);
        browser.post(&format!("/login/{user}")).await;
        assert_eq!(
            (browser.who().await.as_str(), browser.cookie.is_some()),
            (who, kept)
        );
    }
    let session = Session::of(&http::Extensions::new());
    assert!(session.is_none());
}
