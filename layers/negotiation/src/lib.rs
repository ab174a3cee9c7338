//! In which form? The content negotiation gate of gatefold.
//!
//! A handler returns data, [`Reply`], and the layer gives the client the form that it asked for.
//! A request for a form that there is not is refused before it reaches the handler.
//!
//! ```
//! use gatefold_negotiation::{DefaultNegotiation, NegotiationLayer, Rendered, Reply};
//! use http::{Request, Response, StatusCode};
//! use http_body_util::BodyExt;
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! let shopping = service_fn(|_: Request<()>| async {
//!     Ok::<Response<Rendered>, std::convert::Infallible>(Reply(["milk", "bread"]).respond())
//! });
//! // JSON, or HTML for who asks for it.
//! let service = NegotiationLayer::new(DefaultNegotiation::default()).layer(shopping);
//!
//! let request = Request::get("/shopping").header("accept", "text/html, */*;q=0.8").body(())?;
//! let response = service.clone().oneshot(request).await?;
//! assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
//! assert_eq!(response.headers()["vary"], "Accept");
//!
//! let response = service.clone().oneshot(Request::get("/shopping?format=json").body(())?).await?;
//! let body = response.into_body().collect().await?.to_bytes();
//! assert_eq!(body, r#"["milk","bread"]"#);
//!
//! let request = Request::get("/shopping").header("accept", "image/png").body(())?;
//! let response = service.oneshot(request).await?;
//! assert_eq!(response.status(), StatusCode::NOT_ACCEPTABLE);
//! # Ok(())
//! # }
//! ```
//!
//! A form of one's own is a [`Renderer`](gatefold_core::Renderer), and each route may have its own
//! list; the first is the default:
//!
//! ```
//! use std::error::Error;
//!
//! use bytes::Bytes;
//! use gatefold_core::{Data, RenderContext, Renderer};
//! use gatefold_negotiation::{DefaultNegotiation, JsonRenderer, NegotiationLayer, Reply};
//! # use http::{HeaderValue, Request, Response};
//! # use http_body_util::BodyExt;
//! use mime::Mime;
//! # use tower::{Layer, ServiceExt, service_fn};
//!
//! /// A list of texts, one a line.
//! struct Lines(Mime);
//!
//! impl Renderer for Lines {
//!     fn media_type(&self) -> &Mime {
//!         &self.0
//!     }
//!     fn format(&self) -> &str {
//!         "txt"
//!     }
//!     fn content_type(&self) -> HeaderValue {
//!         HeaderValue::from_static("text/plain; charset=utf-8")
//!     }
//!     // A refusal is no list of texts: the exceptions layer words it in a form of its own.
//!     fn takes_errors(&self) -> bool {
//!         false
//!     }
//!     fn render(
//!         &self,
//!         data: &Data<'_>,
//!         _: &RenderContext<'_>,
//!     ) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
//!         let lines: Vec<String> = serde_json::from_slice(&data.to_json()?)?;
//!         Ok(lines.join("\n").into())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
//! let negotiation = DefaultNegotiation::new(JsonRenderer::new()).or(Lines(mime::TEXT_PLAIN));
//! let layer = NegotiationLayer::new(negotiation);
//! # let shopping = service_fn(|_: Request<()>| async {
//! #     Ok::<_, std::convert::Infallible>(Reply(["milk", "bread"]).respond())
//! # });
//! # let request = Request::get("/").header("accept", "text/plain").body(())?;
//! # let response = layer.layer(shopping).oneshot(request).await?;
//! # let body = response.into_body().collect().await?.to_bytes();
//! # assert_eq!(body, "milk\nbread");
//! # Ok(())
//! # }
//! ```
//!
//! On axum (feature `axum`) a handler returns `Reply(data)` itself, also as the last part of a
//! tuple and inside a `Result` with [`Exception`](gatefold_core::Exception), and takes the
//! request's body as `Parsed<T>`, in whichever form it came. On hyper the same is
//! [`Reply::respond`] and [`parse`]. Data that takes its time is a [`Reply::blocking`], and items
//! that come one by one are a [`Reply::stream`].
//!
//! A handler may answer by itself instead, and read [`Accepted`](gatefold_core::Accepted) for
//! that: a response that is no reply passes with no more than `Vary` added. gRPC requests are
//! never negotiated.
//!
//! # The forms
//!
//! | form | out | in | feature |
//! |---|---|---|---|
//! | JSON | [`JsonRenderer`] | [`JsonParser`] | |
//! | JSON lines | [`JsonLinesRenderer`] | | |
//! | a page for people | [`HtmlRenderer`], [`StaticHtmlRenderer`] | | |
//! | a page from a template | `TemplateRenderer` | | `templates` |
//! | CSV | [`CsvRenderer`] | | |
//! | XML | [`XmlRenderer`] | | |
//! | text | [`PlainTextRenderer`] | [`PlainTextParser`] | |
//! | MessagePack | `MessagePackRenderer` | `MessagePackParser` | `msgpack` |
//! | CBOR | `CborRenderer` | `CborParser` | `cbor` |
//! | HTML forms | | [`FormParser`] | |
//! | HTML forms with files | | `MultipartParser`, `Multipart` | `multipart` |
//! | bytes | | [`RawParser`] | |
//!
//! # Choosing by oneself
//!
//! [`choose`] reads an `Accept` header, [`Offers`] remembers what it chose for the headers of
//! well-known clients, and [`AcceptLanguage`] and [`choose_encoding`] do the same for languages
//! and codings, which are the handler's business.
//!
//! # How this differs from Django REST Framework
//!
//! | | Django REST Framework | here |
//! |---|---|---|
//! | `q` | ignored, also `q=0` | weighs, and `q=0` refuses (RFC 9110, section 12.4.2) |
//! | `Accept: application/json;x=1` | is JSON | is not, unless the renderer understands `x` |
//! | empty `Accept` | 406 | no preference |
//! | `?format=json` with `Accept: text/html` | 406 | JSON: what is named wins |
//! | 406 | says no more | lists what there is in `Link` |
//! | `Vary: Accept` | wherever there are two renderers | where the header was looked at, too |
//! | `Content-Type: */*` | is parsed | 415 |
//! | 415 | says no more | lists what there is in `Accept` |
//! | `1e999`, a lone surrogate in JSON | are read, and the echo crashes with 500 | 400 |
//! | a multipart body whose boundary never occurs | is one part | 400 |
//! | a body past the limit | 400 | 413 |
//! | NaN | an error | `null` |
//!
//! [`DefaultNegotiation::drf`] and [`JsonRenderer::drf`] choose and render as Django REST
//! Framework does.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod accept;
mod accept_encoding;
mod accept_language;
mod alternates;
mod asked;
mod blocking;
#[cfg(feature = "cbor")]
mod cbor_parser;
#[cfg(feature = "cbor")]
mod cbor_renderer;
mod choice;
mod content_type;
mod csv_renderer;
mod default_negotiation;
mod deferred;
mod drf_accept;
mod fields;
mod form_parser;
mod gate;
mod html_renderer;
mod json_lines_renderer;
mod json_parser;
mod json_renderer;
mod known;
mod layer;
mod media_range;
#[cfg(feature = "msgpack")]
mod message_pack_parser;
#[cfg(feature = "msgpack")]
mod message_pack_renderer;
#[cfg(feature = "multipart")]
mod multipart;
#[cfg(feature = "multipart")]
mod multipart_parser;
mod negotiation;
mod offer;
mod offers;
#[cfg(feature = "axum")]
mod parsed;
mod parser;
mod parsers;
mod plain_text_parser;
mod plain_text_renderer;
mod quality;
mod ranking;
mod raw_parser;
mod rendered;
mod reply;
mod scan;
mod service;
mod static_html_renderer;
mod stream;
#[cfg(feature = "templates")]
mod template_renderer;
#[cfg(test)]
mod testing;
mod tree;
mod xml_renderer;

pub use accept::{Chosen, choose};
pub use accept_encoding::choose_encoding;
pub use accept_language::AcceptLanguage;
pub use blocking::BlockingReply;
#[cfg(feature = "cbor")]
pub use cbor_parser::CborParser;
#[cfg(feature = "cbor")]
pub use cbor_renderer::CborRenderer;
pub use csv_renderer::CsvRenderer;
pub use default_negotiation::DefaultNegotiation;
pub use form_parser::FormParser;
pub use html_renderer::HtmlRenderer;
pub use json_lines_renderer::JsonLinesRenderer;
pub use json_parser::JsonParser;
pub use json_renderer::JsonRenderer;
pub use layer::NegotiationLayer;
#[cfg(feature = "msgpack")]
pub use message_pack_parser::MessagePackParser;
#[cfg(feature = "msgpack")]
pub use message_pack_renderer::MessagePackRenderer;
#[cfg(feature = "multipart")]
pub use multipart::{Multipart, Part};
#[cfg(feature = "multipart")]
pub use multipart_parser::{MultipartParser, Upload};
pub use negotiation::{Negotiation, Selection};
pub use offer::Offer;
pub use offers::Offers;
#[cfg(feature = "axum")]
pub use parsed::Parsed;
pub use parser::{Parser, Target};
pub use parsers::{Parsers, parse};
pub use plain_text_parser::PlainTextParser;
pub use plain_text_renderer::PlainTextRenderer;
pub use raw_parser::RawParser;
pub use rendered::Rendered;
pub use reply::Reply;
pub use service::NegotiationService;
pub use static_html_renderer::StaticHtmlRenderer;
pub use stream::StreamReply;
#[cfg(feature = "templates")]
pub use template_renderer::TemplateRenderer;
pub use xml_renderer::XmlRenderer;
