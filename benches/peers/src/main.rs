//! The same work by gatefold and by other people's crates, in one run: look at the ratios.
//!
//! One module per area, and in it one group per question; the baseline comes first, then gatefold
//! (`ours`), then the peers. README.md says which peers stand alone and which are not here. Not
//! measured: the network, more than one thread, right and wrong answers.

mod accept;
mod dispatch;
mod jwt;
mod layers;
#[path = "../../support/jwt.rs"]
mod ours;
mod refusals;
#[path = "../../support/criterion.rs"]
mod run;
mod stack;
#[path = "../../support/mod.rs"]
mod support;
mod throttle;

use criterion::{criterion_group, criterion_main};

criterion_group!(
    benches,
    throttle::checks,
    throttle::layers,
    accept::accept,
    jwt::jwt,
    dispatch::dispatch,
    layers::layers,
    refusals::refusals,
    stack::stack,
);
criterion_main!(benches);
