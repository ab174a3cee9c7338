//! A refusal put into words: by the exceptions layer, and by axum's `Json` after a `from_fn`.
//!
//! What all have in common, the refusal itself without words, is the baseline: subtract it. Both
//! answers are the same, byte for byte: status, content type, `Vary` and body.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use axum::{
    Json,
    extract::Request,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use criterion::Criterion;
use gatefold::{Exception, exceptions::ExceptionLayer};
use gatefold_core::refusal;
use http::{StatusCode, header::VARY};
use serde::Serialize;
use tower::{Layer, Service};

use crate::{
    run::bench,
    stack::axum,
    support::{Measure, measure, plain, served},
};

const NO: StatusCode = StatusCode::FORBIDDEN;

const REFUSALS: &[Measure] = &[
    measure("refused", || served(axum(Refuses), NO, plain)),
    measure("refused/ours/exceptions", || {
        served(axum(ExceptionLayer::default().layer(Refuses)), NO, plain)
    }),
    measure("refused/axum/from-fn-json", || {
        served(axum(from_fn(word).layer(Refuses)), NO, plain)
    }),
    measure("bare-status", || served(axum(Bare), NO, plain)),
    measure("bare-status/ours/exceptions", || {
        served(axum(ExceptionLayer::default().layer(Bare)), NO, plain)
    }),
    measure("bare-status/axum/from-fn-json", || {
        served(axum(from_fn(word).layer(Bare)), NO, plain)
    }),
];

/// What the words of a refusal cost.
pub(crate) fn refusals(criterion: &mut Criterion) {
    bench(criterion, "refusals", REFUSALS);
}

#[derive(Serialize)]
struct Detail {
    detail: &'static str,
}

/// What an application writes that wants its errors in JSON.
async fn word(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if !response.status().is_client_error() {
        return response;
    }
    let detail = "You do not have permission to perform this action.";
    let vary = [(VARY, "accept")];
    (response.status(), vary, Json(Detail { detail })).into_response()
}

/// A service that refuses, as a gate does.
#[derive(Clone, Copy, Debug)]
struct Refuses;

/// A service that answers with a status alone, as a router does.
#[derive(Clone, Copy, Debug)]
struct Bare;

impl Service<Request> for Refuses {
    type Response = Response;
    type Error = Infallible;
    type Future = Ready<Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let exception = Exception::permission_denied();
        ready(Ok(refusal(exception, request.extensions())))
    }
}

impl Service<Request> for Bare {
    type Response = Response;
    type Error = Infallible;
    type Future = Ready<Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request) -> Self::Future {
        ready(Ok(NO.into_response()))
    }
}
