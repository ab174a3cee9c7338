//! Who is it? A tower layer that identifies callers and refuses bad credentials.
//!
//! An [`AuthenticationLayer`] asks one [`Authentication`] after the other who sends a request, and
//! leaves an [`Identity`] or nobody for whatever lies further in.
//!
//! ```
//! use gatefold_authentication::{AuthenticationLayer, TokenAuthentication};
//! use gatefold_core::{Exception, Identity};
//! use http::{Request, Response, StatusCode, header::WWW_AUTHENTICATE};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let token = TokenAuthentication::new(|key: String| async move {
//!     Ok::<_, Exception>((key == "s3cret").then(|| Identity::new("alice")))
//! });
//! let service = ServiceBuilder::new()
//!     .layer(AuthenticationLayer::new(token))
//!     .service(service_fn(|request: Request<()>| async move {
//!         let name = Identity::of(request.extensions()).map_or("nobody", Identity::id).to_owned();
//!         Ok::<_, std::convert::Infallible>(Response::new(name))
//!     }));
//!
//! let with = |token: &str| Request::builder().header("authorization", token).body(());
//! let response = service.clone().oneshot(with("Token s3cret")?).await?;
//! assert_eq!(response.body(), "alice");
//!
//! let response = service.clone().oneshot(with("Token guessed")?).await?;
//! assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
//! assert_eq!(response.headers()[WWW_AUTHENTICATE], "Token");
//!
//! // No credentials are not bad ones: whether nobody may pass is for permissions to say.
//! let response = service.oneshot(Request::new(())).await?;
//! assert_eq!(response.body(), "nobody");
//! # Ok(())
//! # }
//! ```
//!
//! A refusal has the right status and headers and an empty body; the [`Exception`] in its
//! extensions is put into words by the exceptions layer. Several ways in, and one of your own:
//!
//! ```
//! use gatefold_authentication::{AuthenticationLayer, BasicAuthentication};
//! use gatefold_core::{Exception, Identity};
//! use http::{Request, Response, StatusCode, header::WWW_AUTHENTICATE, request::Parts};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let basic = BasicAuthentication::new(|name: String, password: String| async move {
//!     Ok::<_, Exception>((password == "wonderland").then(|| Identity::new(name)))
//! });
//! let badge = |head: &Parts| match head.headers.get("x-badge")?.to_str() {
//!     Ok("17") => Some(Identity::new("door").with_scopes(["doors:open"])),
//!     _ => None,
//! };
//! let service = ServiceBuilder::new()
//!     .layer(AuthenticationLayer::new(basic.realm("intranet")?).or(badge))
//!     .service(service_fn(|request: Request<()>| async move {
//!         let name = Identity::of(request.extensions()).map_or("nobody", Identity::id).to_owned();
//!         Ok::<_, std::convert::Infallible>(Response::new(name))
//!     }));
//!
//! let request = Request::builder().header("x-badge", "17").body(())?;
//! assert_eq!(service.clone().oneshot(request).await?.body(), "door");
//!
//! // alice:wonderland
//! let alice = "Basic YWxpY2U6d29uZGVybGFuZA==";
//! let request = Request::builder().header("authorization", alice).body(())?;
//! assert_eq!(service.clone().oneshot(request).await?.body(), "alice");
//!
//! // Bad credentials stop the search, however good the badge.
//! let request = Request::builder().header("authorization", "Basic !").header("x-badge", "17");
//! let response = service.oneshot(request.body(())?).await?;
//! assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
//! assert_eq!(
//!     response.headers()[WWW_AUTHENTICATE],
//!     "Basic realm=\"intranet\", charset=\"UTF-8\""
//! );
//! # Ok(())
//! # }
//! ```
//!
//! # How this differs from Django REST Framework
//!
//! * A 401 carries the challenges of all authentications (RFC 9110, section 11.6.1), and becomes a
//!   403 only if none has one. Django REST Framework sends the first one's alone, and a 403 if the
//!   first has none: [`AuthenticationLayer::drf`].
//! * Two `Authorization` lines are refused if one of them speaks a built-in's scheme. Django joins
//!   them with a comma, so that the first line's scheme decides.
//! * Base64 is strict: no characters outside the alphabet, canonical padding. Credentials that are
//!   not UTF-8 are refused, and so is a tab before them; [`BasicAuthentication::drf`] and
//!   [`TokenAuthentication::drf`] read both as Django REST Framework does.
//! * Control characters, passwords over 4096 bytes and credentials over 8192 are refused without
//!   being looked up, in the words for wrong ones.
//! * A realm is escaped, and the challenge says `charset="UTF-8"`; [`BasicAuthentication::drf`]
//!   leaves that out.
//! * Whether a user is active is tested once, in the layer ([`Identity::with_active`]), and not by
//!   each authentication. An inactive one is told what Django REST Framework tells: to Basic, that
//!   the password is wrong; to a token, `User inactive or deleted.`; a remote user is nobody.
//! * Tokens may be several for each user, end, and be stored as digests alone:
//!   [`TokenAuthentication::stored`]. A token whose user is gone is told `User inactive or deleted.`;
//!   in Django the token goes with its user, and it is told `Invalid token.`.
//! * Passwords are verified away from the async threads, and one that was right is remembered for
//!   a minute (`Accounts`, feature `passwords`).
//! * A remote user is believed from a trusted proxy alone, and nothing makes up a user who is
//!   unknown: [`RemoteUserAuthentication`]. What is no name is refused with 401. An [`ApiKey`] is
//!   new.
//! * Signed tokens (`JwtAuthentication`, feature `jwt`) are answered in simplejwt's words. The scheme is
//!   compared without case, and a challenge says `error="invalid_token"` or `"invalid_request"`
//!   (RFC 6750, section 3.1; with 401 for both, as simplejwt, where the section has 400 for the
//!   second); `JwtAuthentication::drf` does neither. A token may come in a cookie, where
//!   [`Csrf`] is asked, and by a warning name in the query; two tokens at once are refused. What
//!   simplejwt answers with 500 (a user id that is none, an `exp` that is a text) is a 401.
//! * Sessions (`SessionAuthentication`, feature `sessions`) end when they are idle and in any case
//!   after 30 days. Their cookie is `__Host-session`, and of two with one name and different values
//!   neither is looked up. Other sites' pages are told by `Sec-Fetch-Site` and `Origin`, without a
//!   token ([`Csrf`]). Django's names, ids and token are `SessionAuthentication::drf`, and its
//!   reasons are Django's word for word. The form field is compared where it was read before
//!   ([`CsrfField`]): authentication parses no body.
//! * Wherever cookies were looked at, the answer says `Vary: Cookie`, refusals of this layer too;
//!   somebody's is `Cache-Control: private` unless the handler says otherwise, and one that sets a
//!   cookie is `no-store` whatever it says.
//! * Whether bad credentials refuse at once can be left to permissions:
//!   [`AuthenticationLayer::recording`].
//! * A crash is not caught here. What an authentication cannot look up it answers with an
//!   exception of its own (503), and that is the answer: the request never goes on as nobody's.
//!
//! [`Exception`]: gatefold_core::Exception
//! [`Identity`]: gatefold_core::Identity
//! [`Identity::with_active`]: gatefold_core::Identity::with_active

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "passwords")]
mod account;
#[cfg(feature = "passwords")]
mod accounts;
mod api_key;
mod authentication;
mod authorization;
mod basic;
mod chain;
mod configuration_error;
mod cookies;
mod csrf;
mod csrf_field;
#[cfg(feature = "csrf-form")]
mod csrf_form;
#[cfg(feature = "csrf-form")]
mod csrf_form_future;
mod csrf_mask;
mod django_csrf;
mod events;
#[cfg(feature = "testing")]
mod force;
mod header;
#[cfg(feature = "jwt")]
mod jwt;
#[cfg(feature = "jwt")]
mod jwt_identity;
#[cfg(feature = "jwt")]
mod jwt_source;
#[cfg(feature = "jwt")]
mod jwt_words;
mod layer;
mod left;
mod look_up;
mod origin;
mod query;
#[cfg(feature = "passwords")]
mod remembered;
mod remote_user;
#[cfg(feature = "testing")]
mod request_factory;
mod service;
#[cfg(feature = "sessions")]
mod session;
#[cfg(feature = "sessions")]
mod session_authentication;
#[cfg(feature = "sessions")]
mod session_cookie;
#[cfg(feature = "sessions")]
mod session_exchange;
mod session_headers;
#[cfg(feature = "passwords")]
mod slots;
mod token;

#[cfg(feature = "passwords")]
pub use account::Account;
#[cfg(feature = "passwords")]
pub use accounts::Accounts;
pub use api_key::ApiKey;
pub use authentication::Authentication;
pub use basic::BasicAuthentication;
pub use configuration_error::{ConfigurationError, ConfigurationErrorKind};
pub use csrf::Csrf;
pub use csrf_field::CsrfField;
#[cfg(feature = "csrf-form")]
pub use csrf_form::{CsrfFormLayer, CsrfFormService};
#[cfg(feature = "csrf-form")]
pub use csrf_form_future::CsrfFormFuture;
#[cfg(feature = "jwt")]
pub use jwt::JwtAuthentication;
pub use layer::AuthenticationLayer;
pub use remote_user::RemoteUserAuthentication;
pub use service::AuthenticationService;
#[cfg(feature = "sessions")]
pub use session::Session;
#[cfg(feature = "sessions")]
pub use session_authentication::SessionAuthentication;
pub use token::TokenAuthentication;

/// What tests of gated services need, and nothing else does (feature `testing`).
#[cfg(feature = "testing")]
pub mod testing {
    pub use crate::{
        force::{ForceAuthenticationLayer, ForceAuthenticationService},
        request_factory::RequestFactory,
    };
}
