use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};

use gatefold_core::{Clock, Exception, Later};
use tokio::{runtime::Handle, sync::watch};

use crate::{JwksFetcher, JwtKeys, jwks_look::Look, jwt_jwk, jwt_key_source::Current};

/// Keys that an identity provider publishes as a JWK Set, and changes.
///
/// They are fetched when the first token comes, again after every [`refresh`](Self::refresh), and
/// when a token names a key that is not there, but then at most once in every
/// [`interval`](Self::interval). One fetch is under way at a time. While it is, tokens are verified
/// with the keys that are there; only where there are none yet does a request wait, and where none
/// can be had it is answered with 503. A key that has left the set verifies nothing from then on,
/// and no remembered token either. A key that cannot be used is left out, whatever the others are;
/// secrets are never taken from a set.
///
/// Fetches run as tasks of the tokio runtime that the requests run on. A fetch begins with a
/// request: where none has come for twice the refresh time, the next one waits for fresh keys.
///
/// ```
/// use gatefold_core::Exception;
/// use gatefold_tokens::{JwtAlgorithm, JwtSigner, JwtVerifier, Jwks};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let signer = JwtSigner::generate(JwtAlgorithm::Es256)?.kid("2026");
/// let set = format!(r#"{{"keys": [{}]}}"#, signer.jwk().expect("no secret"));
/// let jwks = Jwks::new(move || {
///     let set = set.clone();
///     async move { Ok::<_, Exception>(set) }
/// });
///
/// let verifier = JwtVerifier::new(jwks);
/// let token = signer.sign(r#"{"sub":"alice","exp":4102444800}"#)?;
/// assert_eq!(verifier.verify(&token).wait().await?.user(), Some("alice"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct Jwks {
    fetcher: Arc<dyn JwksFetcher>,
    refresh: Duration,
    interval: Duration,
    stale: Duration,
    clock: Clock,
    shared: Arc<Shared>,
}

struct Shared {
    current: RwLock<Option<Arc<Current>>>,
    state: Mutex<State>,
    ended: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    fetched: Option<Duration>,
    begun: Option<Duration>,
    running: bool,
    failed: bool,
}

/// A fetch that has not ended by then is taken for lost.
const LOST: Duration = Duration::from_secs(60);

/// After a failure it is tried again after so long, or after the interval if that is shorter.
const RETRY: Duration = Duration::from_secs(5);

impl Jwks {
    /// Fetches with `fetcher`: again after 5 minutes, for unknown keys at most once in 30 seconds,
    /// and keys that cannot be fetched again are good for a day.
    pub fn new(fetcher: impl JwksFetcher) -> Self {
        Self {
            fetcher: Arc::new(fetcher),
            refresh: Duration::from_secs(5 * 60),
            interval: Duration::from_secs(30),
            stale: Duration::from_secs(24 * 60 * 60),
            clock: Clock::system(),
            shared: Arc::new(Shared {
                current: RwLock::default(),
                state: Mutex::default(),
                ended: watch::Sender::new(()),
            }),
        }
    }

    /// Fetches again after another time.
    pub fn refresh(mut self, refresh: Duration) -> Self {
        self.refresh = refresh;
        self
    }

    /// Fetches for unknown keys after another time, at the earliest.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Uses keys for another time, counted from their fetch, while they cannot be fetched again.
    pub fn stale(mut self, stale: Duration) -> Self {
        self.stale = stale;
        self
    }

    /// Takes the time from `clock`.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Fetches now, unless a fetch is under way, and waits for its end: at the start of a service,
    /// so that the first request finds keys.
    ///
    /// # Errors
    ///
    /// If there are no keys afterwards.
    pub async fn warm(&self) -> Result<(), Exception> {
        let ended = {
            let mut state = self.state();
            let ended = self.shared.ended.subscribe();
            if !self.running(&state) {
                self.begin(&mut state);
            }
            // Outside of a runtime nothing has begun, and nothing will end.
            self.running(&state).then_some(ended)
        };
        if let Some(ended) = ended {
            later(ended).await;
        }
        match self.current() {
            Some(_) => Ok(()),
            None => Err(Exception::unavailable("the keys could not be fetched")),
        }
    }

