use std::{borrow::Cow, net::Ipv4Addr, sync::Arc};

use gatefold_core::{Exception, TrustedProxies, Version};
use http::{HeaderValue, header::HOST, request::Parts};

use crate::{Reading, Supported, Versioning, allowed::Allowed, memo::Memo};

/// Reads the version from the first label of the host name: `v1.example.org`.
///
/// A name has at least three labels to hold a version. Letter case, the port and a trailing dot
/// mean nothing (RFC 9110, section 4.2.3); an IP address names no version. A host without a
/// version gets the default, which may be none; an unsupported version is 404, and a malformed
/// host 400 (RFC 9112, section 3.2). `Vary` never names `Host`: it is part of the URI.
///
/// The first few texts that are read are remembered, which allocates; after that nothing does.
///
/// ```
/// use gatefold_versioning::{HostNameVersioning, Versioning};
///
/// let scheme = HostNameVersioning::new(["v1", "v2"]);
/// let request = http::Request::get("/tasks").header("host", "V2.example.org:8080");
/// let (head, ()) = request.body(())?.into_parts();
/// assert_eq!(scheme.determine_version(&head)?.expect("a version").as_str(), "v2");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct HostNameVersioning {
    allowed: Allowed,
    domain: Option<Box<str>>,
    proxies: Option<TrustedProxies>,
    drf: bool,
    memo: Memo,
}

impl HostNameVersioning {
    /// Supports these versions. No version at all means every one, as in Django REST Framework.
    pub fn new(versions: impl Into<Supported>) -> Self {
        Self::of(Allowed::new(versions))
    }

    /// Supports every version. Each request that names one allocates its text.
    pub fn any() -> Self {
        Self::of(Allowed::default())
    }

    fn of(allowed: Allowed) -> Self {
        Self {
            allowed,
            domain: None,
            proxies: None,
            drf: false,
            memo: Memo::default(),
        }
    }

    /// Takes this version for a host that names none. It is supported by that.
    pub fn default_version(mut self, version: impl Into<Arc<str>>) -> Self {
        self.allowed.set_default(version);
        self.memo = Memo::default();
        self
    }

    /// Reads the one label before this domain, however many labels it has; another host names no
    /// version.
    pub fn domain(mut self, domain: impl AsRef<str>) -> Self {
        let domain = domain.as_ref().trim_matches('.').to_ascii_lowercase();
        self.domain = Some(domain.into());
        self.memo = Memo::default();
        self
    }

    /// Reads the host that the client asked these proxies for. Each request allocates it.
    pub fn proxies(mut self, proxies: TrustedProxies) -> Self {
        self.proxies = Some(proxies);
        self
    }

    /// Answers 400 and not 404 to an unsupported version.
    pub fn bad_request(mut self) -> Self {
        self.allowed.set_bad_request();
        self
    }

    /// Reads hosts of exactly three labels of letters and digits, letter case counting, as Django
    /// REST Framework does: `v2.api.example.org` and `v2.example.org.` name no version there.
    pub fn drf(mut self) -> Self {
        self.drf = true;
        self.memo = Memo::default();
        self
    }

