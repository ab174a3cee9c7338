use gatefold_core::{Mark, TrustedProxies};
use http::request::Parts;

use crate::{
    Caller, Claims, Limits, Rate, RateError, Throttle,
    settings::{Settings, Source, setters},
};

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
    settings: Settings,
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
        Ok(Self::of(Limits::new("user", rates)?))
    }

    fn with(source: Source) -> Self {
        Self {
            settings: Settings::new(source),
        }
    }

    setters!();
}

impl Throttle for UserRateThrottle {
    fn claims<'t>(&'t self, head: &Parts, claims: &mut Claims<'t>) {
        let Settings {
            proxies, prefix, ..
        } = &self.settings;
        let caller = Caller::of(head, proxies, *prefix);
        self.settings.claim(head, claims, caller);
    }

    fn limits(&self) -> Vec<Limits> {
        self.settings.limits()
    }

    fn mark(&self) -> Option<Mark> {
        Some(self.settings.mark)
    }
}
