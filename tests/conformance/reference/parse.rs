//! The parsers of the table: from a body and its `Content-Type` to data.

use bytes::Bytes;
use gatefold::Exception;
use gatefold::negotiation::{JsonParser, Parser, Parsers, Target};
use http::{
    header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    request::Parts,
};
use mime::Mime;
use serde_json::value::RawValue;

use super::{
    call::latin1, charset::Charset, config::Endpoint, json::Json, json_parser, media, media::Media,
    multipart,
};

/// Parses a body as DRF does when a handler asks for it: an empty body is empty data, whatever its
/// type; the first parser that takes the type reads it; without one the answer is 415.
pub(crate) fn parse(endpoint: &Endpoint, head: &Parts, body: &Bytes) -> Result<Json, Exception> {
    if body.is_empty() {
        return Ok(Json::Object(Vec::new()));
    }
    let mut parsers: Option<Parsers> = None;
    for name in &endpoint.parsers {
        let parser = Table::named(name).ok_or_else(|| Exception::internal(name.as_str()))?;
        parsers = Some(match parsers {
            Some(before) => before.or(parser),
            None => Parsers::new(parser),
        });
    }
    let Some(mut parsers) = parsers else {
        let content_type = head.headers.get(CONTENT_TYPE).map(latin1);
        return Err(Exception::unsupported_media_type(
            &content_type.unwrap_or_default(),
        ));
    };
    if endpoint.negotiator == "ignore_client" {
        parsers = parsers.ignore_client();
    }
    let raw: Box<RawValue> = parsers.parse(head, body)?;
    json_parser::parse(raw.get()).map_err(|error| bad(format!("JSON parse error - {error}")))
}

/// One field of a form, where the endpoint takes forms and this is one.
pub(crate) fn field(endpoint: &Endpoint, head: &Parts, body: &Bytes, name: &str) -> Option<String> {
    let kind = Media::read(&head.headers.get(CONTENT_TYPE).map(latin1)?);
    let is_form = ["application/x-www-form-urlencoded", "multipart/form-data"]
        .contains(&format!("{}/{}", kind.main, kind.sub).as_str());
    let Json::Object(fields) = parse(endpoint, head, body).ok().filter(|_| is_form)? else {
        return None;
    };
    let (_, value) = fields.into_iter().find(|(found, _)| found == name)?;
    match value {
        Json::List(values) => match values.into_iter().next_back()? {
            Json::Text(text) => Some(text),
            _ => None,
        },
        Json::Text(text) => Some(text),
        _ => None,
    }
}

/// A parser of the table. JSON is read by gatefold's own once its text is known.
struct Table {
    name: String,
    media_type: Mime,
}

impl Table {
    fn named(name: &str) -> Option<Self> {
        Some(Self {
            name: name.to_owned(),
            media_type: media_type(name)?.parse().ok()?,
        })
    }
}

impl Parser for Table {
    fn media_type(&self) -> &Mime {
        &self.media_type
    }

    fn parse(&self, head: &Parts, body: &Bytes, target: &mut Target<'_>) -> Result<(), Exception> {
        let header = |name| head.headers.get(name).map(latin1).unwrap_or_default();
        let kind = Media::read(&header(CONTENT_TYPE));
        if self.name == "json" {
            let text = charset(&kind)?.decode(body);
            let text = text.map_err(|error| bad(format!("JSON parse error - {error}")))?;
            return JsonParser::new().parse(head, &text.into(), target);
        }
        let data = read(&self.name, &kind, &header(CONTENT_DISPOSITION), body)?;
        target
            .read_json(data.compact().as_bytes())
            .map_err(Exception::internal)
    }
}

fn charset(kind: &Media) -> Result<Charset, Exception> {
    match kind.param("charset") {
        Some(name) => Charset::named(name).map_err(bad),
        None => Ok(Charset::Utf8),
    }
}

/// The media type of a parser.
pub(crate) fn media_type(parser: &str) -> Option<&'static str> {
    Some(match parser {
        "json" => "application/json",
        "form" => "application/x-www-form-urlencoded",
        "multipart" => "multipart/form-data",
        "plain" => "text/plain",
        "text_any" => "text/*",
        "upload" | "any" => "*/*",
        "json_profile" => "application/json; profile=strict",
        _ => return None,
    })
}

fn read(parser: &str, kind: &Media, disposition: &str, body: &[u8]) -> Result<Json, Exception> {
    match parser {
        "json_profile" => Ok(Json::object([("strict", json(body, charset(kind)?)?)])),
        "form" => Ok(form(body, charset(kind)?)),
        "multipart" => {
            let parts = multipart::read(body, kind, charset(kind)?)
                .map_err(|error| bad(format!("Multipart form parse error - {error}")))?;
            Ok(fields(parts.into_iter().map(|part| {
                let value = match part.file {
                    Some(file) => Json::object([("file", Json::text(file))]),
                    None => Json::Text(part.content),
                };
                (part.name, value)
            })))
        }
        "plain" | "text_any" | "any" => {
            // Bytes that are no text crash these parsers in the reference server.
            let text = Charset::Utf8.decode(body).map_err(Exception::internal)?;
            Ok(Json::object([("text", Json::Text(text))]))
        }
        "upload" => {
            let name = file_name(disposition).ok_or_else(|| {
                bad(
                    "Missing filename. Request should include a Content-Disposition header \
                     with a filename parameter."
                        .to_owned(),
                )
            })?;
            let file = [
                ("file", Json::text(name)),
                ("size", Json::number(body.len())),
            ];
            Ok(Json::object([("file", Json::object(file))]))
        }
        other => Err(Exception::internal(format!("parser `{other}`"))),
    }
}

fn json(body: &[u8], charset: Charset) -> Result<Json, Exception> {
    let fail = |error| bad(format!("JSON parse error - {error}"));
    let text = charset.decode(body).map_err(fail)?;
    if text.starts_with('\u{feff}') {
        return Err(fail("Unexpected UTF-8 BOM".to_owned()));
    }
    json_parser::parse(&text).map_err(fail)
}

fn form(body: &[u8], charset: Charset) -> Json {
    fields(media::pairs(body).map(|(name, value)| {
        let value = Json::Text(charset.decode_lossy(&value));
        (charset.decode_lossy(&name), value)
    }))
}

/// Repeated names become lists, in the order in which they first came.
fn fields(pairs: impl Iterator<Item = (String, Json)>) -> Json {
    let mut fields: Vec<(String, Json)> = Vec::new();
    for (name, value) in pairs {
        match fields.iter_mut().find(|(known, _)| *known == name) {
            Some((_, Json::List(list))) => list.push(value),
            _ => fields.push((name, Json::List(vec![value]))),
        }
    }
    Json::Object(fields)
}

/// `filename*` before `filename` (RFC 6266, section 4.3).
fn file_name(disposition: &str) -> Option<String> {
    let read = Media::read(disposition);
    if let Some(extended) = read.param("filename*") {
        let mut pieces = extended.splitn(3, '\'');
        let charset = Charset::named(pieces.next()?).ok()?;
        let encoded = pieces.nth(1)?;
        return charset
            .decode(&media::percent_decode(encoded.as_bytes()))
            .ok();
    }
    let name = read.param("filename").filter(|name| !name.is_empty());
    name.map(str::to_owned)
}

fn bad(detail: String) -> Exception {
    Exception::parse_error().with_detail(detail)
}
