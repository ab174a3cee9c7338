//! A probe for contract tests (feature `testing`).

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

/// A service that panics when it is called without having been polled ready, on this very value.
///
/// A clone of a ready `Strict` is not ready, as with tower's own `ConcurrencyLimit`. It answers
/// 200 with the default body and hands on the request's extensions, so that a test can see what
/// the gates left.
#[derive(Debug, Default)]
pub struct Strict {
    ready: bool,
}

impl Strict {
    /// A service that has not been polled.
    pub const fn new() -> Self {
        Self { ready: false }
    }
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<B> Service<Request<B>> for Strict {
    type Response = Response<http_body_util::Full<bytes::Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        assert!(
            std::mem::take(&mut self.ready),
            "called a service that was not polled ready"
        );
        let mut response = Response::default();
        *response.extensions_mut() = request.into_parts().0.extensions;
        ready(Ok(response))
    }
}
