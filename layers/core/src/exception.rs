use std::{borrow::Cow, error::Error, fmt, sync::Arc, time::Duration};

use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{HeaderName, RETRY_AFTER},
};

use crate::{Accepted, ErrorDetail, GrpcCode, Identity};

type Source = Arc<dyn Error + Send + Sync>;

/// A failure on its way to the client: a status, a code, the words, headers, and a private source.
///
/// Gates and handlers make it; the exceptions layer writes it down in the form that the client
/// accepts. The constructors have the names, codes and words of Django REST Framework's classes.
/// The source never leaves the service: it is for the log.
///
/// ```
/// use gatefold_core::Exception;
/// use http::StatusCode;
///
/// enum TaskError { Gone(u64), Database(std::io::Error) }
///
/// impl From<TaskError> for Exception {
///     fn from(error: TaskError) -> Self {
///         match error {
///             TaskError::Gone(id) => Exception::not_found().with_detail(format!("No task {id}.")),
///             TaskError::Database(error) => Exception::unavailable(error),
///         }
///     }
/// }
///
/// let exception = Exception::from(TaskError::Gone(4));
/// assert_eq!(exception.status(), StatusCode::NOT_FOUND);
/// assert_eq!(exception.code(), "not_found");
/// ```
#[derive(Clone)]
pub struct Exception {
    inner: Box<Inner>,
}

#[derive(Clone)]
struct Inner {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: ErrorDetail,
    headers: HeaderMap,
    wait: Option<Duration>,
    grpc_code: Option<GrpcCode>,
    source: Option<Source>,
    accepted: Option<Accepted>,
    identity: Option<Identity>,
}

/// The constructors: Django REST Framework's classes first.
impl Exception {
    /// Any failure: `code` is for programs, `detail` for people.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<ErrorDetail>,
    ) -> Self {
        Self {
            inner: Box::new(Inner {
                status,
                code: code.into(),
                detail: detail.into(),
                headers: HeaderMap::new(),
                wait: None,
                grpc_code: None,
                source: None,
                accepted: None,
                identity: None,
            }),
        }
    }

    /// 400: what was sent is understood but not valid. A single message becomes a list of one.
    pub fn validation(detail: impl Into<ErrorDetail>) -> Self {
        let detail = match detail.into() {
            message @ ErrorDetail::Message { .. } => ErrorDetail::List(vec![message]),
            nested => nested,
        };
        Self::new(StatusCode::BAD_REQUEST, "invalid", detail)
    }

    /// 400: what was sent cannot be read.
    pub fn parse_error() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "parse_error", "Malformed request.")
    }

    /// 401: the credentials are bad.
    pub fn authentication_failed() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "authentication_failed",
            "Incorrect authentication credentials.",
        )
    }

    /// 401: there are no credentials and some are needed.
    pub fn not_authenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "not_authenticated",
            "Authentication credentials were not provided.",
        )
    }

    /// 403: the caller is known and may not.
    pub fn permission_denied() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "permission_denied",
            "You do not have permission to perform this action.",
        )
    }

    /// 404: there is no such thing, or none that this caller may know of.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "Not found.")
    }

    /// 405: the resource does not answer to `method`. Add `Allow` with [`with_header`]
    /// (RFC 9110, section 15.5.6).
    ///
    /// [`with_header`]: Self::with_header
    pub fn method_not_allowed(method: &Method) -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            format!("Method \"{method}\" not allowed."),
        )
    }

    /// 406: no form that there is can be accepted.
    pub fn not_acceptable() -> Self {
        Self::new(
            StatusCode::NOT_ACCEPTABLE,
            "not_acceptable",
            "Could not satisfy the request Accept header.",
        )
    }

    /// 415: the body's media type is not understood.
    pub fn unsupported_media_type(media_type: &str) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            format!("Unsupported media type \"{media_type}\" in request."),
        )
    }

    /// 429: too many requests; `wait` until one more is admitted, where that is known.
    ///
    /// The header `Retry-After` and the words give it in whole seconds, rounded up and never 0.
    pub fn throttled(wait: Option<Duration>) -> Self {
        let mut detail = "Request was throttled.".to_owned();
        if let Some(wait) = wait {
            let seconds = whole_seconds(wait);
            let plural = if seconds == 1 { "" } else { "s" };
            detail += &format!(" Expected available in {seconds} second{plural}.");
        }
        let exception = Self::new(StatusCode::TOO_MANY_REQUESTS, "throttled", detail);
        match wait {
            Some(wait) => exception.with_wait(wait),
            None => exception,
        }
    }

    /// 500: something broke inside. `source` is for the log alone.
    pub fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "error",
            "A server error occurred.",
        )
        .with_source(source)
    }

    /// 503: something that is needed (a store, another service) does not answer. `source` is for
    /// the log alone. Made for `.map_err(Exception::unavailable)`.
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Service temporarily unavailable, try again later.",
        )
        .with_source(source)
    }
}

