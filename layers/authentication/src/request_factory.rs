use std::net::{IpAddr, SocketAddr};

use base64::{Engine, engine::general_purpose::STANDARD};
use gatefold_core::{Connection, Identity};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request,
    header::{AUTHORIZATION, CONTENT_TYPE},
};

use crate::force::Forced;

/// Makes requests to try gated services with, without a server: for tests alone (feature
/// `testing`), as Django REST Framework's `APIRequestFactory`.
///
/// What is set is sent with every request. It panics on what is no request; a test finds that out
/// best at once.
///
/// ```
/// use gatefold_authentication::testing::RequestFactory;
/// use gatefold_core::Identity;
/// use http::Request;
///
/// let api = RequestFactory::new().token("Token", "s3cret").header("accept", "text/html");
/// let request: Request<String> = api.get("/tasks?open=1");
/// assert_eq!(request.headers()["authorization"], "Token s3cret");
///
/// let api = api.force(Identity::new("alice"));
/// let request: Request<String> = api.post("/tasks", "application/json", "{}");
/// assert_eq!(request.body(), "{}");
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct RequestFactory {
    headers: HeaderMap,
    peer: Option<IpAddr>,
    forced: Option<Forced>,
}

impl RequestFactory {
    /// Requests that say nothing about who sends them.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a header, beside those of the same name.
    ///
    /// # Panics
    ///
    /// If it is no header.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name = HeaderName::try_from(name).expect("a header name");
        let value = HeaderValue::from_bytes(value.as_ref()).expect("a header value");
        self.headers.append(name, value);
        self
    }

    /// Sends this user name and password, in the place of other credentials.
    pub fn basic(self, name: &str, password: &str) -> Self {
        let word = STANDARD.encode(format!("{name}:{password}"));
        self.token("Basic", &word)
    }

    /// Sends this token after this keyword, in the place of other credentials.
    ///
    /// # Panics
    ///
    /// If a header cannot hold it.
    pub fn token(mut self, keyword: &str, token: &str) -> Self {
        let value = HeaderValue::try_from(format!("{keyword} {token}"));
        let value = value.expect("a header value");
        self.headers.insert(AUTHORIZATION, value);
        self
    }

    /// Comes from this address.
    pub fn peer(mut self, address: impl Into<IpAddr>) -> Self {
        self.peer = Some(address.into());
        self
    }

    /// Passes every authentication layer as this user, whatever is sent.
    pub fn force(mut self, identity: impl Into<Identity>) -> Self {
        self.forced = Some(Forced::new(Some(identity.into())));
        self
    }

    /// A request with an empty body.
    ///
    /// # Panics
    ///
    /// If `uri` is none.
    pub fn get<B: Default>(&self, uri: &str) -> Request<B> {
        self.request(Method::GET, uri, B::default())
    }

    /// A request with an empty body.
    ///
    /// # Panics
    ///
    /// If `uri` is none.
    pub fn delete<B: Default>(&self, uri: &str) -> Request<B> {
        self.request(Method::DELETE, uri, B::default())
    }

    /// A request with a body of this media type.
    ///
    /// # Panics
    ///
    /// If `uri` is none, or no header can hold `media_type`.
    pub fn post<B>(&self, uri: &str, media_type: &str, body: impl Into<B>) -> Request<B> {
        self.sent(Method::POST, uri, media_type, body)
    }

    /// A request with a body of this media type.
    ///
    /// # Panics
    ///
    /// If `uri` is none, or no header can hold `media_type`.
    pub fn put<B>(&self, uri: &str, media_type: &str, body: impl Into<B>) -> Request<B> {
        self.sent(Method::PUT, uri, media_type, body)
    }

    /// A request with a body of this media type.
    ///
    /// # Panics
    ///
    /// If `uri` is none, or no header can hold `media_type`.
    pub fn patch<B>(&self, uri: &str, media_type: &str, body: impl Into<B>) -> Request<B> {
        self.sent(Method::PATCH, uri, media_type, body)
    }

    /// Any request.
    ///
    /// # Panics
    ///
    /// If `uri` is none.
    pub fn request<B>(&self, method: Method, uri: &str, body: B) -> Request<B> {
        let request = Request::builder().method(method).uri(uri);
        let mut request = request.body(body).expect("a URI");
        request.headers_mut().extend(self.headers.clone());
        if let Some(address) = self.peer {
            let connection = Connection::new(SocketAddr::new(address, 4711));
            connection.leave(request.extensions_mut());
        }
        if let Some(forced) = &self.forced {
            forced.leave(request.extensions_mut());
        }
        request
    }

    fn sent<B>(
        &self,
        method: Method,
        uri: &str,
        media_type: &str,
        body: impl Into<B>,
    ) -> Request<B> {
        let mut request = self.request(method, uri, body.into());
        let media_type = HeaderValue::try_from(media_type).expect("a media type");
        request.headers_mut().insert(CONTENT_TYPE, media_type);
        request
    }
}
