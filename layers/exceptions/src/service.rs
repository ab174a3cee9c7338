use std::{
    convert::Infallible,
    error::Error,
    fmt,
    sync::Arc,
    task::{Context, Poll, ready},
};

use gatefold_core::{Exception, ReplyBody};
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use crate::{ExceptionFuture, failure::exception_of, layer::Shared, panic::catch};

/// Words the failures of `S`; made by [`ExceptionLayer`](crate::ExceptionLayer).
///
/// It is ready when `S` is, and also when `S` says that it has failed: then the next call is
/// answered with that failure, and `S` is not called.
pub struct ExceptionService<S> {
    inner: S,
    shared: Arc<Shared>,
    failed: Option<Exception>,
}

impl<S> ExceptionService<S> {
    pub(crate) fn new(inner: S, shared: Arc<Shared>) -> Self {
        Self {
            inner,
            shared,
            failed: None,
        }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for ExceptionService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    ResBody: ReplyBody + Body,
{
    type Response = Response<ResBody>;
    type Error = Infallible;
    type Future = ExceptionFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if self.failed.is_none() {
            let inner = &mut self.inner;
            let maps = &self.shared.maps;
            let polled = catch(|| {
                let polled = inner.poll_ready(cx);
                polled.map_err(|error| exception_of(error.into(), maps))
            });
            self.failed = match polled {
                Ok(polled) => ready!(polled).err(),
                Err(panicked) => Some(panicked),
            };
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let mut future = ExceptionFuture::new(Arc::clone(&self.shared));
        future.read(&request);
        match self.failed.take() {
            Some(exception) => future.fail(exception),
            None => {
                let inner = &mut self.inner;
                let place = &mut future;
                let called = catch(|| place.enter(inner.call(request)));
                if let Err(panicked) = called {
                    future.fail(panicked);
                }
            }
        }
        future
    }
}

/// The clone has the same handler. A failure that waits for its call stays with the original.
impl<S: Clone> Clone for ExceptionService<S> {
    fn clone(&self) -> Self {
        Self::new(S::clone(&self.inner), Arc::clone(&self.shared))
    }
}

impl<S: fmt::Debug> fmt::Debug for ExceptionService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExceptionService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
