//! May they? A tower layer that lets a request through only if a permission says so.
//!
//! ```
//! use gatefold_core::Identity;
//! use gatefold_permissions::{IsAuthenticated, PermissionLayer};
//! use http::{Request, Response, StatusCode};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), std::convert::Infallible> {
//! let service = ServiceBuilder::new()
//!     .layer(PermissionLayer::new(IsAuthenticated))
//!     .service(service_fn(async |_: Request<String>| {
//!         Ok::<_, std::convert::Infallible>(Response::new(String::from("hello")))
//!     }));
//!
//! let nobody = Request::new(String::new());
//! let answer = service.clone().oneshot(nobody).await?;
//! assert_eq!(answer.status(), StatusCode::FORBIDDEN);
//!
//! // An authentication layer does this, and makes the refusal above a 401 with its challenges.
//! let mut somebody = Request::new(String::new());
//! Identity::new("42").leave(somebody.extensions_mut());
//! let answer = service.oneshot(somebody).await?;
//! assert_eq!(answer.body(), "hello");
//! # Ok(()) }
//! ```
//!
//! Permissions are composed with `&`, `|` and `!` (anybody's with [`rule`] around it, or by
//! [`and`](Permission::and), [`or`](Permission::or) and [`not`](Permission::not)). A rule over an
//! object leaves the answer open until the handler asks its [`Guard`]:
//!
//! ```
//! use gatefold_core::Identity;
//! use gatefold_permissions::{Guard, IsAdmin, IsAuthenticated, IsOwner, Permission, PermissionLayer};
//! use http::{Request, Response, StatusCode};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! struct Task { owner: &'static str }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), std::convert::Infallible> {
//! let is_owner = IsOwner::new(|task: &Task| task.owner).because("Only the owner may do this.");
//!
//! let service = ServiceBuilder::new()
//!     .layer(PermissionLayer::new(IsAuthenticated & (IsAdmin | is_owner)))
//!     .service(service_fn(async |request: Request<String>| {
//!         let (head, _) = request.into_parts();
//!         let guard = Guard::of(&head).expect("a permission layer is there");
//!         let mut response = Response::new(String::new());
//!         if let Err(refusal) = guard.object(&Task { owner: "7" }).await {
//!             *response.status_mut() = refusal.status();
//!             *response.body_mut() = refusal.to_string();
//!         }
//!         Ok::<_, std::convert::Infallible>(response)
//!     }));
//!
//! for (id, status) in [("7", StatusCode::OK), ("8", StatusCode::FORBIDDEN)] {
//!     let mut request = Request::new(String::new());
//!     Identity::new(id).leave(request.extensions_mut());
//!     assert_eq!(service.clone().oneshot(request).await?.status(), status);
//! }
//! # Ok(()) }
//! ```
//!
//! [`object`](object()) makes a rule of any question about an object, [`Guard::filter`] asks the
//! same of a list. [`ModelPermissions`] and [`ObjectPermissions`] ask a source of [`Rights`] for
//! what Django calls permissions: `add_task`, `change_task`.
//!
//! Nobody is refused with the challenges that authentication left (401), somebody with the reason
//! (403), and with a 404 where the rule [hides](Denial::hidden) the thing. A bearer whose token
//! lacks a scope is told which (RFC 6750, section 3.1).
//!
//! # How this differs from Django REST Framework
//!
//! - A rule over an object is open, not true, at the level of the request, and a rule without
//!   objects says the same of each object. So `!` and `|` mean what they say at both levels, where
//!   `~IsOwner` refuses every request there and `~IsAdminUser` every object.
//! - A handler that answers with success and never asks about the object, though a rule wanted to
//!   know it, answers 500.
//! - Composition keeps messages and codes; there they are lost.
//! - A permission that has to ask a store is asked last, whatever the order of writing, and not at
//!   all where the others decide. If the store fails the answer is 503, also under `!`.
//! - [`ModelPermissions`] needs `view_task` to read, where every caller may read there;
//!   [`drf`](ModelPermissions::drf) restores that. A 405 names the methods of the map in `Allow`.
//! - [`ObjectPermissions`] is asked for the right on the model again with each object, so that no
//!   composition turns a no about the model into a yes. Something that may not be read is hidden
//!   (404) as there, and by default reading needs a right, so it is hidden more often.
//! - [`IsOwner`] refuses nobody before the object is looked for, so nobody learns from a 404 which
//!   there are. [`object`](object()) leaves that open, as a `has_object_permission` does there.
//! - There is no list: a list is written `a & b`. Nested layers add.
//! - `IsAdminUser` is [`IsAdmin`]; groups are roles ([`HasRole`]).

#![cfg_attr(docsrs, feature(doc_cfg))]

mod allow_any;
mod because;
mod denial;
mod guard;
mod has_role;
mod has_scope;
mod is_admin;
mod is_authenticated;
mod is_owner;
mod layer;
mod memory_rights;
mod model_permissions;
mod object;
mod object_permissions;
mod operators;
mod passed;
mod path;
mod pattern;
mod permission;
mod read_only;
mod refusal;
mod rights;
mod routes;
mod service;
mod verdict;

pub use allow_any::{AllowAny, DenyAll};
pub use because::Because;
pub use denial::Denial;
pub use guard::Guard;
pub use has_role::HasRole;
pub use has_scope::HasScope;
pub use is_admin::IsAdmin;
pub use is_authenticated::{IsAuthenticated, IsAuthenticatedOrReadOnly};
pub use is_owner::{IsOwner, IsOwnerOrReadOnly};
pub use layer::PermissionLayer;
pub use memory_rights::{Holder, MemoryRights};
pub use model_permissions::ModelPermissions;
pub use object::{Object, object};
pub use object_permissions::ObjectPermissions;
pub use operators::{And, Not, Or, Rule, rule};
pub use permission::Permission;
pub use read_only::ReadOnly;
pub use rights::Rights;
pub use routes::{Routes, RoutesError};
pub use service::PermissionService;
pub use verdict::Verdict;
