use std::{future::Future, sync::Arc};

use gatefold_core::{Exception, Later};

/// Fetches a JWK Set (RFC 7517, section 5) from where it is published.
///
/// `HttpFetcher` does it over HTTP (feature `jwks-http`). A closure that returns a future of the
/// set's text is one too. It has to come to an end: after a minute it is no longer waited for.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not fetch JWK Sets",
    label = "not a `JwksFetcher`",
    note = "a closure `|| async {{ .. }}` does, if it returns `Result<String, Exception>`"
)]
pub trait JwksFetcher: Send + Sync + 'static {
    /// Fetches the set, as it was sent.
    fn fetch(&self) -> Later<Result<String, Exception>>;
}

impl<F, R> JwksFetcher for F
where
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = Result<String, Exception>> + Send + 'static,
{
    fn fetch(&self) -> Later<Result<String, Exception>> {
        Box::pin(self())
    }
}

impl<T: JwksFetcher + ?Sized> JwksFetcher for Arc<T> {
    fn fetch(&self) -> Later<Result<String, Exception>> {
        (**self).fetch()
    }
}
