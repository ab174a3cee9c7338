use std::error::Error;

use bytes::Bytes;
use gatefold_core::{Data, RenderContext, Renderer};
use http::HeaderValue;
use mime::Mime;
use serde::Serialize;

/// Renders data as MessagePack: `application/vnd.msgpack`, format `msgpack` (feature `msgpack`).
///
/// Fields go by their names, not by their places, so that any client can read it.
#[derive(Clone, Debug)]
#[must_use]
pub struct MessagePackRenderer {
    media_type: Mime,
}

impl MessagePackRenderer {
    /// `application/vnd.msgpack`, the type that IANA registers.
    pub fn new() -> Self {
        Self {
            media_type: crate::message_pack_parser::media_type(),
        }
    }

    /// Answers to another media type: `application/msgpack` is widely used.
    pub fn media_type(mut self, media_type: Mime) -> Self {
        self.media_type = media_type;
        self
    }
}

impl Default for MessagePackRenderer {
    fn default() -> Self {
        Self::new()
    }
}

impl Renderer for MessagePackRenderer {
    fn media_type(&self) -> &Mime {
        &self.media_type
    }

    fn format(&self) -> &str {
        "msgpack"
    }

    fn content_type(&self) -> HeaderValue {
        let essence = HeaderValue::from_str(self.media_type.as_ref());
        essence.unwrap_or(HeaderValue::from_static("application/vnd.msgpack"))
    }

    fn render(
        &self,
        data: &Data<'_>,
        _: &RenderContext<'_>,
    ) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
        let mut bytes = Vec::with_capacity(128);
        data.serialize(&mut rmp_serde::Serializer::new(&mut bytes).with_struct_map())?;
        Ok(bytes.into())
    }
}
