use gatefold_core::{Mark, TrustedProxies};
use http::request::Parts;

use crate::{
    Caller, Claims, Limits, Rate, RateError, Throttle,
    settings::{Settings, Source, setters},
};

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
    settings: Settings,
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

    fn with(source: Source) -> Self {
        Self {
            settings: Settings::new(source),
        }
    }

    setters!();
}

impl Throttle for ScopedRateThrottle {
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
