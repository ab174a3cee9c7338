use bytes::Bytes;
use gatefold_core::Exception;
use http::request::Parts;
use mime::Mime;
use serde::{
    Deserializer,
    de::{
        Visitor,
        value::{Error, SeqDeserializer},
    },
    forward_to_deserialize_any,
};

use crate::{Parser, Target};

/// Reads a body as the bytes that it is: `application/octet-stream`.
///
/// They fill a `Vec<u8>`, or a type that serde reads from bytes. With the range `*/*` it reads
/// every body, also one without a `Content-Type`.
#[derive(Clone, Debug)]
#[must_use]
pub struct RawParser {
    media_type: Mime,
}

impl RawParser {
    /// Reads `application/octet-stream`.
    pub fn new() -> Self {
        Self {
            media_type: mime::APPLICATION_OCTET_STREAM,
        }
    }

    /// Reads another media type instead. It may be a range, such as `*/*`.
    pub fn media_type(mut self, media_type: Mime) -> Self {
        self.media_type = media_type;
        self
    }
}

impl Default for RawParser {
    fn default() -> Self {
        Self::new()
    }
}

impl Parser for RawParser {
    fn media_type(&self) -> &Mime {
        &self.media_type
    }

    fn parse(&self, _: &Parts, body: &Bytes, target: &mut Target<'_>) -> Result<(), Exception> {
        target
            .read(Raw(body))
            .map_err(|error| Target::misfit(&error))
    }
}

struct Raw<'a>(&'a [u8]);

impl<'de> Deserializer<'de> for Raw<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bytes(self.0)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(SeqDeserializer::new(self.0.iter().copied()))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Parsers, testing::parsed};

    #[test]
    fn bytes_are_read_as_they_are() {
        let read = parsed::<Vec<u8>>(RawParser::new(), &[0, 255, b'x']);
        assert_eq!(read.expect("bytes"), [0, 255, b'x']);
    }

    #[test]
    fn a_range_reads_every_body() {
        let any = RawParser::new().media_type(mime::STAR_STAR);
        let (head, ()) = http::Request::new(()).into_parts();
        let read: Vec<u8> = Parsers::new(any)
            .parse(&head, &"x".into())
            .expect("any body");
        assert_eq!(read, b"x");
    }
}
