use std::net::IpAddr;

use http::{HeaderMap, header::HOST, request::Parts};

use crate::{
    Connection, Mark, Peer,
    forwarded::{Header, canonical, last},
    journey::Journey,
    trust::{ProxyError, Trust},
};

/// Which proxies may say who the client is, and in which header.
///
/// One value, shared by whatever asks for the client: throttles, remote users, CSRF, links. The
/// default trusts nobody: the client is the peer of the connection, and a client cannot choose
/// its address by a header.
///
/// ```
/// use std::net::SocketAddr;
/// use gatefold_core::{Connection, TrustedProxies};
///
/// let proxies = TrustedProxies::networks(["10.0.0.0/8"])?;
/// let request = http::Request::builder()
///     .header("x-forwarded-for", "6.6.6.6, 198.51.100.4, 10.0.0.7");
/// let mut head = request.body(()).unwrap().into_parts().0;
/// Connection::new(SocketAddr::from(([10, 0, 0, 1], 4711))).leave(&mut head.extensions);
///
/// // Read from the right: the first address that is no trusted proxy.
/// let client = proxies.peer(&head).address();
/// assert_eq!(client, Some("198.51.100.4".parse().unwrap()));
/// # Ok::<_, gatefold_core::ProxyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TrustedProxies {
    mark: Mark,
    trust: Trust,
    header: Header,
}

impl TrustedProxies {
    /// Trusts no header: the client is the peer.
    pub fn none() -> Self {
        Self::new(Trust::Nobody)
    }

    /// Trusts the proxies in these networks (`10.0.0.0/8`, `::1`). `X-Forwarded-For` is read from
    /// the right, and the first address outside the networks is the client. An entry that is no
    /// address ends the walk at the last known hop.
    ///
    /// # Errors
    ///
    /// A network that is no address and no CIDR range.
    pub fn networks<I>(networks: I) -> Result<Self, ProxyError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        Ok(Self::new(Trust::networks(networks)?))
    }

    /// Trusts this many proxies in front (Django REST Framework's `NUM_PROXIES`), whatever their
    /// address: the client is that many entries from the right of `X-Forwarded-For`. With fewer
    /// entries the client is the peer.
    ///
    /// Only where nobody can reach the service past the proxies.
    pub fn count(proxies: usize) -> Self {
        Self::new(Trust::count(proxies))
    }

    fn new(trust: Trust) -> Self {
        Self {
            mark: Mark::new(),
            trust,
            header: Header::XForwardedFor,
        }
    }

    /// Reads the header `Forwarded` (RFC 7239) instead of `X-Forwarded-For`. Only one is ever read.
    #[must_use]
    pub fn forwarded(mut self) -> Self {
        // Another value now, so what was found for the old one must not be taken for its own.
        self.mark = Mark::new();
        self.header = Header::Forwarded;
        self
    }

    /// Counts entries as Django REST Framework's `NUM_PROXIES` does: with fewer of them than
    /// proxies the client is the outermost, which it can choose; and behind an entry that is no
    /// address nobody is known.
    #[must_use]
    pub fn drf(mut self) -> Self {
        self.mark = Mark::new();
        if let Trust::Count(proxies) = self.trust {
            self.trust = Trust::DrfCount(proxies);
        }
        self
    }

    /// The client of this request. It is found once and remembered in the request, where a gate
    /// has been before.
    pub fn peer(&self, head: &Parts) -> Peer {
        match Journey::of(&head.extensions).and_then(|journey| journey.peer.as_ref()) {
            Some((mark, peer)) if *mark == self.mark => peer.clone(),
            _ => self.find(head),
        }
    }

    /// The client's address alone, for whoever counts by it: [`peer`](Self::peer) without the copy
    /// of the host. `None` where the server left no connection.
    pub fn address(&self, head: &Parts) -> Option<IpAddr> {
        if let Trust::Nobody = self.trust {
            let connection = Connection::find(head)?;
            return Some(canonical(connection.address().ip()));
        }
        match Journey::of(&head.extensions).and_then(|journey| journey.peer.as_ref()) {
            Some((mark, peer)) if *mark == self.mark => peer.address,
            _ => {
                let nearest = canonical(Connection::find(head)?.address().ip());
                self.client(nearest, &head.headers)
            }
        }
    }

    /// Finds the client and remembers it for whoever asks further in with the same value.
    pub fn remember(&self, head: &mut Parts) -> Peer {
        let peer = self.peer(head);
        Journey::edit(&mut head.extensions).peer = Some((self.mark, peer.clone()));
        peer
    }

    /// Whether the peer of the connection is one of these proxies, so that its headers can be
    /// believed. A request without a known connection is nobody's to trust.
    pub fn trusts(&self, head: &Parts) -> bool {
        let connection = Connection::find(head);
        let nearest = connection.map(|connection| canonical(connection.address().ip()));
        self.trust.believes(nearest)
    }

    fn find(&self, head: &Parts) -> Peer {
        let connection = Connection::find(head);
        let nearest = connection.map(|connection| canonical(connection.address().ip()));
        let https = connection.is_some_and(|connection| connection.is_https())
            || head.uri.scheme_str() == Some("https");
        let host = head
            .uri
            .authority()
            .map(|authority| authority.as_str())
            .or_else(|| last(&head.headers, &HOST));
        if !self.trust.believes(nearest) {
            return Peer {
                address: nearest,
                https,
                host: host.map(Into::into),
            };
        }
        let (scheme, said_host) = self.header.said(&head.headers);
        Peer {
            address: nearest.and_then(|peer| self.client(peer, &head.headers)),
            https: scheme.map_or(https, |scheme| scheme.eq_ignore_ascii_case("https")),
            host: said_host.or(host).map(Into::into),
        }
    }

    fn client(&self, nearest: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        self.trust.walk(nearest, self.header.addresses(headers))
    }
}

