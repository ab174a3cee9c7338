//! The request's side of a [`Session`]: what its cookie said, what has been found, and what the
//! answer will say.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use gatefold_core::Exception;
use gatefold_tokens::{Digest, OpaqueToken, SessionRecord};
use http::{StatusCode, request::Parts};

use crate::{
    Session,
    cookies::{self, Said},
    session_authentication::Settings,
    session_headers::Headers,
};

pub(crate) struct Inner {
    pub(crate) settings: Arc<Settings>,
    pub(crate) sent: Sent,
    pub(crate) forged: Option<Exception>,
    pub(crate) csrf_secret: Option<[u8; 32]>,
    pub(crate) state: Mutex<State>,
    pub(crate) asked: AtomicBool,
}

/// What the request's cookie says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    Nothing,
    /// What is none of our ids.
    Nonsense,
    Id(Digest),
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) current: Current,
    pub(crate) cookie: Cookie,
    pub(crate) csrf_cookie: Option<[u8; 32]>,
}

#[derive(Clone, Default)]
pub(crate) enum Current {
    /// Nobody has looked yet.
    #[default]
    Unread,
    Nothing,
    Known(Digest, SessionRecord),
}

/// What the answer says about the cookie.
#[derive(Default)]
pub(crate) enum Cookie {
    #[default]
    Kept,
    New(OpaqueToken, SessionRecord),
    Deleted,
}

impl Session {
    /// Leaves a session for this request, and says so; where an outer layer left one for the same
    /// cookie that stays, and is that layer's to write.
    pub(crate) fn enter(settings: &Arc<Settings>, head: &mut Parts) -> Option<Self> {
        if let Some(there) = head.extensions.get::<Self>()
            && there.is_of(settings)
            && there.0.sent == sent(settings, head)
        {
            return None;
        }
        let session = Self::new(settings, head);
        head.extensions.insert(session.clone());
        Some(session)
    }

    pub(crate) fn new(settings: &Arc<Settings>, head: &Parts) -> Self {
        let token = settings.csrf.token();
        let secret = token.and_then(|token| token.secret(head).ok().flatten());
        Self(Arc::new(Inner {
            settings: Arc::clone(settings),
            sent: sent(settings, head),
            forged: settings.csrf.check(head).err(),
            csrf_secret: secret,
            state: Mutex::default(),
            asked: AtomicBool::new(false),
        }))
    }

    pub(crate) fn is_of(&self, settings: &Arc<Settings>) -> bool {
        Arc::ptr_eq(&self.0.settings, settings)
    }

    /// What the cookie says, if it may be a session's. From here on the answer varies by it.
    pub(crate) fn ask(&self) -> Option<Digest> {
        self.0.asked.store(true, Ordering::Relaxed);
        match self.0.sent {
            Sent::Nothing => None,
            Sent::Nonsense => {
                self.gone();
                None
            }
            Sent::Id(digest) => Some(digest),
        }
    }

    /// Records that there is no such session.
    pub(crate) fn gone(&self) {
        let mut state = self.state();
        state.current = Current::Nothing;
        state.cookie = match self.0.sent {
            Sent::Nothing => Cookie::Kept,
            Sent::Nonsense | Sent::Id(_) => Cookie::Deleted,
        };
    }

    pub(crate) fn known(&self, digest: Digest, session: SessionRecord) {
        self.state().current = Current::Known(digest, session);
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session, read from the store unless it has been.
    pub(crate) async fn load(&self) -> Result<Option<(Digest, SessionRecord)>, Exception> {
        self.0.asked.store(true, Ordering::Relaxed);
        let current = self.state().current.clone();
        match current {
            Current::Known(digest, session) => return Ok(Some((digest, session))),
            Current::Nothing => return Ok(None),
            Current::Unread => {}
        }
        let Some(digest) = self.ask() else {
            return Ok(None);
        };
        let found = self.0.settings.sessions.find_digest(digest).wait().await?;
        match &found {
            Some(session) => self.known(digest, session.clone()),
            None => self.gone(),
        }
        Ok(found.map(|session| (digest, session)))
    }

    /// Ends the session that there is, and says what it was.
    pub(crate) async fn end(&self) -> Result<Option<SessionRecord>, Exception> {
        let current = self.state().current.clone();
        let digest = match current {
            Current::Known(digest, _) => Some(digest),
            Current::Nothing => None,
            Current::Unread => self.ask(),
        };
        let ended = match digest {
            Some(digest) => self.0.settings.sessions.end(&digest).await?,
            None => None,
        };
        self.gone();
        Ok(ended)
    }

    pub(crate) fn begun(
        &self,
        (secret, session): (OpaqueToken, SessionRecord),
    ) -> (Digest, SessionRecord) {
        let digest = secret.digest();
        let mut state = self.state();
        state.current = Current::Known(digest, session.clone());
        state.cookie = Cookie::New(secret, session.clone());
        (digest, session)
    }

    /// What an answer with this status carries.
    pub(crate) fn headers(&self, status: StatusCode) -> Headers {
        let settings = &self.0.settings;
        let state = self.state();
        let cookie = match &state.cookie {
            Cookie::Kept => None,
            Cookie::Deleted => settings.cookie.set("", std::time::Duration::ZERO),
            // What ends with an error of the server's has not happened.
            Cookie::New(..) if status.is_server_error() => None,
            Cookie::New(secret, session) => {
                let age = settings.sessions.remaining(session);
                settings.cookie.set(secret.reveal(), age)
            }
        };
        let csrf = state.csrf_cookie.as_ref().and_then(|secret| {
            let name = settings.csrf.token()?.cookie();
            let secret = std::str::from_utf8(secret).ok()?;
            settings.cookie.set_readable(name, secret)
        });
        Headers {
            asked: self.0.asked.load(Ordering::Relaxed) || cookie.is_some() || csrf.is_some(),
            cookie,
            csrf,
        }
    }

    pub(crate) fn is_cookie(&self, line: &http::HeaderValue) -> bool {
        self.0.settings.cookie.is_in(line)
    }
}

fn sent(settings: &Settings, head: &Parts) -> Sent {
    match cookies::read(head, settings.cookie.name()) {
        // Whose they are is unknown, and deleting one of them would leave the other.
        Said::Nothing | Said::Several => Sent::Nothing,
        Said::Value(id) if settings.sessions.fits(id) => Sent::Id(Digest::of(id)),
        Said::Value(_) => Sent::Nonsense,
    }
}
