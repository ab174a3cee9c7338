use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use crate::{Limits, RateError};

/// Limits that can be replaced while the service runs, without losing what was counted.
///
/// Clones are the same. The scope stays, so the counts stay: a caller who has used half of a
/// minute's rate has used half a minute of the new one, too.
///
/// ```
/// use gatefold_throttling::{Limits, LiveLimits, Rate, ThrottleLayer, UserRateThrottle};
///
/// let limits = LiveLimits::new(Limits::new("user", ["60/min"])?);
/// let layer = ThrottleLayer::new(UserRateThrottle::live(limits.clone()));
/// // Later, on a signal or from an admin's page:
/// limits.replace(["120/min", "10000/day"])?;
/// assert_eq!(limits.current().rates()[0], Rate::per_minute(120));
/// # Ok::<_, gatefold_throttling::RateError>(())
/// ```
#[derive(Clone)]
pub struct LiveLimits(Arc<RwLock<Limits>>);

impl LiveLimits {
    /// These limits, until others come.
    pub fn new(limits: Limits) -> Self {
        Self(Arc::new(RwLock::new(limits)))
    }

    /// The limits of now.
    pub fn current(&self) -> Limits {
        // It holds one value that is always whole.
        let current = self.0.read().unwrap_or_else(PoisonError::into_inner);
        current.clone()
    }

    /// Replaces the rates, for all requests from now on.
    ///
    /// # Errors
    ///
    /// What [`Limits::new`] does not take. The old rates stay.
    pub fn replace<I>(&self, rates: I) -> Result<(), RateError>
    where
        I: IntoIterator,
        I::Item: TryInto<crate::Rate, Error: Into<RateError>>,
    {
        let limits = Limits::new(self.current().scope(), rates)?;
        self.set(limits);
        Ok(())
    }

    pub(crate) fn set(&self, limits: Limits) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = limits;
    }
}

impl fmt::Debug for LiveLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LiveLimits").field(&self.current()).finish()
    }
}
