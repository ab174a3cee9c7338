//! Logins, logouts and lost races, through the layer.

use std::{
    convert::Infallible,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Waker},
    time::{Duration, SystemTime},
};

use gatefold_authentication::{
    AuthenticationLayer, BasicAuthentication, Csrf, Session, SessionAuthentication,
    TokenAuthentication,
};
use gatefold_core::{Decision, Exception, Identity, ManualClock, later, refusal, testing::Strict};
use gatefold_tokens::{
    Digest, MemorySessionStore, MemoryUserEpochs, SessionRecord, SessionStore, Sessions, UserEpochs,
};
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode,
    header::{CACHE_CONTROL, COOKIE, SET_COOKIE, VARY},
};
use tower::{
    Layer, Service, ServiceExt, limit::ConcurrencyLimitLayer, service_fn, util::BoxCloneService,
};

type Body = String;
type Served = BoxCloneService<Request<Body>, Response<Body>, Infallible>;

/// A store that may wait or fail, and counts what is looked up.
#[derive(Clone, Default)]
struct Store {
    kept: MemorySessionStore,
    slow: bool,
    broken: bool,
    asked: Arc<AtomicUsize>,
}

impl Store {
    fn answer<T: Send + 'static>(
        &self,
        answer: Decision<Result<T, Exception>>,
    ) -> Decision<Result<T, Exception>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let broken = self.broken;
        let answer = answer.map(move |answer| match broken {
            true => Err(Exception::unavailable("the store is away")),
            false => answer,
        });
        match self.slow {
            true => later(async move {
                tokio::task::yield_now().await;
                answer.wait().await
            }),
            false => answer,
        }
    }
}

type Answer<T> = Decision<Result<T, Exception>>;

impl SessionStore for Store {
    fn find(&self, digest: &Digest) -> Answer<Option<SessionRecord>> {
        self.answer(self.kept.find(digest))
    }
    fn insert(&self, digest: Digest, session: SessionRecord) -> Answer<()> {
        self.answer(match self.broken {
            true => Decision::Now(Ok(())),
            false => self.kept.insert(digest, session),
        })
    }
    fn replace(&self, digest: &Digest, session: &SessionRecord) -> Answer<bool> {
        self.answer(self.kept.replace(digest, session))
    }
    fn touch(&self, digest: &Digest, used: SystemTime) -> Answer<()> {
        self.answer(self.kept.touch(digest, used))
    }
    fn take(&self, digest: &Digest) -> Answer<Option<SessionRecord>> {
        self.answer(self.kept.take(digest))
    }
    fn remove(&self, user: &str, id: &str) -> Answer<bool> {
        self.answer(self.kept.remove(user, id))
    }
    fn remove_all(&self, user: &str) -> Answer<usize> {
        self.answer(self.kept.remove_all(user))
    }
    fn list(&self, user: &str) -> Answer<Vec<SessionRecord>> {
        self.answer(self.kept.list(user))
    }
}

async fn act(session: &Session, path: &str) -> Result<String, Exception> {
    let mut words = path.trim_start_matches('/').split('/');
    let (verb, word) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    Ok(match verb {
        "login" => {
            session.check_csrf()?;
            session.login(Identity::new(word)).await?;
            "in".to_owned()
        }
        "fail" => {
            session.login(Identity::new(word)).await?;
            return Err(Exception::internal("after the login"));
        }
        "logout" => {
            session.logout().await?;
            "out".to_owned()
        }
        "everywhere" => session.logout_everywhere().await?.to_string(),
        "keep" => {
            session.set("kept", &word).await?;
            word.to_owned()
        }
        "kept" => session.get("kept").await?.unwrap_or_default(),
        "list" => session.list().await?.len().to_string(),
        "revoke" => session.revoke(word).await?.to_string(),
        "id" => session
            .record()
            .await?
            .map_or(String::new(), |own| own.id().to_owned()),
        "inout" => {
            session.login(Identity::new(word)).await?;
            session.logout().await?;
            "in and out".to_owned()
        }
        "public" => "public".to_owned(),
        _ => "?".to_owned(),
    })
}

/// `/` says who it is; other paths do something first.
fn served(layer: &AuthenticationLayer) -> Served {
    BoxCloneService::new(layer.layer(service_fn(|request: Request<Body>| async move {
        let path = request.uri().path().to_owned();
        let who = Identity::of(request.extensions())
            .map_or("nobody", Identity::id)
            .to_owned();
        if path == "/" {
            return Ok(Response::new(who));
        }
        let session = Session::of(request.extensions()).expect("the layer leaves one");
        let mut response = match act(&session, &path).await {
            Ok(said) => Response::new(said),
            Err(exception) => refusal(exception, request.extensions()),
        };
        if path.starts_with("/public") {
            let value = HeaderValue::from_static("public, max-age=60");
            response.headers_mut().insert(CACHE_CONTROL, value);
        }
        Ok::<_, Infallible>(response)
    })))
}

fn layer(sessions: Sessions) -> AuthenticationLayer {
    AuthenticationLayer::new(SessionAuthentication::new(sessions))
}

/// Keeps one cookie, as browsers do.
struct Browser {
    service: Served,
    cookie: Option<String>,
}

impl Browser {
    fn new(service: &Served) -> Self {
        Self {
            service: service.clone(),
            cookie: None,
        }
    }

    fn request(&self, method: Method, path: &str) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, format!("__Host-session={cookie}"));
        }
        request.body(Body::new()).expect("a request")
    }

    async fn send(&mut self, request: Request<Body>) -> (StatusCode, String, HeaderMap) {
        let response = self
            .service
            .ready()
            .await
            .expect("infallible")
            .call(request)
            .await;
        let (head, body) = response.expect("infallible").into_parts();
        self.receive(&head.headers);
        (head.status, body, head.headers)
    }

    fn receive(&mut self, headers: &HeaderMap) {
        let mut lines = headers.get_all(SET_COOKIE).iter();
        let Some(line) = lines.next() else { return };
        assert!(lines.next().is_none(), "once");
        assert_eq!(headers[CACHE_CONTROL], "no-store");
        let line = line.to_str().expect("text");
        let value = line
            .strip_prefix("__Host-session=")
            .and_then(|rest| rest.split(';').next());
        let value = value.expect("our cookie");
        assert_eq!(line.contains("Max-Age=0"), value.is_empty());
        self.cookie = (!value.is_empty()).then(|| value.to_owned());
    }

    async fn post(&mut self, path: &str) -> String {
        let request = self.request(Method::POST, path);
        let (status, body, _) = self.send(request).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        body
    }

    async fn who(&mut self) -> String {
        let request = self.request(Method::GET, "/");
        self.send(request).await.1
    }
}

fn stores() -> [Store; 2] {
    let slow = Store {
        slow: true,
        ..Store::default()
    };
    [Store::default(), slow]
}

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
