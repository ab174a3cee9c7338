//! tower-http's layers that do a gate's work.
//!
//! `csrf` stands alone: its counterpart comes with the session authenticator.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use criterion::Criterion;
use gatefold::{
    exceptions::ExceptionLayer,
    negotiation::{DefaultNegotiation, JsonRenderer, NegotiationLayer},
};
use http::{Method, Request, Response, StatusCode};
use tower::{Layer, Service};
use tower_http::{
    catch_panic::CatchPanicLayer, csrf::CsrfLayer, validate_request::ValidateRequestHeaderLayer,
};

use crate::{
    run::bench,
    support::{Body, Measure, NoOp, gate, measure, plain, served, with},
};

const OK: StatusCode = StatusCode::OK;

const LAYERS: &[Measure] = &[
    measure("no-op", || gate(NoOp, OK, json)),
    measure("accept/ours", || {
        let json_only = DefaultNegotiation::new(JsonRenderer::new());
        gate(NegotiationLayer::new(json_only), OK, json)
    }),
    measure("accept/tower-http/validate-request", || {
        gate(
            ValidateRequestHeaderLayer::accept("application/json"),
            OK,
            json,
        )
    }),
    measure("panics/no-op", || served(NoOp.layer(AxumBare), OK, plain)),
    measure("panics/ours/exceptions", || {
        served(ExceptionLayer::default().layer(AxumBare), OK, plain)
    }),
    measure("panics/tower-http/catch-panic", || {
        served(CatchPanicLayer::new().layer(AxumBare), OK, plain)
    }),
    measure("csrf/tower-http/admitted", || {
        gate(CsrfLayer::new(), OK, || posted("same-origin"))
    }),
    measure("csrf/tower-http/refused", || {
        gate(CsrfLayer::new(), StatusCode::FORBIDDEN, || {
            posted("cross-site")
        })
    }),
];

/// `Accept` against one offer, panics caught on the way of a success, and cross-site requests.
pub(crate) fn layers(criterion: &mut Criterion) {
    bench(criterion, "layers", LAYERS);
}

fn json() -> Request<Body> {
    with("accept", "application/json")
}

fn posted(site: &'static str) -> Request<Body> {
    let mut request = with("sec-fetch-site", site);
    *request.method_mut() = Method::POST;
    request
}

/// The bare service with axum's body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AxumBare;

impl<B> Service<Request<B>> for AxumBare {
    type Response = Response<axum::body::Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        drop(request);
        ready(Ok(Response::new(axum::body::Body::default())))
    }
}
