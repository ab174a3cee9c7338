use std::{
    any::Any,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use gatefold_core::{Decision, Exception, Pending, Route, original_uri};
use http::{HeaderMap, Response, StatusCode, request::Parts};

use crate::{Permission, Verdict, operators::both, permission::Described};

/// A permission that a request has passed, and those further out: what lies in [`Pending`].
pub(crate) struct Passed {
    permission: Arc<dyn Permission>,
    outer: Option<Pending>,
    question: Option<Question>,
    #[cfg(feature = "tonic")]
    called: Option<http::Uri>,
}

/// An answer that was open, until the handler asks.
struct Question {
    // Method and route, for the log line.
    place: String,
    settled: AtomicBool,
}

impl Passed {
    /// The permission allowed the request.
    pub(crate) fn allowed(permission: Arc<dyn Permission>) -> Self {
        Self {
            permission,
            outer: None,
            question: None,
            #[cfg(feature = "tonic")]
            called: None,
        }
    }

    /// The permission left the answer open.
    pub(crate) fn open(permission: Arc<dyn Permission>, head: &Parts) -> Self {
        // A path without its query: queries carry secrets more often.
        let route = Route::find(head).unwrap_or_else(|| original_uri(head).path());
        Self {
            question: Some(Question {
                place: format!("{} {route}", head.method),
                settled: AtomicBool::new(false),
            }),
            ..Self::allowed(permission)
        }
    }

    pub(crate) fn is_question(&self) -> bool {
        self.question.is_some()
    }

    /// The permission, further in than `outer`.
    pub(crate) fn within(self, outer: Option<Pending>) -> Self {
        Self { outer, ..self }
    }

    /// Keeps what was called, for a server whose handlers are given no path.
    #[cfg(feature = "tonic")]
    pub(crate) fn at(self, called: Option<http::Uri>) -> Self {
        Self { called, ..self }
    }

    /// What was called, on gRPC.
    #[cfg(feature = "tonic")]
    pub(crate) fn called(&self) -> Option<&http::Uri> {
        self.called.as_ref()
    }

    /// Asks all the permissions about `object`, the outermost first.
    pub(crate) fn ask(&self, head: &Parts, object: &dyn Any) -> Decision<Verdict> {
        let own = || self.permission.has_object_permission(head, object);
        match self.outer() {
            Some(outer) => both(outer.ask(head, object), own),
            None => own(),
        }
    }

    /// The handler has asked, or has said that there is nothing to ask.
    pub(crate) fn settle(&self) {
        if let Some(question) = &self.question {
            question.settled.store(true, Ordering::Release);
        }
        if let Some(outer) = self.outer() {
            outer.settle();
        }
    }

    /// What the answer becomes, if it is a success and nobody asked.
    pub(crate) fn mistake<B>(&self, response: &Response<B>) -> Option<Exception> {
        let question = self.question.as_ref()?;
        if question.settled.load(Ordering::Acquire) || !is_success(response) {
            return None;
        }
        let place = &question.place;
        let rule = Described(&*self.permission);
        Some(Exception::internal(format!(
            "{place} answered {} while {rule} was open: the handler has to call \
             `guard.object(&object).await?` or `guard.no_object()`",
            response.status().as_u16()
        )))
    }

    fn outer(&self) -> Option<&Self> {
        self.outer.as_ref()?.get()
    }
}

impl fmt::Debug for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(outer) = self.outer() {
            write!(f, "{outer:?}, ")?;
        }
        self.permission.describe(f)
    }
}

fn is_success<B>(response: &Response<B>) -> bool {
    let status = response.status();
    status < StatusCode::BAD_REQUEST && !is_grpc_error(response.headers())
}

/// A gRPC error that comes with the headers has HTTP status 200. One in the trailers is not seen.
fn is_grpc_error(headers: &HeaderMap) -> bool {
    headers
        .get("grpc-status")
        .is_some_and(|status| status.as_bytes() != b"0")
}
