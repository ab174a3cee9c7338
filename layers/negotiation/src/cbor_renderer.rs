use std::error::Error;

use bytes::Bytes;
use gatefold_core::{Data, RenderContext, Renderer};
use http::HeaderValue;
use mime::Mime;

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
        let mut bytes = Vec::with_capacity(128);
        ciborium::into_writer(data, &mut bytes)?;
        Ok(bytes.into())
    }
}
