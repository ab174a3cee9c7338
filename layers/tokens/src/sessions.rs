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

#[cfg(all(test, feature = "sessions"))]
mod tests {
    use gatefold_core::ManualClock;

    use super::*;
    use crate::{MemorySessionStore, MemoryUserEpochs};

    const MINUTES: Duration = MINUTE;

    fn kept() -> (Sessions, ManualClock) {
        let hand = ManualClock::new(SystemTime::UNIX_EPOCH);
        let sessions = Sessions::new(MemorySessionStore::new())
            .idle(30 * MINUTES)
            .lifetime(100 * MINUTES)
            .clock(hand.clock());
        (sessions, hand)
    }

    async fn is_there(sessions: &Sessions, id: &OpaqueToken) -> bool {
        let found = sessions.find(id.reveal()).wait().await;
        found.expect("memory does not fail").is_some()
    }

    #[tokio::test]
    async fn a_session_ends_when_it_is_idle() {
        let (sessions, hand) = kept();
        let (id, _) = sessions.begin(Some("alice"), None).await.expect("kept");
        hand.advance(29 * MINUTES);
        assert!(is_there(&sessions, &id).await);
        hand.advance(29 * MINUTES);
        assert!(is_there(&sessions, &id).await);
        hand.advance(30 * MINUTES);
        assert!(!is_there(&sessions, &id).await);
        assert!(sessions.list("alice").await.expect("listed").is_empty());
    }

    #[tokio::test]
    async fn a_session_ends_however_much_it_is_used() {
        let (sessions, hand) = kept();
        let (id, session) = sessions.begin(Some("alice"), None).await.expect("kept");
        for _ in 0..9 {
            hand.advance(11 * MINUTES);
            assert!(is_there(&sessions, &id).await);
        }
        assert_eq!(sessions.remaining(&session), MINUTES);
        hand.advance(MINUTES);
        assert!(!is_there(&sessions, &id).await);
        assert_eq!(sessions.remaining(&session), Duration::ZERO);
    }

    #[tokio::test]
    async fn an_idle_time_below_a_minute_is_counted_too() {
        let (sessions, hand) = kept();
        let sessions = sessions.idle(Duration::from_secs(8));
        let (id, _) = sessions.begin(Some("alice"), None).await.expect("kept");
        for _ in 0..9 {
            hand.advance(Duration::from_secs(6));
            assert!(is_there(&sessions, &id).await);
        }
        hand.advance(Duration::from_secs(8));
        assert!(!is_there(&sessions, &id).await);
    }

    #[tokio::test]
    async fn a_new_epoch_ends_the_sessions_of_its_user_alone() {
        let (sessions, _) = kept();
        let epochs = MemoryUserEpochs::new();
        let sessions = sessions.epochs(epochs.clone());
        let (alice, _) = sessions.begin(Some("alice"), None).await.expect("kept");
        let (bob, _) = sessions.begin(Some("bob"), None).await.expect("kept");
        epochs.advance("alice").wait().await.expect("counted");
        assert!(!is_there(&sessions, &alice).await);
        assert!(sessions.list("alice").await.expect("listed").is_empty());
        assert!(is_there(&sessions, &bob).await);
        let (again, _) = sessions.begin(Some("alice"), None).await.expect("kept");
        assert!(is_there(&sessions, &again).await);
        assert_eq!(sessions.revoke_all("alice").await.expect("ended"), 2);
        assert!(!is_there(&sessions, &again).await);
    }

    #[tokio::test]
    async fn a_login_takes_along_nobodys_data_and_its_own_users() {
        let (sessions, _) = kept();
        for (before, after, kept) in [
            (None, "alice", true),
            (Some("alice"), "alice", true),
            (Some("bob"), "alice", false),
        ] {
            let (id, session) = sessions.begin(before, None).await.expect("kept");
            let session = session.changed("cart", Some("[1]"));
            let written = sessions.write(&id.digest(), &session).await;
            assert!(written.expect("written"));
            let ended = sessions.end(&id.digest()).await.expect("ended");
            let (new, session) = sessions
                .begin(Some(after), ended.as_ref())
                .await
                .expect("kept");
            assert_eq!(session.value("cart").is_some(), kept, "{before:?}");
            assert_ne!(new, id);
            assert!(!is_there(&sessions, &id).await);
        }
    }

    #[tokio::test]
    async fn what_is_no_id_is_never_looked_up() {
        struct Broken;
        impl SessionStore for Broken {
            fn find(&self, _: &Digest) -> Decision<Found> {
                Decision::Now(Err(Exception::unavailable("asked")))
            }
            fn insert(&self, _: Digest, _: SessionRecord) -> Decision<Result<(), Exception>> {
                Decision::Now(Err(Exception::unavailable("asked")))
            }
            fn replace(&self, _: &Digest, _: &SessionRecord) -> Decision<Result<bool, Exception>> {
                Decision::Now(Err(Exception::unavailable("asked")))
            }
            fn touch(&self, _: &Digest, _: SystemTime) -> Decision<Result<(), Exception>> {
                Decision::Now(Err(Exception::unavailable("asked")))
            }
            fn take(&self, _: &Digest) -> Decision<Found> {
                Decision::Now(Err(Exception::unavailable("asked")))
            }
            fn remove(&self, _: &str, _: &str) -> Decision<Result<bool, Exception>> {
                Decision::Now(Err(Exception::unavailable("asked")))
            }
            fn remove_all(&self, _: &str) -> Decision<Result<usize, Exception>> {
                Decision::Now(Err(Exception::unavailable("asked")))
            }
            fn list(&self, _: &str) -> Decision<Result<Vec<SessionRecord>, Exception>> {
                Decision::Now(Err(Exception::unavailable("asked")))
            }
        }
        let sessions = Sessions::new(Broken);
        for id in [
            "",
            "a",
            &"a".repeat(42),
            &"-".repeat(43),
            &"a".repeat(65_000),
        ] {
            let found = sessions.find(id).wait().await;
            assert!(found.expect("not looked up").is_none(), "{id}");
        }
        let error = sessions.find(&"a".repeat(43)).wait().await;
        assert_eq!(error.expect_err("looked up").status(), 503);
        let error = sessions.begin(Some("alice"), None).await;
        assert_eq!(error.expect_err("not kept").status(), 503);
    }
}
