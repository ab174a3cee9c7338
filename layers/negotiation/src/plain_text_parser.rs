use bytes::Bytes;
use gatefold_core::Exception;
use http::request::Parts;
use mime::Mime;
use serde::de::{IntoDeserializer, value::StrDeserializer};

use crate::{Parser, Target};

/// Reads a body that is a text, in UTF-8: `text/plain`.
///
/// The text fills a `String`, or whatever is read from one. Bytes that are no UTF-8 are a 400 that
/// says where.
#[derive(Clone, Debug)]
#[must_use]
pub struct PlainTextParser {
    media_type: Mime,
}

impl PlainTextParser {
    /// Reads `text/plain`.
    pub fn new() -> Self {
        Self {
            media_type: mime::TEXT_PLAIN,
        }
    }

    /// Reads another media type instead. It may be a range, such as `text/*`.
    pub fn media_type(mut self, media_type: Mime) -> Self {
        self.media_type = media_type;
        self
    }
}

impl Default for PlainTextParser {
    fn default() -> Self {
        Self::new()
    }
}

impl Parser for PlainTextParser {
    fn media_type(&self) -> &Mime {
        &self.media_type
    }

    fn parse(&self, _: &Parts, body: &Bytes, target: &mut Target<'_>) -> Result<(), Exception> {
        let text = str::from_utf8(body).map_err(|error| {
            let at = error.valid_up_to();
            let detail = format!("Text parse error - not UTF-8 at byte {at}");
            Exception::parse_error()
                .with_detail(detail)
                .with_source(error)
        })?;
        let text: StrDeserializer<'_, serde::de::value::Error> = text.into_deserializer();
        target.read(text).map_err(|error| Target::misfit(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::parsed;

    #[test]
    fn a_text_is_read_and_what_is_none_is_refused_with_its_place() {
        let read = parsed::<String>(PlainTextParser::new(), "é\n".as_bytes());
        assert_eq!(read.expect("a text"), "é\n");
        let refusal = parsed::<String>(PlainTextParser::new(), b"ab\xff").expect_err("no UTF-8");
        let detail = "Text parse error - not UTF-8 at byte 2";
        assert_eq!(refusal.detail().text(), Some(detail));
    }
}
