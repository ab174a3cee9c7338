use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use gatefold_core::RenderContext;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::{asked::Asked, choice::BoxError};

/// Data whose form is chosen before the head is sent, and that is rendered while the body is read.
///
/// As with a [`Choice`](crate::choice::Choice), the body and the response's extensions share it.
#[derive(Clone)]
pub(crate) struct Deferred(Arc<dyn Defer>);

/// What a deferred body does.
pub(crate) trait Defer: Send + Sync {
    /// Takes the form, and says what type the body will have. `None` once somebody reads it.
    fn choose(&self, form: Form) -> Option<HeaderValue>;

    /// Drops the data, for an answer that has no body.
    fn discard(&self);

    /// The next bytes.
    fn poll_bytes(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>>;

    /// Whether nothing more will come.
    fn is_over(&self) -> bool;
}

impl Deferred {
    pub(crate) fn new(deferred: impl Defer + 'static) -> Self {
        Self(Arc::new(deferred))
    }

    pub(crate) fn choose(&self, form: Form) -> Option<HeaderValue> {
        self.0.choose(form)
    }

    pub(crate) fn discard(&self) {
        self.0.discard();
    }

    pub(crate) fn poll_bytes(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        self.0.poll_bytes(cx)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.0.is_over()
    }
}

impl fmt::Debug for Deferred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Deferred").finish_non_exhaustive()
    }
}

/// The chosen form, and what its renderer is told.
#[derive(Debug)]
pub(crate) struct Form {
    pub(crate) asked: Asked,
    status: StatusCode,
    headers: HeaderMap,
}

impl Form {
    pub(crate) fn new(asked: Asked, status: StatusCode, headers: HeaderMap) -> Self {
        Self {
            asked,
            status,
            headers,
        }
    }

    pub(crate) fn context(&self) -> RenderContext<'_> {
        self.asked.context(self.status, &self.headers)
    }
}
