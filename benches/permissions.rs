//! What does an expression of five permissions cost, beside the same composition of boxed async
//! closures?
//!
//! Both are asked about a request's head that is there already. Not measured: the layer, the
//! request, and parts that wait for a store.

#[path = "support/criterion.rs"]
mod run;
mod support;

use criterion::{criterion_group, criterion_main};

fn permissions(criterion: &mut criterion::Criterion) {
    run::bench(criterion, "permissions", support::permissions::PERMISSIONS);
}

criterion_group!(benches, permissions);
criterion_main!(benches);
