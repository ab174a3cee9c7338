//! What does one gate cost, when it says yes and when it says no?
//!
//! The bare service and a layer that does nothing are the baselines: a gate's price is what it
//! takes beyond `bare`. Making the request is not measured, nor are the network, a runtime's
//! scheduling, and what a cache that other work has emptied costs.

mod support;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use support::{Measure, Work};

fn gates(criterion: &mut Criterion) {
    support::bench(criterion, "gates", support::gates::GATES);
}

criterion_group!(benches, gates);
criterion_main!(benches);
