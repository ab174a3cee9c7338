//! The renderers of the table: gatefold's JSON, and the server's own.

use std::{error::Error, sync::Arc};

use bytes::Bytes;
use gatefold::negotiation::JsonRenderer;
use gatefold::{Data, RenderContext, Renderer};
use http::HeaderValue;
use mime::Mime;

use super::{json::Json, json_parser};

/// The renderer of this name.
pub(crate) fn named(name: &str) -> Option<Arc<dyn Renderer>> {
    if name == "json" {
        return Some(Arc::new(JsonRenderer::new().drf()));
    }
    let (media_type, format, charset, form) = match name {
        "html" => ("text/html", "html", Some("utf-8"), Form::Tag("pre")),
        "xml" => ("application/xml", "xml", Some("utf-8"), Form::Tag("root")),
        "csv" => ("text/csv", "csv", Some("utf-8"), Form::Csv),
        "plain" => ("text/plain", "txt", Some("utf-8"), Form::Before("plain:")),
        "latin" => ("text/plain", "latin", Some("iso-8859-1"), Form::Latin),
        "png" => ("image/png", "png", None, Form::Png),
        "json_v1" => (
            "application/vnd.ref+json; v=1",
            "v1",
            None,
            Form::Wrapped(1),
        ),
        "json_v2" => (
            "application/vnd.ref+json; v=2",
            "v2",
            None,
            Form::Wrapped(2),
        ),
        "text_any" => ("text/*", "any", None, Form::Before("any:")),
        "mixed_case" => ("Application/X-Mixed", "mixed", None, Form::Before("mixed:")),
        "static_html" => ("text/html", "html", Some("utf-8"), Form::Static),
        "browsable" => ("text/html", "api", Some("utf-8"), Form::Page),
        _ => return None,
    };
    let content_type = match charset {
        Some(charset) => format!("{media_type}; charset={charset}"),
        None => media_type.to_owned(),
    };
    Some(Arc::new(Table {
        media_type: media_type.parse().ok()?,
        format,
        content_type: content_type.parse().ok()?,
        form,
    }))
}

/// The media type of a renderer as it is written in the table; metadata shows it.
pub(crate) fn written(name: &str) -> Option<String> {
    let content_type = named(name)?.content_type();
    let text = content_type.to_str().ok()?;
    let plain = text
        .split_once("; charset=")
        .map_or(text, |(plain, _)| plain);
    Some(plain.to_owned())
}

#[derive(Debug)]
struct Table {
    media_type: Mime,
    format: &'static str,
    content_type: HeaderValue,
    form: Form,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Tag(&'static str),
    Csv,
    Before(&'static str),
    Latin,
    Png,
    Wrapped(u8),
    Static,
    Page,
}

impl Renderer for Table {
    fn media_type(&self) -> &Mime {
        &self.media_type
    }

    fn format(&self) -> &str {
        self.format
    }

    fn content_type(&self) -> HeaderValue {
        self.content_type.clone()
    }

    fn render(
        &self,
        data: &Data<'_>,
        context: &RenderContext<'_>,
    ) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
        let json = String::from_utf8(data.to_json()?)?;
        Ok(match self.form {
            Form::Tag("pre") if json == "null" => Bytes::new(),
            Form::Tag(tag) => format!("<{tag}>{}</{tag}>", escape(&json)).into(),
            Form::Csv => csv(&json)?.into(),
            Form::Before(before) => format!("{before}{json}").into(),
            Form::Latin => format!("latin:{json}")
                .chars()
                .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))
                .collect(),
            Form::Png => [b"\x89PNG\r\n\x1a\n", json.as_bytes()].concat().into(),
            Form::Wrapped(version) => format!("{{\"v\":{version},\"data\":{json}}}").into(),
            Form::Static if context.status().as_u16() >= 400 => {
                let reason = context.status().canonical_reason().unwrap_or_default();
                format!("{} {reason}", context.status().as_u16()).into()
            }
            Form::Static => match json_parser::parse(&json)? {
                Json::Text(text) => text.into(),
                _ => return Err("static HTML renders a text".into()),
            },
            Form::Page => format!("<!doctype html><pre>{}</pre>", escape(&json)).into(),
        })
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn csv(json: &str) -> Result<String, String> {
    let Json::Object(entries) = json_parser::parse(json)? else {
        return Err("CSV renders an object".to_owned());
    };
    let lines = entries.into_iter().map(|(key, value)| match value {
        Json::Text(text) => format!("{key},{text}\r\n"),
        other => format!("{key},{}\r\n", other.compact()),
    });
    Ok(lines.collect())
}
