use std::{borrow::Cow, fmt, future::Future, sync::Arc};

use gatefold_core::{Decision, Exception, Identity, IntoDecision, later};
use gatefold_tokens::{Digest, SessionRecord, Sessions};
use http::request::Parts;

use crate::{
    Authentication, ConfigurationError, Csrf, Session, look_up::Answer,
    session_cookie::SessionCookie,
};

type Find = dyn Fn(SessionRecord) -> Decision<Answer> + Send + Sync;

/// Identifies a request by a session's id in a cookie, which [`Session::login`] gave out.
///
/// The cookie is `__Host-session`, `HttpOnly`, `Secure` and `SameSite=Lax`. A session that is
/// unknown, over, or from before its user's present epoch is nobody, and the cookie is deleted.
/// What has not the length of an id is not looked up, and of two cookies with one name and
/// different values neither is. A store that is away is 503, never nobody.
///
/// Once somebody is found, methods that may change something go through [`Csrf`]; a request that
/// another site's page has made is refused with 403. The answer then says `Vary: Cookie`, wherever
/// the session was asked, and `Cache-Control: private` for somebody, unless the handler has said
/// another.
///
/// There is no challenge: a page to log in on is not one of HTTP's schemes. Alone in its layer,
/// nobody is refused with 403.
///
/// ```
/// use gatefold_authentication::{AuthenticationLayer, Session, SessionAuthentication};
/// use gatefold_core::{Exception, Identity};
/// use gatefold_tokens::{MemorySessionStore, Sessions};
/// use http::{Request, Response, header::{COOKIE, SET_COOKIE}};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sessions = Sessions::new(MemorySessionStore::new());
/// let service = ServiceBuilder::new()
///     .layer(AuthenticationLayer::new(SessionAuthentication::new(sessions)))
///     .service(service_fn(|request: Request<()>| async move {
///         let name = Identity::of(request.extensions()).map_or("nobody", Identity::id).to_owned();
///         if request.uri().path() == "/login" {
///             let session = Session::of(request.extensions()).expect("the layer leaves one");
///             session.login(Identity::new("alice")).await?;
///         }
///         Ok::<_, Exception>(Response::new(name))
///     }));
///
/// let response = service.clone().oneshot(Request::post("/login").body(())?).await?;
/// assert_eq!(response.body(), "nobody");
/// let cookie = response.headers()[SET_COOKIE].to_str()?;
/// assert!(cookie.contains("; HttpOnly; Secure; SameSite=Lax"));
///
/// let id = cookie.split(';').next().unwrap_or_default();
/// let response = service.oneshot(Request::get("/").header(COOKIE, id).body(())?).await?;
/// assert_eq!(response.body(), "alice");
/// assert_eq!(response.headers()["vary"], "Cookie");
/// # Ok(())
/// # }
/// ```
///
/// A session that a store in memory knows costs two allocations beyond that of what travels: the
/// [`Session`], and its place in the request.
#[derive(Clone)]
#[must_use]
pub struct SessionAuthentication {
    settings: Arc<Settings>,
}

#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) sessions: Sessions,
    pub(crate) cookie: SessionCookie,
    pub(crate) csrf: Csrf,
    find: Option<Arc<Find>>,
}

impl SessionAuthentication {
    /// Looks sessions up in `sessions`. The identity is the session's user id, and the session as
    /// its credential.
    pub fn new(sessions: Sessions) -> Self {
        Self {
            settings: Arc::new(Settings {
                sessions,
                cookie: SessionCookie::new(),
                csrf: Csrf::new(),
                find: None,
            }),
        }
    }

