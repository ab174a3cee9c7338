use std::net::SocketAddr;

use http::{Extensions, request::Parts};

use crate::journey::Journey;

/// The connection that a request came in on: the peer's address, and whether it is encrypted.
///
/// On axum ([`ConnectInfo`] by `into_make_service_with_connect_info`) and on tonic's server it is
/// found by itself, with the features `axum` and `tonic`. On hyper leave it where the connection
/// is accepted:
///
/// ```
/// # use std::net::SocketAddr;
/// use gatefold_core::Connection;
///
/// fn on_request<B>(mut request: http::Request<B>, peer: SocketAddr) -> http::Request<B> {
///     Connection::new(peer).leave(request.extensions_mut());
///     request
/// }
/// ```
///
/// [`ConnectInfo`]: https://docs.rs/axum/latest/axum/extract/struct.ConnectInfo.html
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    address: SocketAddr,
    https: bool,
}

impl Connection {
    /// A connection from `address` that is not encrypted.
    pub const fn new(address: SocketAddr) -> Self {
        Self {
            address,
            https: false,
        }
    }

    /// Says whether the connection is encrypted.
    #[must_use]
    pub const fn https(mut self, https: bool) -> Self {
        self.https = https;
        self
    }

    /// The peer's address and port. Behind a proxy this is the proxy.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether the connection is encrypted.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// The connection that somebody left in this request.
    pub fn of(extensions: &Extensions) -> Option<&Self> {
        Journey::of(extensions)?.connection.as_ref()
    }

    /// Leaves the connection for the gates.
    pub fn leave(self, extensions: &mut Extensions) {
        Journey::edit(extensions).connection = Some(self);
    }

    pub(crate) fn find(head: &Parts) -> Option<Self> {
        Self::find_in(&head.extensions)
    }

    /// The connection, wherever the server left it: here, or where axum and tonic do (with the
    /// features of those names).
    pub fn find_in(extensions: &Extensions) -> Option<Self> {
        if let Some(connection) = Self::of(extensions) {
            return Some(*connection);
        }
        #[cfg(feature = "axum")]
        if let Some(info) = extensions.get::<axum::extract::ConnectInfo<SocketAddr>>() {
            return Some(Self::new(info.0));
        }
        #[cfg(feature = "tonic")]
        if let Some(info) = extensions.get::<tonic::transport::server::TcpConnectInfo>() {
            return info.remote_addr().map(Self::new);
        }
        None
    }
}
