//! All gates at once: composed by hand, and as one `Policy`.

use gatefold::{
    Policy,
    authentication::AuthenticationLayer,
    exceptions::ExceptionLayer,
    negotiation::{DefaultNegotiation, NegotiationLayer},
    permissions::PermissionLayer,
    throttling::{ThrottleLayer, UserRateThrottle},
    versioning::{AcceptHeaderVersioning, VersioningLayer},
};
use http::{Request, StatusCode, request::Parts};
use tower::ServiceBuilder;

use super::{
    Bare, Body, Measure, NoOp, gate,
    gates::{alice, five, two_rates},
    measure, served,
};

pub const STACK: &[Measure] = &[
    measure("stack/bare", || served(Bare, StatusCode::OK, whole)),
    measure("stack/six-no-ops", || {
        let six = ServiceBuilder::new().layer(NoOp).layer(NoOp).layer(NoOp);
        let six = six.layer(NoOp).layer(NoOp).layer(NoOp);
        gate(six, StatusCode::OK, whole)
    }),
    measure("stack/by-hand", || {
        let stack = ServiceBuilder::new()
            .layer(ExceptionLayer::default())
            .layer(NegotiationLayer::new(DefaultNegotiation::default()))
            .layer(VersioningLayer::new(versions()))
            .layer(AuthenticationLayer::new(badge()))
            .layer(PermissionLayer::new(five()))
            .layer(ThrottleLayer::new(throttle()));
        gate(stack, StatusCode::OK, whole)
    }),
    measure("stack/policy", || gate(policy(), StatusCode::OK, whole)),
    measure("stack/policy/refused", || {
        gate(policy(), StatusCode::FORBIDDEN, || request("0"))
    }),
];

/// A caller who is known without waiting, a permission of five atoms, two rates, two offers, a
/// version.
pub fn policy() -> Policy {
    Policy::new()
        .negotiation(DefaultNegotiation::default())
        .versioning(versions())
        .authentication(badge())
        .permission(five())
        .throttle(throttle())
        .expect("one throttle")
}

fn versions() -> AcceptHeaderVersioning {
    AcceptHeaderVersioning::new(["1.0", "2.0"])
}

fn badge() -> impl Fn(&Parts) -> Option<gatefold::Identity> + Send + Sync + 'static {
    let who = alice();
    move |head: &Parts| {
        head.headers.get("x-badge").filter(|badge| *badge == "17")?;
        Some(who.clone())
    }
}

fn throttle() -> UserRateThrottle {
    UserRateThrottle::new(two_rates()).expect("rates")
}

pub fn whole() -> Request<Body> {
    request("17")
}

fn request(badge: &'static str) -> Request<Body> {
    Request::builder()
        .uri("/tasks/4")
        .header("accept", "application/json; version=2.0")
        .header("x-badge", badge)
        .body(Body::default())
        .expect("a request")
}
