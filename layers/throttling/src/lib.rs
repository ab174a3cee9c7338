//! How often? The throttling gate of gatefold.
//!
//! [`ThrottleLayer`] wraps any service over `http` requests (hyper, axum, tonic) and answers 429
//! to whoever is over a limit. A throttle says what a request claims; all claims of a request are
//! decided in one step.
//!
//! ```
//! use std::{convert::Infallible, time::SystemTime};
//! use gatefold_core::{Identity, ManualClock};
//! use gatefold_throttling::{ThrottleLayer, UserRateThrottle};
//! use http::{Request, Response, StatusCode};
//! use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A clock that stands still; without one the machine's is read.
//! let clock = ManualClock::new(SystemTime::UNIX_EPOCH).clock();
//! let throttle = UserRateThrottle::new(["2/min", "1000/day"])?;
//! let mut service = ServiceBuilder::new()
//!     .layer(ThrottleLayer::new(throttle).clock(clock))
//!     .service(service_fn(async |_: Request<()>| {
//!         Ok::<_, Infallible>(Response::new(String::from("hello")))
//!     }));
//! let mut ask = async |user: &'static str| {
//!     let mut request = Request::new(());
//!     Identity::new(user).leave(request.extensions_mut());
//!     service.ready().await?.call(request).await
//! };
//!
//! let answer = ask("alice").await?;
//! assert_eq!(answer.headers()["ratelimit"], "\"user-60s\";r=1;t=30, \"user-86400s\";r=999;t=87");
//! assert_eq!(ask("alice").await?.status(), StatusCode::OK);
//!
//! let refused = ask("alice").await?;
//! assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
//! assert_eq!(refused.headers()["retry-after"], "30");
//! assert_eq!(ask("bob").await?.status(), StatusCode::OK);
//! # Ok(())
//! # }
//! ```
//!
//! Several throttles in one layer are asked as one: what one refuses costs nothing in the others.
//! Here strangers are counted by the address that the proxies name, users by their id, and a
//! closure adds what an export costs. A sliding rate admits at most its number in any window.
//!
//! ```
//! use std::sync::Arc;
//! use gatefold_core::TrustedProxies;
//! use gatefold_throttling::{
//!     AnonRateThrottle, Claims, Limits, MemoryStore, Rate, RateHeaders, ThrottleLayer,
//!     UserRateThrottle,
//! };
//! use http::request::Parts;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let proxies = TrustedProxies::networks(["10.0.0.0/8", "::1"])?;
//! let exports = Limits::new("export", [Rate::per_day(1000).sliding()])?;
//! let layer = ThrottleLayer::new(AnonRateThrottle::new(["20/min"])?.proxies(proxies.clone()))
//!     .and(UserRateThrottle::new(["60/min", "1000/day"])?.proxies(proxies))?
//!     .and(move |head: &Parts, claims: &mut Claims<'_>| {
//!         if head.uri.path().starts_with("/export") {
//!             claims.add_with_cost(&exports, "all callers", 10);
//!         }
//!     })?
//!     .store(MemoryStore::new(1_000_000))
//!     .headers(RateHeaders::XRateLimit);
//!
//! // Two throttles of one scope with different rates would count in the same place.
//! assert!(layer.and(UserRateThrottle::new(["5/min"])?).is_err());
//! # Ok(())
//! # }
//! ```
//!
//! # Keys, costs and tiers
//!
//! [`SimpleRateThrottle`] counts by header, path, route, address or what a closure finds, alone or
//! together. `cost` on a built-in throttle says what a request costs; a [`Reservation`] lets the
//! handler say it afterwards. A tier that is in the request is a closure that claims other
//! [`Limits`] of the same scope; one that has to be looked up goes to [`Claims::later`].
//!
//! ```
//! use gatefold_core::Identity;
//! use gatefold_throttling::{Caller, Claims, Limits, ThrottleLayer};
//! use http::request::Parts;
//!
//! let [free, paid] = [Limits::new("api", ["60/min"])?, Limits::new("api", ["6000/min"])?];
//! let layer = ThrottleLayer::new(move |head: &Parts, claims: &mut Claims<'_>| {
//!     if let Some(user) = Identity::of(&head.extensions) {
//!         let limits = if user.has_role("paying") { &paid } else { &free };
//!         claims.add(limits, Caller::User(user.id()));
//!     }
//! });
//! # Ok::<_, gatefold_throttling::RateError>(())
//! ```
//!
//! # For operators
//!
//! [`Scopes`] is a table of rates from a file or the environment (feature `serde`), and
//! [`LiveLimits`] are replaced without losing a count. A layer can [try out](ThrottleLayer::shadow)
//! its limits, [let callers through](ThrottleLayer::allow) or [refuse](ThrottleLayer::deny) them, and
//! [tell of each decision](ThrottleLayer::observe); with the feature `tracing` each is an event.
//! [`Counts`] shows, corrects and resets one key. [`Limiter`] counts without HTTP.
//!
//! # Where it stands
//!
//! Inside authentication, so that users are known. In that order a failed login is never counted;
//! put a layer with an [`AnonRateThrottle`] outside of authentication for that.
//!
//! # How this differs from Django REST Framework
//!
//! - A refused request consumes nothing of any rate. There each throttle that would admit it has
//!   counted it already.
//! - Exactly as many are admitted as the rate says, from any number of threads. There two requests
//!   at once may both read the old count.
//! - A rate is by default a bucket that refills steadily; [`Rate::sliding`] gives the log that
//!   Django REST Framework keeps.
//! - The whole word of a period counts, and nonsense is an error when the throttle is made:
//!   `3/months` is no three a minute. `5/30s` has a meaning.
//! - A client cannot choose its address: `X-Forwarded-For` is read only through
//!   [`TrustedProxies`](gatefold_core::TrustedProxies). Addresses and user ids never meet in one
//!   count, and an IPv6 network of 64 bits is one client.
//! - `RateLimit-Policy` and `RateLimit` tell the limits on every answer. `Retry-After` is never 0.
//! - A request that costs more than a rate ever admits, and any request under a rate of 0, is
//!   refused without a `Retry-After`.
//! - Rates are counted by a monotonic clock, so a wait never grows beyond its window when the date
//!   is set back.
//! - Keys are stored as keyed hashes, in memory of a fixed size.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod anon_rate;
mod atomic;
mod buckets;
mod caller;
mod caller_list;
mod claims;
mod counts;
mod decide;
mod few;
mod fields;
#[cfg(feature = "governor")]
mod governor;
mod hasher;
mod layer;
mod limiter;
mod limits;
mod line;
mod live_limits;
mod log;
mod logs;
mod memory;
mod rate;
mod rate_error;
mod rate_headers;
mod rate_text;
mod reading;
mod report;
mod reservation;
mod scoped_rate;
mod scopes;
mod service;
mod settings;
mod simple_rate;
mod store;
mod table;
mod throttle;
mod user_rate;
mod verdict;
mod violated;

pub use anon_rate::AnonRateThrottle;
pub use caller::Caller;
pub use caller_list::CallerList;
pub use claims::{Claim, Claims};
pub use counts::Counts;
#[cfg(feature = "governor")]
pub use governor::GovernorThrottle;
pub use hasher::KeyHasher;
pub use layer::{ScopeError, ThrottleLayer};
pub use limiter::{Held, Limiter};
pub use limits::Limits;
pub use live_limits::LiveLimits;
pub use memory::MemoryStore;
pub use rate::Rate;
pub use rate_error::{RateError, RateErrorKind};
pub use rate_headers::RateHeaders;
pub use reading::Reading;
pub use report::Report;
pub use reservation::Reservation;
pub use scoped_rate::ScopedRateThrottle;
pub use scopes::Scopes;
pub use service::ThrottleService;
pub use simple_rate::SimpleRateThrottle;
pub use store::{Change, Store};
pub use throttle::Throttle;
pub use user_rate::UserRateThrottle;
pub use verdict::Verdict;
