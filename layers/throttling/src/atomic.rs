//! What the table's lines are made of. A package that explores its interleavings puts other atomics
//! in the place of this file (`tests/interleavings`).

pub(crate) use std::sync::atomic::{AtomicU64, Ordering};

/// Waits a little for whoever holds a line: at first on the processor, then for other threads.
pub(crate) fn pause(turn: u32) {
    // The holder may have been suspended in the middle.
    if turn.is_multiple_of(128) {
        std::thread::yield_now();
    } else {
        std::hint::spin_loop();
    }
}
