use std::error::Error;

use bytes::Bytes;
use gatefold_core::{Data, RenderContext, Renderer};
use http::HeaderValue;
use mime::Mime;

use crate::tree::Tree;

/// Renders data as XML: `application/xml`, format `xml`.
///
/// The elements are those of Django REST Framework's XML package: `root`, the names of fields, and
/// `list-item`. A name that no element can have becomes `<entry name="..">`. `null` is an empty
/// element. Characters that XML cannot hold become U+FFFD.
///
/// ```
/// # use std::sync::Arc;
/// # use gatefold_core::{Accepted, Data, RenderContext, Renderer};
/// use gatefold_negotiation::XmlRenderer;
/// # let accepted = Accepted::new(mime::TEXT_XML, Arc::new(XmlRenderer::new()));
/// # let headers = http::HeaderMap::new();
/// # let context = RenderContext::new(http::StatusCode::OK, &headers, &accepted);
///
/// let task = serde_json::json!({"title": "a < b", "tags": ["x"]});
/// let xml = XmlRenderer::new().render(&Data::new(&task), &context)?;
/// assert_eq!(
///     xml,
///     "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
///      <root><tags><list-item>x</list-item></tags><title>a &lt; b</title></root>"
/// );
/// # Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct XmlRenderer {
    media_type: Mime,
    root: Box<str>,
}

impl XmlRenderer {
    /// `application/xml`, format `xml`.
    pub fn new() -> Self {
        Self {
            media_type: "application/xml".parse().expect("a media type"),
            root: "root".into(),
        }
    }
}

impl Default for XmlRenderer {
    fn default() -> Self {
        Self::new()
    }
}

impl Renderer for XmlRenderer {
    fn media_type(&self) -> &Mime {
        &self.media_type
    }

    fn format(&self) -> &str {
        "xml"
    }

    fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static("application/xml; charset=utf-8")
    }

    fn render(
        &self,
        data: &Data<'_>,
        _: &RenderContext<'_>,
    ) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
        let mut xml = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".to_owned();
        element(&self.root, &Tree::of(data)?, &mut xml);
        Ok(xml.into())
    }
}

fn element(name: &str, tree: &Tree, xml: &mut String) {
    xml.push('<');
    let tag = if is_name(name) {
        xml.push_str(name);
        name
    } else {
        xml.push_str("entry name=\"");
        escape(name, xml);
        xml.push('"');
        "entry"
    };
    if *tree == Tree::Null {
        xml.push_str("/>");
        return;
    }
    xml.push('>');
    match tree {
        Tree::List(items) => items
            .iter()
            .for_each(|item| element("list-item", item, xml)),
        Tree::Map(fields) => fields
            .iter()
            .for_each(|(name, value)| element(name, value, xml)),
        scalar => escape(&scalar.to_text(), xml),
    }
    xml.push_str("</");
    xml.push_str(tag);
    xml.push('>');
}

/// Whether an element can have this name everywhere: ASCII, no colon, and not reserved.
fn is_name(name: &str) -> bool {
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_';
    let goes_on = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let reserved = name
        .get(..3)
        .is_some_and(|start| start.eq_ignore_ascii_case("xml"));
    name.starts_with(starts) && name.chars().all(goes_on) && !reserved
}

fn escape(text: &str, xml: &mut String) {
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            // As it is, a parser would make a line feed of it.
            '\r' => xml.push_str("&#13;"),
            '\t' | '\n' => xml.push(character),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => xml.push(char::REPLACEMENT_CHARACTER),
            other => xml.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::rendered;

    fn xml(value: &serde_json::Value) -> String {
        let xml = rendered(XmlRenderer::new(), value);
        let (_, root) = xml.split_once('\n').expect("a declaration");
        root.to_owned()
    }

    #[test]
    fn scalars_lists_and_nothing() {
        assert_eq!(xml(&json!(null)), "<root/>");
        assert_eq!(
            xml(&json!([1, null])),
            "<root><list-item>1</list-item><list-item/></root>"
        );
    }

    #[test]
    fn no_name_and_no_text_breaks_out() {
        let odd = json!({"a b": 1, "<x>": "]]>\"\u{0}\r", "xmlns": 2});
        let xml = xml(&odd);
        assert!(xml.contains("<entry name=\"a b\">1</entry>"), "{xml}");
        assert!(xml.contains("<entry name=\"&lt;x&gt;\">]]&gt;&quot;\u{fffd}&#13;</entry>"));
        assert!(xml.contains("<entry name=\"xmlns\">2</entry>"));
    }
}
