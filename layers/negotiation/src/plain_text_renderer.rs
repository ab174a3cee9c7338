use std::error::Error;

use bytes::Bytes;
use gatefold_core::{Data, RenderContext, Renderer};
use http::HeaderValue;
use mime::Mime;

use crate::tree::Tree;

/// Renders data as text for terminals: `text/plain`, format `txt`.
///
/// A text is itself. A list has an item a line, an object `name: value` a line; what lies deeper
/// is JSON.
#[derive(Clone, Debug)]
#[must_use]
pub struct PlainTextRenderer {
    media_type: Mime,
}

impl PlainTextRenderer {
    /// `text/plain`, format `txt`.
    pub fn new() -> Self {
        Self {
            media_type: mime::TEXT_PLAIN,
        }
    }
}

impl Default for PlainTextRenderer {
    fn default() -> Self {
        Self::new()
    }
}

impl Renderer for PlainTextRenderer {
    fn media_type(&self) -> &Mime {
        &self.media_type
    }

    fn format(&self) -> &str {
        "txt"
    }

    fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static("text/plain; charset=utf-8")
    }

    fn render(
        &self,
        data: &Data<'_>,
        _: &RenderContext<'_>,
    ) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
        let lines = |lines: Vec<String>| lines.iter().map(|line| line.to_owned() + "\n").collect();
        let text: String = match Tree::of(data)? {
            Tree::List(items) => lines(items.iter().map(Tree::to_text).collect()),
            Tree::Map(fields) => {
                let line = |(name, value): &(String, Tree)| format!("{name}: {}", value.to_text());
                lines(fields.iter().map(line).collect())
            }
            scalar => scalar.to_text(),
        };
        Ok(text.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::rendered;

    #[test]
    fn a_text_is_itself_and_the_rest_stands_in_lines() {
        let text = |value| rendered(PlainTextRenderer::new(), &value);
        assert_eq!(text(json!("a\nb")), "a\nb");
        assert_eq!(text(json!(["a", 2])), "a\n2\n");
        assert_eq!(text(json!({"a": [1], "b": null})), "a: [1]\nb: \n");
        assert_eq!(text(json!(null)), "");
    }
}
