use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use gatefold_core::Exception;
use http::{
    HeaderValue, Request, StatusCode,
    header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE},
    request::Parts,
};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::{DeserializeOwned, value::MapDeserializer};

use crate::{FormParser, JsonParser, Parser, Target, content_type::reads};

/// 2.5 MiB, as Django's `DATA_UPLOAD_MAX_MEMORY_SIZE`.
const LIMIT: usize = 2_621_440;

/// Chooses a parser by the request's `Content-Type` and reads the body into a typed value.
///
/// The parsers stand in order; the first that reads the type is taken. None: 415, with the types
/// that there are in `Accept` (RFC 9110, section 15.5.16). A body past the limit is a 413, before
/// it is read where its length is announced. An empty body has no type: it is read as a form
/// without fields, whatever `Content-Type` says.
///
/// ```
/// use gatefold_negotiation::{JsonParser, Parsers};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Task { title: String }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let parsers = Parsers::new(JsonParser::new()).limit(64 * 1024);
/// let request = http::Request::post("/tasks")
///     .header("content-type", "application/json")
///     .body(r#"{"title": "milk"}"#.to_owned())
///     .unwrap();
/// let task: Task = parsers.read(request).await.unwrap();
/// assert_eq!(task.title, "milk");
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct Parsers {
    shared: Arc<Shared>,
}

#[derive(Clone)]
struct Shared {
    parsers: Vec<Arc<dyn Parser>>,
    limit: usize,
    ignore_client: bool,
    accept: Option<HeaderValue>,
}

impl Parsers {
    /// Reads what `parser` reads, up to 2.5 MiB.
    pub fn new(parser: impl Parser) -> Self {
        let shared = Shared {
            parsers: Vec::new(),
            limit: LIMIT,
            ignore_client: false,
            accept: None,
        };
        let parsers = Self {
            shared: Arc::new(shared),
        };
        parsers.or(parser)
    }

    /// Reads what `parser` reads too, if those before it do not.
    pub fn or(self, parser: impl Parser) -> Self {
        self.with(|shared| {
            shared.parsers.push(Arc::new(parser));
            let types: Vec<_> = shared
                .parsers
                .iter()
                .map(|p| p.media_type().as_ref())
                .collect();
            shared.accept = HeaderValue::try_from(types.join(", ")).ok();
        })
    }

    /// The largest body that is read, in bytes.
    pub fn limit(self, bytes: usize) -> Self {
        self.with(|shared| shared.limit = bytes)
    }

    /// Takes the first parser whatever the request's `Content-Type`.
    pub fn ignore_client(self) -> Self {
        self.with(|shared| shared.ignore_client = true)
    }

    fn with(mut self, change: impl FnOnce(&mut Shared)) -> Self {
        change(Arc::make_mut(&mut self.shared));
        self
    }

    /// Reads a request's body into a `T`.
    ///
    /// # Errors
    ///
    /// 415, 413, or 400 where the body is malformed (`parse_error`) or does not fit (`invalid`).
    pub async fn read<T, B>(&self, request: Request<B>) -> Result<T, Exception>
    where
        T: DeserializeOwned,
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        if !body.is_end_stream() && has_body(&head) {
            self.choose(&head)?;
        }
        let body = self.collect(&head, body).await?;
        self.parse(&head, &body)
    }

    /// Reads a body that is in memory already into a `T`.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), without 413.
    pub fn parse<T: DeserializeOwned>(&self, head: &Parts, body: &Bytes) -> Result<T, Exception> {
        if body.is_empty() {
            return Target::fill(|target| {
                let nothing = std::iter::empty::<(&str, &str)>();
                let nothing = MapDeserializer::<_, serde::de::value::Error>::new(nothing);
                target.read(nothing).map_err(|error| Target::misfit(&error))
            });
        }
        let parser = self.choose(head)?;
        Target::fill(|target| parser.parse(head, body, target))
    }

    fn choose(&self, head: &Parts) -> Result<&Arc<dyn Parser>, Exception> {
        let Shared {
            parsers,
            ignore_client,
            accept,
            ..
        } = &*self.shared;
        if *ignore_client {
            return Ok(&parsers[0]);
        }
        let value = head.headers.get(CONTENT_TYPE);
        let bytes = value.map_or(&[][..], HeaderValue::as_bytes);
        let found = parsers.iter().find(|p| reads(p.media_type(), bytes));
        found.ok_or_else(|| {
            let refusal = Exception::unsupported_media_type(&String::from_utf8_lossy(bytes));
            match accept {
                Some(accept) => refusal.with_header(ACCEPT, accept.clone()),
                None => refusal,
            }
        })
    }

    async fn collect<B>(&self, head: &Parts, body: B) -> Result<Bytes, Exception>
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let limit = self.shared.limit;
        let announced = content_length(head).unwrap_or(body.size_hint().lower());
        if announced > limit as u64 {
            return Err(too_large(limit as u64));
        }
        let body = std::pin::pin!(Limited::new(body, limit));
        match body.collect().await {
            Ok(collected) => Ok(collected.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => Err(too_large(limit as u64)),
            Err(error) => Err(Exception::parse_error().with_source(error)),
        }
    }
}