impl Exception {
    /// Replaces the words.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<ErrorDetail>) -> Self {
        self.inner.detail = detail.into();
        self
    }

    /// Replaces the code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.inner.code = code.into();
        self
    }

    /// Replaces the status.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.inner.status = status;
        self
    }

    /// Adds a header to the answer, beside those of the same name.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.inner.headers.append(name, value);
        self
    }

    /// Says when to come again, and sets `Retry-After`: whole seconds, rounded up and never 0
    /// (RFC 9110, section 10.2.3).
    #[must_use]
    pub fn with_wait(mut self, wait: Duration) -> Self {
        self.inner.wait = Some(wait);
        self.inner
            .headers
            .insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        self
    }

    /// Says which code a gRPC caller is told, where the status alone does not say it: a version
    /// that does not exist is a 404, but `UNIMPLEMENTED`.
    #[must_use]
    pub fn with_grpc_code(mut self, code: GrpcCode) -> Self {
        self.inner.grpc_code = Some(code);
        self
    }

    /// Takes the cause along, for the log alone.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.inner.source = Some(source.into().into());
        self
    }

    /// Takes along the form that the client accepted, for whoever writes the words.
    #[must_use]
    pub fn with_accepted(mut self, accepted: Accepted) -> Self {
        self.inner.accepted = Some(accepted);
        self
    }

    /// Takes along who called, for whoever writes the words.
    #[must_use]
    pub fn with_identity(mut self, identity: Identity) -> Self {
        self.inner.identity = Some(identity);
        self
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.inner.status
    }

    /// The code, for programs.
    pub fn code(&self) -> &str {
        &self.inner.code
    }

    /// The words, for people.
    pub fn detail(&self) -> &ErrorDetail {
        &self.inner.detail
    }

    /// The headers that the answer carries.
    pub fn headers(&self) -> &HeaderMap {
        &self.inner.headers
    }

    /// How long to wait before the next attempt, exactly.
    pub fn wait(&self) -> Option<Duration> {
        self.inner.wait
    }

    /// What a gRPC caller is told: the code that was set, or the one for the status.
    pub fn grpc_code(&self) -> GrpcCode {
        let set = self.inner.grpc_code;
        set.unwrap_or_else(|| GrpcCode::for_status(self.inner.status))
    }

    /// The form that the client accepted, where negotiation had come to a result.
    pub fn accepted(&self) -> Option<&Accepted> {
        self.inner.accepted.as_ref()
    }

    /// Who called, where that was known.
    pub fn identity(&self) -> Option<&Identity> {
        self.inner.identity.as_ref()
    }
}

/// Seconds, rounded up and at least 1: a client that obeys never comes too early.
fn whole_seconds(wait: Duration) -> u64 {
    let up = u64::from(wait.subsec_nanos() > 0);
    wait.as_secs().saturating_add(up).max(1)
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.inner.status.as_u16(), self.inner.code)?;
        match self.inner.detail.text() {
            Some(text) => write!(f, ": {text}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exception")
            .field("status", &self.inner.status)
            .field("code", &self.inner.code)
            .field("detail", &self.inner.detail)
            .field("source", &self.inner.source)
            .finish_non_exhaustive()
    }
}

impl Error for Exception {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.inner.source.as_deref()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up_and_never_zero() {
        for (millis, seconds) in [(0, "1"), (1, "1"), (1000, "1"), (1001, "2"), (59_500, "60")] {
            let exception = Exception::throttled(Some(Duration::from_millis(millis)));
            assert_eq!(exception.headers()[RETRY_AFTER], seconds, "{millis} ms");
        }
        let forever = Exception::throttled(Some(Duration::MAX));
        assert_eq!(
            forever.headers()[RETRY_AFTER],
            u64::MAX.to_string().as_str()
        );
    }

    #[test]
    fn the_words_of_a_throttle_are_django_rest_frameworks() {
        let text = |wait| {
            let exception = Exception::throttled(wait);
            exception
                .detail()
                .text()
                .map(str::to_owned)
                .unwrap_or_default()
        };
        assert_eq!(text(None), "Request was throttled.");
        assert_eq!(
            text(Some(Duration::from_secs(1))),
            "Request was throttled. Expected available in 1 second."
        );
        assert_eq!(
            text(Some(Duration::from_millis(1200))),
            "Request was throttled. Expected available in 2 seconds."
        );
    }

    #[test]
    fn a_single_validation_message_becomes_a_list() {
        let exception = Exception::validation("Wrong.");
        assert_eq!(*exception.detail(), ErrorDetail::from(vec!["Wrong."]));
    }
}
