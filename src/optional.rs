use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

/// A layer that a policy may have or not, without a change of type.
#[derive(Clone, Debug)]
pub(crate) struct Optional<L>(pub(crate) Option<L>);

impl<L: Layer<S>, S> Layer<S> for Optional<L> {
    type Service = Either<L::Service, S>;

    fn layer(&self, inner: S) -> Self::Service {
        match &self.0 {
            Some(layer) => Either::With(layer.layer(inner)),
            None => Either::Without(inner),
        }
    }
}

/// A service behind a gate, or the same service without it.
#[derive(Clone, Debug)]
pub enum Either<A, B> {
    With(A),
    Without(B),
}

impl<A, B, R> Service<R> for Either<A, B>
where
    A: Service<R>,
    B: Service<R, Response = A::Response, Error = A::Error>,
{
    type Response = A::Response;
    type Error = A::Error;
    type Future = EitherFuture<A::Future, B::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), A::Error>> {
        match self {
            Self::With(service) => service.poll_ready(cx),
            Self::Without(service) => service.poll_ready(cx),
        }
    }

    fn call(&mut self, request: R) -> Self::Future {
        match self {
            Self::With(service) => EitherFuture::With {
                future: service.call(request),
            },
            Self::Without(service) => EitherFuture::Without {
                future: service.call(request),
            },
        }
    }
}

pin_project! {
    #[project = EitherProjection]
    #[derive(Debug)]
    pub enum EitherFuture<A, B> {
        With { #[pin] future: A },
        Without { #[pin] future: B },
    }
}

impl<A, B> Future for EitherFuture<A, B>
where
    A: Future,
    B: Future<Output = A::Output>,
{
    type Output = A::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<A::Output> {
        match self.project() {
            EitherProjection::With { future } => future.poll(cx),
            EitherProjection::Without { future } => future.poll(cx),
        }
    }
}
