use std::{collections::HashSet, net::IpAddr, sync::Arc};

use gatefold_core::{Identity, TrustedProxies};
use http::request::Parts;
use ipnet::IpNet;

use crate::{RateError, RateErrorKind};

/// Callers by user id and by address, for [`allow`](crate::ThrottleLayer::allow) and
/// [`deny`](crate::ThrottleLayer::deny).
///
/// ```
/// use gatefold_core::TrustedProxies;
/// use gatefold_throttling::{CallerList, ThrottleLayer, UserRateThrottle};
///
/// let own = CallerList::new()
///     .networks(["192.0.2.0/24", "2001:db8::/32"])?
///     .users(["monitoring"])
///     .proxies(TrustedProxies::networks(["10.0.0.0/8"])?);
/// let layer = ThrottleLayer::new(UserRateThrottle::new(["60/min"])?).allow(own);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct CallerList {
    users: Arc<HashSet<Box<str>>>,
    networks: Arc<[IpNet]>,
    proxies: TrustedProxies,
}

impl CallerList {
    /// Nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds users by their ids.
    pub fn users<I>(mut self, ids: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Box<str>>,
    {
        Arc::make_mut(&mut self.users).extend(ids.into_iter().map(Into::into));
        self
    }

    /// Adds addresses and networks (`192.0.2.7`, `2001:db8::/32`).
    ///
    /// # Errors
    ///
    /// What is neither.
    pub fn networks<I>(mut self, networks: I) -> Result<Self, RateError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let mut all = self.networks.to_vec();
        for given in networks {
            let given = given.as_ref().trim();
            let network = given.parse::<IpNet>().ok();
            let network = network.or_else(|| given.parse::<IpAddr>().ok().map(IpNet::from));
            all.push(network.ok_or_else(|| RateError::new(RateErrorKind::Network, given))?);
        }
        self.networks = all.into();
        Ok(self)
    }

    /// Lets these proxies say who the client is.
    pub fn proxies(mut self, proxies: TrustedProxies) -> Self {
        self.proxies = proxies;
        self
    }

    pub(crate) fn has(&self, head: &Parts) -> bool {
        let user = || Identity::of(&head.extensions);
        if !self.users.is_empty() && user().is_some_and(|user| self.users.contains(user.id())) {
            return true;
        }
        !self.networks.is_empty()
            && self.proxies.address(head).is_some_and(|address| {
                let mut networks = self.networks.iter();
                networks.any(|network| network.contains(&address))
            })
    }
}
