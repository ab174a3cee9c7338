use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
};

use gatefold_core::{Exception, Identity};
use gatefold_tokens::SessionRecord;
use http::Extensions;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    look_up::inactive,
    session_exchange::{Current, Inner},
};

/// How many bytes of data a session may hold.
const LARGEST: usize = 4096;
/// How often a change is tried again that others were faster than.
const TRIES: usize = 16;

/// The caller's session, for handlers: log in, log out, keep small data.
///
/// The layer with a [`SessionAuthentication`](crate::SessionAuthentication) leaves one in each
/// request, whether there is a session yet or not. It is an extractor of axum's (feature `axum`);
/// elsewhere it is [`Session::of`] the request's extensions. What it does is written to the store
/// at once, and the cookie goes out with the answer, once, whatever was done before. An answer of
/// 5xx takes no new session to the browser.
///
/// ```
/// use gatefold_authentication::Session;
/// use gatefold_core::{Exception, Identity};
///
/// async fn login(session: Session, name: &str, password: &str) -> Result<(), Exception> {
///     // Another site's page must not log its visitor in as somebody else.
///     session.check_csrf()?;
///     if password != "wonderland" {
///         return Err(Exception::authentication_failed());
///     }
///     session.login(Identity::new(name)).await
/// }
/// ```
///
/// Clones are the same session.
#[derive(Clone)]
pub struct Session(pub(crate) Arc<Inner>);

impl Session {
    /// The session that an authentication layer left in this request; `None` where none of them
    /// knows sessions.
    pub fn of(extensions: &Extensions) -> Option<Self> {
        extensions.get::<Self>().cloned()
    }

    /// Whether the request may be what it looks like, by the layer's [`Csrf`](crate::Csrf). The
    /// layer asks by itself where a session said who is calling; an endpoint that logs people in
    /// asks here.
    ///
    /// # Errors
    ///
    /// 403, with the reason in the detail.
    pub fn check_csrf(&self) -> Result<(), Exception> {
        match &self.0.forged {
            Some(exception) => Err(exception.clone()),
            None => Ok(()),
        }
    }

    /// The token that forms and scripts repeat, where the layer goes by Django's
    /// ([`Csrf::django`](crate::Csrf::django)), and `None` elsewhere. The cookie beside it goes
    /// out with the answer, if the browser has none. Each call masks it anew.
    ///
    /// # Errors
    ///
    /// 503 where there are no random bytes.
    pub fn csrf_token(&self) -> Result<Option<String>, Exception> {
        if self.0.settings.csrf.token().is_none() {
            return Ok(None);
        }
        self.0.asked.store(true, Ordering::Relaxed);
        let mask = crate::csrf_mask::random()?;
        let fresh = crate::csrf_mask::random()?;
        let mut state = self.state();
        let secret = match (state.csrf_cookie, self.0.csrf_secret) {
            (Some(secret), _) | (None, Some(secret)) => secret,
            (None, None) => *state.csrf_cookie.insert(fresh),
        };
        Ok(Some(crate::csrf_mask::masked(&secret, &mask)))
    }

    /// Logs `user` in: the session gets a new id, so that nobody who knew the old one is in it
    /// too, and loses its data if that was another user's.
    ///
    /// # Errors
    ///
    /// 401 if the user is [not active](Identity::with_active); what the store says, and then
    /// nobody is logged in.
    pub async fn login(&self, user: impl Into<Identity>) -> Result<(), Exception> {
        let user = user.into();
        if !user.is_active() {
            return Err(inactive());
        }
        let before = self.end().await?;
        let sessions = &self.0.settings.sessions;
        let begun = sessions.begin(Some(user.id()), before.as_ref()).await?;
        self.begun(begun);
        if self.0.settings.csrf.token().is_some() {
            // As Django does: what was known before the login is worth nothing after it.
            self.state().csrf_cookie = Some(crate::csrf_mask::random()?);
        }
        Ok(())
    }

    /// Ends the session, with its data. The browser forgets the cookie.
    ///
    /// # Errors
    ///
    /// What the store says, and then the session is still there.
    pub async fn logout(&self) -> Result<(), Exception> {
        self.end().await.map(drop)
    }

