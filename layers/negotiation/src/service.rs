use std::{
    fmt,
    task::{Context, Poll},
};

use gatefold_core::GateFuture;
use http::{Request, Response};
use tower_service::Service;

use crate::gate::NegotiationGate;

/// The service of a [`NegotiationLayer`](crate::NegotiationLayer).
#[derive(Clone)]
pub struct NegotiationService<S> {
    inner: S,
    gate: NegotiationGate,
}

impl<S> NegotiationService<S> {
    pub(crate) fn new(inner: S, gate: NegotiationGate) -> Self {
        Self { inner, gate }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for NegotiationService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    ResBody: Default,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = GateFuture<NegotiationGate, S, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        GateFuture::enter(&self.gate, &mut self.inner, request)
    }
}

impl<S: fmt::Debug> fmt::Debug for NegotiationService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NegotiationService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
