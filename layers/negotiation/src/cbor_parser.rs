use bytes::Bytes;
use ciborium::de;
use gatefold_core::Exception;
use http::request::Parts;
use mime::Mime;
use serde::de::IgnoredAny;

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
        let mut rest = &body[..];
        let read = target.read_cbor(&mut rest);
        let at = body.len() - rest.len();
        let (error, at) = match read {
            Ok(()) if rest.is_empty() => return Ok(()),
            Ok(()) => ("more follows".to_owned(), at),
            // Only reading on without a type tells what does not fit from what is malformed.
            Err(error) => match ciborium::from_reader::<IgnoredAny, _>(&body[..]) {
                Ok(IgnoredAny) => return Err(Target::misfit(&described(error))),
                Err(de::Error::Syntax(at)) => ("not well-formed".to_owned(), at),
                Err(malformed) => (described(malformed), at),
            },
        };
        let detail = format!("CBOR parse error - {error} at byte {at}");
        Err(Exception::parse_error().with_detail(detail))
    }
}

/// In words: the error's own `Display` is its `Debug`.
fn described(error: de::Error<std::io::Error>) -> String {
    match error {
        de::Error::Io(_) => "the end comes too early".to_owned(),
        de::Error::Syntax(_) => "not well-formed".to_owned(),
        de::Error::Semantic(_, what) => what,
        de::Error::RecursionLimitExceeded => "nested too deeply".to_owned(),
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
        let null = testing::rendered_bytes(CborRenderer::new(), &());
        assert_eq!(null, &[0xf6][..]);
    }

    #[test]
    fn malformed_is_told_from_what_does_not_fit_and_says_where() {
        let parse = |bytes: &[u8]| testing::parsed::<Vec<u8>>(CborParser::new(), bytes);
        for bytes in [&[0x82, 1][..], &[0x81, 1, 2], &[0xff], &[0x81; 1000]] {
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
        assert_eq!(parse(&[0x61, b'x']).expect_err("a text").code(), "invalid");
    }
}
