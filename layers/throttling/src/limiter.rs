use std::{fmt, hash::Hash, sync::Arc, time::Duration};

use gatefold_core::Clock;

use crate::{Counts, Limits, MemoryStore};

/// The same counting without HTTP: for jobs, messages of a socket, anything with a key.
///
/// It counts in memory and answers at once. With the store of a layer and the layer's scope, both
/// count together. Clones are the same.
///
/// ```
/// use gatefold_throttling::{Limiter, Limits};
///
/// let limiter = Limiter::new(Limits::new("messages", ["2/s", "1000/hour"])?);
/// assert!(limiter.check(&"alice").is_ok());
/// assert!(limiter.check(&"alice").is_ok());
/// let refused = limiter.check(&"alice").unwrap_err();
/// assert!(refused.wait().is_some_and(|wait| wait.as_millis() <= 500));
/// assert!(limiter.check(&"bob").is_ok());
/// # Ok::<_, gatefold_throttling::RateError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Limiter {
    limits: Limits,
    store: Arc<MemoryStore>,
    clock: Clock,
}

impl Limiter {
    /// Counts by these limits, in a store of its own.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            store: Arc::new(MemoryStore::default()),
            clock: Clock::system(),
        }
    }

    /// Counts in `store`.
    pub fn store(mut self, store: Arc<MemoryStore>) -> Self {
        self.store = store;
        self
    }

    /// Reads the time from `clock`.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Takes one from all rates of the key, or nothing of any.
    ///
    /// # Errors
    ///
    /// A rate holds it back.
    #[inline]
    pub fn check<K: Hash + ?Sized>(&self, key: &K) -> Result<(), Held> {
        self.check_cost(key, 1)
    }

    /// Takes `cost` from all rates of the key, or nothing of any.
    ///
    /// # Errors
    ///
    /// A rate holds it back.
    #[inline]
    pub fn check_cost<K: Hash + ?Sized>(&self, key: &K, cost: u32) -> Result<(), Held> {
        // Read before the key is hashed, so that the processor does both at once.
        let now = self.clock.nanos();
        match self.store.take(&self.limits, key, cost, now) {
            0 => Ok(()),
            held => Err(Held(held)),
        }
    }

    /// What else can be done with the counts.
    pub fn counts(&self) -> Counts {
        Counts::new(Arc::clone(&self.store), self.clock.clone())
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter")
            .field("limits", &self.limits)
            .field("store", &self.store)
            .field("clock", &self.clock)
            .finish()
    }
}

/// The answer of a [`Limiter`] that says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held(u64);

impl Held {
    /// How long until the same would be admitted; `None` if it never will be.
    pub fn wait(&self) -> Option<Duration> {
        (self.0 != u64::MAX).then(|| Duration::from_nanos(self.0))
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.wait() {
            Some(wait) => write!(f, "over the limit for another {wait:?}"),
            None => f.write_str("more than is ever admitted at once"),
        }
    }
}

impl std::error::Error for Held {}
