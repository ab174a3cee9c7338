use std::{error::Error, fmt, net::IpAddr, sync::Arc};

use ipnet::IpNet;

/// Whose word counts.
#[derive(Clone, Debug)]
pub(crate) enum Trust {
    Nobody,
    Networks(Arc<[IpNet]>),
    Count(usize),
    /// Counted as Django REST Framework does.
    DrfCount(usize),
}

impl Trust {
    pub(crate) fn networks<I>(networks: I) -> Result<Self, ProxyError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let networks: Result<Arc<[_]>, _> = networks
            .into_iter()
            .map(|network| parse_network(network.as_ref()))
            .collect();
        Ok(Self::Networks(networks?))
    }

    pub(crate) fn count(proxies: usize) -> Self {
        match proxies {
            0 => Self::Nobody,
            proxies => Self::Count(proxies),
        }
    }

    /// Whether the peer of the connection may speak for others.
    pub(crate) fn believes(&self, nearest: Option<IpAddr>) -> bool {
        match self {
            Self::Nobody => false,
            Self::Count(_) | Self::DrfCount(_) => nearest.is_some(),
            Self::Networks(networks) => nearest.is_some_and(|peer| contains(networks, peer)),
        }
    }

    /// From the nearest hop outward, as far as trust reaches. A hop that is no address is `None`.
    pub(crate) fn walk(
        &self,
        nearest: IpAddr,
        mut hops: impl Iterator<Item = Option<IpAddr>>,
    ) -> Option<IpAddr> {
        match self {
            Self::Nobody => Some(nearest),
            Self::Count(count) => Some(hops.nth(count - 1).flatten().unwrap_or(nearest)),
            Self::DrfCount(count) => hops.take(*count).last().unwrap_or(Some(nearest)),
            Self::Networks(networks) => {
                let mut client = nearest;
                while contains(networks, client) {
                    match hops.next().flatten() {
                        Some(next) => client = next,
                        None => break,
                    }
                }
                Some(client)
            }
        }
    }
}

fn parse_network(given: &str) -> Result<IpNet, ProxyError> {
    let given = given.trim();
    given
        .parse::<IpNet>()
        .or_else(|_| given.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| ProxyError {
            given: given.to_owned(),
        })
}

fn contains(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

/// A network that [`TrustedProxies::networks`](crate::TrustedProxies::networks) does not understand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyError {
    given: String,
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "trusted proxy `{}` is no network: an address (`192.0.2.1`) or a CIDR range \
             (`10.0.0.0/8`) is wanted",
            self.given
        )
    }
}

impl Error for ProxyError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_was_given_and_what_is_wanted() {
        let error = Trust::networks(["10.0.0.0/40"]).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("10.0.0.0/40") && text.contains("CIDR"),
            "{text}"
        );
    }
}
