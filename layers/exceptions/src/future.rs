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
        // Written in place: each way of passing an answer by value copies it.
        let mut answer = Poll::Pending;
        let mut failure = None;
        let caught = catch(|| {
            if let StateProj::Inside { future } = this.state.as_mut().project() {
                match future.poll(cx) {
                    Poll::Pending => return false,
                    Poll::Ready(Ok(response)) => answer = Poll::Ready(Ok(response)),
                    Poll::Ready(Err(error)) => failure = Some(error),
                }
                // The future is dropped here and not with `self`, whose drop nobody catches.
                this.state.set(State::Done);
            }
            true
        });
        match (&caught, &answer) {
            (Ok(false), _) => {}
            (Ok(true), Poll::Ready(Ok(response))) if is_plain_success(response) => {}
            _ => {
                let failure = failure.map(|error| said_by(error, this.shared));
                let outcome = this.state.end(caught.err(), failure, answer);
                answer = Poll::Ready(Ok(worded(outcome, this.head, this.shared, cx)));
            }
        }
        answer
    }
}

/// A success with nothing left in it that had to be looked at.
fn is_plain_success<B>(response: &Response<B>) -> bool {
    response.status().as_u16() < 400 && response.extensions().is_empty()
}

impl<F> State<F> {
    /// The first failure is the one to tell of: the service's error, and else the panic.
    #[inline(never)]
    fn end<B>(
        mut self: Pin<&mut Self>,
        panicked: Option<Exception>,
        failure: Option<Exception>,
        answer: Poll<Result<Response<B>, Infallible>>,
    ) -> Result<Response<B>, Exception> {
        let before = match self.as_mut().project() {
            StateProj::Failed { exception } => exception.take(),
            StateProj::Inside { .. } | StateProj::Done => None,
        };
        if panicked.is_some() {
            let dropped = catch(|| self.set(Self::Done));
            drop(dropped);
        }
        match (failure.or(panicked).or(before), answer) {
            (None, Poll::Ready(Ok(response))) => Ok(response),
            (None, Poll::Pending) => panic!("polled after completion"),
            (Some(exception), answer) => {
                let dropped = catch(|| drop(answer));
                drop(dropped);
                Err(exception)
            }
        }
    }
}

#[inline(never)]
fn worded<B: ReplyBody + Body>(
    outcome: Result<Response<B>, Exception>,
    head: &mut RequestHead,
    shared: &Shared,
    cx: &mut Context<'_>,
) -> Response<B> {
    match outcome {
        Ok(mut response) => match find(&mut response, head, cx) {
            Some(exception) => word(exception, Some(response), head, shared),
            None => response,
        },
        Err(exception) => word(exception, None, head, shared),
    }
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
