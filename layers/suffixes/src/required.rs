use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use gatefold_core::{Exception, Format, Gate, GateFuture, Step};
use http::{Request, Response, request::Parts};
use tower_layer::Layer;
use tower_service::Service;

/// Refuses with 404 each request whose path had no format suffix.
///
/// For routes that exist with a suffix only (`suffix_required` in Django REST Framework). It stands
/// at the route, inside the router, while [`SuffixLayer`](crate::SuffixLayer) wraps the router.
///
/// ```
/// use axum::{Router, body::Body, http::Request, routing::get};
/// use gatefold_suffixes::{SuffixLayer, SuffixRequiredLayer};
/// use tower::{Layer, ServiceExt};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let export = get(|| async { "rows" }).layer(SuffixRequiredLayer::new());
/// let app = SuffixLayer::new(["csv"])?.layer(Router::new().route("/export", export));
///
/// let with = app.clone().oneshot(Request::get("/export.csv").body(Body::empty())?).await?;
/// assert_eq!(with.status(), 200);
/// let without = app.oneshot(Request::get("/export").body(Body::empty())?).await?;
/// assert_eq!(without.status(), 404);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct SuffixRequiredLayer {}

impl SuffixRequiredLayer {
    /// Wants a suffix, whichever.
    pub const fn new() -> Self {
        Self {}
    }
}

impl<S> Layer<S> for SuffixRequiredLayer {
    type Service = SuffixRequiredService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        SuffixRequiredService { inner, gate: *self }
    }
}

/// The service that [`SuffixRequiredLayer`] makes.
#[derive(Clone, Debug)]
pub struct SuffixRequiredService<S> {
    inner: S,
    gate: SuffixRequiredLayer,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for SuffixRequiredService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    ResBody: Default,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = GateFuture<SuffixRequiredLayer, S, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        GateFuture::enter(&self.gate, &mut self.inner, request)
    }
}

impl Gate for SuffixRequiredLayer {
    type Memo = ();
    type Answer = Infallible;

    fn ask(&self, head: &mut Parts) -> Step<(), Infallible> {
        match Format::of(&head.extensions) {
            Some(_) => Step::Pass(()),
            None => Step::Refuse(Exception::not_found()),
        }
    }

    fn answered(&self, answer: Infallible, _: &mut Parts) -> Step<(), Infallible> {
        match answer {}
    }
}
