use std::net::IpAddr;

/// Who is at the other end, behind the trusted proxies: the client's address, the scheme it used
/// and the host it asked for.
///
/// Made by [`TrustedProxies::peer`](crate::TrustedProxies::peer).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    pub(crate) address: Option<IpAddr>,
    pub(crate) https: bool,
    pub(crate) host: Option<Box<str>>,
}

impl Peer {
    /// The client's address; `None` where the server left no connection. IPv4 addresses in IPv6
    /// clothes (RFC 4291, section 2.5.5.2) are unwrapped.
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Whether the client used https.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// The scheme of the client's request: `https` or `http`.
    pub fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }

    /// The host that the client asked for, with its port if it gave one.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }
}