    /// The keys, and a fetch where one is due. Whoever has waited takes what is there.
    pub(crate) fn look(&self, waited: bool) -> Look {
        let now = self.clock.monotonic();
        let current = self.current();
        let mut state = self.state();
        let since = |moment: Option<Duration>| moment.map(|moment| now.saturating_sub(moment));
        let age = since(state.fetched);
        let fresh = age.is_some_and(|age| age < self.refresh);
        if let Some(current) = &current
            && fresh
        {
            return Look::Keys(Arc::clone(current));
        }
        let pause = if state.failed {
            self.interval.min(RETRY)
        } else {
            self.interval.min(self.refresh)
        };
        let due = since(state.begun).is_none_or(|since| since >= pause);
        let ended = self.shared.ended.subscribe();
        if !waited && due && !self.running(&state) {
            self.begin(&mut state);
        }
        let running = self.running(&state);
        match current.zip(age) {
            // Nobody has come for long, so nobody knows what the keys are now.
            Some((_, age)) if !waited && running && !state.failed && age >= self.refresh * 2 => {
                wait(ended)
            }
            Some((current, age)) if age <= self.stale => Look::Keys(current),
            _ if !waited && running => wait(ended),
            _ => Look::Nothing,
        }
    }

    /// A fetch to wait for, where a token names a key that is not in `seen`.
    pub(crate) fn unknown_key(&self, seen: &Arc<Current>) -> Option<Later<()>> {
        let mut state = self.state();
        if !self
            .current()
            .is_some_and(|current| Arc::ptr_eq(&current, seen))
        {
            // Another set has come since.
            return Some(Box::pin(std::future::ready(())));
        }
        let ended = self.shared.ended.subscribe();
        let now = self.clock.monotonic();
        let pause = |begun: Duration| now.saturating_sub(begun) >= self.interval;
        if !self.running(&state) && state.begun.is_none_or(pause) {
            self.begin(&mut state);
        }
        self.running(&state).then(|| later(ended))
    }

    fn current(&self) -> Option<Arc<Current>> {
        let current = self.shared.current.read();
        current.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let state = self.shared.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }

    fn running(&self, state: &State) -> bool {
        let now = self.clock.monotonic();
        let lost = |begun: Duration| now.saturating_sub(begun) >= LOST;
        state.running && !state.begun.is_none_or(lost)
    }

    /// The place is taken before the fetch begins.
    fn begin(&self, state: &mut State) {
        state.begun = Some(self.clock.monotonic());
        let Ok(runtime) = Handle::try_current() else {
            state.failed = true;
            return;
        };
        state.running = true;
        let this = self.clone();
        runtime.spawn(async move {
            let fetcher = Arc::clone(&this.fetcher);
            let mut end = End {
                jwks: this,
                set: None,
            };
            end.set = fetcher.fetch().await.ok();
        });
    }

    /// Takes what was fetched. The number moves if a key has left or changed, so that nothing holds
    /// that it verified.
    fn arrived(&self, text: &str) -> bool {
        if text.len() > 1024 * 1024 {
            return false;
        }
        let Ok(keys) = jwt_jwk::keys(text.as_bytes(), false) else {
            return false;
        };
        let keys = JwtKeys::unchecked(keys);
        let current = self.shared.current.write();
        let mut current = current.unwrap_or_else(PoisonError::into_inner);
        let epoch = match current.as_deref() {
            None => 0,
            Some(before) if keys.keep(&before.keys) => before.epoch,
            Some(before) => before.epoch + 1,
        };
        *current = Some(Arc::new(Current { keys, epoch }));
        true
    }
}

/// The end of a fetch, however it comes: also if the fetcher panics or the runtime stops.
struct End {
    jwks: Jwks,
    set: Option<String>,
}

impl Drop for End {
    fn drop(&mut self) {
        let good = self
            .set
            .as_deref()
            .is_some_and(|set| self.jwks.arrived(set));
        let mut state = self.jwks.state();
        state.running = false;
        state.failed = !good;
        if good {
            state.fetched = Some(self.jwks.clock.monotonic());
        }
        drop(state);
        self.jwks.shared.ended.send_replace(());
    }
}

fn later(mut ended: watch::Receiver<()>) -> Later<()> {
    Box::pin(async move {
        let _ = ended.changed().await;
    })
}

fn wait(ended: watch::Receiver<()>) -> Look {
    Look::Wait(later(ended))
}

impl fmt::Debug for Jwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwks")
            .field("refresh", &self.refresh)
            .field("interval", &self.interval)
            .field("stale", &self.stale)
            .finish_non_exhaustive()
    }
}
