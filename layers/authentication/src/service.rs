use std::task::{Context, Poll};

use gatefold_core::GateFuture;
use http::{Request, Response};
use tower_service::Service;

use crate::chain::Chain;

/// The service that [`AuthenticationLayer`](crate::AuthenticationLayer) makes: finds out who sends
/// a request before `S` sees it.
#[derive(Clone, Debug)]
pub struct AuthenticationService<S> {
    inner: S,
    chain: Chain,
}

impl<S> AuthenticationService<S> {
    pub(crate) fn new(inner: S, chain: Chain) -> Self {
        Self { inner, chain }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for AuthenticationService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    ResBody: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = GateFuture<Chain, S, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        GateFuture::enter(&self.chain, &mut self.inner, request)
    }
}
