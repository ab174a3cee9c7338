//! What proxies write about the client, as text.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, header::HeaderName};

pub(crate) fn last<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get_all(name).iter().next_back()?.to_str().ok()
}

/// The entries of all lines of a list header, last first. A line that is no text is one entry that
/// no parser knows.
pub(crate) fn hops<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'a str> + use<'a> {
    headers
        .get_all(name)
        .iter()
        .rev()
        .flat_map(|line| line.to_str().unwrap_or("?").rsplit(',').map(str::trim))
}

/// An address, with or without a port, brackets and quotes.
pub(crate) fn parse_hop(hop: &str) -> Option<IpAddr> {
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
pub(crate) fn parameter<'a>(element: &'a str, name: &str) -> Option<&'a str> {
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
