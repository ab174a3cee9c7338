use std::error::Error;

use bytes::Bytes;
use gatefold_core::{Data, Outward, RenderContext, Renderer};
use http::{
    HeaderValue, Uri,
    header::{CONTENT_TYPE, SET_COOKIE},
};
use mime::Mime;

use crate::json_renderer::indented;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;\
padding:0 1rem}pre{background:#f6f8fa;color:#24292f;padding:1rem;overflow:auto;border-radius:6px}\
nav{display:flex;gap:1rem}dl{display:grid;grid-template-columns:max-content 1fr;gap:0 1rem;\
font-size:.9rem}dt{color:#57606a}dd{margin:0;overflow-wrap:anywhere}.k{color:#0550ae}.s{color:#0a6640}.n{color:#953800}";

/// Renders data as a page for people: who asked for what, links to the other forms, the status
/// and the headers, and the data as coloured, indented JSON.
///
/// All text is escaped. A string in the data that is a `http:` or `https:` address, or a path, is
/// a link. `Set-Cookie` is not shown.
#[derive(Clone, Debug)]
#[must_use]
pub struct HtmlRenderer {
    media_type: Mime,
}

impl HtmlRenderer {
    /// `text/html`, format `html`.
    pub fn new() -> Self {
        Self {
            media_type: mime::TEXT_HTML,
        }
    }
}

impl Default for HtmlRenderer {
    fn default() -> Self {
        Self::new()
    }
}

impl Renderer for HtmlRenderer {
    fn media_type(&self) -> &Mime {
        &self.media_type
    }

    fn format(&self) -> &str {
        "html"
    }

    fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static("text/html; charset=utf-8")
    }

    fn wants_outward(&self) -> bool {
        true
    }

    fn render(
        &self,
        data: &Data<'_>,
        context: &RenderContext<'_>,
    ) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
        let json = String::from_utf8(indented(data, 2)?)?;
        let status = context.status();
        let code = status.as_str();
        let reason = status.canonical_reason().unwrap_or_default();
        let mut page = String::with_capacity(json.len() * 2 + 2048);
        page.push_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        page.push_str("<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
        title(context, &mut page);
        page.push_str(&format!(
            "{code} {reason}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        ));
        forms(context, &mut page);
        page.push_str(&format!("<h1>{code} {reason}</h1>\n"));
        headers(&self.content_type(), context, &mut page);
        page.push_str("<pre>");
        highlight(&json, &mut page);
        page.push_str("</pre>\n</body>\n</html>\n");
        Ok(page.into())
    }
}

fn title(context: &RenderContext<'_>, page: &mut String) {
    if let Some(route) = context.route().or_else(|| context.uri().map(Uri::path)) {
        escape(route, page);
        page.push_str(" \u{b7} ");
    }
}

/// Who asks, and a link to each of the other forms.
fn forms(context: &RenderContext<'_>, page: &mut String) {
    let identity = context.outward().and_then(Outward::identity);
    let own = context.accepted().renderer().format();
    let others = || {
        context
            .offers()
            .iter()
            .filter(|form| form.renderer().format() != own)
    };
    let parameter = context
        .format_parameter()
        .filter(|_| others().next().is_some());
    if identity.is_none() && parameter.is_none() {
        return;
    }
    page.push_str("<nav>");
    if let Some(identity) = identity {
        page.push_str("<b>");
        escape(identity.id(), page);
        page.push_str("</b>");
    }
    for form in parameter.iter().flat_map(|_| others()) {
        let format = form.renderer().format();
        page.push_str(" <a rel=\"alternate\" type=\"");
        escape(form.media_type().as_ref(), page);
        page.push_str("\" href=\"");
        escape(
            &target(context.uri(), parameter.unwrap_or_default(), format),
            page,
        );
        page.push_str("\">");
        escape(format, page);
        page.push_str("</a>");
    }
    page.push_str("</nav>\n");
}

/// The same address with another format.
fn target(uri: Option<&Uri>, parameter: &str, format: &str) -> String {
    // A path that begins with two slashes would lead to another host.
    let path = uri.map_or("", Uri::path);
    let path = if path.starts_with("//") { "" } else { path };
    let query = uri.and_then(Uri::query).unwrap_or_default();
    let kept = query.split('&').filter(|pair| {
        let mut read = form_urlencoded::parse(pair.as_bytes());
        read.next().is_some_and(|(name, _)| name != parameter)
    });
    let start = path.len() + 1;
    let target = format!("{path}?{}", kept.collect::<Vec<_>>().join("&"));
    form_urlencoded::Serializer::for_suffix(target, start)
        .append_pair(parameter, format)
        .finish()
}

fn headers(content_type: &HeaderValue, context: &RenderContext<'_>, page: &mut String) {
    page.push_str("<dl>");
    let others = context.headers().iter();
    let others = others.filter(|(name, _)| **name != CONTENT_TYPE && **name != SET_COOKIE);
    for (name, value) in std::iter::once((&CONTENT_TYPE, content_type)).chain(others) {
        page.push_str("<dt>");
        escape(name.as_str(), page);
        page.push_str("</dt><dd>");
        escape(&String::from_utf8_lossy(value.as_bytes()), page);
        page.push_str("</dd>");
    }
    page.push_str("</dl>\n");
}

/// Writes JSON as HTML: names, strings and other scalars in their colours.
fn highlight(json: &str, page: &mut String) {
    let mut rest = json;
    while let Some(character) = rest.chars().next() {
        let (length, class) = match character {
            '"' => {
                let length = string_length(rest);
                let class = if rest[length..].starts_with(':') {
                    "k"
                } else {
                    "s"
                };
                (length, class)
            }
            '-' | '0'..='9' | 'a'..='z' => (scalar_length(rest), "n"),
            _ => {
                escape(&rest[..character.len_utf8()], page);
                rest = &rest[character.len_utf8()..];
                continue;
            }
        };
        let (token, after) = rest.split_at(length);
        page.push_str(&format!("<span class=\"{class}\">"));
        match link(token).filter(|_| class == "s") {
            Some(target) => {
                page.push_str("\"<a href=\"");
                escape(target, page);
                page.push_str("\">");
                escape(target, page);
                page.push_str("</a>\"");
            }
            None => escape(token, page),
        }
        page.push_str("</span>");
        rest = after;
    }
}

/// The inside of a JSON string that is an address, and that JSON has escaped nothing in.
fn link(token: &str) -> Option<&str> {
    let inside = token.strip_prefix('"')?.strip_suffix('"')?;
    let path = inside.starts_with('/') && !inside.starts_with("//");
    let address = inside.starts_with("http://") || inside.starts_with("https://") || path;
    (address && !inside.contains(['\\', ' '])).then_some(inside)
}

fn string_length(text: &str) -> usize {
    let mut escaped = true;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn scalar_length(text: &str) -> usize {
    text.find(|character: char| !character.is_ascii_alphanumeric() && !"+-.".contains(character))
        .unwrap_or(text.len())
}

fn escape(text: &str, page: &mut String) {
    for character in text.chars() {
        match character {
            '&' => page.push_str("&amp;"),
            '<' => page.push_str("&lt;"),
            '>' => page.push_str("&gt;"),
            '"' => page.push_str("&quot;"),
            '\'' => page.push_str("&#39;"),
            other => page.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::Arc};

    use gatefold_core::Accepted;
    use http::{HeaderMap, StatusCode};
    use proptest::prelude::*;
    use serde::Serialize;

    use super::*;

    fn page<T: Serialize>(value: &T) -> String {
        let accepted = Accepted::new(mime::TEXT_HTML, Arc::new(HtmlRenderer::new()));
        let headers = HeaderMap::new();
        let context = RenderContext::new(StatusCode::CREATED, &headers, &accepted);
        let bytes = accepted.renderer().render(&Data::new(value), &context);
        String::from_utf8(bytes.expect("it serializes").to_vec()).expect("UTF-8")
    }

    #[test]
    fn the_page_shows_status_and_data() {
        let page = page(&BTreeMap::from([("done", true)]));
        assert!(page.contains("<h1>201 Created</h1>"));
        assert!(
            page.contains(
                "<span class=\"k\">&quot;done&quot;</span>: <span class=\"n\">true</span>"
            )
        );
    }

    #[test]
    fn addresses_are_links_and_scripts_are_not() {
        let linked = page(&"/tasks/4?a=1&b=2");
        assert!(linked.contains("<a href=\"/tasks/4?a=1&amp;b=2\">"));
        for text in [
            "javascript:alert(1)",
            "//evil.example",
            "http://x/\" onclick=\"y",
            "see /x",
        ] {
            assert!(!page(&text).contains("<a "), "{text}");
        }
    }

    #[test]
    fn the_other_forms_are_one_click_away() {
        let uri: Uri = "/tasks?page=2&format=html&q=%3Cx".parse().expect("a URI");
        assert_eq!(
            target(Some(&uri), "format", "json"),
            "/tasks?page=2&q=%3Cx&format=json"
        );
        assert_eq!(target(None, "format", "json"), "?format=json");
        let elsewhere = Uri::builder().path_and_query("//evil.example/x").build();
        assert_eq!(
            target(elsewhere.ok().as_ref(), "format", "json"),
            "?format=json"
        );
    }

    #[test]
    fn cookies_are_not_shown_and_headers_are_escaped() {
        let accepted = Accepted::new(mime::TEXT_HTML, Arc::new(HtmlRenderer::new()));
        let mut headers = HeaderMap::new();
        headers.insert(SET_COOKIE, HeaderValue::from_static("session=s3cret"));
        headers.insert("x-note", HeaderValue::from_static("<b>"));
        let context = RenderContext::new(StatusCode::OK, &headers, &accepted);
        let page = HtmlRenderer::new()
            .render(&Data::new(&1), &context)
            .expect("a page");
        let page = String::from_utf8_lossy(&page);
        assert!(!page.contains("s3cret"));
        assert!(page.contains("<dt>x-note</dt><dd>&lt;b&gt;</dd>"));
        assert!(page.contains("<dt>content-type</dt><dd>text/html; charset=utf-8</dd>"));
    }

    proptest! {
        #[test]
        fn no_markup_comes_out_of_data(text in "[a-z<>&\"'/:\\\\ é]{0,40}") {
            let page = page(&text);
            let (_, data) = page.split_once("<pre>").unwrap();
            let (data, _) = data.split_once("</pre>").unwrap();
            let mut rest = data.to_owned();
            for ours in ["<span class=\"s\">", "</span>", "</a>"] {
                rest = rest.replacen(ours, "", 1);
            }
            if let Some((before, after)) = rest.split_once("<a href=\"") {
                let (_, after) = after.split_once("\">").unwrap();
                rest = format!("{before}{after}");
                // The quotes around a link are ours.
                rest = rest.trim_matches('"').to_owned();
            }
            prop_assert!(!rest.contains(['<', '>', '"', '\'']), "{}", rest);
        }
    }
}
