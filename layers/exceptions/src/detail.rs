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

/// The document as JSON: what serde_json makes of it, byte for byte.
pub(crate) fn detail_json(exception: &Exception, detail: &Detail, told: &Told) -> Vec<u8> {
    let document = DetailDocument::new(exception, detail, told);
    let plain = document.plain_json();
    plain.unwrap_or_else(|| serde_json::to_vec(&document).unwrap_or_default())
}

impl DetailDocument<'_> {
    /// Where nothing has to be escaped it takes a fifth of the time to put it together.
    fn plain_json(&self) -> Option<Vec<u8>> {
        let ErrorDetail::Message { text, code } = self.exception.detail() else {
            return None;
        };
        let code = code.as_deref().unwrap_or(self.exception.code());
        let parts: &[&str] = match self.codes {
            false => &["{\"detail\":\"", text, "\"}"],
            true => &["{\"detail\":\"", text, "\",\"code\":\"", code, "\"}"],
        };
        let is_plain = is_plain(text) && (!self.codes || is_plain(code));
        (self.causes.is_empty() && is_plain).then(|| {
            // Of just the right length, which is one allocation less for the body.
            let mut json = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
            parts
                .iter()
                .for_each(|part| json.extend_from_slice(part.as_bytes()));
            json
        })
    }
}

/// Whether JSON has the text as it is. There is no early way out, so that many bytes are looked at
/// together.
fn is_plain(text: &str) -> bool {
    let escaped = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    !text
        .bytes()
        .fold(false, |found, byte| found | escaped(byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn body(exception: &Exception, detail: Detail) -> String {
        String::from_utf8(detail_json(exception, &detail, &Told::default())).unwrap()
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

    proptest! {
        #[test]
        fn what_is_put_together_is_what_serde_makes(text: String, code in "[a-z\"\\\\]{0,3}") {
            let exception = Exception::not_found().with_detail(text).with_code(code);
            for detail in [Detail::new(), Detail::new().codes()] {
                let told = Told::default();
                let document = DetailDocument::new(&exception, &detail, &told);
                let json = detail_json(&exception, &detail, &told);
                prop_assert_eq!(json, serde_json::to_vec(&document).unwrap());
            }
        }
    }
}
