//! Who is counted: the user, or the address behind the trusted proxies.

use std::{
    fmt,
    hash::{Hash, Hasher},
    net::{IpAddr, Ipv6Addr},
};

use gatefold_core::{Identity, TrustedProxies};
use http::request::Parts;

/// The key by which the built-in throttles count: to look at one count, or to reset it.
///
/// Users and addresses are kept apart: a user called `192.0.2.1` is no address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Caller<'h> {
    /// A user by the id of its identity.
    User(&'h str),
    /// Somebody by the address; of an IPv6 address the network, the rest being 0.
    Address(IpAddr),
    /// The server left no connection: all such requests are counted together.
    Unknown,
}

/// Says of which kind it is, and not who.
impl fmt::Debug for Caller<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User(_) => "User",
            Self::Address(_) => "Address",
            Self::Unknown => "Unknown",
        })
    }
}

impl<'h> Caller<'h> {
    /// An address as the throttles count it, where they count an IPv6 network of `prefix` bits as
    /// one (64 unless set).
    pub fn address(address: IpAddr, prefix: u8) -> Self {
        Self::Address(network(address.to_canonical(), prefix))
    }

    pub(crate) fn of(head: &'h Parts, proxies: &TrustedProxies, prefix: u8) -> Self {
        match Identity::of(&head.extensions) {
            Some(identity) => Self::User(identity.id()),
            None => Self::by_address(head, proxies, prefix),
        }
    }

    pub(crate) fn by_address(head: &Parts, proxies: &TrustedProxies, prefix: u8) -> Self {
        match proxies.address(head) {
            Some(address) => Self::Address(network(address, prefix)),
            None => {
                warn_once();
                Self::Unknown
            }
        }
    }
}

/// In whole words, which is half the time of the derived hash. The first tells the kinds apart.
impl Hash for Caller<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        const KIND: u32 = 32;
        match self {
            Self::Unknown => state.write_u64(0),
            Self::Address(IpAddr::V4(address)) => {
                state.write_u64(1 << KIND | u64::from(address.to_bits()));
            }
            Self::Address(IpAddr::V6(address)) => {
                state.write_u64(2 << KIND);
                state.write_u128(address.to_bits());
            }
            Self::User(id) => {
                state.write_u64(3 << KIND);
                id.hash(state);
            }
        }
    }
}

/// An IPv6 customer has a whole network, so its addresses count as one.
fn network(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let host_bits = 128_u32.saturating_sub(prefix.into());
            let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

fn warn_once() {
    #[cfg(feature = "tracing")]
    {
        static WARNING: std::sync::Once = std::sync::Once::new();
        WARNING.call_once(|| {
            tracing::warn!(
                "a throttle counts by address, and the server left no connection in the request: \
                 all such callers share one count; on axum serve with \
                 `into_make_service_with_connect_info` and the feature `axum`, on hyper leave a \
                 `Connection`"
            );
        });
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use gatefold_core::Connection;

    use super::*;

    fn head(peer: Option<&str>) -> Parts {
        let (mut head, ()) = http::Request::new(()).into_parts();
        if let Some(peer) = peer {
            let peer: IpAddr = peer.parse().expect("an address");
            Connection::new(SocketAddr::new(peer, 1)).leave(&mut head.extensions);
        }
        head
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_caller() {
        let proxies = TrustedProxies::none();
        let caller = |peer| Caller::by_address(&head(Some(peer)), &proxies, 64);
        assert_eq!(caller("2001:db8::1"), caller("2001:db8::ffff:1"));
        assert_ne!(caller("2001:db8::1"), caller("2001:db8:0:1::1"));
        assert_ne!(caller("192.0.2.1"), caller("192.0.2.2"));
        // Unwrapped before it is cut, or all of IPv4 would be one network.
        assert_eq!(caller("::ffff:192.0.2.1"), caller("192.0.2.1"));
        assert_ne!(caller("::ffff:192.0.2.1"), caller("::ffff:192.0.2.2"));
        let address = |text: &str, prefix| Caller::address(text.parse().expect("one"), prefix);
        assert_eq!(caller("::ffff:192.0.2.1"), address("::ffff:192.0.2.1", 64));
        assert_eq!(caller("2001:db8::1"), address("2001:db8::", 64));
        assert_eq!(address("2001:db8:0:1::1", 56), address("2001:db8::", 56));
        assert_ne!(address("2001:db8:0:100::", 56), address("2001:db8::", 56));
        assert_ne!(address("2001:db8::1", 128), address("2001:db8::", 128));
        assert_eq!(address("2001:db8::1", 0), address("::", 0));
    }

    #[test]
    fn a_user_is_not_the_address_that_it_is_called_after() {
        let proxies = TrustedProxies::none();
        let mut as_user = head(Some("192.0.2.1"));
        Identity::new("192.0.2.1").leave(&mut as_user.extensions);
        let caller = Caller::of(&as_user, &proxies, 64);
        assert_eq!(caller, Caller::User("192.0.2.1"));
        let hasher = crate::KeyHasher::random();
        assert_ne!(
            hasher.fingerprint(0, &caller),
            hasher.fingerprint(0, &Caller::by_address(&as_user, &proxies, 64))
        );
    }

    #[test]
    fn without_a_connection_all_callers_are_one() {
        let caller = Caller::by_address(&head(None), &TrustedProxies::none(), 64);
        assert_eq!(caller, Caller::Unknown);
    }
}
