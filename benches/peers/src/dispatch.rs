//! tower's `Steer` over boxed services.
//!
//! It stands alone: dispatch by version is not built yet.

use criterion::Criterion;
use http::{Request, StatusCode};
use tower::{steer::Steer, util::BoxCloneService};

use crate::{
    run::bench,
    support::{Bare, Body, Measure, measure, served, with},
};

const OK: StatusCode = StatusCode::OK;

const DISPATCH: &[Measure] = &[
    measure("bare", || served(Bare, OK, seventh)),
    measure("boxed", || served(BoxCloneService::new(Bare), OK, seventh)),
    measure("tower/steer-of-ten", || {
        let ten = std::iter::repeat_n(BoxCloneService::new(Bare), 10);
        let by_version = |request: &Request<Body>, services: &[_]| {
            let version = request.headers().get("x-api-version");
            let version = version.and_then(|version| version.to_str().ok()?.parse().ok());
            version.unwrap_or(0).min(services.len() - 1)
        };
        served(Steer::new(ten, by_version), OK, seventh)
    }),
];

/// One of ten services by a version in a header.
pub(crate) fn dispatch(criterion: &mut Criterion) {
    bench(criterion, "dispatch", DISPATCH);
}

fn seventh() -> Request<Body> {
    with("x-api-version", "7")
}
