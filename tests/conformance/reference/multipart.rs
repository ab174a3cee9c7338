//! Multipart bodies, as far as the corpus needs them.

use super::{charset::Charset, media::Media};

/// One part of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) file: Option<String>,
    pub(crate) content: String,
}

/// Reads a body. The error is a sentence.
pub(crate) fn read(body: &[u8], kind: &Media, charset: Charset) -> Result<Vec<Part>, String> {
    let boundary = kind.param("boundary").filter(|b| good_boundary(b));
    let Some(boundary) = boundary else {
        let shown = kind.param("boundary").unwrap_or("None");
        return Err(format!("Invalid boundary in multipart: {shown}"));
    };
    let delimiter = format!("--{boundary}");
    let Some(first) = find(body, delimiter.as_bytes()) else {
        return Err("No boundary in the body".to_owned());
    };
    let mut parts = Vec::new();
    let mut rest = &body[first + delimiter.len()..];
    let next = format!("\r\n--{boundary}");
    while !rest.starts_with(b"--") {
        let start = find(rest, b"\r\n").ok_or("Invalid part")? + 2;
        rest = &rest[start..];
        let end = find(rest, next.as_bytes()).unwrap_or(rest.len());
        parts.extend(part(&rest[..end], charset));
        match rest.get(end + next.len()..) {
            Some(tail) if !tail.is_empty() => rest = tail,
            _ => break,
        }
    }
    Ok(parts)
}

fn good_boundary(boundary: &str) -> bool {
    !boundary.is_empty() && boundary.len() <= 200 && boundary.is_ascii() && !boundary.ends_with(' ')
}

fn part(bytes: &[u8], charset: Charset) -> Option<Part> {
    let end = find(bytes, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]);
    let disposition = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-disposition")
            .then(|| Media::read(value.trim()))
    })?;
    Some(Part {
        name: disposition.param("name")?.to_owned(),
        file: disposition.param("filename").map(str::to_owned),
        content: charset.decode_lossy(&bytes[end + 4..]),
    })
}

fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len())
        .position(|window| window == needle)
}
