use gatefold_core::{ErrorDetail, Exception};
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{Answer, ExceptionHandler, RequestHead, answer::Words, told::Told};

/// Words failures as Django REST Framework does: `{"detail": "Not found."}`.
///
/// Lists and fields (of a validation) stand as they are, without a member around them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Detail {
    codes: bool,
}

impl Detail {
    /// Django REST Framework's body, byte for byte in compact JSON.
    pub const fn new() -> Self {
        Self { codes: false }
    }

    /// Adds the code beside the detail: `{"detail": "Not found.", "code": "not_found"}`. Lists and
    /// fields stay as they are.
    pub const fn codes(mut self) -> Self {
        self.codes = true;
        self
    }
}

impl ExceptionHandler for Detail {
    fn handle(&self, exception: Exception, _: &RequestHead) -> Answer {
        let words = Words::Detail(*self);
        Answer { exception, words }
    }

    fn wants_head(&self) -> bool {
        false
    }
}

pub(crate) struct DetailDocument<'a> {
    exception: &'a Exception,
    codes: bool,
    causes: &'a [String],
}

impl<'a> DetailDocument<'a> {
    pub(crate) fn new(exception: &'a Exception, detail: &Detail, told: &'a Told) -> Self {
        Self {
            exception,
            codes: detail.codes,
            causes: &told.causes,
        }
    }
}

impl Serialize for DetailDocument<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let detail = self.exception.detail();
        let ErrorDetail::Message { text, code } = detail else {
            return detail.serialize(serializer);
        };
        let members = 1 + usize::from(self.codes) + usize::from(!self.causes.is_empty());
        let mut body = serializer.serialize_map(Some(members))?;
        body.serialize_entry("detail", text)?;
        if self.codes {
            let code = code.as_deref().unwrap_or(self.exception.code());
            body.serialize_entry("code", code)?;
        }
        if !self.causes.is_empty() {
            body.serialize_entry("causes", self.causes)?;
        }
        body.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(exception: &Exception, detail: Detail) -> String {
        serde_json::to_string(&DetailDocument::new(exception, &detail, &Told::default())).unwrap()
    }

    #[test]
    fn one_message_is_a_member_and_nested_details_stand_as_they_are() {
        let plain = Detail::new();
        let refused = Exception::permission_denied().with_detail("No.");
        assert_eq!(body(&refused, plain), r#"{"detail":"No."}"#);
        assert_eq!(body(&Exception::validation("Bad."), plain), r#"["Bad."]"#);
        let fields = ErrorDetail::fields([("title", vec!["Required."])]);
        let invalid = Exception::validation(fields);
        assert_eq!(body(&invalid, plain), r#"{"title":["Required."]}"#);
        assert_eq!(body(&invalid, plain.codes()), r#"{"title":["Required."]}"#);
    }

    #[test]
    fn a_message_may_have_a_code_of_its_own() {
        let detail = Detail::new().codes();
        let exception = Exception::not_found();
        assert_eq!(
            body(&exception, detail),
            r#"{"detail":"Not found.","code":"not_found"}"#
        );
        let exception = exception.with_detail(ErrorDetail::coded("Gone.", "gone"));
        assert_eq!(
            body(&exception, detail),
            r#"{"detail":"Gone.","code":"gone"}"#
        );
    }
}
