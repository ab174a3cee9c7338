use std::{
    error::Error,
    fmt, mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use gatefold_core::{Data, RenderContext, Renderer};
use serde::Serialize;

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// A value between the handler that returned it and the client: not rendered yet, or rendered once
/// and for all.
///
/// The body holds it and the response's extensions do, so that negotiation can choose the form
/// without knowing the body's type. Whoever comes first renders, and the value is dropped.
#[derive(Clone)]
pub(crate) struct Choice(Arc<dyn Slot>);

/// How far a [`Choice`] has come.
#[derive(Debug)]
pub(crate) enum Progress {
    /// Nobody has chosen a form yet.
    Open,
    /// So many bytes are still to be read.
    Rendered(u64),
    /// Nothing more will come.
    Over,
}

impl Choice {
    pub(crate) fn new<T: Serialize + Send + 'static>(value: T) -> Self {
        Self(Arc::new(Held(Mutex::new(State::Pending(value)))))
    }

    /// Renders the value, unless it has been rendered or read before: then `None`. Otherwise says
    /// how long the body is.
    pub(crate) fn render(
        &self,
        renderer: &dyn Renderer,
        context: &RenderContext<'_>,
    ) -> Option<Result<usize, BoxError>> {
        self.0.settle(&mut |data| renderer.render(data, context))
    }

    /// Whether the body is gone: read to its end, or replaced by another on the way.
    pub(crate) fn has_lost_its_body(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// Drops the value, for an answer that has no body.
    pub(crate) fn discard(&self) {
        self.0.discard();
    }

    /// Hands out the bytes, once. A value that nobody has chosen a form for becomes JSON.
    pub(crate) fn take(&self) -> Option<Result<Bytes, BoxError>> {
        if let Some(Err(error)) = self.0.settle(&mut |data| Ok(data.to_json()?.into())) {
            return Some(Err(error));
        }
        self.0.take().map(Ok)
    }

    pub(crate) fn progress(&self) -> Progress {
        self.0.progress()
    }
}

impl fmt::Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Choice").field(&self.progress()).finish()
    }
}

type Render<'a> = &'a mut dyn FnMut(&Data<'_>) -> Result<Bytes, BoxError>;

trait Slot: Send + Sync {
    fn settle(&self, render: Render<'_>) -> Option<Result<usize, BoxError>>;
    fn discard(&self);
    fn take(&self) -> Option<Bytes>;
    fn progress(&self) -> Progress;
}

/// The value and its form share one allocation. A mutex makes `T: Send` suffice.
struct Held<T>(Mutex<State<T>>);

enum State<T> {
    Pending(T),
    Rendered(Bytes),
    Over,
}

impl<T> Held<T> {
    // Nothing is left half done under the lock, so a panic elsewhere does not matter.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replace(&self, state: State<T>) -> State<T> {
        mem::replace(&mut *self.lock(), state)
    }
}

impl<T: Serialize + Send> Slot for Held<T> {
    fn settle(&self, render: Render<'_>) -> Option<Result<usize, BoxError>> {
        let value = {
            let mut state = self.lock();
            match mem::replace(&mut *state, State::Over) {
                State::Pending(value) => value,
                other => {
                    *state = other;
                    return None;
                }
            }
        };
        let rendered = render(&Data::new(&value));
        drop(value);
        Some(rendered.map(|bytes| {
            let length = bytes.len();
            self.replace(State::Rendered(bytes));
            length
        }))
    }

    fn discard(&self) {
        // The value is dropped after the lock is.
        let state = self.replace(State::Over);
        drop(state);
    }

    fn take(&self) -> Option<Bytes> {
        match self.replace(State::Over) {
            State::Rendered(bytes) => Some(bytes),
            State::Pending(_) | State::Over => None,
        }
    }

    fn progress(&self) -> Progress {
        match &*self.lock() {
            State::Pending(_) => Progress::Open,
            State::Rendered(bytes) => Progress::Rendered(bytes.len() as u64),
            State::Over => Progress::Over,
        }
    }
}
