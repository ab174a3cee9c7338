use std::{borrow::Cow, sync::Arc};

use gatefold_core::{ErrorDetail, Exception};
use http::HeaderValue;
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{Answer, ExceptionHandler, RequestHead, answer::Words};

pub(crate) const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Words failures as problem details (RFC 9457): `application/problem+json`, with the members
/// `type`, `title`, `status`, `detail` and the extension `code`.
///
/// The messages of a validation, by field, are the extension `errors`. A caller who accepts
/// `application/json` gets this too.
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
}

impl<'a> ProblemDocument<'a> {
    pub(crate) fn new(exception: &'a Exception, problem: &'a Problem) -> Self {
        Self { exception, problem }
    }
}

impl Serialize for ProblemDocument<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { exception, problem } = self;
        let status = exception.status();
        let kind = match &problem.types {
            Some(base) => Cow::Owned(format!("{base}{}", exception.code())),
            None => Cow::Borrowed("about:blank"),
        };
        let mut body = serializer.serialize_map(None)?;
        body.serialize_entry("type", &kind)?;
        // For `about:blank` the title is the phrase of the status (RFC 9457, section 4.2.1).
        body.serialize_entry("title", status.canonical_reason().unwrap_or("Error"))?;
        body.serialize_entry("status", &status.as_u16())?;
        match exception.detail() {
            ErrorDetail::Message { text, .. } => body.serialize_entry("detail", text)?,
            ErrorDetail::List(_) | ErrorDetail::Fields(_) => {
                body.serialize_entry("detail", "Invalid input.")?;
            }
        }
        if let Some(instance) = &problem.instance {
            body.serialize_entry("instance", instance)?;
        }
        body.serialize_entry("code", exception.code())?;
        if let nested @ (ErrorDetail::List(_) | ErrorDetail::Fields(_)) = exception.detail() {
            body.serialize_entry("errors", nested)?;
        }
        body.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_details_are_the_member_errors() {
        let fields = ErrorDetail::fields([("title", vec!["Required."])]);
        let exception = Exception::validation(fields);
        let problem = Problem::new();
        let document = ProblemDocument::new(&exception, &problem);
        assert_eq!(
            serde_json::to_value(&document).unwrap(),
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
}
