//! What do we say? Puts every failure of a service into words that the caller understands.
//!
//! [`ExceptionLayer`] stands outermost. It notes how the caller talks, waits for the answer, and
//! words what failed: the refusals of gates and the [`Exception`](gatefold_core::Exception)s of
//! handlers, answers that are a bare status (a router's 404 and 405), the plain texts of extractor
//! rejections, errors of the service in `call` and in `poll_ready`, and panics. What comes out has
//! no error left: `Error = Infallible`.
//!
//! ```
//! use bytes::Bytes;
//! use gatefold_core::{Exception, refusal};
//! use gatefold_exceptions::ExceptionLayer;
//! use http::{Request, Response, StatusCode, header::CONTENT_TYPE};
//! use http_body_util::{BodyExt, Full};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let service = ServiceBuilder::new()
//!     .layer(ExceptionLayer::default())
//!     .service(service_fn(|request: Request<()>| async move {
//!         let refused: Response<Full<Bytes>> =
//!             refusal(Exception::not_found(), request.extensions());
//!         Ok::<_, std::io::Error>(refused)
//!     }));
//!
//! let answer = service.oneshot(Request::new(())).await.unwrap();
//! assert_eq!(answer.status(), StatusCode::NOT_FOUND);
//! assert_eq!(answer.headers()[CONTENT_TYPE], "application/json");
//! let words = answer.into_body().collect().await.unwrap().to_bytes();
//! assert_eq!(words, r#"{"detail":"Not found."}"#);
//! # }
//! ```
//!
//! The words are an [`ExceptionHandler`]'s: [`Detail`] speaks as Django REST Framework does,
//! [`Problem`] as RFC 9457, and a closure changes the exception or replaces the answer:
//!
//! ```
//! use gatefold_core::Exception;
//! use gatefold_exceptions::{Detail, ExceptionHandler, ExceptionLayer, Problem, RequestHead};
//! use http::{HeaderValue, header::LINK};
//! # use bytes::Bytes;
//! # use gatefold_core::refusal;
//! # use http::{Request, Response};
//! # use http_body_util::{BodyExt, Full};
//! # use tower::{ServiceBuilder, ServiceExt, service_fn};
//! # async fn said_by(layer: ExceptionLayer) -> Bytes {
//! #     let service = ServiceBuilder::new().layer(layer).service(service_fn(
//! #         |request: Request<()>| async move {
//! #             let refused: Response<Full<Bytes>> =
//! #                 refusal(Exception::not_found(), request.extensions());
//! #             Ok::<_, std::io::Error>(refused)
//! #         },
//! #     ));
//! #     let answer = service.oneshot(Request::new(())).await.unwrap();
//! #     answer.into_body().collect().await.unwrap().to_bytes()
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//!
//! let with_codes = ExceptionLayer::new(Detail::new().codes());
//! assert_eq!(
//!     said_by(with_codes).await,
//!     r#"{"detail":"Not found.","code":"not_found"}"#,
//! );
//!
//! // An exception that is returned is worded by `Detail`; another handler is asked by hand.
//! let problem = Problem::new().types("https://example.org/problems/");
//! let helpful = ExceptionLayer::new(move |exception: Exception, head: &RequestHead| {
//!     let help = HeaderValue::from_static("<https://example.org/help>; rel=help");
//!     problem.handle(exception.with_header(LINK, help), head)
//! })
//! .map_error::<std::io::Error>(|_| Exception::unavailable("the disk is away"));
//! assert_eq!(
//!     said_by(helpful).await,
//!     concat!(
//!         r#"{"type":"https://example.org/problems/not_found","title":"Not Found","#,
//!         r#""status":404,"detail":"Not found.","code":"not_found"}"#,
//!     ),
//! );
//! # }
//! ```
//!
//! # Throwing
//!
//! An application says once what its errors are, and `?` does the rest: in handlers of axum
//! (feature `axum`), in methods of tonic (feature `tonic`, by way of `tonic::Status`), and in any
//! service whose error is an `Exception` or wraps one.
//!
//! ```
//! use gatefold_core::Exception;
//!
//! enum StoreError { NoSuchTask(u64), Down(std::io::Error) }
//!
//! impl From<StoreError> for Exception {
//!     fn from(error: StoreError) -> Self {
//!         match error {
//!             StoreError::NoSuchTask(id) => Exception::not_found().with_detail(format!("No task {id}.")),
//!             StoreError::Down(error) => Exception::unavailable(error),
//!         }
//!     }
//! }
//!
//! fn load(id: u64) -> Result<String, StoreError> {
//!     Err(StoreError::NoSuchTask(id))
//! }
//!
//! async fn show(id: u64) -> Result<String, Exception> {
//!     let task = load(id)?;
//!     Ok(task)
//! }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() { assert_eq!(show(4).await.unwrap_err().status(), 404); }
//! ```
//!
//! # Which form
//!
//! A gRPC caller (its request's content type is `application/grpc` or begins so) gets HTTP 200,
//! `grpc-status`, `grpc-message` and [details](gatefold_core::GrpcDetails), and no body. Otherwise, where negotiation came to a result
//! and its renderer takes errors, that renderer renders the data. Otherwise [`Form`] is chosen by
//! `Accept`: JSON, a problem document, a page or a text; nothing acceptable is JSON, because an
//! error never becomes a 406. Such an answer gets `Vary: Accept` unless it has it. On HEAD the
//! headers are those of GET, and there is no body.
//!
//! # What is worded
//!
//! | answer of the service | becomes |
//! |---|---|
//! | an `Exception` in the response's extensions | its words |
//! | 400 and above, no content type, no body | the default words of the status |
//! | 4xx `text/plain`, at most 8 KiB and in memory | its text as the detail |
//! | 5xx `text/plain` | the default words of the status; the text never leaves |
//! | an error | what [`map_error`](ExceptionLayer::map_error) says, or an `Exception` in its chain, or one of the errors below, or else a 500 |
//! | a panic in `poll_ready`, in `call`, in polling, in the drop of a future that was ready | 500 |
//! | a `tonic::Status` made of an `Exception` or, by tonic, of an error (feature `tonic`) | the words of that exception; of an error, those of a 500 |
//! | anything else (JSON, pages, streams, 1xx, 204, 205, 304) | passes as it is |
//!
//! A worded answer keeps its headers (`Allow`, `Retry-After`, `WWW-Authenticate`, `Set-Cookie`,
//! `Vary`, those of CORS) but for the ones that described the old body. A text in memory is one
//! that its body yields whole when first polled; one that does not is replaced by the default
//! words.
//!
//! These errors are known: too long a body (`http_body_util::LengthLimitError`) is a 413; with the
//! feature `tower` a timeout is a 504, shed load and a closed buffer a 503; with `hyper` a
//! request's body that ends too early is a 400, and `CANCELLED` to gRPC; with `tonic` a
//! `tonic::Status` is what its code says, with its message if that is about the caller.
//!
//! Of two layers the inner one has the word: what it has worded passes the outer one. A success
//! is neither boxed nor copied, nothing is allocated for it, and nothing is left in the request.
//!
//! # What does not leave
//!
//! The source of an exception, the text of an error and what a panic says are for the log alone:
//! with the feature `tracing` each 5xx is one event with the whole chain. The event and the answer
//! have the same id, so that one finds the other: the request's own `X-Request-Id`, or else the
//! trace's id in `traceparent`, or else a new one. The answer has it as `X-Request-Id`; a problem,
//! a page, a text and a gRPC status show it as well. For development there is
//! [`dangerously_show_causes_on_loopback`](ExceptionLayer::dangerously_show_causes_on_loopback).
//!
//! A panic in a *body* comes too late to be worded. Nothing is caught where panics abort. Words
//! that a service writes itself (JSON of its own, a `tonic::Status` with a message) are its own
//! affair. tonic's own timeout stands outside of all layers and is not seen.
//!
//! # Which body
//!
//! Words need a body that can hold them, a [`ReplyBody`](gatefold_core::ReplyBody). The layer keeps
//! the service's own: `Full<Bytes>`, http-body-util's boxes, `String`, axum's and tonic's. Any
//! other is wrapped at the service, inside the gates: `map_response(|r| r.map(Wrapped::from))`
//! ([`Wrapped`](gatefold_core::Wrapped)), or turned into one of these by a closure in the same
//! place.
//!
//! # What it costs
//!
//! A success allocates nothing and nothing is boxed. A handler that
//! [wants the head](ExceptionHandler::wants_head) of each request costs one allocation.
//!
//! # How this differs from Django REST Framework
//!
//! - A router's 404 and 405, errors and panics have the same form as the rest; there they are
//!   HTML pages of Django's.
//! - An answer is a page only if HTML wins for *this* `Accept`.
//! - `code` can stand beside `detail`; there it cannot. By default the body is the same.
//! - Statuses are kept: a rejection with 422 stays one. A closure makes it 400 with
//!   [`Exception::with_status`](gatefold_core::Exception::with_status).
//! - `Retry-After` is rounded up, not down.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
mod detail;
mod exception_handler;
mod failure;
mod form;
mod found;
mod future;
mod grpc;
mod headers;
mod kept;
mod layer;
mod local;
mod log;
mod page;
mod panic;
mod problem;
mod request_head;
mod request_id;
mod service;
mod status;
mod told;
#[cfg(feature = "tonic")]
mod tonic_status;
mod wording;

pub use answer::Answer;
pub use detail::Detail;
pub use exception_handler::ExceptionHandler;
pub use form::Form;
pub use future::ExceptionFuture;
pub use gatefold_core::GrpcCode;
pub use layer::ExceptionLayer;
pub use problem::Problem;
pub use request_head::RequestHead;
pub use service::ExceptionService;
