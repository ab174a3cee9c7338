use bytes::Bytes;
use http_body_util::{
    BodyExt, Full,
    combinators::{BoxBody, UnsyncBoxBody},
};

/// A response body that can hold a few words.
///
/// The exceptions layer puts a refusal's words into it. axum's and tonic's bodies have it with the
/// features `axum` and `tonic`. A body without it (a proxy's `Incoming`) is wrapped at the
/// service: `map_response(|r| r.map(Wrapped::from))`, see [`Wrapped`](crate::Wrapped).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold the words of a refusal",
    note = "wrap the body at the service: `map_response(|response| response.map(Wrapped::from))`",
    note = "axum's and tonic's bodies need the feature `axum` or `tonic`"
)]
pub trait ReplyBody: Default {
    /// A body of these bytes.
    fn from_words(words: Bytes) -> Self;
}

impl ReplyBody for Full<Bytes> {
    fn from_words(words: Bytes) -> Self {
        Self::new(words)
    }
}

impl<E: 'static> ReplyBody for BoxBody<Bytes, E> {
    fn from_words(words: Bytes) -> Self {
        Full::new(words).map_err(|never| match never {}).boxed()
    }
}

impl<E: 'static> ReplyBody for UnsyncBoxBody<Bytes, E> {
    fn from_words(words: Bytes) -> Self {
        Full::new(words)
            .map_err(|never| match never {})
            .boxed_unsync()
    }
}

impl ReplyBody for String {
    fn from_words(words: Bytes) -> Self {
        Self::from_utf8_lossy(&words).into_owned()
    }
}

#[cfg(feature = "axum")]
impl ReplyBody for axum::body::Body {
    fn from_words(words: Bytes) -> Self {
        Self::from(words)
    }
}

#[cfg(feature = "tonic")]
impl ReplyBody for tonic::body::Body {
    fn from_words(words: Bytes) -> Self {
        Self::new(Full::new(words))
    }
}
