//! What travels between the gates.
//!
//! A gate is a tower layer that lets a request through or refuses it. Gates do not know each
//! other; they meet in the values of this crate. Each request carries one private value in its
//! extensions. A gate sets its own slot there, and whatever lies further in reads it:
//!
//! | value | left by | read by |
//! |---|---|---|
//! | [`Format`] | suffixes | negotiation |
//! | [`Accepted`] | negotiation | versioning, handlers, exceptions |
//! | [`Version`] | versioning | handlers |
//! | [`Identity`], [`Attempt`] | authentication | permissions, throttling, handlers |
//! | [`Pending`] | permissions | handlers |
//! | [`Mark`] | authentication, each throttle | the same gate, further in |
//! | [`Connection`], [`Route`] | the server | throttling, logs |
//! | [`Outward`] | whoever reads on the way out | the same |
//!
//! ```
//! use gatefold_core::Identity;
//! use http::Extensions;
//!
//! let mut extensions = Extensions::new();
//! assert!(Identity::of(&extensions).is_none());
//!
//! Identity::new("42").with_scopes(["tasks:write"]).leave(&mut extensions);
//! let identity = Identity::of(&extensions).expect("just left");
//! assert_eq!(identity.id(), "42");
//! assert!(identity.has_scope("tasks:write"));
//! ```
//!
//! On the way back travels at most an [`Exception`]: a gate that refuses answers with the right
//! status and headers, an empty body, and the exception in the *response* extensions
//! ([`refusal`]). Only the exceptions layer writes words.
//!
//! Whoever writes a gate implements [`Gate`] and gets its future, [`GateFuture`], which calls the
//! very service that was polled ready ([`take_ready`]) and boxes nothing of its own while the
//! answer is known at once ([`Decision`]).
//!
//! # How this differs from Django REST Framework
//!
//! There is no `request` object that everybody writes to: each slot has one writer, and a slot
//! left by an outer gate is replaced, never merged. An outer layer does not see what an inner one
//! left, unless it asked for that with [`Outward`] before it passed the request on.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod accepted;
mod attempt;
mod clock;
mod connection;
mod credential;
mod decision;
mod error_detail;
mod exception;
mod exception_kinds;
#[cfg(feature = "axum")]
mod extract;
mod format;
mod forwarded;
mod future;
mod gate;
mod grpc;
mod grpc_code;
mod grpc_details;
#[cfg(feature = "tonic")]
mod grpc_status;
mod identity;
mod journey;
mod mark;
mod outward;
mod peer;
mod pending;
mod proxies;
mod ready;
mod refusal;
mod render_context;
mod renderer;
mod reply_body;
mod route;
#[cfg(feature = "testing")]
pub mod testing;
mod trust;
mod version;
mod wrapped;

pub use accepted::Accepted;
pub use attempt::Attempt;
pub use clock::{Clock, ManualClock};
pub use connection::Connection;
pub use credential::Credential;
pub use decision::{Decision, IntoDecision, Later, later};
pub use error_detail::ErrorDetail;
pub use exception::Exception;
pub use format::Format;
pub use future::GateFuture;
pub use gate::{Gate, Step};
pub use grpc::is_grpc;
pub use grpc_code::GrpcCode;
pub use grpc_details::GrpcDetails;
pub use identity::Identity;
pub use journey::detach;
pub use mark::Mark;
pub use outward::Outward;
pub use peer::Peer;
pub use pending::Pending;
pub use proxies::TrustedProxies;
pub use ready::take_ready;
pub use refusal::refusal;
pub use render_context::RenderContext;
pub use renderer::{Data, ItemWriter, Renderer};
pub use reply_body::ReplyBody;
#[cfg(feature = "axum")]
pub use route::keep_original_uri;
pub use route::{Route, original_uri};
pub use trust::ProxyError;
pub use version::Version;
pub use wrapped::Wrapped;
