//! The atomics of the table, or those of loom and shuttle when they explore its interleavings.

#[cfg(gatefold_loom)]
pub(crate) use loom::sync::atomic::AtomicU64;
#[cfg(gatefold_shuttle)]
pub(crate) use shuttle::sync::atomic::AtomicU64;
#[cfg(not(any(gatefold_loom, gatefold_shuttle)))]
pub(crate) use std::sync::atomic::AtomicU64;
pub(crate) use std::sync::atomic::Ordering;

/// Waits a little for whoever holds a line: at first on the processor, then for the others.
#[cfg(not(any(gatefold_loom, gatefold_shuttle)))]
pub(crate) fn pause(turn: u32) {
    // The holder may have been suspended in the middle.
    if turn.is_multiple_of(128) {
        std::thread::yield_now();
    } else {
        std::hint::spin_loop();
    }
}

#[cfg(gatefold_loom)]
pub(crate) fn pause(_: u32) {
    loom::thread::yield_now();
}

#[cfg(gatefold_shuttle)]
pub(crate) fn pause(_: u32) {
    shuttle::thread::yield_now();
}
