//! What does one gate cost, when it says yes and when it says no?
//!
//! The bare service and a layer that does nothing are the baselines: a gate's price is what it
//! takes beyond them. Not measured: making the request, the network, a runtime's scheduling, waits
//! for a store, and what it costs when other work has emptied the caches.

#[path = "support/criterion.rs"]
mod run;
mod support;

use criterion::{criterion_group, criterion_main};

fn gates(criterion: &mut criterion::Criterion) {
    run::bench(criterion, "gates", support::gates::GATES);
}

criterion_group!(benches, gates);
criterion_main!(benches);
