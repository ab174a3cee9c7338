//! Which API? Each request gets the version that it asks for, or is refused.
//!
//! ```
//! use gatefold_core::Version;
//! use gatefold_versioning::{AcceptHeaderVersioning, VersioningLayer};
//! use http::{Request, Response, StatusCode};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let api = service_fn(async |request: Request<()>| {
//!     let version = Version::of(request.extensions()).map_or("none", Version::as_str);
//!     Ok::<_, std::convert::Infallible>(Response::new(version.to_owned()))
//! });
//! let versions = AcceptHeaderVersioning::new(["1.0", "2.0"]).default_version("1.0");
//! let service = VersioningLayer::new(versions).layer(api);
//!
//! let ask = |accept: &str| {
//!     let request = Request::get("/tasks").header("accept", accept).body(());
//!     service.clone().oneshot(request.expect("a request"))
//! };
//! let answer = ask("application/json; version=2.0").await?;
//! assert_eq!(answer.headers()["vary"], "accept");
//! assert_eq!(answer.into_body(), "2.0");
//! assert_eq!(ask("application/json").await?.into_body(), "1.0");
//!
//! let refused = ask("application/json; version=3.0").await?;
//! assert_eq!(refused.status(), StatusCode::NOT_ACCEPTABLE);
//! assert_eq!(refused.headers()["api-supported-versions"], "1.0, 2.0");
//! # Ok(()) }
//! ```
//!
//! # Another place, several places, a place of your own
//!
//! There is a scheme for the path ([`UrlPathVersioning`]), for a part of the route table
//! ([`NamespaceVersioning`]), for the host name ([`HostNameVersioning`]), for the query
//! ([`QueryParameterVersioning`]) and for a header ([`HeaderVersioning`]). A closure is one too.
//! Several in one layer have to agree:
//!
//! ```
//! use gatefold_core::Version;
//! use gatefold_versioning::{QueryParameterVersioning, UrlPathVersioning, VersioningLayer};
//! use http::{Request, Response, StatusCode, request::Parts};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let layer = VersioningLayer::new(UrlPathVersioning::new(["v1", "v2"]).template("/api/{version}")?)
//!     .and(QueryParameterVersioning::new(["v1", "v2"]).default_version("v1"))
//!     .and(|head: &Parts| {
//!         let preview = head.headers.contains_key("x-preview");
//!         Ok(preview.then(|| Version::new("v2")))
//!     });
//! # let api = service_fn(async |_: Request<()>| Ok::<_, std::convert::Infallible>(Response::new(())));
//! # let ask = async |request: http::request::Builder| {
//! #     let request = request.body(()).expect("a request");
//! #     layer.layer(api).oneshot(request).await.expect("an answer").status()
//! # };
//! assert_eq!(ask(Request::get("/api/v2").header("x-preview", "1")).await, StatusCode::OK);
//! assert_eq!(ask(Request::get("/other")).await, StatusCode::OK);
//! assert_eq!(ask(Request::get("/api/v2?version=v1")).await, StatusCode::BAD_REQUEST);
//! # Ok(()) }
//! ```
//!
//! More places: a vendor's media type ([`MediaTypeVersioning`]), and for gRPC the package
//! ([`GrpcPackageVersioning`]) or the metadata ([`HeaderVersioning`]). The other schemes are not
//! asked about gRPC requests, which go through.
//!
//! The supported versions are prepared with the layer, so reading one allocates nothing. Dates and
//! numbers can stand for the newest version that is not after them ([`Supported::floor`]).
//!
//! # A service for each version
//!
//! A handler reads the [`Version`](gatefold_core::Version), or [`Typed`] what can be compared. Where
//! whole services differ, [`Dispatch`] leads each request to the one of its version, by the exact
//! text, by ranges or by the highest that is not above:
//!
//! ```
//! use gatefold_versioning::{DateVersion, Dispatch, HeaderVersioning, VersioningLayer};
//! use http::{HeaderName, Request, Response};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! type Answer = fn(Request<()>) -> std::future::Ready<Result<Response<&'static str>, std::convert::Infallible>>;
//! let april: Answer = |_| std::future::ready(Ok(Response::new("as in April")));
//! let june: Answer = |_| std::future::ready(Ok(Response::new("as in June")));
//! let api = Dispatch::floor::<DateVersion>([
//!     ("2026-04-10", service_fn(april)),
//!     ("2026-06-20", service_fn(june)),
//! ])?;
//! let name = HeaderName::from_static("example-version");
//! let service = VersioningLayer::new(HeaderVersioning::any(name)).layer(api);
//! let request = Request::get("/tasks").header("example-version", "2026-05-01").body(())?;
//! assert_eq!(service.oneshot(request).await?.into_body(), "as in April");
//! # Ok(()) }
//! ```
//!
//! # The end of a version
//!
//! [`LifeCycle`] goes around any scheme: answers of an old version say since when it is
//! `Deprecation` (RFC 9745) and when its `Sunset` comes (RFC 8594), after which it may be 410, and
//! its owner learns who still uses it.
//!
//! # Links
//!
//! From a [`RouteTable`] a handler builds the URL of another route in the version of this request.
//!
//! # Caches
//!
//! `Vary` names the header that a version was read in, on refusals too (RFC 9110, section
//! 12.5.5). A path, a query and a host are part of the URI, and so of a cache's key.
//!
//! # How this differs from Django REST Framework
//!
//! - [`Versioning::determine_version`] says what the request asks for; the default is apart
//!   ([`Versioning::missing_version`]), so that several schemes can share a layer.
//! - A refusal names the supported versions in `api-supported-versions`. The words are the same.
//! - `Vary: Accept` is sent whenever the version is read there, also where there is only one form
//!   ([`AcceptHeaderVersioning::drf`] leaves that to negotiation).
//! - A repeated query parameter with two values is 400, where there the last counts
//!   ([`QueryParameterVersioning::drf`]).
//! - The path is read as it was sent, where there it is decoded first ([`UrlPathVersioning::drf`]).
//! - Host names are compared without letter case and may have more than three labels
//!   ([`HostNameVersioning::drf`]); a malformed host is 400.
//! - A namespace is a named path prefix, told to [`NamespaceVersioning::namespace`].
//! - `reverse` is not a method of the scheme: a [`RouteTable`] has all names, and is told of the
//!   query's parameter. It carries `?format=` over where it is told to ([`RouteTable::carry`]), and
//!   keeps the slash behind a suffix, `/tasks.json/`, because the suffix layer does.
//! - Typed versions, dispatch and life cycles are not there.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod accept;
mod accept_header;
mod allowed;
mod date_version;
mod dispatch;
mod dispatch_future;
mod grpc_package;
mod header;
mod host_name;
mod key;
mod layer;
mod life_cycle;
mod media_type;
mod memo;
mod moment;
mod namespace;
mod notice;
mod query_parameter;
mod reading;
mod release_version;
mod reversal;
mod route_table;
mod semantic_version;
mod service;
mod stage;
mod supported;
mod template;
mod typed;
mod url_path;
mod usage;
mod vary;
mod version_error;
mod version_range;
mod versioning;

pub use accept_header::AcceptHeaderVersioning;
pub use date_version::DateVersion;
pub use dispatch::{Dispatch, DispatchError};
pub use dispatch_future::DispatchFuture;
pub use grpc_package::GrpcPackageVersioning;
pub use header::HeaderVersioning;
pub use host_name::HostNameVersioning;
pub use layer::{Outgoing, VersioningLayer};
pub use life_cycle::LifeCycle;
pub use media_type::{MediaTypeError, MediaTypeVersioning};
pub use namespace::NamespaceVersioning;
pub use notice::Notice;
pub use query_parameter::QueryParameterVersioning;
pub use reading::Reading;
pub use release_version::ReleaseVersion;
pub use reversal::{Reversal, ReverseError};
pub use route_table::{RouteError, RouteTable};
pub use semantic_version::SemanticVersion;
pub use service::VersioningService;
pub use stage::{Stage, StageError};
pub use supported::Supported;
pub use template::TemplateError;
pub use typed::Typed;
pub use url_path::UrlPathVersioning;
pub use usage::Usage;
pub use version_error::VersionError;
pub use version_range::VersionRange;
pub use versioning::Versioning;
