use http::Uri;

use crate::{ConfigurationError, configuration_error};

/// Scheme, host and port that a page comes from (RFC 6454, section 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    scheme: &'static str,
    host: Box<str>,
    port: u16,
}

impl Origin {
    /// Reads `scheme://host[:port]`, and nothing with more in it.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let (scheme, usual) = match scheme {
            _ if scheme.eq_ignore_ascii_case("https") => ("https", 443),
            _ if scheme.eq_ignore_ascii_case("http") => ("http", 80),
            _ => return None,
        };
        let (host, port) = split(authority)?;
        Some(Self {
            scheme,
            host: host.to_ascii_lowercase().into(),
            port: port.unwrap_or(usual),
        })
    }

    /// Whether this is the host, perhaps with a port, that a request asks for. Without a port it
    /// is the usual one of this origin's scheme.
    pub(crate) fn is_at(&self, host: &str) -> bool {
        let usual = if self.scheme == "https" { 443 } else { 80 };
        split(host).is_some_and(|(host, port)| {
            host.eq_ignore_ascii_case(&self.host) && port.unwrap_or(usual) == self.port
        })
    }
}

/// Host and port. Userinfo, a path or an empty host is none.
fn split(authority: &str) -> Option<(&str, Option<u16>)> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"@/?#\\\"<>^`{|}".contains(&byte);
    if authority.is_empty() || !authority.bytes().all(plain) {
        return None;
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_v6 = host.starts_with('[') && host.ends_with(']');
    if host.is_empty() || (host.contains([':', '[', ']']) && !is_v6) {
        return None;
    }
    match port {
        None => Some((host, None)),
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some((host, Some(port.parse().ok()?)))
        }
        Some(_) => None,
    }
}

/// An origin that may send what others may not, as it was written and as it is compared.
#[derive(Clone, Debug)]
pub(crate) struct Trusted {
    pub(crate) written: Box<str>,
    /// `None` where it stands for all sub-domains.
    pub(crate) origin: Option<Origin>,
}

impl Trusted {
    /// Reads `https://example.com` or, where `wild` is allowed, `https://*.example.com`.
    pub(crate) fn read(written: &str, wild: bool) -> Result<Self, ConfigurationError> {
        let error = || configuration_error::origin(written);
        let star = written.split_once("://*.");
        let plain = match star {
            Some((scheme, rest)) if wild => format!("{scheme}://{rest}"),
            _ => written.to_owned(),
        };
        let origin = Origin::read(&plain).filter(|_| plain.parse::<Uri>().is_ok());
        if origin.is_none() || plain.contains('*') {
            return Err(error());
        }
        Ok(Self {
            written: written.into(),
            origin: origin.filter(|_| star.is_none()),
        })
    }

    /// The part after `://`, with Django's dot in the place of `*.`.
    pub(crate) fn pattern(&self) -> &str {
        let authority = self.written.split_once("://").map_or("", |(_, rest)| rest);
        authority.trim_start_matches('*')
    }

    /// The part before `://`.
    pub(crate) fn scheme(&self) -> &str {
        self.written
            .split_once("://")
            .map_or("", |(scheme, _)| scheme)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        for (one, other) in [
            ("https://example.com", "HTTPS://EXAMPLE.com:443"),
            ("http://example.com", "http://example.com:80"),
            ("http://[::1]", "http://[::1]:80"),
        ] {
            assert!(Origin::read(one).is_some(), "{one}");
            assert_eq!(Origin::read(one), Origin::read(other));
        }
        for (one, other) in [
            ("https://example.com", "http://example.com"),
            ("https://example.com", "https://example.com:8443"),
            ("https://example.com", "https://evilexample.com"),
            ("https://example.com", "https://example.com.evil"),
        ] {
            assert_ne!(Origin::read(one), Origin::read(other));
        }
        for text in [
            "",
            "null",
            "example.com",
            "ftp://example.com",
            "https://",
            "https://:443",
            "https://example.com/",
            "https://example.com@evil.example",
            "https://example.com:",
            "https://example.com:443:443",
            "https://example.com:99999",
            "https://a b",
            "https://[::1",
        ] {
            let read = Origin::read(text);
            // A port that is empty is no number; one of the two may not be parsed at all.
            assert!(read.is_none(), "{text}: {read:?}");
        }
    }

    #[test]
    fn a_host_without_a_port_has_the_usual_one() {
        let origin = Origin::read("https://example.com").expect("an origin");
        assert!(origin.is_at("example.com") && origin.is_at("Example.com:443"));
        assert!(!origin.is_at("example.com:80") && !origin.is_at("sub.example.com"));
        assert!(!origin.is_at("") && !origin.is_at("a@example.com"));
    }

    #[test]
    fn what_is_trusted_is_whole() {
        assert!(Trusted::read("https://example.com", false).is_ok());
        assert!(Trusted::read("https://*.example.com", true).is_ok());
        for given in [
            "https://*.example.com",
            "example.com",
            "https://example.com/a",
            "null",
            "",
        ] {
            let error = Trusted::read(given, false).expect_err(given);
            assert!(error.to_string().contains(&format!("{given:?}")), "{error}");
        }
        assert!(Trusted::read("https://*.*.example.com", true).is_err());
        assert!(Trusted::read("https://a*.example.com", true).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_an_origin_or_not(text in any::<String>(), host in any::<String>()) {
            if let Some(origin) = Origin::read(&text) {
                prop_assert!(!text.contains('@'));
                let _ = origin.is_at(&host);
            }
        }

        #[test]
        fn an_origin_is_at_its_own_host(host in "[a-z]{1,9}(\\.[a-z]{1,9}){0,3}", port in 1..9999_u16) {
            let with_port = format!("{host}:{port}");
            let origin = Origin::read(&format!("http://{with_port}")).expect("an origin");
            prop_assert!(origin.is_at(&with_port));
            prop_assert_eq!(origin.is_at(&host), port == 80);
        }
    }
}
