use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    thread,
};

use bytes::Bytes;
use gatefold_core::Data;
use http::{HeaderValue, Response};
use serde::Serialize;

use crate::{
    Rendered,
    choice::BoxError,
    deferred::{Defer, Deferred, Form},
};

/// A reply that is rendered off the reactor: what [`Reply::blocking`](crate::Reply::blocking)
/// makes.
///
/// Rendering begins when the body is first read, on a thread of its own, or with the feature
/// `tokio` on the runtime's threads for blocking work. The head is sent before, so a value whose
/// `Serialize` fails breaks the body off. When the client goes before that, nothing is rendered.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct BlockingReply<T>(pub(crate) T);

impl<T: Serialize + Send + 'static> BlockingReply<T> {
    /// A response 200 with the data as its body.
    pub fn respond(self) -> Response<Rendered> {
        Rendered::put_off(Deferred::new(Blocking(Mutex::new(State::Pending(
            self.0, None,
        )))))
    }
}

#[cfg(feature = "axum")]
impl<T: Serialize + Send + 'static> axum::response::IntoResponse for BlockingReply<T> {
    fn into_response(self) -> axum::response::Response {
        self.respond().map(axum::body::Body::new)
    }
}

struct Blocking<T>(Mutex<State<T>>);

enum State<T> {
    Pending(T, Option<Form>),
    Rendering(Arc<Mutex<Outcome>>),
    Over,
}

/// What the other thread leaves, and whom it wakes.
#[derive(Default)]
struct Outcome {
    rendered: Option<Result<Bytes, BoxError>>,
    waker: Option<Waker>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing is left half done under a lock, so a panic elsewhere does not matter.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T: Serialize + Send + 'static> Defer for Blocking<T> {
    fn choose(&self, chosen: Form) -> Option<HeaderValue> {
        match &mut *lock(&self.0) {
            State::Pending(_, form) => {
                let content_type = chosen.asked.accepted.renderer().content_type();
                *form = Some(chosen);
                Some(content_type)
            }
            State::Rendering(_) | State::Over => None,
        }
    }

    fn discard(&self) {
        let state = mem::replace(&mut *lock(&self.0), State::Over);
        drop(state);
    }

    fn poll_bytes(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        let mut state = lock(&self.0);
        let outcome = match mem::replace(&mut *state, State::Over) {
            State::Pending(value, form) => {
                let outcome = Arc::new(Mutex::new(Outcome::default()));
                let promise = Promise(Arc::clone(&outcome));
                run(move || promise.keep(render(&value, form.as_ref())));
                outcome
            }
            State::Rendering(outcome) => outcome,
            State::Over => return Poll::Ready(None),
        };
        let mut place = lock(&outcome);
        if let Some(rendered) = place.rendered.take() {
            return Poll::Ready(Some(rendered));
        }
        place.waker = Some(cx.waker().clone());
        drop(place);
        *state = State::Rendering(outcome);
        Poll::Pending
    }

    fn is_over(&self) -> bool {
        matches!(*lock(&self.0), State::Over)
    }
}

fn render<T: Serialize>(value: &T, form: Option<&Form>) -> Result<Bytes, BoxError> {
    let data = Data::new(value);
    match form {
        Some(form) => form
            .asked
            .accepted
            .renderer()
            .render(&data, &form.context()),
        None => Ok(data.to_json()?.into()),
    }
}

/// Leaves something for the body, an error at least: also when rendering panics, or the work is
/// never begun.
struct Promise(Arc<Mutex<Outcome>>);

impl Promise {
    fn keep(self, rendered: Result<Bytes, BoxError>) {
        lock(&self.0).rendered = Some(rendered);
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        let mut place = lock(&self.0);
        if place.rendered.is_none() {
            place.rendered = Some(Err("the reply was not rendered to its end".into()));
        }
        let waker = place.waker.take();
        drop(place);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

fn run(work: impl FnOnce() + Send + 'static) {
    #[cfg(feature = "tokio")]
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn_blocking(work);
        return;
    }
    // Where there is no thread to be had, the promise is dropped with the work.
    let _ = thread::Builder::new().name("reply".into()).spawn(work);
}
