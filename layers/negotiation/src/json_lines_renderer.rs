use std::error::Error;

use bytes::Bytes;
use gatefold_core::{Data, ItemWriter, RenderContext, Renderer};
use http::HeaderValue;
use mime::Mime;

use crate::tree::Tree;

/// Renders a list as JSON lines, a value a line: `application/x-ndjson`, format `ndjson`.
///
/// Made for streams, where each item can be read as soon as it is there. Data that is no list is
/// one line.
#[derive(Clone, Debug)]
#[must_use]
pub struct JsonLinesRenderer {
    media_type: Mime,
}

impl JsonLinesRenderer {
    /// `application/x-ndjson`, format `ndjson`.
    pub fn new() -> Self {
        Self {
            media_type: "application/x-ndjson".parse().expect("a media type"),
        }
    }
}

impl Default for JsonLinesRenderer {
    fn default() -> Self {
        Self::new()
    }
}

impl Renderer for JsonLinesRenderer {
    fn media_type(&self) -> &Mime {
        &self.media_type
    }

    fn format(&self) -> &str {
        "ndjson"
    }

    fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static("application/x-ndjson")
    }

    fn render(
        &self,
        data: &Data<'_>,
        _: &RenderContext<'_>,
    ) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
        let mut text = Vec::new();
        match Tree::of(data)? {
            Tree::List(items) => {
                for item in &items {
                    Lines.item(&Data::new(item), &mut text)?;
                }
            }
            one => Lines.item(&Data::new(&one), &mut text)?,
        }
        Ok(text.into())
    }

    fn items(&self) -> Option<Box<dyn ItemWriter>> {
        Some(Box::new(Lines))
    }
}

struct Lines;

impl ItemWriter for Lines {
    fn item(
        &mut self,
        item: &Data<'_>,
        to: &mut Vec<u8>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        item.write_json(to)?;
        to.push(b'\n');
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<u8>) {}
}

/// A JSON array, item by item.
#[derive(Default)]
pub(crate) struct Array {
    begun: bool,
}

impl ItemWriter for Array {
    fn item(
        &mut self,
        item: &Data<'_>,
        to: &mut Vec<u8>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        to.push(if self.begun { b',' } else { b'[' });
        self.begun = true;
        item.write_json(to)?;
        Ok(())
    }

    fn end(&mut self, to: &mut Vec<u8>) {
        to.extend_from_slice(if self.begun { b"]" } else { b"[]" });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::rendered;

    #[test]
    fn a_list_has_a_line_for_each_item() {
        let lines = |value| rendered(JsonLinesRenderer::new(), &value);
        assert_eq!(lines(json!([{"a": "x\ny"}, 2])), "{\"a\":\"x\\ny\"}\n2\n");
        assert_eq!(lines(json!({"a": [1]})), "{\"a\":[1]}\n");
    }

    #[test]
    fn an_array_is_whole_with_and_without_items() {
        for (items, expected) in [(vec![], "[]"), (vec![1], "[1]"), (vec![1, 2], "[1,2]")] {
            let (mut array, mut json) = (Array::default(), Vec::new());
            for item in items {
                array.item(&Data::new(&item), &mut json).expect("a number");
            }
            array.end(&mut json);
            assert_eq!(json, expected.as_bytes());
        }
    }
}
