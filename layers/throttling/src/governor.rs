//! governor's limiters and quotas.

use std::{hash::Hash, sync::Arc, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::NoOpMiddleware,
    state::keyed::DefaultKeyedStateStore,
};
use http::request::Parts;

use crate::{Claims, Rate, RateError, Throttle};

type Keyed<K> = RateLimiter<
    K,
    DefaultKeyedStateStore<K>,
    DefaultClock,
    NoOpMiddleware<<DefaultClock as Clock>::Instant>,
>;

type FindKey<K> = Arc<dyn Fn(&Parts) -> Option<K> + Send + Sync>;

/// A burst, and one more in each interval: the bucket that governor means by a quota.
impl TryFrom<Quota> for Rate {
    type Error = RateError;

    /// # Errors
    ///
    /// It takes more than a hundred years until a spent burst is whole again.
    fn try_from(quota: Quota) -> Result<Self, RateError> {
        let burst = quota.burst_size();
        let period = quota.replenish_interval().checked_mul(burst.get());
        Self::new(burst.get(), period.unwrap_or(Duration::MAX))
    }
}

/// Asks a limiter of governor that the service has already, last of all.
///
/// It is asked when every rate of the layer admits the request, and before anything is consumed;
/// so a request that it refuses costs nothing here, and one refused here costs nothing there. With
/// a store on another machine it is asked first. A layer has at most one such throttle. It names no
/// policy in the header fields.
///
/// ```
/// use std::{num::NonZeroU32, sync::Arc};
/// use gatefold_throttling::{GovernorThrottle, ThrottleLayer, UserRateThrottle};
/// use governor::{Quota, RateLimiter};
/// use http::request::Parts;
///
/// let shared = Arc::new(RateLimiter::keyed(Quota::per_second(NonZeroU32::MIN)));
/// let existing = GovernorThrottle::keyed(shared, |head: &Parts| Some(head.uri.path().to_owned()));
/// let layer = ThrottleLayer::new(UserRateThrottle::new(["60/min"])?).and(existing)?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct GovernorThrottle<K: Clone + Hash + Eq> {
    limiter: Arc<Keyed<K>>,
    key: FindKey<K>,
}

impl<K: Clone + Hash + Eq> GovernorThrottle<K> {
    /// Asks `limiter` about what `key` finds in a request; what has no key is not asked about.
    pub fn keyed(
        limiter: Arc<Keyed<K>>,
        key: impl Fn(&Parts) -> Option<K> + Send + Sync + 'static,
    ) -> Self {
        Self {
            limiter,
            key: Arc::new(key),
        }
    }
}

impl<K: Clone + Hash + Eq + Send + Sync + 'static> Throttle for GovernorThrottle<K> {
    fn claims<'t>(&'t self, head: &Parts, claims: &mut Claims<'t>) {
        if let Some(key) = (self.key)(head) {
            let limiter = Arc::clone(&self.limiter);
            claims.last(move || {
                let clock = limiter.clock();
                let answer = limiter.check_key(&key);
                answer.map_err(|not_until| not_until.wait_time_from(clock.now()))
            });
        }
    }
}

impl<K: Clone + Hash + Eq> Clone for GovernorThrottle<K> {
    fn clone(&self) -> Self {
        Self {
            limiter: Arc::clone(&self.limiter),
            key: Arc::clone(&self.key),
        }
    }
}

impl<K: Clone + Hash + Eq> std::fmt::Debug for GovernorThrottle<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GovernorThrottle").finish_non_exhaustive()
    }
}
