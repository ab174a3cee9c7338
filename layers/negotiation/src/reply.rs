use futures_core::Stream;
use gatefold_core::Exception;
use http::{HeaderValue, Response, header::CONTENT_TYPE};
use serde::Serialize;

use crate::{BlockingReply, Rendered, StreamReply, choice::Choice};

/// The form of a reply that nobody has chosen another for.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Data as a handler's answer: the client gets it in the form that it asked for.
///
/// On axum return it (feature `axum`), alone or as the last part of a tuple; on hyper call
/// [`respond`](Self::respond). The [`NegotiationLayer`](crate::NegotiationLayer) renders it on the
/// way out, and the value is dropped there. Without that layer it becomes JSON when the body is
/// first read. It costs two allocations: the value with its form, and its place in the response's
/// extensions.
///
/// A value whose `Serialize` fails is a 500 under the layer. Without it, the body breaks off.
///
/// ```
/// use gatefold_negotiation::Reply;
/// use http_body_util::BodyExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let response = Reply(["milk", "bread"]).respond();
/// assert_eq!(response.headers()["content-type"], "application/json");
/// let body = response.into_body().collect().await.unwrap().to_bytes();
/// assert_eq!(body, r#"["milk","bread"]"#);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reply<T>(pub T);

impl<T: Serialize + Send + 'static> Reply<T> {
    /// A response 200 with the data as its body. Its status and headers may be changed: a
    /// `Content-Type` of the handler's own stays.
    pub fn respond(self) -> Response<Rendered> {
        let choice = Choice::new(self.0);
        let mut response = Response::new(Rendered::chosen(choice.clone()));
        response.headers_mut().insert(CONTENT_TYPE, JSON);
        response.extensions_mut().insert(choice);
        response
    }
}

/// Data that takes its time.
impl<T: Serialize + Send + 'static> Reply<T> {
    /// Data that is large, to be rendered off the reactor: while a megabyte of JSON is written,
    /// the thread answers nobody else.
    ///
    /// ```
    /// # use gatefold_negotiation::{BlockingReply, Reply};
    /// async fn export() -> BlockingReply<Vec<u64>> {
    ///     Reply::blocking((0..1_000_000).collect())
    /// }
    /// # let _ = export;
    /// ```
    pub fn blocking(value: T) -> BlockingReply<T> {
        BlockingReply(value)
    }
}

/// Items that come one by one.
impl Reply<()> {
    /// Renders the items of a stream as they come, as an array of JSON, JSON lines or CSV.
    pub fn stream<S>(items: S) -> StreamReply<S::Item>
    where
        S: Stream<Item: Serialize> + Send + 'static,
    {
        StreamReply::new(items)
    }

    /// [`stream`](Self::stream) for items that may fail, as rows of a database do. A failure
    /// breaks the body off.
    pub fn try_stream<S, T, E>(items: S) -> StreamReply<T>
    where
        S: Stream<Item = Result<T, E>> + Send + 'static,
        T: Serialize + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        StreamReply::fallible(items)
    }
}

/// Data, or a refusal: what a handler with `?` returns on hyper.
impl<T: Serialize + Send + 'static> Reply<T> {
    /// The response of a handler that may have failed. The exceptions layer gives a failure its
    /// words.
    pub fn respond_or(outcome: Result<Self, Exception>) -> Response<Rendered> {
        match outcome {
            Ok(reply) => reply.respond(),
            Err(exception) => gatefold_core::refusal(exception, &http::Extensions::new()),
        }
    }
}

#[cfg(feature = "axum")]
impl<T: Serialize + Send + 'static> axum::response::IntoResponse for Reply<T> {
    fn into_response(self) -> axum::response::Response {
        self.respond().map(axum::body::Body::new)
    }
}
