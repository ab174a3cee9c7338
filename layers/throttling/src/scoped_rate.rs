use gatefold_core::{Mark, TrustedProxies};
use http::request::Parts;

use crate::{Claims, Limits, Rate, RateError, Throttle, caller::Caller};

/// Counts the requests of each caller to one part of a service.
///
/// Callers are told apart as [`UserRateThrottle`](crate::UserRateThrottle) does it. All routes
/// behind clones of one layer share the scope's count.
///
/// ```
/// use gatefold_throttling::{ScopedRateThrottle, ThrottleLayer};
///
/// let contacts = ThrottleLayer::new(ScopedRateThrottle::new("contacts", ["1000/day"])?);
/// let uploads = ThrottleLayer::new(ScopedRateThrottle::new("uploads", ["20/day"])?);
/// # Ok::<_, gatefold_throttling::RateError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ScopedRateThrottle {
    limits: Limits,
    proxies: TrustedProxies,
    mark: Mark,
}

impl ScopedRateThrottle {
    /// These rates for each caller, under `scope`.
    ///
    /// # Errors
    ///
    /// What [`Limits::new`] does not take.
    pub fn new<I>(scope: &str, rates: I) -> Result<Self, RateError>
    where
        I: IntoIterator,
        I::Item: TryInto<Rate, Error: Into<RateError>>,
    {
        Ok(Self::of(Limits::new(scope, rates)?))
    }

    /// These limits for each caller: for scopes that are kept in a table.
    pub fn of(limits: Limits) -> Self {
        Self {
            limits,
            proxies: TrustedProxies::none(),
            mark: Mark::new(),
        }
    }

    /// Lets these proxies say who the client is. Share one value with whatever else asks.
    pub fn proxies(mut self, proxies: TrustedProxies) -> Self {
        self.proxies = proxies;
        self.mark = Mark::new();
        self
    }
}

impl Throttle for ScopedRateThrottle {
    fn claims(&self, head: &Parts, claims: &mut Claims) {
        let caller = Caller::user_or_address(head, &self.proxies);
        claims.add(&self.limits, caller);
    }

    fn limits(&self) -> &[Limits] {
        std::slice::from_ref(&self.limits)
    }

    fn mark(&self) -> Option<Mark> {
        Some(self.mark)
    }
}
