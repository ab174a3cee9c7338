use std::{borrow::Cow, error::Error, fmt, sync::Arc, time::Duration};

use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{ALLOW, HeaderName, RETRY_AFTER},
};
use serde::Serialize;

use crate::{Accepted, Data, ErrorDetail, GrpcCode, Identity, renderer::Value};

type Source = Arc<dyn Error + Send + Sync>;
type Member = Arc<dyn Value + Send + Sync>;

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
    problem_type: Option<Cow<'static, str>>,
    members: Vec<(Cow<'static, str>, Member)>,
    grpc_code: Option<GrpcCode>,
    source: Option<Source>,
    accepted: Option<Accepted>,
    identity: Option<Identity>,
}

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
                problem_type: None,
                members: Vec::new(),
                grpc_code: None,
                source: None,
                accepted: None,
                identity: None,
            }),
        }
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

    /// Takes the headers of this name away.
    #[must_use]
    pub fn without_header(mut self, name: &HeaderName) -> Self {
        self.inner.headers.remove(name);
        self
    }

    /// Sets `Allow` to these methods, which a 405 has to say (RFC 9110, section 15.5.6).
    #[must_use]
    pub fn with_allow<'a>(mut self, methods: impl IntoIterator<Item = &'a Method>) -> Self {
        let methods: Vec<&str> = methods.into_iter().map(Method::as_str).collect();
        // Methods are tokens, so this is always a header value.
        if let Ok(methods) = HeaderValue::try_from(methods.join(", ")) {
            self.inner.headers.insert(ALLOW, methods);
        }
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

    /// Names the type of the problem, a URI, for those who are told as problem details (RFC 9457,
    /// section 3.1.1).
    #[must_use]
    pub fn with_problem_type(mut self, uri: impl Into<Cow<'static, str>>) -> Self {
        self.inner.problem_type = Some(uri.into());
        self
    }

    /// Adds a member to the problem details (RFC 9457, section 3.2): `balance`,
    /// `violated-policies`. Other forms do not show it.
    ///
    /// A member of the same name is replaced. Members that problem details have of themselves
    /// (`status`, `errors`) are not.
    #[must_use]
    pub fn with_member(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Serialize + Send + Sync + 'static,
    ) -> Self {
        let name = name.into();
        self.inner.members.retain(|(there, _)| *there != name);
        self.inner.members.push((name, Arc::new(value)));
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

    /// The codes alone, in the shape of the detail: `{"title": ["required"]}`.
    ///
    /// A message without a code of its own has the exception's. (Django REST Framework's
    /// `get_codes`.)
    pub fn codes(&self) -> ErrorDetail {
        self.inner.detail.codes(&self.inner.code)
    }

    /// Words and codes, in the shape of the detail: `{"title": [{"message": "This field is
    /// required.", "code": "required"}]}`. (Django REST Framework's `get_full_details`.)
    pub fn full_details(&self) -> ErrorDetail {
        self.inner.detail.full(&self.inner.code)
    }

    /// The headers that the answer carries.
    pub fn headers(&self) -> &HeaderMap {
        &self.inner.headers
    }

    /// How long to wait before the next attempt, exactly.
    pub fn wait(&self) -> Option<Duration> {
        self.inner.wait
    }

    /// The type of the problem, where one was named.
    pub fn problem_type(&self) -> Option<&str> {
        self.inner.problem_type.as_deref()
    }

    /// The members of the problem details, in the order in which they were added.
    pub fn members(&self) -> impl Iterator<Item = (&str, Data<'_>)> {
        let members = self.inner.members.iter();
        members.map(|(name, value)| (&**name, Data::of(&**value)))
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
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
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
    fn codes_and_full_details_have_the_shape_of_the_detail() {
        let plain = || ErrorDetail::from("Bad.");
        let detail = ErrorDetail::fields([
            ("title", vec![plain(), ErrorDetail::coded("Short.", "min")]),
            ("owner", vec![ErrorDetail::fields([("name", plain())])]),
        ]);
        let exception = Exception::validation(detail);
        let json = |detail| serde_json::to_value(detail).unwrap();
        assert_eq!(
            json(exception.codes()),
            serde_json::json!({"title": ["invalid", "min"], "owner": [{"name": "invalid"}]})
        );
        let full = |message, code| serde_json::json!({"message": message, "code": code});
        assert_eq!(
            json(exception.full_details()),
            serde_json::json!({
                "title": [full("Bad.", "invalid"), full("Short.", "min")],
                "owner": [{"name": full("Bad.", "invalid")}],
            })
        );
        let single = Exception::not_found();
        assert_eq!(single.codes(), ErrorDetail::from("not_found"));
    }

    #[test]
    fn a_member_of_the_same_name_is_replaced() {
        let exception = Exception::not_found().with_member("balance", 30);
        let exception = exception
            .with_member("unit", "EUR")
            .with_member("balance", 50);
        let members: Vec<_> = exception
            .members()
            .map(|(name, data)| (name, data.to_json().unwrap()))
            .collect();
        assert_eq!(
            members,
            [("unit", b"\"EUR\"".to_vec()), ("balance", b"50".to_vec())]
        );
    }

    #[test]
    fn a_405_lists_the_methods_that_are_allowed() {
        let exception = Exception::method_not_allowed(&Method::PUT);
        let exception = exception.with_allow([&Method::GET, &Method::HEAD]);
        assert_eq!(exception.headers()[ALLOW], "GET, HEAD");
    }
}
