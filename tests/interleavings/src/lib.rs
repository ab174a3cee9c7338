//! The memory store of the throttles, its atomics replaced by those of loom, or with the feature
//! `shuttle` by shuttle's. The tests are in `tests/`.
//!
//! The files are the crate's own: only the one that names the atomics is another.

#![allow(dead_code, missing_docs, unused_imports, unreachable_pub)] // A part of a crate.

mod atomic;
#[path = "../../../layers/throttling/src/buckets.rs"]
mod buckets;
#[path = "../../../layers/throttling/src/claims.rs"]
mod claims;
#[path = "../../../layers/throttling/src/decide.rs"]
mod decide;
#[path = "../../../layers/throttling/src/few.rs"]
mod few;
#[path = "../../../layers/throttling/src/hasher.rs"]
mod hasher;
#[path = "../../../layers/throttling/src/limits.rs"]
mod limits;
#[path = "../../../layers/throttling/src/line.rs"]
mod line;
#[path = "../../../layers/throttling/src/log.rs"]
mod log;
#[path = "../../../layers/throttling/src/logs.rs"]
mod logs;
#[path = "../../../layers/throttling/src/memory.rs"]
mod memory;
#[path = "../../../layers/throttling/src/rate.rs"]
mod rate;
#[path = "../../../layers/throttling/src/rate_error.rs"]
mod rate_error;
#[path = "../../../layers/throttling/src/rate_text.rs"]
mod rate_text;
#[path = "../../../layers/throttling/src/reading.rs"]
mod reading;
#[path = "../../../layers/throttling/src/store.rs"]
mod store;
#[path = "../../../layers/throttling/src/table.rs"]
mod table;
#[path = "../../../layers/throttling/src/verdict.rs"]
mod verdict;

pub use claims::{Claim, Claims};
pub use hasher::KeyHasher;
pub use limits::Limits;
pub use memory::MemoryStore;
pub use rate::Rate;
pub use rate_error::{RateError, RateErrorKind};
pub use reading::Reading;
pub use store::{Change, Store};
pub use verdict::Verdict;
