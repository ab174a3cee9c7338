use std::sync::Arc;

use gatefold_core::Exception;
use http::HeaderValue;
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{Answer, ExceptionHandler, RequestHead, answer::Words, told::Told};

pub(crate) const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Words failures as problem details (RFC 9457): `application/problem+json`, with the members
/// `type`, `title`, `status`, `detail` and the extension `code`.
///
/// The messages of a validation, by field, are the extension `errors`, a 5xx has its `request_id`,
/// and the exception's own [members](Exception::with_member) follow, as `violated-policies` of a
/// throttle. A caller who accepts `application/json` gets this too.
///
/// `type` is the exception's own ([`Exception::with_problem_type`]), or made of its code, or
/// `about:blank`.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Problem {
    types: Option<Arc<str>>,
    with_instance: bool,
    instance: Option<String>,
}

impl Problem {
    /// Problems of the type `about:blank`, told apart by status and `code`.
    pub const fn new() -> Self {
        Self {
            types: None,
            with_instance: false,
            instance: None,
        }
    }

    /// Makes the type of each problem by putting its code behind `base`:
    /// `https://example.org/problems/` gives `https://example.org/problems/not_found`.
    pub fn types(mut self, base: impl Into<Arc<str>>) -> Self {
        self.types = Some(base.into());
        self
    }

    /// Adds the path of the request as `instance`. The query is left out: it may hold secrets.
    pub const fn instance(mut self) -> Self {
        self.with_instance = true;
        self
    }
}

impl ExceptionHandler for Problem {
    fn handle(&self, exception: Exception, head: &RequestHead) -> Answer {
        let uri = head.uri().filter(|_| self.with_instance);
        let words = Words::Problem(Self {
            instance: uri.map(|uri| uri.path().to_owned()),
            ..self.clone()
        });
        Answer { exception, words }
    }

    fn wants_head(&self) -> bool {
        self.with_instance
    }
}

pub(crate) struct ProblemDocument<'a> {
    exception: &'a Exception,
    problem: &'a Problem,
    told: &'a Told,
}

/// The members that the exception's own cannot replace.
const RESERVED: [&str; 9] = [
    "type",
    "title",
    "status",
    "detail",
    "instance",
    "code",
    "errors",
    "request_id",
    "causes",
];

impl<'a> ProblemDocument<'a> {
    pub(crate) fn new(exception: &'a Exception, problem: &'a Problem, told: &'a Told) -> Self {
        Self {
            exception,
            problem,
            told,
        }
    }
}

impl Serialize for ProblemDocument<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            exception,
            problem,
            told,
        } = self;
        let status = exception.status();
        let mut body = serializer.serialize_map(None)?;
        match (exception.problem_type(), &problem.types) {
            (Some(own), _) => body.serialize_entry("type", own)?,
            (None, Some(base)) => {
                body.serialize_entry("type", &format_args!("{base}{}", exception.code()))?;
            }
            (None, None) => body.serialize_entry("type", "about:blank")?,
        }
        // For `about:blank` the title is the phrase of the status (RFC 9457, section 4.2.1).
        body.serialize_entry("title", status.canonical_reason().unwrap_or("Error"))?;
        body.serialize_entry("status", &status.as_u16())?;
        let text = exception.detail().text();
        body.serialize_entry("detail", text.unwrap_or("Invalid input."))?;
        if let Some(instance) = &problem.instance {
            body.serialize_entry("instance", instance)?;
        }
        body.serialize_entry("code", exception.code())?;
        if text.is_none() {
            body.serialize_entry("errors", exception.detail())?;
        }
        if let Some(id) = &told.request_id {
            body.serialize_entry("request_id", id)?;
        }
        if !told.causes.is_empty() {
            body.serialize_entry("causes", &told.causes)?;
        }
        for (name, value) in exception.members() {
            if !RESERVED.contains(&name) {
                body.serialize_entry(name, &value)?;
            }
        }
        body.end()
    }
}

#[cfg(test)]
mod tests {
    use gatefold_core::ErrorDetail;

    use super::*;

    fn written(exception: &Exception, problem: &Problem) -> serde_json::Value {
        let told = Told::default();
        serde_json::to_value(ProblemDocument::new(exception, problem, &told)).unwrap()
    }

    #[test]
    fn nested_details_are_the_member_errors() {
        let fields = ErrorDetail::fields([("title", vec!["Required."])]);
        let exception = Exception::validation(fields);
        assert_eq!(
            written(&exception, &Problem::new()),
            serde_json::json!({
                "type": "about:blank",
                "title": "Bad Request",
                "status": 400,
                "detail": "Invalid input.",
                "code": "invalid",
                "errors": {"title": ["Required."]},
            })
        );
    }

    #[test]
    fn the_exceptions_own_type_and_members_are_shown() {
        let exception = Exception::permission_denied()
            .with_problem_type("https://example.com/probs/out-of-credit")
            .with_member("balance", 30)
            .with_member("accounts", ["/account/12345", "/account/67890"])
            .with_member("status", "a liar");
        let problem = written(&exception, &Problem::new().types("https://example.org/"));
        assert_eq!(problem["type"], "https://example.com/probs/out-of-credit");
        assert_eq!(problem["balance"], 30);
        assert_eq!(problem["accounts"][1], "/account/67890");
        assert_eq!(problem["status"], 403);
        let made = written(
            &Exception::gone(),
            &Problem::new().types("https://example.org/"),
        );
        assert_eq!(made["type"], "https://example.org/gone");
    }
}
