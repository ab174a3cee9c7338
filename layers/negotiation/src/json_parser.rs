use bytes::Bytes;
use gatefold_core::Exception;
use http::request::Parts;
use mime::Mime;
use serde::de::IgnoredAny;
use serde_json::error::Category;

use crate::{Parser, Target};

/// Reads JSON bodies (RFC 8259, so UTF-8 whatever the charset says).
///
/// A malformed body is a 400 with where and what: `JSON parse error - expected value at line 1
/// column 4`. NaN and the infinities are malformed.
#[derive(Clone, Debug)]
#[must_use]
pub struct JsonParser {
    media_type: Mime,
}

impl JsonParser {
    /// Reads `application/json`.
    pub fn new() -> Self {
        Self {
            media_type: mime::APPLICATION_JSON,
        }
    }

    /// Reads another media type instead, such as `application/vnd.api+json`: the suffix `+json`
    /// alone means nothing here, as in Django REST Framework.
    pub fn media_type(mut self, media_type: Mime) -> Self {
        self.media_type = media_type;
        self
    }
}

impl Default for JsonParser {
    fn default() -> Self {
        Self::new()
    }
}

impl Parser for JsonParser {
    fn media_type(&self) -> &Mime {
        &self.media_type
    }

    fn parse(&self, _: &Parts, body: &Bytes, target: &mut Target<'_>) -> Result<(), Exception> {
        let Err(error) = target.read_json(body) else {
            return Ok(());
        };
        // A value of the wrong type may stand before the mistake: only reading on without a type
        // tells what does not fit from what is no JSON.
        let malformed = match error.classify() {
            Category::Data => serde_json::from_slice::<IgnoredAny>(body).err(),
            Category::Io | Category::Syntax | Category::Eof => None,
        };
        if malformed.is_none() && error.is_data() {
            return Err(Target::misfit(&error));
        }
        let error = malformed.unwrap_or(error);
        Err(Exception::parse_error()
            .with_detail(format!("JSON parse error - {error}"))
            .with_source(error))
    }
}

#[cfg(test)]
mod tests {
    use gatefold_core::ErrorDetail;
    use serde_json::Value;

    use super::*;
    use crate::Parsers;

    fn parse<T: serde::de::DeserializeOwned>(body: &'static str) -> Result<T, Exception> {
        let request = http::Request::builder().header("content-type", "application/json");
        let (head, ()) = request.body(()).expect("a request").into_parts();
        Parsers::new(JsonParser::new()).parse(&head, &Bytes::from_static(body.as_bytes()))
    }

    #[test]
    fn a_malformed_body_is_told_from_one_that_does_not_fit() {
        for body in [
            "{\"a\":",
            "{'a':1}",
            "{\"a\":NaN}",
            "[1,2",
            "   ",
            "1 2",
            "1e999",
        ] {
            let exception = parse::<Value>(body).expect_err(body);
            assert_eq!(exception.code(), "parse_error", "{body}");
            let text = exception.detail().text().expect("one message");
            assert!(text.starts_with("JSON parse error - "), "{text}");
        }
        let misfit = parse::<Vec<u8>>("[\"a\"]").expect_err("no number");
        assert_eq!(misfit.code(), "invalid");
        assert!(matches!(misfit.detail(), ErrorDetail::Fields(_)));
        let both = parse::<Vec<u8>>("[\"a\", }").expect_err("no JSON either");
        assert_eq!(both.code(), "parse_error");
    }

    #[test]
    fn any_value_is_read() {
        assert_eq!(parse::<Value>("3").expect("JSON"), Value::from(3));
        assert_eq!(parse::<Vec<u8>>("[1, 2]").expect("JSON"), [1, 2]);
    }
}
