use gatefold_core::{Mark, TrustedProxies};
use http::request::Parts;

use crate::{Claims, Limits, Rate, RateError, Throttle, caller::Caller};

/// Counts requests by the caller's id, and those of nobody by the client's address.
///
/// The address is found as [`AnonRateThrottle`](crate::AnonRateThrottle) finds it. Ids and
/// addresses are kept apart: nobody can use up a user's count by pretending to be an address.
///
/// ```
/// use gatefold_throttling::{ThrottleLayer, UserRateThrottle};
///
/// let layer = ThrottleLayer::new(UserRateThrottle::new(["60/min", "1000/day"])?);
/// # Ok::<_, gatefold_throttling::RateError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct UserRateThrottle {
    limits: Limits,
    proxies: TrustedProxies,
    mark: Mark,
}

impl UserRateThrottle {
    /// These rates for each user, under the scope `user`.
    ///
    /// # Errors
    ///
    /// What [`Limits::new`] does not take.
    pub fn new<I>(rates: I) -> Result<Self, RateError>
    where
        I: IntoIterator,
        I::Item: TryInto<Rate, Error: Into<RateError>>,
    {
        Ok(Self {
            limits: Limits::new("user", rates)?,
            proxies: TrustedProxies::none(),
            mark: Mark::new(),
        })
    }

    /// Counts under another scope: another count of the same callers.
    ///
    /// # Errors
    ///
    /// What [`Limits::with_scope`] does not take.
    pub fn scope(mut self, scope: &str) -> Result<Self, RateError> {
        self.limits = self.limits.with_scope(scope)?;
        self.mark = Mark::new();
        Ok(self)
    }

    /// Lets these proxies say who the client is. Share one value with whatever else asks.
    pub fn proxies(mut self, proxies: TrustedProxies) -> Self {
        self.proxies = proxies;
        self.mark = Mark::new();
        self
    }
}

impl Throttle for UserRateThrottle {
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
