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
use http::Response;
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
    pub(crate) fn inside(future: F, head: RequestHead, shared: Arc<Shared>) -> Self {
        Self {
            state: State::Inside { future },
            head,
            shared,
        }
    }

    pub(crate) fn failed(exception: Exception, head: RequestHead, shared: Arc<Shared>) -> Self {
        Self {
            state: State::Failed {
                exception: Some(exception),
            },
            head,
            shared,
        }
    }
}

impl<F, ResBody, E> Future for ExceptionFuture<F>
where
    F: Future<Output = Result<Response<ResBody>, E>>,
    E: Into<Box<dyn Error + Send + Sync>>,
    ResBody: ReplyBody + Body,
{
    type Output = Result<Response<ResBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let maps = &this.shared.maps;
        let outcome = match this.state.as_mut().project() {
            StateProj::Inside { future } => {
                let polled = catch(|| {
                    let polled = future.poll(cx);
                    polled.map_err(|error| exception_of(error.into(), maps))
                });
                let outcome = match polled {
                    Ok(Poll::Pending) => return Poll::Pending,
                    Ok(Poll::Ready(outcome)) => outcome,
                    Err(panicked) => Err(panicked),
                };
                // The future is dropped here and not with `self`, whose drop nobody catches.
                match catch(|| this.state.set(State::Done)) {
                    Ok(()) => outcome,
                    Err(panicked) => abandon(outcome, panicked),
                }
            }
            StateProj::Failed { exception } => {
                Err(exception.take().expect("polled after completion"))
            }
            StateProj::Done => panic!("polled after completion"),
        };
        Poll::Ready(Ok(match outcome {
            Ok(mut response) => match find(&mut response, this.head, cx) {
                Some(exception) => word(exception, Some(response), this.head, this.shared),
                None => response,
            },
            Err(exception) => word(exception, None, this.head, this.shared),
        }))
    }
}

/// The first failure is the one to tell of.
#[cold]
fn abandon<R>(outcome: Result<R, Exception>, panicked: Exception) -> Result<R, Exception> {
    match outcome {
        Ok(response) => {
            let _ = catch(|| drop(response));
            Err(panicked)
        }
        Err(exception) => Err(exception),
    }
}

impl<F> fmt::Debug for ExceptionFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExceptionFuture").finish_non_exhaustive()
    }
}
