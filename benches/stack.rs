//! What do all gates together cost, composed by hand and as one `Policy`, over the bare service?
//!
//! A caller who is known without waiting, a permission of five atoms, two rates on one key, two
//! offers and a version. Not measured: a router, the network, signatures, waits for a store.

#[path = "support/criterion.rs"]
mod run;
mod support;

use criterion::{criterion_group, criterion_main};

fn stack(criterion: &mut criterion::Criterion) {
    run::bench(criterion, "stack", support::stack::STACK);
}

criterion_group!(benches, stack);
criterion_main!(benches);
