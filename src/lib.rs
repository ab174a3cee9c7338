#![doc = include_str!("../README.md")]
//!
//! # Features
//!
//! All are off by default. A feature adds API and never changes behaviour.
//!
//! | feature | adds |
//! |---|---|
//! | `authentication` | [`authentication`]: who is it? |
//! | `permissions` | [`permissions`]: may they? |
//! | `throttling` | [`throttling`]: how often? |
//! | `negotiation` | [`negotiation`]: in which form? |
//! | `suffixes` | [`suffixes`]: `.json` or `.html`? |
//! | `versioning` | [`versioning`]: which API? |
//! | `exceptions` | [`exceptions`]: what do we say? |
//! | `policy` | [`Policy`] and the gates it holds: all but suffixes |
//! | `full` | all gates, `policy` and `tracing`; no framework, and nothing heavy |
//! | `passwords` | `Accounts`: passwords verified on tokio's blocking threads |
//! | `argon2`, `pbkdf2` | password hashes with argon2id, Django's |
//! | `sessions` | logins with a cookie, kept in memory |
//! | `sessions`, `csrf-form` | people with browsers: sessions in cookies; the form field of Django's CSRF token |
//! | `jwt`, `jwks`, `jwks-http` | signed tokens; keys that a provider publishes, over HTTP |
//! | `serde` | snapshots of the in-memory stores, rates and tables of scopes |
//! | `governor` | governor's quotas as rates, one of its limiters asked last |
//! | `testing` | an identity by force and a request factory, for the tests of a service |
//! | `cbor`, `msgpack`, `multipart`, `templates` | more forms of data |
//! | `axum` | extractors, [`Reply`] and [`Exception`] as answers, axum's body, peer address, matched route and original URI |
//! | `hyper` | hyper's errors as what they are |
//! | `tokio` | `Reply::blocking` on tokio's threads |
//! | `tonic` | tonic's body and peer address, `tonic::Status` from an [`Exception`] |
//! | `tower` | the errors of tower's middleware as what they are |
//! | `tracing` | events for operators: refusals, failures with their sources, uses of deprecated versions |

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "policy")]
mod optional;
#[cfg(feature = "policy")]
mod policy;

pub use gatefold_core::{
    Accepted, Attempt, Clock, Connection, Credential, Data, Decision, ErrorDetail, Exception,
    Format, Identity, IntoDecision, Later, ManualClock, Outward, Peer, ProxyError, RenderContext,
    Renderer, ReplyBody, Route, TrustedProxies, Version, Wrapped, detach, later, original_uri,
};
#[cfg(feature = "negotiation")]
pub use gatefold_negotiation::Reply;
#[cfg(feature = "permissions")]
pub use gatefold_permissions::Guard;
#[cfg(feature = "policy")]
pub use policy::{Policy, PolicyService};

#[cfg(feature = "authentication")]
#[doc(inline)]
pub use gatefold_authentication as authentication;
#[cfg(feature = "exceptions")]
#[doc(inline)]
pub use gatefold_exceptions as exceptions;
#[cfg(feature = "negotiation")]
#[doc(inline)]
pub use gatefold_negotiation as negotiation;
#[cfg(feature = "permissions")]
#[doc(inline)]
pub use gatefold_permissions as permissions;
#[cfg(feature = "suffixes")]
#[doc(inline)]
pub use gatefold_suffixes as suffixes;
#[cfg(feature = "throttling")]
#[doc(inline)]
pub use gatefold_throttling as throttling;
#[cfg(feature = "authentication")]
#[doc(inline)]
pub use gatefold_tokens as tokens;
#[cfg(feature = "versioning")]
#[doc(inline)]
pub use gatefold_versioning as versioning;
