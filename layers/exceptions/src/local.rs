//! Whether a caller may see what is private: it sits at this machine, and nobody else through it.

use std::net::{IpAddr, SocketAddr};

use gatefold_core::Connection;
use http::{
    HeaderMap, Request,
    header::{FORWARDED, HOST, HeaderName, VIA},
};

/// Whether the request comes from this machine itself: over a loopback address, to a loopback
/// name, and past no proxy.
///
/// A proxy on the same machine brings requests of strangers over loopback; the name keeps out a
/// page whose host name was turned to 127.0.0.1 in the browser. No connection known is no.
pub(crate) fn is_local<B>(request: &Request<B>) -> bool {
    let connection = Connection::find_in(request.extensions());
    let is_loopback = |address: SocketAddr| address.ip().to_canonical().is_loopback();
    let headers = request.headers();
    let host = headers.get(HOST).map(|host| host.to_str().unwrap_or("?"));
    let mut hosts = request.uri().host().into_iter().chain(host);
    connection.is_some_and(|connection| is_loopback(connection.address()))
        && !is_proxied(headers)
        && hosts.all(is_loopback_name)
}

fn is_proxied(headers: &HeaderMap) -> bool {
    const OTHERS: [HeaderName; 4] = [
        HeaderName::from_static("x-forwarded-for"),
        HeaderName::from_static("x-forwarded-host"),
        HeaderName::from_static("x-real-ip"),
        HeaderName::from_static("x-forwarded-proto"),
    ];
    headers.contains_key(FORWARDED)
        || headers.contains_key(VIA)
        || OTHERS.iter().any(|name| headers.contains_key(name))
}

/// `localhost`, `127.0.0.1:8000`, `[::1]`.
fn is_loopback_name(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, _)) => name,
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    let address: Option<IpAddr> = name.parse().ok();
    name.eq_ignore_ascii_case("localhost")
        || address.is_some_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(peer: Option<&str>, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(()).unwrap();
        if let Some(peer) = peer {
            Connection::new(peer.parse().unwrap()).leave(request.extensions_mut());
        }
        is_local(&request)
    }

    #[test]
    fn only_a_caller_on_this_machine_is_local() {
        for peer in [
            "127.0.0.1:1",
            "127.9.9.9:1",
            "[::1]:1",
            "[::ffff:127.0.0.1]:1",
        ] {
            for host in ["localhost", "LOCALHOST:80", "127.0.0.1:8000", "[::1]:8000"] {
                assert!(local(Some(peer), &[("host", host)]), "{peer} {host}");
            }
            assert!(local(Some(peer), &[]));
        }
        for peer in [
            None,
            Some("192.0.2.1:1"),
            Some("10.0.0.1:1"),
            Some("[2001:db8::1]:1"),
        ] {
            assert!(!local(peer, &[("host", "localhost")]), "{peer:?}");
        }
    }

    #[test]
    fn who_comes_through_a_proxy_or_by_another_name_is_not() {
        for header in [
            ("x-forwarded-for", "127.0.0.1"),
            ("forwarded", "for=127.0.0.1"),
            ("via", "1.1 proxy"),
            ("x-real-ip", "127.0.0.1"),
            ("host", "evil.example.org"),
            ("host", "localhost.example.org"),
            ("host", ""),
        ] {
            assert!(!local(Some("127.0.0.1:1"), &[header]), "{header:?}");
        }
    }
}
