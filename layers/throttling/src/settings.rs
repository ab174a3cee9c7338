//! What the built-in throttles have in common.

use std::{fmt, hash::Hash, sync::Arc};

use gatefold_core::{Mark, TrustedProxies};
use http::request::Parts;

use crate::{Claims, Limits, LiveLimits, RateError, RateErrorKind};

type Cost = Arc<dyn Fn(&Parts) -> u32 + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Settings {
    source: Source,
    pub(crate) proxies: TrustedProxies,
    pub(crate) prefix: u8,
    cost: Option<Cost>,
    pub(crate) mark: Mark,
}

#[derive(Clone, Debug)]
pub(crate) enum Source {
    Fixed(Limits),
    Live(LiveLimits),
}

impl Settings {
    pub(crate) fn new(source: Source) -> Self {
        Self {
            source,
            proxies: TrustedProxies::none(),
            prefix: 64,
            cost: None,
            mark: Mark::new(),
        }
    }

    pub(crate) fn scope(mut self, scope: &str) -> Result<Self, RateError> {
        self.source = Source::Fixed(self.current().with_scope(scope)?);
        Ok(self.another())
    }

    pub(crate) fn proxies(mut self, proxies: TrustedProxies) -> Self {
        self.proxies = proxies;
        self.another()
    }

    pub(crate) fn ipv6_prefix(mut self, bits: u8) -> Result<Self, RateError> {
        if !(1..=128).contains(&bits) {
            return Err(RateError::new(RateErrorKind::Prefix, bits.to_string()));
        }
        self.prefix = bits;
        Ok(self.another())
    }

    pub(crate) fn cost(mut self, cost: impl Fn(&Parts) -> u32 + Send + Sync + 'static) -> Self {
        self.cost = Some(Arc::new(cost));
        self.another()
    }

    // Another throttle now, so what the old one has counted it has not.
    fn another(mut self) -> Self {
        self.mark = Mark::new();
        self
    }

    fn current(&self) -> Limits {
        match &self.source {
            Source::Fixed(limits) => limits.clone(),
            Source::Live(live) => live.current(),
        }
    }

    /// Claims for a key of any kind.
    #[inline]
    pub(crate) fn claim<'t>(&'t self, head: &Parts, claims: &mut Claims<'t>, key: impl Hash) {
        let cost = self.cost.as_ref().map_or(1, |cost| cost(head));
        match &self.source {
            Source::Fixed(limits) => claims.lend(limits, key, cost),
            Source::Live(live) => claims.add_with_cost(&live.current(), key, cost),
        }
    }

    pub(crate) fn limits(&self) -> Vec<Limits> {
        vec![self.current()]
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("limits", &self.source)
            .field("proxies", &self.proxies)
            .field("ipv6_prefix", &self.prefix)
            .field("cost", &self.cost.as_ref().map(|_| ".."))
            .finish()
    }
}

/// The setters that all built-in throttles have. Their docs are the same, and so is what they do.
macro_rules! setters {
    () => {
        /// These limits, as a table of scopes has them.
        pub fn of(limits: crate::Limits) -> Self {
            Self::with(crate::settings::Source::Fixed(limits))
        }

        /// These limits, which may be replaced while the service runs. Each request then counts a
        /// reference up and down.
        pub fn live(limits: crate::LiveLimits) -> Self {
            Self::with(crate::settings::Source::Live(limits))
        }

        /// Counts under another scope: another count of the same callers.
        ///
        /// # Errors
        ///
        /// What [`Limits::with_scope`](crate::Limits::with_scope) does not take.
        pub fn scope(mut self, scope: &str) -> Result<Self, RateError> {
            self.settings = self.settings.scope(scope)?;
            Ok(self)
        }

        /// Lets these proxies say who the client is. Share one value with whatever else asks.
        pub fn proxies(mut self, proxies: TrustedProxies) -> Self {
            self.settings = self.settings.proxies(proxies);
            self
        }

        /// Counts the addresses of an IPv6 network of so many bits as one: 64 unless set, which is
        /// what a customer has at least (RFC 6177).
        ///
        /// # Errors
        ///
        /// It is not 1 to 128.
        pub fn ipv6_prefix(mut self, bits: u8) -> Result<Self, RateError> {
            self.settings = self.settings.ipv6_prefix(bits)?;
            Ok(self)
        }

        /// Asks the closure what a request costs, instead of 1.
        pub fn cost(mut self, cost: impl Fn(&Parts) -> u32 + Send + Sync + 'static) -> Self {
            self.settings = self.settings.cost(cost);
            self
        }
    };
}

pub(crate) use setters;