    /// What this host, with its port or without, says.
    ///
    /// Allocates only where there are capital letters.
    pub fn read<'a>(&self, host: &'a str) -> Reading<'a> {
        let name = match host_name(host) {
            Ok(Some(name)) => name,
            Ok(None) => return Reading::Nothing,
            Err(Malformed) => return Reading::Invalid,
        };
        if self.drf {
            return exactly_three(name).map_or(Reading::Nothing, Reading::of);
        }
        let name = name.strip_suffix('.').unwrap_or(name);
        if has_empty_label(name) {
            return Reading::Invalid;
        }
        match self.label(name) {
            Some(label) if label.bytes().any(|byte| byte.is_ascii_uppercase()) => {
                Reading::Version(Cow::Owned(label.to_ascii_lowercase()))
            }
            Some(label) => Reading::of(label),
            None => Reading::Nothing,
        }
    }

    fn label<'a>(&self, name: &'a str) -> Option<&'a str> {
        let (label, rest) = name.split_at(name.bytes().position(|byte| byte == b'.')?);
        let rest = &rest[1..];
        match &self.domain {
            Some(domain) => rest.eq_ignore_ascii_case(domain).then_some(label),
            None => rest.bytes().any(|byte| byte == b'.').then_some(label),
        }
    }

    #[cold]
    fn find(&self, head: &Parts) -> Result<Option<Version>, Exception> {
        if let Some(proxies) = &self.proxies {
            let peer = proxies.peer(head);
            return self.check(peer.host().map_or(Reading::Nothing, |host| self.read(host)));
        }
        let mut lines = head.headers.get_all(HOST).iter();
        let reading = match host(head) {
            Some(host) => {
                std::str::from_utf8(host).map_or(Reading::Invalid, |host| self.read(host))
            }
            None if lines.next().is_some() => Reading::Invalid,
            None => Reading::Nothing,
        };
        let version = self.check(reading)?;
        if let Some(host) = host(head) {
            self.memo.keep(host, version.as_ref());
        }
        Ok(version)
    }

    fn check(&self, reading: Reading<'_>) -> Result<Option<Version>, Exception> {
        match reading {
            Reading::Invalid => Err(Exception::parse_error().with_detail("Invalid host.")),
            Reading::Version(text) if !self.drf => match self.allowed.find_ignoring_case(&text) {
                Some(version) => Ok(Some(version)),
                None => Err(self.allowed.refuse(refusal())),
            },
            reading => self.allowed.check(reading, refusal),
        }
    }
}

impl Versioning for HostNameVersioning {
    fn determine_version(&self, head: &Parts) -> Result<Option<Version>, Exception> {
        let known = match self.proxies {
            None => host(head).and_then(|host| self.memo.recall(host)),
            Some(_) => None,
        };
        match known {
            Some(version) => Ok(version.clone()),
            None => self.find(head),
        }
    }

    fn missing_version(&self) -> Result<Option<Version>, Exception> {
        Ok(self.allowed.default_version())
    }

    fn reads_grpc(&self) -> bool {
        false
    }

    fn supported_versions(&self) -> Vec<Version> {
        self.allowed.named_versions()
    }
}

/// The host that the request was sent to; `None` where there is none, or more than one. The
/// target's authority goes before the header (RFC 9112, section 3.2.2).
fn host(head: &Parts) -> Option<&[u8]> {
    if let Some(authority) = head.uri.authority() {
        return Some(authority.as_str().as_bytes());
    }
    // Clients send it first (RFC 9110, section 7.2).
    let is_single = head.headers.len() == head.headers.keys_len();
    match head.headers.iter().next() {
        Some((name, first)) if is_single && name == HOST => Some(first.as_bytes()),
        _ => {
            let mut lines = head.headers.get_all(HOST).iter();
            let line = lines.next().filter(|_| lines.next().is_none());
            line.map(HeaderValue::as_bytes)
        }
    }
}

struct Malformed;

/// The registered name in a host; `None` for an IP literal or an empty host.
fn host_name(host: &str) -> Result<Option<&str>, Malformed> {
    if host.starts_with('[') {
        return Ok(None);
    }
    let end = host.bytes().position(|byte| byte == b':');
    let (name, port) = host.split_at(end.unwrap_or(host.len()));
    let is_port = |byte: u8| byte.is_ascii_digit();
    if !name.bytes().all(is_name_byte) || !port.bytes().skip(1).all(is_port) {
        return Err(Malformed);
    }
    // No top-level domain ends in a digit, so most names are not even tried.
    let ends_in_digit = name.bytes().next_back().is_some_and(is_port);
    let is_address = ends_in_digit && name.parse::<Ipv4Addr>().is_ok();
    Ok(Some(name).filter(|name| !name.is_empty() && !is_address))
}

/// The characters of a `reg-name` (RFC 3986, section 3.2.2).
fn is_name_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'%'
        | b'!' | b'$' | b'&'..=b',' | b';' | b'=')
}

fn has_empty_label(name: &str) -> bool {
    let mut after_dot = true;
    for byte in name.bytes() {
        if after_dot && byte == b'.' {
            return true;
        }
        after_dot = byte == b'.';
    }
    after_dot
}

