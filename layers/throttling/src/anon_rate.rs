use gatefold_core::{Identity, Mark, TrustedProxies};
use http::request::Parts;

use crate::{
    Caller, Claims, Limits, Rate, RateError, Throttle,
    settings::{Settings, Source, setters},
};

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
///     .proxies(TrustedProxies::networks(["10.0.0.0/8"])?)
///     .ipv6_prefix(56)?;
/// let layer = ThrottleLayer::new(anonymous);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct AnonRateThrottle {
    settings: Settings,
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
        Ok(Self::of(Limits::new("anon", rates)?))
    }

    fn with(source: Source) -> Self {
        Self {
            settings: Settings::new(source),
        }
    }

    setters!();
}

impl Throttle for AnonRateThrottle {
    fn claims<'t>(&'t self, head: &Parts, claims: &mut Claims<'t>) {
        if Identity::of(&head.extensions).is_none() {
            let Settings {
                proxies, prefix, ..
            } = &self.settings;
            let caller = Caller::by_address(head, proxies, *prefix);
            self.settings.claim(head, claims, caller);
        }
    }

    fn limits(&self) -> Vec<Limits> {
        self.settings.limits()
    }

    fn mark(&self) -> Option<Mark> {
        Some(self.settings.mark)
    }
}
