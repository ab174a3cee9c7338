use std::{
    convert::Infallible,
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use gatefold_core::{Exception, ReplyBody};
use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;

use crate::{
    RequestHead, failure::exception_of, found::find, layer::Shared, panic::catch, wording::word,
};

pin_project! {
    /// A request inside the service, or one that has failed already. It boxes nothing.
    pub struct ExceptionFuture<F> {
        #[pin]
        state: State<F>,
        head: RequestHead,
        shared: Arc<Shared>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F> {
        Inside { #[pin] future: F },
        Failed { exception: Option<Exception> },
        Done,
    }
}

impl<F> ExceptionFuture<F> {
    /// Nothing yet: [`enter`](Self::enter) or [`fail`](Self::fail) follows.
    #[inline]
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            state: State::Done,
            head: RequestHead::unread(),
            shared,
        }
    }

    #[inline]
    pub(crate) fn read<B>(&mut self, request: &Request<B>) {
        self.head.read(request, &self.shared);
    }

    #[inline]
    pub(crate) fn enter(&mut self, future: F) {
        self.state = State::Inside { future };
    }

    #[cold]
    pub(crate) fn fail(&mut self, exception: Exception) {
        self.state = State::Failed {
            exception: Some(exception),
        };
    }
}

impl<F, ResBody, E> Future for ExceptionFuture<F>
where
    F: Future<Output = Result<Response<ResBody>, E>>,
    E: Into<Box<dyn Error + Send + Sync>>,
    ResBody: ReplyBody + Body,
{
    type Output = Result<Response<ResBody>, Infallible>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let mut outcome = None;
        let caught = catch(|| {
            if let StateProj::Inside { future } = this.state.as_mut().project()
                && let Poll::Ready(ready) = future.poll(cx)
            {
                outcome = Some(ready);
                // The future is dropped here and not with `self`, whose drop nobody catches.
                this.state.set(State::Done);
            }
        });
        match outcome {
            Some(Ok(response)) if caught.is_ok() && is_plain_success(&response) => {
                Poll::Ready(Ok(response))
            }
            None if caught.is_ok() => match this.state.project() {
                StateProj::Inside { .. } => Poll::Pending,
                StateProj::Failed { exception } => {
                    let exception = exception.take().expect("polled after completion");
                    Poll::Ready(Ok(word(exception, None, this.head, this.shared)))
                }
                StateProj::Done => panic!("polled after completion"),
            },
            outcome => {
                let caught = caught.inspect_err(|_| {
                    let dropped = catch(|| this.state.set(State::Done));
                    drop(dropped);
                });
                Poll::Ready(Ok(match (caught, outcome) {
                    (Ok(()), Some(outcome)) => ended(outcome, this.head, this.shared, cx),
                    (Err(panicked), outcome) => abandon(panicked, outcome, this.head, this.shared),
                    (Ok(()), None) => unreachable!("a case of its own"),
                }))
            }
        }
    }
}

/// A success with nothing left in it that had to be looked at.
fn is_plain_success<B>(response: &Response<B>) -> bool {
    response.status().as_u16() < 400 && response.extensions().is_empty()
}

#[inline(never)]
fn ended<B, E>(
    outcome: Result<Response<B>, E>,
    head: &mut RequestHead,
    shared: &Shared,
    cx: &mut Context<'_>,
) -> Response<B>
where
    B: ReplyBody + Body,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    match outcome {
        Ok(mut response) => match find(&mut response, head, cx) {
            Some(exception) => word(exception, Some(response), head, shared),
            None => response,
        },
        Err(error) => word(said_by(error, shared), None, head, shared),
    }
}

/// The first failure is the one to tell of: the service's error, and else the panic.
#[cold]
fn abandon<B, E>(
    panicked: Exception,
    outcome: Option<Result<Response<B>, E>>,
    head: &mut RequestHead,
    shared: &Shared,
) -> Response<B>
where
    B: ReplyBody,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    let exception = match outcome {
        Some(Err(error)) => said_by(error, shared),
        Some(Ok(response)) => {
            let dropped = catch(|| drop(response));
            drop(dropped);
            panicked
        }
        None => panicked,
    };
    word(exception, None, head, shared)
}

/// Maps are the user's, and so are the error's conversions: they may panic.
#[cold]
fn said_by<E>(error: E, shared: &Shared) -> Exception
where
    E: Into<Box<dyn Error + Send + Sync>>,
{
    catch(|| exception_of(error.into(), &shared.maps)).unwrap_or_else(|panicked| panicked)
}

impl<F> fmt::Debug for ExceptionFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExceptionFuture").finish_non_exhaustive()
    }
}
