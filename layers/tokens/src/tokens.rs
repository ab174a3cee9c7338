use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use gatefold_core::{Clock, Decision, Exception, later};

use crate::{
    Digest, NewToken, OpaqueToken, Token, TokenFormat, TokenStore, random, token_store::is_due,
};

/// Issues, verifies and revokes opaque tokens: a [`TokenStore`] with the rules for what is in it.
///
/// Tokens end 30 days after they were made, unless told otherwise. Of a token only its digest is
/// kept; a user may have several. The last use is written at most once a minute. A clone shares
/// the store.
///
/// ```
/// use gatefold_tokens::{MemoryTokenStore, NewToken, Tokens};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), gatefold_core::Exception> {
/// let tokens = Tokens::new(MemoryTokenStore::new());
/// let (secret, token) = tokens.issue(NewToken::of("alice").device("phone")).await?;
///
/// let found = tokens.verify(secret.reveal()).wait().await?;
/// assert_eq!(found.map(|found| found.user().to_owned()).as_deref(), Some("alice"));
///
/// assert!(tokens.revoke("alice", token.id()).await?);
/// assert!(tokens.verify(secret.reveal()).wait().await?.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct Tokens {
    rules: Arc<Rules>,
}

#[derive(Clone)]
struct Rules {
    store: Arc<dyn TokenStore>,
    format: TokenFormat,
    lifetime: Option<Duration>,
    longest: Option<Duration>,
    clock: Clock,
}

type Found = Result<Option<Token>, Exception>;

impl Tokens {
    /// The tokens in `store`.
    pub fn new(store: impl TokenStore) -> Self {
        Self {
            rules: Arc::new(Rules {
                store: Arc::new(store),
                format: TokenFormat::default(),
                lifetime: Some(Duration::from_secs(30 * 24 * 60 * 60)),
                longest: None,
                clock: Clock::system(),
            }),
        }
    }

    fn edit(&mut self) -> &mut Rules {
        Arc::make_mut(&mut self.rules)
    }

    /// Gives new tokens this form. Tokens of other forms stay good.
    pub fn format(mut self, format: TokenFormat) -> Self {
        self.edit().format = format;
        self
    }

    /// Lets new tokens end after `lifetime`, and renewed ones that long after their use.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.edit().lifetime = Some(lifetime);
        self
    }

    /// Lets new tokens never end, as Django REST Framework's do. They end when they are revoked.
    pub fn everlasting(mut self) -> Self {
        self.edit().lifetime = None;
        self
    }

    /// Renews a token each time it is used, to the minute: it then ends a
    /// [`lifetime`](Self::lifetime) later, but never later than `longest` after it was made.
    pub fn renewing(mut self, longest: Duration) -> Self {
        self.edit().longest = Some(longest);
        self
    }

    /// Takes the time from `clock`.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.edit().clock = clock;
        self
    }

    /// Makes a token and gives it out, in the clear for this once.
    ///
    /// # Errors
    ///
    /// 503 if the store cannot keep it.
    pub async fn issue(&self, new: NewToken) -> Result<(OpaqueToken, Token), Exception> {
        let secret = self.rules.format.generate()?;
        let now = self.rules.clock.wall();
        let mut token = new.into_token(random::letters(16)?, now);
        if let Some(expires) = self.rules.end(now, now) {
            token = token.with_expires(expires);
        }
        let inserted = self.rules.store.insert(secret.digest(), token.clone());
        inserted.wait().await?;
        Ok((secret, token))
    }

    /// The token that `secret` is, if there is one and it is not over.
    ///
    /// Where the store answers now, so does this, without an allocation but once a minute for the
    /// record of the use. A record that cannot be written does not make a good token bad.
    pub fn verify(&self, secret: &str) -> Decision<Found> {
        self.verify_digest(Digest::of(secret))
    }

    /// The token with this digest, as [`verify`](Self::verify).
    pub fn verify_digest(&self, digest: Digest) -> Decision<Found> {
        match self.rules.store.find(&digest) {
            Decision::Now(found) => self.rules.found(digest, found),
            Decision::Later(found) => {
                let rules = Arc::clone(&self.rules);
                later(async move { rules.found(digest, found.await).wait().await })
            }
        }
    }

    /// Revokes one token of a user, by its id, and says whether there was one.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn revoke(&self, user: &str, id: &str) -> Result<bool, Exception> {
        self.rules.store.remove(user, id).wait().await
    }

    /// Revokes all tokens of a user, and says how many there were.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn revoke_all(&self, user: &str) -> Result<usize, Exception> {
        self.rules.store.remove_all(user).wait().await
    }

    /// The tokens of a user that are not over, in the order in which they were made.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn list(&self, user: &str) -> Result<Vec<Token>, Exception> {
        let mut tokens = self.rules.store.list(user).wait().await?;
        let now = self.rules.clock.wall();
        tokens.retain(|token| !token.is_over(now));
        Ok(tokens)
    }
}

impl Rules {
    fn found(&self, digest: Digest, found: Found) -> Decision<Found> {
        let now = self.clock.wall();
        let token = match found {
            Ok(Some(token)) if !token.is_over(now) => token,
            Ok(_) => return Decision::Now(Ok(None)),
            Err(exception) => return Decision::Now(Err(exception)),
        };
        if !is_due(token.used(), now) {
            return Decision::Now(Ok(Some(token)));
        }
        let token = self.used(token, now);
        match self.store.touch(&digest, &token) {
            Decision::Now(_) => Decision::Now(Ok(Some(token))),
            Decision::Later(written) => later(async move {
                let _ = written.await;
                Ok(Some(token))
            }),
        }
    }

    fn used(&self, token: Token, now: SystemTime) -> Token {
        let renewed = match self.longest {
            // Never earlier: the rules may have been changed since it was made.
            Some(_) => self.end(token.created(), now).max(token.expires()),
            None => None,
        };
        let token = token.with_used(now);
        match (renewed, token.expires()) {
            (Some(expires), Some(_)) => token.with_expires(expires),
            _ => token,
        }
    }

    /// When a token ends that was made and used at these times. A time past all calendars is none.
    fn end(&self, created: SystemTime, used: SystemTime) -> Option<SystemTime> {
        let end = used.checked_add(self.lifetime?);
        let last = self
            .longest
            .and_then(|longest| created.checked_add(longest));
        match (end, last) {
            (Some(end), Some(last)) => Some(end.min(last)),
            (end, last) => end.or(last),
        }
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("format", &self.rules.format)
            .field("lifetime", &self.rules.lifetime)
            .field("longest", &self.rules.longest)
            .finish_non_exhaustive()
    }
}
