//! All gates beside seven of axum's `from_fn` that do nothing.

use axum::{
    extract::Request,
    middleware::{Next, from_fn},
};
use criterion::Criterion;
use http::StatusCode;
use tower::{Layer, Service, ServiceBuilder, util::MapRequest};

use crate::{
    layers::AxumBare,
    run::bench,
    support::{
        Body, Measure, NoOp, measure, served,
        stack::{policy, whole},
    },
};

const OK: StatusCode = StatusCode::OK;

const STACK: &[Measure] = &[
    measure("no-op", || served(axum(NoOp.layer(AxumBare)), OK, whole)),
    measure("ours/policy", || {
        served(axum(policy().layer(AxumBare)), OK, whole)
    }),
    measure("axum/one-from-fn", || {
        served(axum(from_fn(pass).layer(AxumBare)), OK, whole)
    }),
    measure("axum/seven-from-fn", || {
        let two = || {
            ServiceBuilder::new()
                .layer(from_fn(pass))
                .layer(from_fn(pass))
        };
        let seven = two().layer(two()).layer(two()).layer(from_fn(pass));
        served(axum(seven.service(AxumBare)), OK, whole)
    }),
];

/// What seven gates cost beyond the bare call, and what seven do-nothing middlewares do.
pub(crate) fn stack(criterion: &mut Criterion) {
    bench(criterion, "stack", STACK);
}

/// axum's middlewares take axum's request: its body is made of ours, which costs one box.
pub(crate) fn axum<S: Service<Request>>(
    inner: S,
) -> MapRequest<S, fn(http::Request<Body>) -> Request> {
    MapRequest::new(inner, |request| request.map(axum::body::Body::new))
}

async fn pass(request: Request, next: Next) -> axum::response::Response {
    next.run(request).await
}
