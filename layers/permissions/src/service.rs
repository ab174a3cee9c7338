use std::task::{Context, Poll};

use gatefold_core::GateFuture;
use http::{Request, Response};
use tower_service::Service;

use crate::PermissionLayer;

/// Lets a request through only if a [`Permission`](crate::Permission) says so. Made by
/// [`PermissionLayer`].
#[derive(Clone, Debug)]
pub struct PermissionService<S> {
    inner: S,
    gate: PermissionLayer,
}

impl<S> PermissionService<S> {
    pub(crate) fn new(inner: S, gate: PermissionLayer) -> Self {
        Self { inner, gate }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for PermissionService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    ResBody: Default,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = GateFuture<PermissionLayer, S, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        GateFuture::enter(&self.gate, &mut self.inner, request)
    }
}
