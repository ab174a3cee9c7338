//! The atomics that are explored.

#[cfg(not(feature = "shuttle"))]
pub(crate) use loom::sync::atomic::AtomicU64;
#[cfg(feature = "shuttle")]
pub(crate) use shuttle::sync::atomic::AtomicU64;
pub(crate) use std::sync::atomic::Ordering;

pub(crate) fn pause(_: u32) {
    #[cfg(not(feature = "shuttle"))]
    loom::thread::yield_now();
    #[cfg(feature = "shuttle")]
    shuttle::thread::yield_now();
}
