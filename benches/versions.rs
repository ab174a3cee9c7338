//! What does finding a version cost, and leading a request to the service of its version, beside
//! tower's `Steer` over the same services boxed?
//!
//! Both dispatchers are cloned for each request, as a server clones the service of a connection.
//! `Steer` clones all of its services with it, and waits until each is ready. Not measured: the
//! request's other headers, a router.

#[path = "support/criterion.rs"]
mod run;
mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use gatefold::Version;
use http::Request;
use support::{
    Body, Measure, measure,
    versions::{Stateful, TEN, VERSIONS, cloned},
};
use tower::{steer::Steer, util::BoxCloneService};

const STEER: &[Measure] = &[measure("versions/dispatch/ten/steer", || {
    let services = TEN.map(|_| BoxCloneService::new(Stateful::new()));
    let pick = |request: &Request<Body>, _: &[_]| {
        let version = Version::of(request.extensions()).map_or("1", Version::as_str);
        let mut known = TEN.iter();
        known.position(|known| *known == version).unwrap_or(0)
    };
    cloned(Steer::new(services, pick))
})];

fn versions(criterion: &mut Criterion) {
    let all: Vec<Measure> = VERSIONS.iter().chain(STEER).copied().collect();
    run::bench(criterion, "versions", &all);
}

criterion_group!(benches, versions);
criterion_main!(benches);
