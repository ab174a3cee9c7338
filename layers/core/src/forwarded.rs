//! What proxies write about the client, as text.

use std::net::{IpAddr, SocketAddr};

use http::{
    HeaderMap,
    header::{FORWARDED, HeaderName},
};

/// The one header that is read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Header {
    XForwardedFor,
    Forwarded,
}

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

impl Header {
    /// The addresses of the hops, nearest first; `None` is a hop that is no address.
    pub(crate) fn addresses(self, headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
        let name = match self {
            Self::XForwardedFor => &X_FORWARDED_FOR,
            Self::Forwarded => &FORWARDED,
        };
        hops(headers, name).map(move |hop| match self {
            Self::XForwardedFor => parse_hop(hop),
            Self::Forwarded => parse_hop(parameter(hop, "for")?),
        })
    }

    /// Scheme and host as the nearest proxy says them.
    pub(crate) fn said(self, headers: &HeaderMap) -> (Option<&str>, Option<&str>) {
        match self {
            Self::XForwardedFor => (
                hops(headers, &X_FORWARDED_PROTO).next(),
                hops(headers, &X_FORWARDED_HOST).next(),
            ),
            Self::Forwarded => match hops(headers, &FORWARDED).next() {
                Some(hop) => (parameter(hop, "proto"), parameter(hop, "host")),
                None => (None, None),
            },
        }
    }
}

pub(crate) fn last<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get_all(name).iter().next_back()?.to_str().ok()
}

/// The entries of all lines of a list header, last first. A line that is no text is one entry that
/// no parser knows.
fn hops<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> + use<'a> {
    headers
        .get_all(name)
        .iter()
        .rev()
        .flat_map(|line| line.to_str().unwrap_or("?").rsplit(',').map(str::trim))
}

/// An address, with or without a port, brackets and quotes.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim().trim_matches('"');
    let bare = hop
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let address = bare
        .unwrap_or(hop)
        .parse()
        .or_else(|_| hop.parse::<SocketAddr>().map(|socket| socket.ip()));
    address.ok().map(canonical)
}

/// A parameter of one element of `Forwarded`.
fn parameter<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    element.split(';').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.trim()
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().trim_matches('"'))
    })
}

/// An IPv4 address in IPv6 clothes is the IPv4 address.
pub(crate) fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn an_address_may_wear_a_port_brackets_and_quotes() {
        for (hop, address) in [
            ("192.0.2.1", "192.0.2.1"),
            (" 192.0.2.1:80 ", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("\"[2001:db8::1]:443\"", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
        ] {
            assert_eq!(parse_hop(hop), address.parse().ok(), "{hop}");
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for hop in [
            "",
            "unknown",
            "_hidden",
            "fe80::1%eth0",
            "192.0.2.1.",
            "[::1",
            "1.2.3.4:99999",
        ] {
            assert_eq!(parse_hop(hop), None, "{hop}");
        }
    }

    #[test]
    fn lines_and_entries_are_read_from_the_right() {
        let name = HeaderName::from_static("x-forwarded-for");
        let mut headers = HeaderMap::new();
        headers.append(&name, HeaderValue::from_static("a, b"));
        headers.append(&name, HeaderValue::from_bytes(b"\xff").unwrap());
        headers.append(&name, HeaderValue::from_static("c"));
        assert_eq!(
            hops(&headers, &name).collect::<Vec<_>>(),
            ["c", "?", "b", "a"]
        );
    }

    #[test]
    fn a_forwarded_element_is_read_by_name_without_case() {
        let element = "For=\"[2001:db8::1]\";Proto=https; host=a.example";
        assert_eq!(parameter(element, "for"), Some("[2001:db8::1]"));
        assert_eq!(parameter(element, "proto"), Some("https"));
        assert_eq!(parameter(element, "host"), Some("a.example"));
        assert_eq!(parameter(element, "by"), None);
    }
}
