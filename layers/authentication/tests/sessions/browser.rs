//! A browser that keeps its cookie, a service that logs in and out, and a store that may wait or fail.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use gatefold_authentication::{AuthenticationLayer, Session, SessionAuthentication};
use gatefold_core::{Decision, Exception, Identity, later, refusal};
use gatefold_tokens::{Digest, MemorySessionStore, SessionRecord, SessionStore, Sessions};
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode,
    header::{CACHE_CONTROL, COOKIE, SET_COOKIE},
};
use tower::{Layer, Service, ServiceExt, service_fn, util::BoxCloneService};

pub(crate) type Body = String;
pub(crate) type Served = BoxCloneService<Request<Body>, Response<Body>, Infallible>;

/// A store that may wait or fail, and counts what is looked up.
#[derive(Clone, Default)]
pub(crate) struct Store {
    pub(crate) kept: MemorySessionStore,
    pub(crate) slow: bool,
    pub(crate) broken: bool,
    pub(crate) asked: Arc<AtomicUsize>,
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

pub(crate) type Answer<T> = Decision<Result<T, Exception>>;

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

pub(crate) async fn act(session: &Session, path: &str) -> Result<String, Exception> {
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
pub(crate) fn served(layer: &AuthenticationLayer) -> Served {
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

pub(crate) fn layer(sessions: Sessions) -> AuthenticationLayer {
    AuthenticationLayer::new(SessionAuthentication::new(sessions))
}

/// Keeps one cookie, as browsers do.
pub(crate) struct Browser {
    pub(crate) service: Served,
    pub(crate) cookie: Option<String>,
}

impl Browser {
    pub(crate) fn new(service: &Served) -> Self {
        Self {
            service: service.clone(),
            cookie: None,
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, format!("__Host-session={cookie}"));
        }
        request.body(Body::new()).expect("a request")
    }

    pub(crate) async fn send(&mut self, request: Request<Body>) -> (StatusCode, String, HeaderMap) {
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

    pub(crate) fn receive(&mut self, headers: &HeaderMap) {
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

    pub(crate) async fn post(&mut self, path: &str) -> String {
        let request = self.request(Method::POST, path);
        let (status, body, _) = self.send(request).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        body
    }

    pub(crate) async fn who(&mut self) -> String {
        let request = self.request(Method::GET, "/");
        self.send(request).await.1
    }
}

pub(crate) fn stores() -> [Store; 2] {
    let slow = Store {
        slow: true,
        ..Store::default()
    };
    [Store::default(), slow]
}
