use std::{
    fmt,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::Stream;
use gatefold_core::{Data, ItemWriter};
use http::{HeaderValue, Response};
use serde::Serialize;

use crate::{
    Rendered,
    choice::BoxError,
    deferred::{Defer, Deferred, Form},
    json_lines_renderer::Array,
};

/// From here on what has been written is sent, even if more items are ready.
const FRAME: usize = 16 * 1024;

/// A reply whose items are rendered one by one: what [`Reply::stream`](crate::Reply::stream) makes.
///
/// It becomes an array of JSON, JSON lines or CSV, as was accepted, and never holds more than a
/// few items: those that are ready are sent together, and none is waited for. A form that needs
/// all items first (HTML, XML) is not streamed; then the answer is JSON, and its type says so.
///
/// When the client goes, the body is dropped and the stream with it. An item that fails breaks the
/// body off: its head was sent long before.
#[must_use]
pub struct StreamReply<T>(Box<dyn Items<T>>);

impl<T: Serialize + 'static> StreamReply<T> {
    pub(crate) fn new<S>(items: S) -> Self
    where
        S: Stream<Item = T> + Send + 'static,
    {
        Self(Box::new(Sound(Box::pin(items))))
    }

    pub(crate) fn fallible<S, E>(items: S) -> Self
    where
        S: Stream<Item = Result<T, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        Self(Box::new(Fallible(Box::pin(items))))
    }

    /// A response 200 with the items as its body.
    pub fn respond(self) -> Response<Rendered> {
        let streamed = Streamed(Mutex::new(State {
            items: Some(self.0),
            writer: None,
        }));
        Rendered::put_off(Deferred::new(streamed))
    }
}

#[cfg(feature = "axum")]
impl<T: Serialize + 'static> axum::response::IntoResponse for StreamReply<T> {
    fn into_response(self) -> axum::response::Response {
        self.respond().map(axum::body::Body::new)
    }
}

impl<T> fmt::Debug for StreamReply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StreamReply").finish_non_exhaustive()
    }
}

trait Items<T>: Send {
    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, BoxError>>>;
}

struct Sound<S>(Pin<Box<S>>);

impl<S: Stream + Send> Items<S::Item> for Sound<S> {
    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<S::Item, BoxError>>> {
        self.0.as_mut().poll_next(cx).map(|item| item.map(Ok))
    }
}

struct Fallible<S>(Pin<Box<S>>);

impl<S, T, E> Items<T> for Fallible<S>
where
    S: Stream<Item = Result<T, E>> + Send,
    E: Into<BoxError>,
{
    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, BoxError>>> {
        let item = self.0.as_mut().poll_next(cx);
        item.map(|item| item.map(|item| item.map_err(Into::into)))
    }
}

struct Streamed<T>(Mutex<State<T>>);

struct State<T> {
    /// `None`: over.
    items: Option<Box<dyn Items<T>>>,
    /// `None`: not chosen, and nothing read yet.
    writer: Option<Box<dyn ItemWriter>>,
}

impl<T> Streamed<T> {
    // What a panic leaves half done is the writer, and then the body is never read on.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Serialize> Defer for Streamed<T> {
    fn choose(&self, form: Form) -> Option<HeaderValue> {
        let mut state = self.lock();
        if state.writer.is_some() {
            return None;
        }
        let renderer = form.asked.accepted.renderer();
        let writer = renderer.items()?;
        state.writer = Some(writer);
        Some(renderer.content_type())
    }

    fn discard(&self) {
        let items = self.lock().items.take();
        drop(items);
    }

    fn poll_bytes(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        let mut state = self.lock();
        let State { items, writer } = &mut *state;
        let Some(source) = items else {
            return Poll::Ready(None);
        };
        let writer = writer.get_or_insert_with(|| Box::new(Array::default()));
        let mut bytes = Vec::new();
        loop {
            let written = match source.poll_item(cx) {
                Poll::Pending if bytes.is_empty() => return Poll::Pending,
                Poll::Pending => return Poll::Ready(Some(Ok(bytes.into()))),
                Poll::Ready(Some(Ok(item))) => writer.item(&Data::new(&item), &mut bytes),
                Poll::Ready(Some(Err(error))) => Err(error),
                Poll::Ready(None) => {
                    writer.end(&mut bytes);
                    *items = None;
                    let last = (!bytes.is_empty()).then(|| Ok(bytes.into()));
                    return Poll::Ready(last);
                }
            };
            if let Err(error) = written {
                *items = None;
                return Poll::Ready(Some(Err(error)));
            }
            if bytes.len() >= FRAME {
                return Poll::Ready(Some(Ok(bytes.into())));
            }
        }
    }

    fn is_over(&self) -> bool {
        self.lock().items.is_none()
    }
}