    fn edit(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.settings)
    }

    fn cookie_of(
        mut self,
        change: impl FnOnce(SessionCookie) -> Result<SessionCookie, ConfigurationError>,
    ) -> Result<Self, ConfigurationError> {
        let settings = self.edit();
        settings.cookie = change(settings.cookie.clone())?;
        Ok(self)
    }

    /// Asks `find` for the user of each session that holds.
    ///
    /// A user who is `None` is nobody, and the cookie is deleted; one who is
    /// [not active](Identity::with_active) is nobody. The identity gets the session as its
    /// credential, unless it brings one.
    pub fn identity<F, V>(mut self, find: V) -> Self
    where
        V: Fn(SessionRecord) -> F + Send + Sync + 'static,
        F: Future + Send + 'static,
        F::Output: IntoDecision<Result<Option<Identity>, Exception>>,
    {
        self.edit().find = Some(Arc::new(move |session| {
            let found = find(session);
            later(async move { found.await.into_decision().wait().await })
        }));
        self
    }

    /// Calls the cookie `name`. A name that begins with `__Host-` keeps neighbouring hosts from
    /// setting it.
    ///
    /// # Errors
    ///
    /// If it is no cookie's name (RFC 6265, section 4.1.1), or promises what the other settings
    /// break.
    pub fn cookie(self, name: impl Into<Cow<'static, str>>) -> Result<Self, ConfigurationError> {
        self.cookie_of(|cookie| cookie.with_name(name.into()))
    }

    /// Has browsers send the cookie to all hosts below `domain`. It needs another name than one
    /// with `__Host-` first.
    ///
    /// # Errors
    ///
    /// If it is no domain, or the cookie's name begins with `__Host-`.
    pub fn domain(self, domain: &str) -> Result<Self, ConfigurationError> {
        self.cookie_of(|cookie| cookie.with_domain(domain))
    }

    /// Has browsers send the cookie without https too, where anybody between can read it. It needs
    /// another name than one with `__Host-` or `__Secure-` first.
    ///
    /// # Errors
    ///
    /// If the cookie's name promises otherwise.
    pub fn insecure(self) -> Result<Self, ConfigurationError> {
        self.cookie_of(SessionCookie::insecure)
    }

    /// Guards against other sites' pages in this way.
    pub fn csrf(mut self, csrf: Csrf) -> Self {
        self.edit().csrf = csrf;
        self
    }

    /// Does as Django does: a cookie `sessionid`, ids of 32 characters, and [`Csrf::django`].
    pub fn drf(mut self) -> Self {
        let settings = self.edit();
        settings.sessions = settings.sessions.clone().drf();
        settings.csrf = Csrf::django();
        if let Ok(cookie) = settings
            .cookie
            .clone()
            .with_name(Cow::Borrowed("sessionid"))
        {
            settings.cookie = cookie;
        }
        self
    }

    pub(crate) fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }
}

impl Authentication for SessionAuthentication {
    fn authenticate(&self, head: &Parts) -> Decision<Result<Option<Identity>, Exception>> {
        let left = head.extensions.get::<Session>();
        let session = match left.filter(|session| session.is_of(&self.settings)) {
            Some(session) => session.clone(),
            None => Session::new(&self.settings, head),
        };
        let Some(digest) = session.ask() else {
            return Decision::Now(Ok(None));
        };
        let settings = &self.settings;
        match settings.sessions.find_digest(digest) {
            Decision::Now(found) => settings.found(session, digest, found),
            Decision::Later(found) => {
                let settings = Arc::clone(settings);
                later(async move { settings.found(session, digest, found.await).wait().await })
            }
        }
    }

    fn reads_cookies(&self) -> bool {
        true
    }

    fn sessions(&self) -> Option<&SessionAuthentication> {
        Some(self)
    }
}

impl Settings {
    fn found(
        &self,
        session: Session,
        digest: Digest,
        found: Result<Option<SessionRecord>, Exception>,
    ) -> Decision<Answer> {
        let record = match found {
            Ok(Some(record)) => record,
            Ok(None) => {
                session.gone();
                return Decision::Now(Ok(None));
            }
            Err(exception) => return Decision::Now(Err(exception)),
        };
        session.known(digest, record.clone());
        let Some(own) = record.identity() else {
            return Decision::Now(Ok(None));
        };
        match &self.find {
            None => Decision::Now(admit(&session, own.clone())),
            Some(find) => find(record.clone()).map(move |found| match found? {
                None => {
                    session.gone();
                    Ok(None)
                }
                Some(user) if !user.is_active() => Ok(None),
                Some(user) if user.credential().is_some() => admit(&session, user),
                Some(user) => admit(&session, user.with_credential(record.credential())),
            }),
        }
    }
}

/// A browser sends cookies by itself: who somebody is does not say that they want it.
fn admit(session: &Session, user: Identity) -> Answer {
    session.check_csrf()?;
    Ok(Some(match user.scheme() {
        "" => user.with_scheme("Session"),
        _ => user,
    }))
}

impl fmt::Debug for SessionAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionAuthentication")
            .field("sessions", &self.settings.sessions)
            .field("cookie", &self.settings.cookie)
            .field("csrf", &self.settings.csrf)
            .finish_non_exhaustive()
    }
}
