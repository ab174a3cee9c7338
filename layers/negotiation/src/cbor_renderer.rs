use std::error::Error;

use bytes::Bytes;
use gatefold_core::{Data, RenderContext, Renderer};
use http::HeaderValue;
use mime::Mime;
use serde::Serialize;

/// Renders data as CBOR (RFC 8949): `application/cbor`, format `cbor` (feature `cbor`).
#[derive(Clone, Debug)]
#[must_use]
pub struct CborRenderer {
    media_type: Mime,
}

impl CborRenderer {
    /// `application/cbor`, format `cbor`.
    pub fn new() -> Self {
        Self {
            media_type: crate::cbor_parser::media_type(),
        }
    }
}

impl Default for CborRenderer {
    fn default() -> Self {
        Self::new()
    }
}

impl Renderer for CborRenderer {
    fn media_type(&self) -> &Mime {
        &self.media_type
    }

    fn format(&self) -> &str {
        "cbor"
    }

    fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static("application/cbor")
    }

    fn render(
        &self,
        data: &Data<'_>,
        _: &RenderContext<'_>,
    ) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
        let mut serializer = minicbor_serde::Serializer::new(Vec::with_capacity(128));
        // An empty array, else: no other language has a unit.
        serializer.serialize_unit_as_null(true);
        let written = data.serialize(&mut serializer);
        // Its error type is only an `Error` with the standard library, which it is not asked for.
        written.map_err(|error| error.to_string())?;
        Ok(serializer.into_encoder().into_writer().into())
    }
}