impl Default for TrustedProxies {
    fn default() -> Self {
        Self::none()
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use http::Request;

    use super::*;

    fn head(peer: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut head = request.body(()).unwrap().into_parts().0;
        let peer = SocketAddr::new(peer.parse().unwrap(), 4711);
        Connection::new(peer).leave(&mut head.extensions);
        head
    }

    fn client(proxies: &TrustedProxies, peer: &str, said: &str) -> String {
        let head = head(peer, &[("x-forwarded-for", said)]);
        proxies.peer(&head).address().unwrap().to_string()
    }

    #[test]
    fn a_stranger_cannot_choose_its_address() {
        let proxies = TrustedProxies::networks(["10.0.0.0/8"]).unwrap();
        assert_eq!(client(&proxies, "192.0.2.9", "6.6.6.6"), "192.0.2.9");
        assert_eq!(
            client(&TrustedProxies::none(), "10.0.0.1", "6.6.6.6"),
            "10.0.0.1"
        );
    }

    #[test]
    fn a_number_of_proxies_counts_entries_as_django_rest_framework_does_when_asked() {
        let proxies = TrustedProxies::count(2).drf();
        let address = |said: &[(&str, &str)]| proxies.address(&head("10.0.0.1", said));
        let forwarded = |said| address(&[("x-forwarded-for", said)]).map(|a| a.to_string());
        let client = "198.51.100.4";
        assert_eq!(
            forwarded("6.6.6.6, 198.51.100.4, 10.0.0.7").as_deref(),
            Some(client)
        );
        assert_eq!(forwarded("198.51.100.4").as_deref(), Some(client));
        assert_eq!(forwarded("6.6.6.6, , 10.0.0.7"), None);
        assert_eq!(
            address(&[]).map(|a| a.to_string()).as_deref(),
            Some("10.0.0.1")
        );
        // By default the client cannot choose.
        let strict = TrustedProxies::count(2);
        assert_eq!(
            super::tests::client(&strict, "10.0.0.1", client),
            "10.0.0.1"
        );
    }

    #[test]
    fn the_walk_stops_at_the_first_stranger_and_at_garbage() {
        let proxies = TrustedProxies::networks(["10.0.0.0/8", "::1"]).unwrap();
        assert_eq!(
            client(&proxies, "10.0.0.1", "6.6.6.6, 198.51.100.4"),
            "198.51.100.4"
        );
        assert_eq!(
            client(&proxies, "::ffff:10.0.0.1", "198.51.100.4, 10.0.0.2"),
            "198.51.100.4"
        );
        assert_eq!(
            client(&proxies, "10.0.0.1", "6.6.6.6, unknown, 10.0.0.2"),
            "10.0.0.2"
        );
        assert_eq!(
            client(&proxies, "10.0.0.1", "10.0.0.3, 10.0.0.2"),
            "10.0.0.3"
        );
    }

    #[test]
    fn with_fewer_entries_than_proxies_the_client_is_the_peer() {
        let proxies = TrustedProxies::count(2);
        assert_eq!(
            client(&proxies, "10.0.0.1", "198.51.100.4, 10.0.0.2"),
            "198.51.100.4"
        );
        assert_eq!(client(&proxies, "10.0.0.1", "198.51.100.4"), "10.0.0.1");
    }

    #[test]
    fn scheme_and_host_are_believed_from_a_trusted_proxy_only() {
        let said = [
            ("host", "inner:8080"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "api.example.org"),
        ];
        let proxies = TrustedProxies::networks(["10.0.0.0/8"]).unwrap();
        let peer = proxies.peer(&head("10.0.0.1", &said));
        assert_eq!(
            (peer.scheme(), peer.host()),
            ("https", Some("api.example.org"))
        );
        let peer = proxies.peer(&head("192.0.2.1", &said));
        assert_eq!((peer.scheme(), peer.host()), ("http", Some("inner:8080")));
    }

    #[test]
    fn what_one_value_found_is_not_taken_for_anothers() {
        let proxies = TrustedProxies::networks(["10.0.0.0/8"]).unwrap();
        let mut head = head("10.0.0.1", &[("x-forwarded-for", "198.51.100.4")]);
        proxies.remember(&mut head);
        let none = TrustedProxies::none().peer(&head);
        assert_eq!(none.address(), "10.0.0.1".parse().ok());
    }
}
