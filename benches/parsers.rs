//! What does reading cost: `Accept`, suffixes, versions, rates, a permission, the throttle's store?
//!
//! The parsers by themselves, on text that is in the cache. `Authorization` is read inside the
//! authenticators alone: `gates` measures it with them. Not measured: hostile lengths, many keys,
//! more than one thread.

#[path = "support/criterion.rs"]
mod run;
mod support;

use criterion::{criterion_group, criterion_main};

fn parsers(criterion: &mut criterion::Criterion) {
    run::bench(criterion, "parsers", support::parsers::PARSERS);
}

criterion_group!(benches, parsers);
criterion_main!(benches);
