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
        inside: Option<F>,
        head: RequestHead,
        shared: Arc<Shared>,
    }
}

impl<F> ExceptionFuture<F> {
    /// Nothing yet: [`enter`](Self::enter) or [`fail`](Self::fail) follows.
    #[inline]
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            inside: None,
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
        self.inside = Some(future);
    }

    #[cold]
    pub(crate) fn fail(&mut self, exception: Exception) {
        self.head.fail(exception);
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
            if let Some(future) = this.inside.as_mut().as_pin_mut() {
                match future.poll(cx) {
                    Poll::Pending => return false,
                    Poll::Ready(Ok(response)) => answer = Poll::Ready(Ok(response)),
                    Poll::Ready(Err(error)) => failure = Some(error),
                }
                // The future is dropped here and not with `self`, whose drop nobody catches.
                this.inside.set(None);
            }
            true
        });
        match (&caught, &answer) {
            (Ok(false), _) => {}
            (Ok(true), Poll::Ready(Ok(response))) if is_plain_success(response) => {}
            _ => {
                let panicked = caught.err();
                if panicked.is_some() {
                    let dropped = catch(|| this.inside.set(None));
                    drop(dropped);
                }
                // Of several failures the first: the error before the panic of what it left behind.
                let failure = failure.map(|error| said_by(error, this.shared));
                let exception = failure.or(panicked).or_else(|| this.head.take_failure());
                settle(&mut answer, exception, this.head, this.shared, cx);
            }
        }
        answer
    }
}

/// A success with nothing left in it that had to be looked at.
fn is_plain_success<B>(response: &Response<B>) -> bool {
    response.status().as_u16() < 400 && response.extensions().is_empty()
}

/// Finds the failure in the answer, if there is none beside it, and puts it into words.
#[inline(never)]
fn settle<B: ReplyBody + Body>(
    answer: &mut Poll<Result<Response<B>, Infallible>>,
    exception: Option<Exception>,
    head: &mut RequestHead,
    shared: &Shared,
    cx: &mut Context<'_>,
) {
    let exception = match (exception, &mut *answer) {
        (None, Poll::Pending) => panic!("polled after completion"),
        (None, Poll::Ready(Err(never))) => match *never {},
        (None, Poll::Ready(Ok(response))) => match find(response, head, cx) {
            Some(exception) => exception,
            None => return,
        },
        (Some(exception), _) => {
            let before = std::mem::replace(answer, Poll::Ready(Ok(Response::default())));
            let dropped = catch(|| drop(before));
            drop(dropped);
            exception
        }
    };
    if let Poll::Ready(Ok(response)) = answer {
        word(exception, response, head, shared);
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
