//! .json or .html? A request for `/tasks/4.json` becomes one for `/tasks/4` in the format `json`.
//!
//! ```
//! use axum::{Router, body::Body, extract::Path, http::Request, routing::get};
//! use gatefold_core::Format;
//! use gatefold_suffixes::SuffixLayer;
//! use tower::{Layer, ServiceExt};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! async fn task(Path(id): Path<u64>, request: axum::extract::Request) -> String {
//!     let format = Format::of(request.extensions());
//!     format!("task {id} as {}", format.map_or("anything", Format::as_str))
//! }
//!
//! // The layer wraps the router from outside.
//! let app = SuffixLayer::new(["json", "html"])?
//!     .layer(Router::new().route("/tasks/{id}", get(task)));
//!
//! # let ask = async |path: &str| -> Result<String, Box<dyn std::error::Error>> {
//! #     let answer = app.clone().oneshot(Request::get(path).body(Body::empty())?).await?;
//! #     let status = answer.status().to_string();
//! #     if !answer.status().is_success() { return Ok(status); }
//! #     Ok(String::from_utf8(axum::body::to_bytes(answer.into_body(), 100).await?.to_vec())?)
//! # };
//! assert_eq!(ask("/tasks/4.json").await?, "task 4 as json");
//! assert_eq!(ask("/tasks/4").await?, "task 4 as anything");
//! // Not a known suffix, so part of the path: the route wants a number.
//! assert_eq!(ask("/tasks/4.pdf").await?, "400 Bad Request");
//! # Ok(()) }
//! ```
//!
//! # Around the router, not in it
//!
//! `Router::layer` runs after the route was chosen: there a rewritten path comes too late.
//!
//! ```
//! # use axum::{Router, body::Body, http::Request, routing::get};
//! # use gatefold_suffixes::SuffixLayer;
//! # use tower::ServiceExt;
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let inside = Router::new()
//!     .route("/tasks", get(|| async { "tasks" }))
//!     .layer(SuffixLayer::new(["json"])?);
//! let answer = inside.oneshot(Request::get("/tasks.json").body(Body::empty())?).await?;
//! assert_eq!(answer.status(), 404);
//! # Ok(()) }
//! ```
//!
//! A wrapped router is served with `axum::ServiceExt::into_make_service`. With the feature `axum`
//! the URI as the client sent it stays readable in axum's `OriginalUri`.
//!
//! # Routes with dots of their own
//!
//! Only the raw path is looked at, so a percent-encoded dot is data. One suffix is cut off, in the
//! last segment; `/tasks/4.json/` becomes `/tasks/4/`. gRPC requests are left alone, and so is
//! whatever lies under an excepted prefix:
//!
//! ```
//! use gatefold_suffixes::SuffixLayer;
//!
//! let layer = SuffixLayer::new(["json"])?.except("/files").root("/");
//! let path = |uri: &str| {
//!     let uri = uri.parse().expect("a URI");
//!     layer.rewrite(&uri).map_or(uri, |(short, _)| short).to_string()
//! };
//! assert_eq!(path("/tasks.json"), "/tasks");
//! assert_eq!(path("/files/backup.json"), "/files/backup.json");
//! assert_eq!(path("/tasks%2ejson"), "/tasks%2ejson");
//! assert_eq!(path("/.json"), "/");
//! # Ok::<_, gatefold_suffixes::SuffixError>(())
//! ```
//!
//! # How this differs from Django REST Framework
//!
//! - One layer serves all routes; there is no second route per pattern, and no plain route that
//!   swallows a suffix. The path is looked at before it is decoded.
//! - A suffix that is not known is part of the path, where there any suffix is one and an unknown
//!   one is a 404. [`SuffixLayer::drf`] does it that way.
//! - The API root has a suffix (`/.json`) only where [`SuffixLayer::root`] says so.
//! - `suffix_required` is a layer at the route, [`SuffixRequiredLayer`].
//! - The trailing slash stays as it was sent: `/tasks.json` reaches the route `/tasks`, and
//!   `/tasks.json/` the route `/tasks/`.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod formats;
mod layer;
mod required;
mod service;
mod suffix;

pub use formats::SuffixError;
pub use layer::SuffixLayer;
pub use required::{SuffixRequiredLayer, SuffixRequiredService};
pub use service::SuffixService;
