use gatefold_core::{Identity, Mark, TrustedProxies};
use http::request::Parts;

use crate::{Claims, Limits, Rate, RateError, Throttle, caller::Caller};

/// Counts requests of nobody by the client's address; authenticated callers are not counted.
///
/// The address is the peer of the connection, or behind [`proxies`](Self::proxies) the client that
/// they name; of an IPv6 address the first 64 bits. Where the server leaves no connection all
/// callers share one count.
///
/// Inside authentication it counts whoever has not logged in. Outside of it, it counts everybody,
/// failed logins as well.
///
/// ```
/// use gatefold_core::TrustedProxies;
/// use gatefold_throttling::{AnonRateThrottle, ThrottleLayer};
///
/// let anonymous = AnonRateThrottle::new(["20/min", "100/day"])?
///     .proxies(TrustedProxies::networks(["10.0.0.0/8"])?);
/// let layer = ThrottleLayer::new(anonymous);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct AnonRateThrottle {
    limits: Limits,
    proxies: TrustedProxies,
    mark: Mark,
}

impl AnonRateThrottle {
    /// These rates for each address, under the scope `anon`.
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
            limits: Limits::new("anon", rates)?,
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

impl Throttle for AnonRateThrottle {
    fn claims(&self, head: &Parts, claims: &mut Claims) {
        if Identity::of(&head.extensions).is_none() {
            claims.add(&self.limits, Caller::address(head, &self.proxies));
        }
    }

    fn limits(&self) -> &[Limits] {
        std::slice::from_ref(&self.limits)
    }

    fn mark(&self) -> Option<Mark> {
        Some(self.mark)
    }
}
