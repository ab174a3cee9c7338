use std::task::{Context, Poll};

use gatefold_core::GateFuture;
use http::{Request, Response};
use tower_service::Service;

use crate::VersioningLayer;

/// The service that [`VersioningLayer`] makes.
#[derive(Clone, Debug)]
pub struct VersioningService<S> {
    inner: S,
    gate: VersioningLayer,
}

impl<S> VersioningService<S> {
    pub(crate) fn new(inner: S, gate: VersioningLayer) -> Self {
        Self { inner, gate }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for VersioningService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    ResBody: Default,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = GateFuture<VersioningLayer, S, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        GateFuture::enter(&self.gate, &mut self.inner, request)
    }
}