/// `^([a-zA-Z0-9]+)\.[a-zA-Z0-9]+\.[a-zA-Z0-9]+$`
fn exactly_three(name: &str) -> Option<&str> {
    let is_plain =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let good = name.split('.').count() == 3 && name.split('.').all(is_plain);
    name.split('.').next().filter(|_| good)
}

fn refusal() -> Exception {
    Exception::not_found().with_detail("Invalid version in hostname.")
}

#[cfg(test)]
mod tests {
    use http::{Request, StatusCode};
    use proptest::prelude::*;

    use super::*;

    fn read(host: &str) -> Reading<'_> {
        HostNameVersioning::any().read(host)
    }

    #[test]
    fn the_first_of_three_or_more_labels_counts() {
        for host in [
            "v2.example.org",
            "V2.Example.ORG:8080",
            "v2.example.org.",
            "v2.example.org.:443",
            "v2.api.example.org",
            "v2.xn--bcher-kva.example",
        ] {
            assert_eq!(read(host), Reading::of("v2"), "{host}");
        }
        assert_eq!(read("v-1.example.org"), Reading::of("v-1"));
        for host in [
            "example.org",
            "localhost:80",
            "127.0.0.1:80",
            "[::1]:80",
            "",
        ] {
            assert_eq!(read(host), Reading::Nothing, "{host}");
        }
        for host in [
            "user@v2.example.org",
            "v2..org",
            ".v2.example.org",
            "v2.a.b:x",
            "v2 .a.b",
        ] {
            assert_eq!(read(host), Reading::Invalid, "{host}");
        }
    }

    #[test]
    fn with_a_domain_the_label_before_it_counts() {
        let scheme = HostNameVersioning::any().domain("Internal");
        assert_eq!(scheme.read("v1.internal"), Reading::of("v1"));
        assert_eq!(scheme.read("a.v1.internal"), Reading::Nothing);
        assert_eq!(scheme.read("v1.example.org"), Reading::Nothing);
    }

    #[test]
    fn for_parity_three_plain_labels_are_wanted() {
        let scheme = HostNameVersioning::any().drf();
        assert_eq!(scheme.read("V1.example.org:80"), Reading::of("V1"));
        for host in [
            "a.v1.example.org",
            "v-1.example.org",
            "v1.example.org.",
            "127.0.0.1",
        ] {
            assert_eq!(scheme.read(host), Reading::Nothing, "{host}");
        }
    }

    #[test]
    fn the_targets_authority_goes_before_the_header() {
        let status = |target: &str, hosts: &[&str]| {
            let mut request = Request::get(target);
            for host in hosts {
                request = request.header(HOST, *host);
            }
            let (head, ()) = request.body(()).expect("a request").into_parts();
            let scheme = HostNameVersioning::new(["V1"]);
            match scheme.determine_version(&head) {
                Ok(version) => Ok(version.map(|version| version.to_string())),
                Err(refused) => Err(refused.status()),
            }
        };
        let one = Ok(Some("V1".to_owned()));
        assert_eq!(status("http://v1.example.org/", &["v2.example.org"]), one);
        assert_eq!(status("/", &["v1.example.org"]), one);
        assert_eq!(status("/", &["v2.example.org"]), Err(StatusCode::NOT_FOUND));
        assert_eq!(status("/", &["example.org"]), Ok(None));
        assert_eq!(status("/", &[]), Ok(None));
        let twice = ["v1.example.org", "v1.example.org"];
        assert_eq!(status("/", &twice), Err(StatusCode::BAD_REQUEST));
    }

    proptest! {
        #[test]
        fn any_host_can_be_read(host in "\\PC*|[a-zA-Z0-9.:@\\[\\]-]*") {
            let _ = read(&host);
            let _ = HostNameVersioning::any().drf().read(&host);
            let _ = HostNameVersioning::any().domain("b.c").read(&host);
        }

        #[test]
        fn letter_case_port_and_dot_mean_nothing(
            label in "[a-z][a-z0-9]{0,8}",
            dot in "\\.?",
            port in "(:[0-9]{0,5})?",
        ) {
            let host = format!("{}.Example.org{dot}{port}", label.to_uppercase());
            prop_assert_eq!(read(&host), Reading::of(label));
        }
    }
}
