use bytes::Bytes;
use gatefold_core::Exception;
use http::request::Parts;
use mime::Mime;

use crate::{Parser, Target};

/// Reads MessagePack bodies: `application/vnd.msgpack` (feature `msgpack`).
///
/// A malformed body is a 400 with the place in it: `MessagePack parse error - .. at byte 3`.
#[derive(Clone, Debug)]
#[must_use]
pub struct MessagePackParser {
    media_type: Mime,
}

pub(crate) fn media_type() -> Mime {
    "application/vnd.msgpack".parse().expect("a media type")
}

impl MessagePackParser {
    /// Reads `application/vnd.msgpack`, the type that IANA registers.
    pub fn new() -> Self {
        Self {
            media_type: media_type(),
        }
    }

    /// Reads another media type instead: `application/msgpack` is widely used.
    pub fn media_type(mut self, media_type: Mime) -> Self {
        self.media_type = media_type;
        self
    }
}

impl Default for MessagePackParser {
    fn default() -> Self {
        Self::new()
    }
}

impl Parser for MessagePackParser {
    fn media_type(&self) -> &Mime {
        &self.media_type
    }

    fn parse(&self, _: &Parts, body: &Bytes, target: &mut Target<'_>) -> Result<(), Exception> {
        let mut from = rmp_serde::Deserializer::new(std::io::Cursor::new(&body[..]));
        let read = target.read(&mut from);
        let at = from.get_ref().position();
        let error = match read {
            Ok(()) if at == body.len() as u64 => return Ok(()),
            Ok(()) => "more follows".to_owned(),
            Err(error) => {
                // Only reading on without a type tells what does not fit from what is malformed.
                let Err(malformed) = rmp_serde::from_slice::<serde::de::IgnoredAny>(body) else {
                    return Err(Target::misfit(&error));
                };
                malformed.to_string()
            }
        };
        let detail = format!("MessagePack parse error - {error} at byte {at}");
        Err(Exception::parse_error().with_detail(detail))
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::{MessagePackRenderer, testing};

    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    struct Task {
        id: u64,
        title: Option<String>,
        tags: Vec<i8>,
    }

    #[test]
    fn what_is_rendered_reads_back() {
        let task = Task {
            id: u64::MAX,
            title: None,
            tags: vec![-1, 2],
        };
        let bytes = testing::rendered_bytes(MessagePackRenderer::new(), &task);
        assert_eq!(bytes[0], 0x83, "a map of three");
        let read: Task = testing::parsed(MessagePackParser::new(), &bytes).expect("it fits");
        assert_eq!(read, task);
    }

    #[test]
    fn malformed_is_told_from_what_does_not_fit_and_says_where() {
        let parse = |bytes: &[u8]| testing::parsed::<Vec<u8>>(MessagePackParser::new(), bytes);
        for bytes in [&[0x92, 1][..], &[0x91, 1, 2], &[0xc1]] {
            let exception = parse(bytes).expect_err("malformed");
            assert_eq!(exception.code(), "parse_error", "{bytes:?}");
            assert!(
                exception
                    .detail()
                    .text()
                    .expect("words")
                    .contains(" at byte ")
            );
        }
        assert_eq!(parse(&[0xa1, b'x']).expect_err("a text").code(), "invalid");
    }
}
