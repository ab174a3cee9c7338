use std::{
    borrow::Cow,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use futures_core::Stream;
use gatefold_core::Exception;
use http::{header::CONTENT_TYPE, request::Parts};
use mime::Mime;
use serde::Deserialize;

use crate::{
    Parser, Target,
    fields::{Fields, File},
};

/// Reads HTML forms with files into a typed value: `multipart/form-data` (RFC 7578; feature
/// `multipart`).
///
/// Text fields fill the value as those of a [`FormParser`](crate::FormParser) do, and a file fills
/// an [`Upload`]. The whole body is in memory, within the limit of
/// [`Parsers`](crate::Parsers::limit); for large files read a [`Multipart`](crate::Multipart).
///
/// A malformed body is a 400 that names the part: `Multipart form parse error - .. in part 2`.
#[derive(Clone, Debug)]
#[must_use]
pub struct MultipartParser {
    media_type: Mime,
}

impl MultipartParser {
    /// Reads `multipart/form-data`.
    pub fn new() -> Self {
        Self {
            media_type: mime::MULTIPART_FORM_DATA,
        }
    }
}

impl Default for MultipartParser {
    fn default() -> Self {
        Self::new()
    }
}

/// A file of a form, in memory: a field of the type that a [`MultipartParser`] fills.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Upload {
    file_name: Option<String>,
    content_type: Option<String>,
    #[serde(deserialize_with = "bytes_of")]
    content: Bytes,
}

impl Upload {
    /// The name that the client gave the file. It may be anything: never use it as a path.
    pub fn file_name(&self) -> Option<&str> {
        self.file_name.as_deref()
    }

    /// The media type that the client claims.
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The file itself.
    pub fn content(&self) -> &Bytes {
        &self.content
    }
}

fn bytes_of<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
    struct Reader;
    impl serde::de::Visitor<'_> for Reader {
        type Value = Bytes;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("the bytes of a file")
        }

        fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
            Ok(Bytes::copy_from_slice(bytes))
        }
    }
    from.deserialize_byte_buf(Reader)
}

impl Parser for MultipartParser {
    fn media_type(&self) -> &Mime {
        &self.media_type
    }

    fn parse(&self, head: &Parts, body: &Bytes, target: &mut Target<'_>) -> Result<(), Exception> {
        let mut parts = multer::Multipart::new(Whole(Some(body.clone())), boundary(head)?);
        let mut fields = Fields::default();
        let mut part = 1;
        while let Some(field) = at_once(parts.next_field(), part)? {
            let Some(name) = field.name().map(str::to_owned) else {
                return Err(malformed(&"a field without a name", part));
            };
            let file_name = field.file_name().map(str::to_owned);
            let content_type = field.content_type().map(ToString::to_string);
            let content = at_once(field.bytes(), part)?;
            if file_name.is_some() {
                let file = File {
                    name: file_name,
                    content_type,
                    content: Cow::Owned(content.into()),
                };
                fields.file(name.into(), file);
            } else {
                let text = String::from_utf8_lossy(&content).into_owned();
                fields.text(name.into(), text.into());
            }
            part += 1;
        }
        target.read(fields).map_err(|error| Target::misfit(&error))
    }
}

pub(crate) fn boundary(head: &Parts) -> Result<String, Exception> {
    let value = head.headers.get(CONTENT_TYPE);
    let value = value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    multer::parse_boundary(value).map_err(|error| match error {
        multer::Error::NoMultipart => Exception::unsupported_media_type(value),
        error => malformed(&error, 1),
    })
}

pub(crate) fn malformed(error: &dyn std::fmt::Display, part: usize) -> Exception {
    let detail = format!("Multipart form parse error - {error} in part {part}");
    Exception::parse_error().with_detail(detail)
}

/// What a future over bytes in memory says: it has nothing to wait for.
fn at_once<T>(
    future: impl Future<Output = Result<T, multer::Error>>,
    part: usize,
) -> Result<T, Exception> {
    let mut cx = Context::from_waker(Waker::noop());
    match std::pin::pin!(future).poll(&mut cx) {
        Poll::Ready(read) => read.map_err(|error| malformed(&error, part)),
        Poll::Pending => Err(Exception::internal("a form in memory was waited for")),
    }
}

/// All of a body at once.
struct Whole(Option<Bytes>);

impl Stream for Whole {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Parsers;

    #[derive(Debug, Deserialize)]
    struct Form {
        title: String,
        tags: Vec<u8>,
        photo: Upload,
    }

    fn parse(body: &'static str) -> Result<Form, Exception> {
        let request = http::Request::builder()
            .header(CONTENT_TYPE, "multipart/form-data; boundary=B")
            .body(());
        let (head, ()) = request.expect("a request").into_parts();
        Parsers::new(MultipartParser::new()).parse(&head, &body.into())
    }

    #[test]
    fn fields_and_files_fill_a_typed_value() {
        let form = parse(
            "--B\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nmilk\r\n\
             --B\r\nContent-Disposition: form-data; name=\"tags[]\"\r\n\r\n1\r\n\
             --B\r\nContent-Disposition: form-data; name=\"tags[]\"\r\n\r\n2\r\n\
             --B\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a.png\"\r\n\
             Content-Type: image/png\r\n\r\n\x01\x02\r\n--B--\r\n",
        )
        .expect("it fits");
        assert_eq!((form.title.as_str(), &form.tags[..]), ("milk", &[1, 2][..]));
        assert_eq!(form.photo.file_name(), Some("a.png"));
        assert_eq!(form.photo.content_type(), Some("image/png"));
        assert_eq!(form.photo.content(), &b"\x01\x02"[..]);
    }

    #[test]
    fn a_malformed_form_is_refused_with_the_part() {
        for (body, part) in [
            ("nothing of the kind", 1),
            (
                "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx",
                1,
            ),
            (
                "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--B\r\n",
                2,
            ),
        ] {
            let refusal = parse(body).expect_err(body);
            assert_eq!(refusal.code(), "parse_error", "{body}");
            let text = refusal.detail().text().expect("words").to_owned();
            assert!(text.starts_with("Multipart form parse error - "), "{text}");
            assert!(text.ends_with(&format!(" in part {part}")), "{text}");
        }
        let misfit = "--B\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nx\r\n--B--\r\n";
        assert_eq!(parse(misfit).expect_err("no photo").code(), "invalid");
    }
}
