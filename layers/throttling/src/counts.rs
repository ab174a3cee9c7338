use std::{fmt, hash::Hash, sync::Arc};

use gatefold_core::{Clock, Decision, Exception};

use crate::{Change, Claims, Limits, Reservation, Store, Verdict};

/// The counts of a store: to look at one, to give back, to reset, to count what is no request.
///
/// All calls answer when the store does; [`MemoryStore`](crate::MemoryStore) does at once. The key
/// is what the throttle counts by: a [`Caller`](crate::Caller) for the built-in ones, for a closure
/// what it claims.
///
/// ```
/// use gatefold_throttling::{Caller, Limits, ThrottleLayer, UserRateThrottle};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let limits = Limits::new("user", ["60/min", "1000/day"])?;
/// let layer = ThrottleLayer::new(UserRateThrottle::of(limits.clone()));
/// let counts = layer.counts();
///
/// // Support staff asks how a user stands, and lets her go on.
/// let alice = Caller::User("alice");
/// assert!(counts.take(&limits, alice, 60).await?.is_admitted());
/// let standing = counts.peek(&limits, alice, 1).await?;
/// assert!(!standing.is_admitted());
/// assert_eq!(standing.readings()[0].remaining(), 0);
/// assert_eq!(standing.readings()[1].remaining(), 940);
/// assert!(counts.reset(&limits, alice).await?.is_admitted());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Counts {
    store: Arc<dyn Store>,
    clock: Clock,
}

impl Counts {
    /// The counts of `store`, at the time of `clock`.
    pub fn new(store: impl Store + 'static, clock: Clock) -> Self {
        Self {
            store: Arc::new(store),
            clock,
        }
    }

    /// Takes `cost`, or nothing if the verdict is no.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn take<K: Hash>(
        &self,
        limits: &Limits,
        key: K,
        cost: u32,
    ) -> Result<Verdict, Exception> {
        self.change(self.claim(limits, key, cost), Change::Take)
            .await
    }

    /// Says what a request of `cost` would be answered, and what each rate has left.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn peek<K: Hash>(
        &self,
        limits: &Limits,
        key: K,
        cost: u32,
    ) -> Result<Verdict, Exception> {
        self.change(self.claim(limits, key, cost), Change::Peek)
            .await
    }

    /// Takes `cost` in any case, at most all that there is.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn charge<K: Hash>(
        &self,
        limits: &Limits,
        key: K,
        cost: u32,
    ) -> Result<Verdict, Exception> {
        self.change(self.claim(limits, key, cost), Change::Charge)
            .await
    }

    /// Gives `cost` back, at most all that was taken.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn refund<K: Hash>(
        &self,
        limits: &Limits,
        key: K,
        cost: u32,
    ) -> Result<Verdict, Exception> {
        self.change(self.claim(limits, key, cost), Change::Refund)
            .await
    }

    /// Forgets the key.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn reset<K: Hash>(&self, limits: &Limits, key: K) -> Result<Verdict, Exception> {
        self.change(self.claim(limits, key, 0), Change::Reset).await
    }

    /// Takes `cost` for something whose cost is known only afterwards. `Err` in the answer is the
    /// verdict that refused.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn reserve<K: Hash>(
        &self,
        limits: &Limits,
        key: K,
        cost: u32,
    ) -> Result<Result<Reservation, Verdict>, Exception> {
        let claims = self.claim(limits, key, cost);
        let reservation = Reservation::new(self.clone(), &claims);
        let verdict = self.change(claims, Change::Take).await?;
        Ok(if verdict.is_admitted() {
            Ok(reservation)
        } else {
            Err(verdict)
        })
    }

    fn claim<'l, K: Hash>(&self, limits: &'l Limits, key: K, cost: u32) -> Claims<'l> {
        let mut claims = self.claims();
        claims.lend(limits, key, cost);
        claims
    }

    /// None yet.
    pub(crate) fn claims<'l>(&self) -> Claims<'l> {
        Claims::new(*self.store.hasher())
    }

    pub(crate) async fn change(
        &self,
        claims: Claims<'_>,
        change: Change,
    ) -> Result<Verdict, Exception> {
        let decision = match change {
            Change::Take => self.store.decide(&claims, self.clock.nanos()),
            change => self.store.change(&claims, change, self.clock.nanos()),
        };
        match decision {
            Decision::Now(verdict) => verdict,
            Decision::Later(verdict) => verdict.await,
        }
    }
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counts")
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}
