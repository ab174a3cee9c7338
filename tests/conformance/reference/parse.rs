//! The parsers of the table: from a body and its `Content-Type` to data.

use gatefold_core::Exception;

use super::{charset::Charset, json::Json, json_parser, media, media::Media, multipart};

/// Parses a body as DRF does when a handler asks for it: an empty body is empty data, whatever its
/// type; the first parser that takes the type reads it; without one the answer is 415.
pub fn parse(
    parsers: &[String],
    ignore_client: bool,
    content_type: &str,
    disposition: Option<&str>,
    body: &[u8],
) -> Result<Json, Exception> {
    if body.is_empty() {
        return Ok(Json::Object(Vec::new()));
    }
    let kind = Media::read(content_type);
    let chosen = if ignore_client {
        parsers.first()
    } else if content_type.len() > 256 {
        None
    } else {
        parsers.iter().find(|name| takes(name, &kind))
    };
    let Some(parser) = chosen else {
        return Err(Exception::unsupported_media_type(content_type));
    };
    read(parser, &kind, disposition, body)
}

/// The media type of a parser.
pub fn media_type(parser: &str) -> Option<&'static str> {
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

fn takes(parser: &str, kind: &Media) -> bool {
    let nothing = kind.main.is_empty() && kind.sub.is_empty();
    media_type(parser).is_some_and(|offered| {
        let offered = Media::read(offered);
        if nothing {
            offered.main == "*"
        } else {
            kind.is_taken_by(&offered)
        }
    })
}

fn read(
    parser: &str,
    kind: &Media,
    disposition: Option<&str>,
    body: &[u8],
) -> Result<Json, Exception> {
    let charset = || match kind.param("charset") {
        Some(name) => Charset::named(name).map_err(bad),
        None => Ok(Charset::Utf8),
    };
    match parser {
        "json" => json(body, charset()?),
        "json_profile" => Ok(Json::object([("strict", json(body, charset()?)?)])),
        "form" => Ok(form(body, charset()?)),
        "multipart" => {
            let parts = multipart::read(body, kind, charset()?)
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
            let text = Charset::Utf8.decode(body).map_err(bad)?;
            Ok(Json::object([("text", Json::Text(text))]))
        }
        "upload" => {
            let name = disposition.and_then(file_name).ok_or_else(|| {
                bad("Missing filename. Request should include a Content-Disposition header \
                     with a filename parameter."
                    .to_owned())
            })?;
            let file = [("file", Json::text(name)), ("size", Json::number(body.len()))];
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
    read.param("filename").map(str::to_owned)
}

fn bad(detail: String) -> Exception {
    Exception::parse_error().with_detail(detail)
}