    /// Ends all sessions of this user, on all devices, and says how many there were.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn logout_everywhere(&self) -> Result<usize, Exception> {
        let Some((_, session)) = self.load().await? else {
            return Ok(0);
        };
        let Some(user) = session.user() else {
            return self.end().await.map(|_| 1);
        };
        let ended = self.0.settings.sessions.revoke_all(user).await?;
        self.gone();
        Ok(ended)
    }

    /// What is kept of the session: its user, its id for lists, its times. `None` where there is no
    /// session.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn record(&self) -> Result<Option<SessionRecord>, Exception> {
        Ok(self.load().await?.map(|(_, session)| session))
    }

    /// The sessions of this user, on all devices, in the order in which they were made.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn list(&self) -> Result<Vec<SessionRecord>, Exception> {
        match self.record().await?.as_ref().and_then(SessionRecord::user) {
            Some(user) => self.0.settings.sessions.list(user).await,
            None => Ok(Vec::new()),
        }
    }

    /// Ends one session of this user, by its id in [`list`](Self::list), and says whether there
    /// was one. Nobody ends another user's.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn revoke(&self, id: &str) -> Result<bool, Exception> {
        let Some(own) = self.record().await? else {
            return Ok(false);
        };
        let Some(user) = own.user() else {
            return Ok(false);
        };
        let revoked = self.0.settings.sessions.revoke(user, id).await?;
        if own.id() == id {
            self.gone();
        }
        Ok(revoked)
    }

    /// What was kept under `key`.
    ///
    /// # Errors
    ///
    /// What the store says; 500 if it is no `T`.
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Exception> {
        let session = self.record().await?;
        let text = session.as_ref().and_then(|session| session.value(key));
        text.map(serde_json::from_str)
            .transpose()
            .map_err(Exception::internal)
    }

    /// Keeps `value` under `key`, in a new session of nobody's where there is none.
    ///
    /// # Errors
    ///
    /// What the store says; 409 if another request has ended the session meanwhile, which this one
    /// does not bring back; 500 beyond 4096 bytes of data.
    pub async fn set<T: Serialize>(&self, key: &str, value: &T) -> Result<(), Exception> {
        let text = serde_json::to_string(value).map_err(Exception::internal);
        self.change(key, Some(&text?)).await
    }

    /// Forgets what was kept under `key`.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub async fn remove(&self, key: &str) -> Result<(), Exception> {
        self.change(key, None).await
    }

    async fn change(&self, key: &str, value: Option<&str>) -> Result<(), Exception> {
        let sessions = &self.0.settings.sessions;
        let (digest, mut session) = match (self.load().await?, value) {
            (Some(there), _) => there,
            (None, None) => return Ok(()),
            (None, Some(_)) => self.begun(sessions.begin(None, None).await?),
        };
        for _ in 0..TRIES {
            let changed = session.changed(key, value);
            if changed.size() > LARGEST {
                return Err(Exception::internal("more than 4096 bytes of session data"));
            }
            if sessions.write(&digest, &changed).await? {
                let mut state = self.state();
                // A login meanwhile began another session, which this is not to replace.
                if matches!(&state.current, Current::Known(current, _) if *current == digest) {
                    state.current = Current::Known(digest, changed);
                }
                return Ok(());
            }
            match sessions.find_digest(digest).wait().await? {
                Some(again) => session = again,
                None => break,
            }
        }
        Err(Exception::conflict().with_detail("The session has ended."))
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

/// The caller's session. Without a layer that knows sessions the answer is a 500, and the log names
/// it.
#[cfg(feature = "axum")]
impl<S: Sync> axum::extract::FromRequestParts<S> for Session {
    type Rejection = Exception;

    async fn from_request_parts(head: &mut http::request::Parts, _: &S) -> Result<Self, Exception> {
        Self::of(&head.extensions).ok_or_else(|| {
            Exception::internal(
                "the extractor `Session` found nothing: is an `AuthenticationLayer` with \
                 `SessionAuthentication` on this route?",
            )
        })
    }
}