/// JSON and HTML forms.
impl Default for Parsers {
    fn default() -> Self {
        static DEFAULT: OnceLock<Parsers> = OnceLock::new();
        DEFAULT
            .get_or_init(|| Self::new(JsonParser::new()).or(FormParser::new()))
            .clone()
    }
}

impl fmt::Debug for Parsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let types = self.shared.parsers.iter().map(|p| p.media_type().as_ref());
        f.debug_struct("Parsers")
            .field("media_types", &types.collect::<Vec<&str>>())
            .field("limit", &self.shared.limit)
            .finish_non_exhaustive()
    }
}

/// Reads a request's body into a `T` with the parsers that the
/// [`NegotiationLayer`](crate::NegotiationLayer) left, else with [`Parsers::default`].
///
/// # Errors
///
/// As [`Parsers::read`].
pub async fn parse<T, B>(request: Request<B>) -> Result<T, Exception>
where
    T: DeserializeOwned,
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let parsers = request.extensions().get::<Parsers>().cloned();
    parsers.unwrap_or_default().read(request).await
}

fn content_length(head: &Parts) -> Option<u64> {
    head.headers
        .get(CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// Whether a body is announced, so that a wrong type is refused before it is read.
fn has_body(head: &Parts) -> bool {
    content_length(head).is_some_and(|length| length > 0)
}

pub(crate) fn too_large(limit: u64) -> Exception {
    Exception::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "content_too_large",
        format!("The request body is larger than {limit} bytes."),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use http_body_util::Full;

    use super::*;

    type Fields = BTreeMap<String, u8>;

    async fn read(content_type: Option<&str>, body: &'static str) -> Result<Fields, Exception> {
        let mut request = Request::builder();
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        let request = request.body(Full::<Bytes>::from(body)).expect("a request");
        parse(request).await
    }

    #[tokio::test]
    async fn the_content_type_chooses_the_parser() {
        let json = read(Some("application/json"), "{\"a\":1}").await;
        let form = read(Some("application/x-www-form-urlencoded"), "a=1").await;
        assert_eq!(json.expect("JSON"), Fields::from([("a".into(), 1)]));
        assert_eq!(form.expect("a form"), Fields::from([("a".into(), 1)]));
    }

    #[tokio::test]
    async fn an_unknown_type_is_refused_with_the_types_that_there_are() {
        for (content_type, quoted) in [
            (
                Some("multipart/form-data; boundary=B"),
                "multipart/form-data; boundary=B",
            ),
            (Some("*/*"), "*/*"),
            (None, ""),
        ] {
            let refusal = read(content_type, "{}").await.expect_err("unknown");
            assert_eq!(refusal.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
            let text = format!("Unsupported media type \"{quoted}\" in request.");
            assert_eq!(refusal.detail().text(), Some(&*text));
            let accept = &refusal.headers()[ACCEPT];
            assert_eq!(
                accept,
                "application/json, application/x-www-form-urlencoded"
            );
        }
    }

    #[tokio::test]
    async fn an_empty_body_is_an_empty_form_of_any_type() {
        for content_type in [None, Some("application/json"), Some("text/weird")] {
            assert_eq!(read(content_type, "").await.expect("empty"), Fields::new());
        }
        let missing = Parsers::default().parse::<(u8, u8)>(&head(), &Bytes::new());
        assert_eq!(missing.expect_err("no fields").code(), "invalid");
    }

    #[tokio::test]
    async fn a_body_past_the_limit_is_refused_announced_or_not() {
        let parsers = Parsers::default().limit(4);
        let full = Request::post("/")
            .body(Full::<Bytes>::from("12345"))
            .expect("a request");
        // A stream does not say how long it is.
        let stream = full.map(|body| body.map_frame(|frame| frame).boxed_unsync());
        let announced = Request::post("/")
            .header(CONTENT_LENGTH, "5")
            .header(CONTENT_TYPE, "application/json")
            .body(Full::<Bytes>::default())
            .expect("a request");
        for refusal in [
            parsers
                .read::<u32, _>(stream)
                .await
                .expect_err("five bytes"),
            parsers
                .read::<u32, _>(announced)
                .await
                .expect_err("five bytes"),
        ] {
            assert_eq!(refusal.status(), StatusCode::PAYLOAD_TOO_LARGE);
        }
        let request = Request::builder().header(CONTENT_TYPE, "application/json");
        let fits = request
            .body(Full::<Bytes>::from("1234"))
            .expect("a request");
        assert_eq!(
            parsers.read::<u32, _>(fits).await.expect("four bytes"),
            1234
        );
    }

    #[tokio::test]
    async fn the_client_can_be_ignored() {
        let parsers = Parsers::default().ignore_client();
        let read = parsers.parse::<u8>(&head(), &Bytes::from_static(b"7"));
        assert_eq!(read.expect("JSON"), 7);
    }

    fn head() -> Parts {
        Request::new(()).into_parts().0
    }
}
