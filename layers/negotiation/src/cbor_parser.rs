use bytes::Bytes;
use gatefold_core::Exception;
use http::request::Parts;
use mime::Mime;

use crate::{Parser, Target};

/// Reads CBOR bodies (RFC 8949): `application/cbor` (feature `cbor`).
///
/// A malformed body is a 400 with the place in it: `CBOR parse error - .. at byte 3`.
#[derive(Clone, Debug)]
#[must_use]
pub struct CborParser {
    media_type: Mime,
}

pub(crate) fn media_type() -> Mime {
    "application/cbor".parse().expect("a media type")
}

impl CborParser {
    /// Reads `application/cbor`.
    pub fn new() -> Self {
        Self {
            media_type: media_type(),
        }
    }
}

impl Default for CborParser {
    fn default() -> Self {
        Self::new()
    }
}

impl Parser for CborParser {
    fn media_type(&self) -> &Mime {
        &self.media_type
    }

    fn parse(&self, _: &Parts, body: &Bytes, target: &mut Target<'_>) -> Result<(), Exception> {
        let mut from = minicbor_serde::Deserializer::new(body);
        let read = target.read(&mut from);
        let at = from.decoder().position();
        let error = match read {
            Ok(()) if at == body.len() => return Ok(()),
            Ok(()) => "more follows".to_owned(),
            Err(error) => {
                // Only reading on without a type tells what does not fit from what is malformed.
                let read = minicbor_serde::from_slice::<serde::de::IgnoredAny>(body);
                let Err(malformed) = read else {
                    return Err(Target::misfit(&error));
                };
                malformed.to_string()
            }
        };
        let detail = format!("CBOR parse error - {error} at byte {at}");
        Err(Exception::parse_error().with_detail(detail))
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::{CborRenderer, testing};

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
            title: Some("é".into()),
            tags: vec![-1, 2],
        };
        let bytes = testing::rendered_bytes(CborRenderer::new(), &task);
        let read: Task = testing::parsed(CborParser::new(), &bytes).expect("it fits");
        assert_eq!(read, task);
        assert_eq!(testing::rendered_bytes(CborRenderer::new(), &()), [0xf6], "null");
    }

    #[test]
    fn malformed_is_told_from_what_does_not_fit_and_says_where() {
        let parse = |bytes: &[u8]| testing::parsed::<Vec<u8>>(CborParser::new(), bytes);
        for bytes in [&[0x82, 1][..], &[0x81, 1, 2], &[0xff]] {
            let exception = parse(bytes).expect_err("malformed");
            assert_eq!(exception.code(), "parse_error", "{bytes:?}");
            assert!(exception.detail().text().expect("words").contains(" at byte "));
        }
        assert_eq!(parse(&[0x61, b'x']).expect_err("a text").code(), "invalid");
    }
}
