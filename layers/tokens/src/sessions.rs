use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use gatefold_core::{Clock, Decision, Exception, later};

use crate::{
    Digest, OpaqueToken, SessionRecord, SessionStore, UserEpochs, random, token_store::MINUTE,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Letters and digits of an id: 256 bits.
const LENGTH: usize = 43;
/// As many as Django's ids have: 190 bits.
const DJANGO_LENGTH: usize = 32;

type Found = Result<Option<SessionRecord>, Exception>;

/// Begins, finds and ends sessions: a [`SessionStore`] with the rules for what is in it.
///
/// A session ends two weeks after its last use, and 30 days after it was made in any case. Of its
/// id only the digest is kept. The last use is written at most once a minute. With
/// [`epochs`](Self::epochs) a session ends, too, when its user begins a new epoch. A clone shares
/// the store.
#[derive(Clone)]
#[must_use]
pub struct Sessions {
    rules: Arc<Rules>,
}

#[derive(Clone)]
struct Rules {
    store: Arc<dyn SessionStore>,
    epochs: Option<Arc<dyn UserEpochs>>,
    idle: Duration,
    lifetime: Duration,
    length: usize,
    clock: Clock,
}

impl Sessions {
    /// The sessions in `store`.
    pub fn new(store: impl SessionStore) -> Self {
        Self {
            rules: Arc::new(Rules {
                store: Arc::new(store),
                epochs: None,
                idle: 14 * DAY,
                lifetime: 30 * DAY,
                length: LENGTH,
                clock: Clock::system(),
            }),
        }
    }

    fn edit(&mut self) -> &mut Rules {
        Arc::make_mut(&mut self.rules)
    }

    /// Ends sessions that have not been used for `idle`, to the minute.
    pub fn idle(mut self, idle: Duration) -> Self {
        self.edit().idle = idle;
        self
    }

    /// Ends sessions `lifetime` after they were made, however much they are used. It holds for
    /// those that are made from now on.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.edit().lifetime = lifetime;
        self
    }

    /// Ends a user's sessions when the user begins a new epoch: with each change of the password.
    pub fn epochs(mut self, epochs: impl UserEpochs) -> Self {
        self.edit().epochs = Some(Arc::new(epochs));
        self
    }

    /// Makes ids of 32 letters and digits, as Django's are, and takes no others.
    pub fn drf(mut self) -> Self {
        self.edit().length = DJANGO_LENGTH;
        self
    }

    /// Takes the time from `clock`.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.edit().clock = clock;
        self
    }

    /// Whether `id` looks like one of these sessions' at all. What does not is never looked up.
    pub fn fits(&self, id: &[u8]) -> bool {
        id.len() == self.rules.length && id.iter().all(u8::is_ascii_alphanumeric)
    }

    /// The session with this id, if there is one and it holds. Whoever finds it uses it.
    ///
    /// Where the store and the epochs answer now, so does this, without an allocation but once a
    /// minute for the record of the use. A record that cannot be written ends no session.
    pub fn find(&self, id: &str) -> Decision<Found> {
        match self.fits(id.as_bytes()) {
            true => self.find_digest(Digest::of(id)),
            false => Decision::Now(Ok(None)),
        }
    }

    /// The session with this digest, as [`find`](Self::find).
    pub fn find_digest(&self, digest: Digest) -> Decision<Found> {
        let this = self.clone();
        then(self.rules.store.find(&digest), move |found| {
            this.judge(digest, found)
        })
    }

    fn judge(self, digest: Digest, found: Found) -> Decision<Found> {
        let now = self.rules.clock.wall();
        let session = match found {
            Ok(Some(session)) if !self.rules.is_over(&session, now) => session,
            Ok(_) => return Decision::Now(Ok(None)),
            Err(exception) => return Decision::Now(Err(exception)),
        };
        match (session.user(), &self.rules.epochs) {
            (Some(user), Some(epochs)) => then(epochs.epoch(user), move |epoch| match epoch {
                Ok(epoch) if epoch == session.epoch() => self.used(digest, session, now),
                Ok(_) => Decision::Now(Ok(None)),
                Err(exception) => Decision::Now(Err(exception)),
            }),
            _ => self.used(digest, session, now),
        }
    }

    fn used(&self, digest: Digest, session: SessionRecord, now: SystemTime) -> Decision<Found> {
        let since = now.duration_since(session.used());
        let apart = MINUTE.min(self.rules.idle / 4);
        // A clock that was set back makes a record too, or none would be made until it is there
        // again.
        if since.is_ok_and(|since| since < apart) {
            return Decision::Now(Ok(Some(session)));
        }
        let session = session.with_used(now);
        match self.rules.store.touch(&digest, now) {
            Decision::Now(_) => Decision::Now(Ok(Some(session))),
            Decision::Later(written) => later(async move {
                let _ = written.await;
                Ok(Some(session))
            }),
        }
    }

    /// Begins a session for `user`, or for nobody, with the data of the session `before` it where
    /// that was nobody's or this very user's. The id is given out in the clear for this once.
    ///
    /// # Errors
    ///
    /// 503 if the store cannot keep it.
    pub async fn begin(
        &self,
        user: Option<&str>,
        before: Option<&SessionRecord>,
    ) -> Result<(OpaqueToken, SessionRecord), Exception> {
        let secret = OpaqueToken::letters(self.rules.length)?;
        let now = self.rules.clock.wall();
        let expires = now.checked_add(self.rules.lifetime);
        let expires = expires.unwrap_or(now + 30 * DAY);
        let mut session = SessionRecord::new(random::letters(16)?, now, expires);
        if let Some(user) = user {
            let epoch = match &self.rules.epochs {
                Some(epochs) => epochs.epoch(user).wait().await?,
                None => 0,
            };
            session = session.with_user(user, epoch);
        }
        if let Some(before) = before.filter(|b| b.user().is_none() || b.user() == user) {
            session = session.with_data(before.data());
        }
        let inserted = self.rules.store.insert(secret.digest(), session.clone());
        inserted.wait().await?;
        Ok((secret, session))
    }

    /// Ends the session with this digest, and says what it was. Of two who end it, one gets it.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn end(&self, digest: &Digest) -> Found {
        let taken = self.rules.store.take(digest).wait().await?;
        let now = self.rules.clock.wall();
        Ok(taken.filter(|session| !self.rules.is_over(session, now)))
    }

    /// Writes the data of a session that was [changed](SessionRecord::changed), if it is still
    /// there and nobody else has changed it, and says whether it was.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn write(&self, digest: &Digest, session: &SessionRecord) -> Result<bool, Exception> {
        self.rules.store.replace(digest, session).wait().await
    }

    /// Ends one session of a user, by the id in [`list`](Self::list), and says whether there was
    /// one.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn revoke(&self, user: &str, id: &str) -> Result<bool, Exception> {
        self.rules.store.remove(user, id).wait().await
    }

    /// Ends all sessions of a user, and says how many there were. With [`epochs`](Self::epochs) a
    /// new one begins first, so that a login that is just being written does not outlive it.
    ///
    /// # Errors
    ///
    /// What the store and the epochs say.
    pub async fn revoke_all(&self, user: &str) -> Result<usize, Exception> {
        if let Some(epochs) = &self.rules.epochs {
            epochs.advance(user).wait().await?;
        }
        self.rules.store.remove_all(user).wait().await
    }

    /// The sessions of a user that hold, in the order in which they were made.
    ///
    /// # Errors
    ///
    /// What the store and the epochs say.
    pub async fn list(&self, user: &str) -> Result<Vec<SessionRecord>, Exception> {
        let mut sessions = self.rules.store.list(user).wait().await?;
        let now = self.rules.clock.wall();
        let epoch = match &self.rules.epochs {
            Some(epochs) => Some(epochs.epoch(user).wait().await?),
            None => None,
        };
        sessions.retain(|session| {
            !self.rules.is_over(session, now) && epoch.is_none_or(|epoch| epoch == session.epoch())
        });
        Ok(sessions)
    }

    /// How long the session may still last, however much it is used.
    pub fn remaining(&self, session: &SessionRecord) -> Duration {
        let left = session.expires().duration_since(self.rules.clock.wall());
        left.unwrap_or_default()
    }
}

impl Rules {
    fn is_over(&self, session: &SessionRecord, now: SystemTime) -> bool {
        // A use in the future, by a clock that was set back, is a use.
        let idle = now.duration_since(session.used()).unwrap_or_default();
        now >= session.expires() || idle >= self.idle
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("idle", &self.rules.idle)
            .field("lifetime", &self.rules.lifetime)
            .finish_non_exhaustive()
    }
}

/// Goes on with the answer: at once, if it is there.
fn then<T: 'static, U: Send + 'static>(
    answer: Decision<T>,
    next: impl FnOnce(T) -> Decision<U> + Send + 'static,
) -> Decision<U> {
    match answer {
        Decision::Now(answer) => next(answer),
        Decision::Later(answer) => later(async move { next(answer.await).wait().await }),
    }
}
