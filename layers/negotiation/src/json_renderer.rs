use std::error::Error;

use bytes::Bytes;
use gatefold_core::{Data, ItemWriter, RenderContext, Renderer};
use http::HeaderValue;
use mime::Mime;
use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};

use crate::json_lines_renderer::Array;

/// Renders data as JSON: UTF-8, compact, or indented by the accepted media type's `indent`.
///
/// `Accept: application/json; indent=4` indents by four spaces; the number is held between 0 and
/// 8, and what is no number is 0. U+2028 and U+2029 are escaped, so that the text is JavaScript
/// too. Compact JSON goes through the value's own serializer.
///
/// NaN and the infinities become `null`, as `serde_json` has it, where Django REST Framework
/// fails.
#[derive(Clone, Debug)]
#[must_use]
pub struct JsonRenderer {
    media_type: Mime,
    empty_null: bool,
}

impl JsonRenderer {
    /// `application/json`, format `json`.
    pub fn new() -> Self {
        Self {
            media_type: mime::APPLICATION_JSON,
            empty_null: false,
        }
    }

    /// Renders nothing at all where the data is `null`, as Django REST Framework does.
    pub fn drf(mut self) -> Self {
        self.empty_null = true;
        self
    }
}

impl Default for JsonRenderer {
    fn default() -> Self {
        Self::new()
    }
}

impl Renderer for JsonRenderer {
    fn media_type(&self) -> &Mime {
        &self.media_type
    }

    fn format(&self) -> &str {
        "json"
    }

    fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static("application/json")
    }

    fn parameters(&self) -> &[&str] {
        &["indent"]
    }

    fn render(
        &self,
        data: &Data<'_>,
        context: &RenderContext<'_>,
    ) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
        let json = match indent(context.accepted().media_type()) {
            0 => data.to_json()?,
            spaces => indented(data, spaces)?,
        };
        if self.empty_null && json == b"null" {
            return Ok(Bytes::new());
        }
        Ok(escape_separators(json).into())
    }

    /// An array, compact.
    fn items(&self) -> Option<Box<dyn ItemWriter>> {
        Some(Box::new(Array::default()))
    }
}

fn indent(media_type: &Mime) -> usize {
    let Some(text) = media_type.get_param("indent") else {
        return 0;
    };
    let digits = text.as_str().trim();
    match digits.parse::<u64>() {
        Ok(spaces) => spaces.min(8) as usize,
        // More digits than fit are a large number still.
        Err(_) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => 8,
        Err(_) => 0,
    }
}

pub(crate) fn indented(data: &Data<'_>, spaces: usize) -> Result<Vec<u8>, serde_json::Error> {
    let mut json = Vec::with_capacity(128);
    let formatter = PrettyFormatter::with_indent(&b"        "[..spaces.min(8)]);
    data.serialize(&mut Serializer::with_formatter(&mut json, formatter))?;
    Ok(json)
}

/// Escapes U+2028 and U+2029, which stand in strings only.
fn escape_separators(json: Vec<u8>) -> Vec<u8> {
    let first = |bytes: &[u8]| {
        memchr::memchr_iter(0xE2, bytes)
            .find(|at| matches!(bytes[at + 1..], [0x80, 0xA8 | 0xA9, ..]))
    };
    let Some(mut at) = first(&json) else {
        return json;
    };
    let mut escaped = Vec::with_capacity(json.len() + 16);
    let mut rest = &json[..];
    loop {
        escaped.extend_from_slice(&rest[..at]);
        let last_digit = if rest[at + 2] == 0xA8 { b'8' } else { b'9' };
        escaped.extend_from_slice(b"\\u202");
        escaped.push(last_digit);
        rest = &rest[at + 3..];
        match first(rest) {
            Some(next) => at = next,
            None => break,
        }
    }
    escaped.extend_from_slice(rest);
    escaped
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use gatefold_core::Accepted;
    use http::{HeaderMap, StatusCode};
    use proptest::prelude::*;

    use super::*;

    fn render<T: Serialize>(value: &T, media_type: &str) -> String {
        let accepted = Accepted::new(media_type.parse().unwrap(), Arc::new(JsonRenderer::new()));
        let headers = HeaderMap::new();
        let context = RenderContext::new(StatusCode::OK, &headers, &accepted);
        let bytes = accepted.renderer().render(&Data::new(value), &context);
        String::from_utf8(bytes.expect("it serializes").to_vec()).expect("UTF-8")
    }

    #[test]
    fn indent_is_held_between_nothing_and_eight() {
        for (parameter, expected) in [
            ("", "[1]"),
            ("; indent=2", "[\n  1\n]"),
            ("; indent=\" 2 \"", "[\n  1\n]"),
            ("; indent=0", "[1]"),
            ("; indent=-3", "[1]"),
            ("; indent=2.5", "[1]"),
            ("; indent=100", "[\n        1\n]"),
            ("; indent=99999999999999999999999", "[\n        1\n]"),
        ] {
            let media_type = format!("application/json{parameter}");
            assert_eq!(render(&[1], &media_type), expected, "{parameter}");
        }
    }

    #[test]
    fn line_separators_are_escaped_and_their_neighbours_are_not() {
        let text = "\u{2027}a\u{2028}\u{2029}é☃\u{2028}";
        let expected = "\"\u{2027}a\\u2028\\u2029é☃\\u2028\"";
        assert_eq!(render(&text, "application/json"), expected);
        assert_eq!(
            render(&"\u{2028}", "application/json;indent=2"),
            "\"\\u2028\""
        );
    }

    proptest! {
        #[test]
        fn what_is_escaped_reads_back(text in "[a\u{2027}-\u{202a}é☃\"\\\\]{0,40}") {
            let json = render(&text, "application/json");
            let separated = json.contains(['\u{2028}', '\u{2029}']);
            prop_assert!(!separated);
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
