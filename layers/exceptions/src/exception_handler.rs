use std::sync::Arc;

use gatefold_core::Exception;

use crate::{Answer, RequestHead};

/// Decides what is said about a failure.
///
/// It is asked once about each failure, on the way out, and only if something failed. It may
/// change the exception (its status, words, headers) or replace the answer. It sees private
/// sources; what it puts into the answer leaves the service. If it panics the answer is a plain
/// 500.
///
/// A closure `Fn(Exception, &RequestHead) -> Exception` (or `-> Answer`) is one, with both
/// arguments' types written out. An exception that is returned is worded by
/// [`Detail`](crate::Detail).
///
/// ```
/// use gatefold_core::Exception;
/// use gatefold_exceptions::{Answer, ExceptionLayer, RequestHead};
/// use http::StatusCode;
///
/// // Django REST Framework's status for data that is not valid.
/// let layer = ExceptionLayer::new(|exception: Exception, _: &RequestHead| {
///     match exception.status() {
///         StatusCode::UNPROCESSABLE_ENTITY => exception.with_status(StatusCode::BAD_REQUEST),
///         _ => exception,
///     }
/// });
///
/// // Data of one's own, in the form that the caller accepts.
/// let layer = ExceptionLayer::new(|exception: Exception, _: &RequestHead| {
///     let data = [("error", exception.code().to_owned())];
///     Answer::data(exception, data)
/// });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no exception handler",
    label = "cannot word a failure",
    note = "use `Detail::new()`, `Problem::new()`, or a closure with its types written out: `|exception: Exception, head: &RequestHead| ..`",
    note = "a closure returns an `Exception` or an `Answer`, at once: it cannot wait"
)]
pub trait ExceptionHandler: Send + Sync + 'static {
    /// Says what is answered for `exception`.
    fn handle(&self, exception: Exception, head: &RequestHead) -> Answer;

    /// Whether it reads the URI and the language of the request. They are kept on the way in, for
    /// each request: one allocation, and two or three reference counts.
    fn wants_head(&self) -> bool {
        true
    }
}

impl<F, R> ExceptionHandler for F
where
    F: Fn(Exception, &RequestHead) -> R + Send + Sync + 'static,
    R: Into<Answer>,
{
    fn handle(&self, exception: Exception, head: &RequestHead) -> Answer {
        self(exception, head).into()
    }
}

impl<T: ExceptionHandler + ?Sized> ExceptionHandler for Arc<T> {
    fn handle(&self, exception: Exception, head: &RequestHead) -> Answer {
        (**self).handle(exception, head)
    }

    fn wants_head(&self) -> bool {
        (**self).wants_head()
    }
}
