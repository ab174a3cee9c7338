use std::pin::Pin;

use bytes::Bytes;
use gatefold_core::Exception;
use http::Request;
use http_body::Body;
use http_body_util::{BodyDataStream, BodyExt};
use multer::{Constraints, SizeLimit};

use crate::multipart_parser::{boundary, malformed};

/// A form with files, part by part as it comes in: `multipart/form-data` (RFC 7578; feature
/// `multipart`).
///
/// No file is held in memory: each is read in chunks, up to a limit for the whole body, past which
/// reading is a 413. On axum it is an extractor, with a limit of 32 MiB.
///
/// ```
/// use gatefold_core::Exception;
/// use gatefold_negotiation::Multipart;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Exception> {
/// # let request = http::Request::builder()
/// #     .header("content-type", "multipart/form-data; boundary=B")
/// #     .body(http_body_util::Full::<bytes::Bytes>::from(
/// #         "--B\r\nContent-Disposition: form-data; name=\"a\"; filename=\"x\"\r\n\r\n12345\r\n--B--\r\n",
/// #     ))
/// #     .unwrap();
/// let mut form = Multipart::read(request, 1024 * 1024)?;
/// while let Some(mut part) = form.next_part().await? {
///     let mut size = 0;
///     while let Some(chunk) = part.chunk().await? {
///         size += chunk.len();
///     }
///     assert_eq!((part.name(), part.file_name(), size), (Some("a"), Some("x"), 5));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Multipart {
    parts: multer::Multipart<'static>,
    limit: u64,
    part: usize,
}

impl Multipart {
    /// Reads the body of `request`, up to `limit` bytes.
    ///
    /// # Errors
    ///
    /// 415 where the body is no such form, 400 where the boundary is missing.
    pub fn read<B>(request: Request<B>, limit: u64) -> Result<Self, Exception>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        let body: Pin<Box<BodyDataStream<B>>> = Box::pin(body.into_data_stream());
        let size = SizeLimit::new().whole_stream(limit);
        let constraints = Constraints::new().size_limit(size);
        Ok(Self {
            parts: multer::Multipart::with_constraints(body, boundary(&head)?, constraints),
            limit,
            part: 0,
        })
    }

    /// The next field or file; `None` after the last. What is left of the one before is skipped.
    ///
    /// # Errors
    ///
    /// 400 where the form is malformed, with the part's number; 413 past the limit.
    pub async fn next_part(&mut self) -> Result<Option<Part>, Exception> {
        self.part += 1;
        let next = self.parts.next_field().await;
        let field = next.map_err(|error| refused(&error, self.limit, self.part))?;
        Ok(field.map(|field| Part {
            field,
            limit: self.limit,
            part: self.part,
        }))
    }
}

/// A field or a file of a [`Multipart`] form.
#[derive(Debug)]
pub struct Part {
    field: multer::Field<'static>,
    limit: u64,
    part: usize,
}

impl Part {
    /// The name of the field.
    pub fn name(&self) -> Option<&str> {
        self.field.name()
    }

    /// The name that the client gave the file; `None` where it is none. It may be anything: never
    /// use it as a path.
    pub fn file_name(&self) -> Option<&str> {
        self.field.file_name()
    }

    /// The media type that the client claims.
    pub fn content_type(&self) -> Option<&mime::Mime> {
        self.field.content_type()
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    ///
    /// As [`Multipart::next_part`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Exception> {
        let chunk = self.field.chunk().await;
        chunk.map_err(|error| refused(&error, self.limit, self.part))
    }

    /// The whole content as a text. Bytes that are no UTF-8 become U+FFFD.
    ///
    /// # Errors
    ///
    /// As [`Multipart::next_part`].
    pub async fn text(mut self) -> Result<String, Exception> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn refused(error: &multer::Error, limit: u64, part: usize) -> Exception {
    match error {
        multer::Error::StreamSizeExceeded { .. } | multer::Error::FieldSizeExceeded { .. } => {
            crate::parsers::too_large(limit)
        }
        // What the connection says is for the log.
        multer::Error::StreamReadFailed(source) => {
            malformed(&"the body broke off", part).with_source(source.to_string())
        }
        error => malformed(error, part),
    }
}

#[cfg(feature = "axum")]
impl<S: Sync> axum::extract::FromRequest<S> for Multipart {
    type Rejection = Exception;

    async fn from_request(request: axum::extract::Request, _: &S) -> Result<Self, Exception> {
        Self::read(request, 32 * 1024 * 1024)
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use http_body_util::Full;

    use super::*;

    fn form(limit: u64) -> Multipart {
        let file = "x".repeat(1000);
        let body = format!(
            "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n\
             --B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n{file}\r\n--B--\r\n"
        );
        let request = Request::builder().header("content-type", "multipart/form-data; boundary=B");
        let request = request.body(Full::<Bytes>::from(body)).expect("a request");
        Multipart::read(request, limit).expect("a form")
    }

    #[tokio::test]
    async fn parts_come_one_by_one() {
        let mut form = form(10_000);
        let part = form.next_part().await.expect("no error").expect("a part");
        assert_eq!(part.text().await.expect("a text"), "one");
        let part = form.next_part().await.expect("no error").expect("a part");
        assert_eq!(part.file_name(), Some("x"));
        drop(part);
        assert!(form.next_part().await.expect("no error").is_none());
    }

    #[tokio::test]
    async fn past_the_limit_it_is_too_large() {
        let refusal = async {
            let mut form = form(200);
            while let Some(mut part) = form.next_part().await? {
                while part.chunk().await?.is_some() {}
            }
            Ok::<_, Exception>(())
        };
        let refusal = refusal.await.expect_err("a thousand bytes");
        assert_eq!(refusal.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[test]
    fn another_type_is_unsupported() {
        let request = Request::builder().header("content-type", "application/json");
        let request = request.body(Full::<Bytes>::default()).expect("a request");
        let refusal = Multipart::read(request, 1).expect_err("no form");
        assert_eq!(refusal.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
}
