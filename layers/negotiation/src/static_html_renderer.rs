use std::error::Error;

use bytes::Bytes;
use gatefold_core::{Data, RenderContext, Renderer};
use http::HeaderValue;
use mime::Mime;

use crate::{HtmlRenderer, tree::Tree};

/// Sends a text as a page, as the handler wrote it: `text/html`, format `html`.
///
/// For a route whose data is HTML already, as Django REST Framework's `StaticHTMLRenderer`.
/// Nothing is escaped, so the handler does that. Data that is no text, such as a refusal, becomes
/// a page of the [`HtmlRenderer`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct StaticHtmlRenderer {
    other: HtmlRenderer,
}

impl StaticHtmlRenderer {
    /// `text/html`, format `html`.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Renderer for StaticHtmlRenderer {
    fn media_type(&self) -> &Mime {
        self.other.media_type()
    }

    fn format(&self) -> &str {
        self.other.format()
    }

    fn content_type(&self) -> HeaderValue {
        self.other.content_type()
    }

    fn wants_outward(&self) -> bool {
        self.other.wants_outward()
    }

    fn render(
        &self,
        data: &Data<'_>,
        context: &RenderContext<'_>,
    ) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
        match Tree::of(data)? {
            Tree::Text(page) => Ok(page.into()),
            _ => self.other.render(data, context),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::rendered;

    #[test]
    fn a_text_is_the_page_and_other_data_is_shown() {
        let page = |value| rendered(StaticHtmlRenderer::new(), &value);
        assert_eq!(page(json!("<h1>Hi</h1>")), "<h1>Hi</h1>");
        assert!(page(json!({"detail": "<no>"})).contains("&lt;no&gt;"));
    }
}
