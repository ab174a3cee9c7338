//! One line of the table: five places behind a lock of one word.
//!
//! All words are atomics, read and written relaxed under the lock; its release is a plain store.

use std::{
    hint,
    ops::Deref,
    sync::atomic::{AtomicU64, Ordering::*},
    thread,
};

pub(crate) const PLACES: usize = 5;
/// The lowest bit of a line's word is its lock.
const LOCKED: u64 = 1;
/// Above it: for each bucket of each place the size of its capacity, as a power of two, in 6 bits.
/// Debts of different rates are compared by it.
const SIZE_BITS: usize = 6;

#[derive(Default)]
#[repr(align(128))]
pub(crate) struct Line {
    word: AtomicU64,
    places: [Slot; PLACES],
}

#[derive(Default)]
pub(crate) struct Slot {
    fingerprint: AtomicU64,
    full_at: [AtomicU64; 2],
}

/// A line that is held until this is dropped.
pub(crate) struct LineGuard<'l>(&'l Line);

impl Deref for LineGuard<'_> {
    type Target = Line;

    fn deref(&self) -> &Line {
        self.0
    }
}

impl Drop for LineGuard<'_> {
    fn drop(&mut self) {
        self.0.unlock();
    }
}

impl Line {
    pub(crate) fn find(&self, fingerprint: u64) -> Option<u8> {
        let is_it = |slot: &Slot| slot.fingerprint.load(Relaxed) == fingerprint;
        let slot = self.places.iter().position(is_it)?;
        u8::try_from(slot).ok()
    }

    pub(crate) fn slot(&self, slot: u8) -> &Slot {
        &self.places[usize::from(slot)]
    }

    /// Locks the line until the guard is dropped.
    pub(crate) fn hold(&self) -> LineGuard<'_> {
        self.lock();
        LineGuard(self)
    }

    pub(crate) fn lock(&self) {
        let mut turns = 0_u32;
        loop {
            let word = self.word.load(Relaxed);
            let free = word & LOCKED == 0;
            let exchange = |word| {
                self.word
                    .compare_exchange_weak(word, word | LOCKED, Acquire, Relaxed)
            };
            if free && exchange(word).is_ok() {
                return;
            }
            turns += 1;
            // The holder may have been suspended in the middle.
            if turns.is_multiple_of(128) {
                thread::yield_now();
            } else {
                hint::spin_loop();
            }
        }
    }

    pub(crate) fn unlock(&self) {
        self.word.store(self.word.load(Relaxed) & !LOCKED, Release);
    }

    /// Notes the capacities of a place's buckets.
    pub(crate) fn resize(&self, slot: u8, capacities: [u64; 2]) {
        let mut word = self.word.load(Relaxed);
        for (bucket, capacity) in capacities.into_iter().enumerate() {
            let shift = shift(usize::from(slot), bucket);
            let mask = ((1 << SIZE_BITS) - 1) << shift;
            word = word & !mask | size(capacity) << shift;
        }
        self.word.store(word, Relaxed);
    }

    /// How much each place owes: its fuller bucket, in parts of 65536 of the capacity.
    pub(crate) fn debts(&self, now: u64) -> [u64; PLACES] {
        let word = self.word.load(Relaxed);
        let mut debts = [0; PLACES];
        for (slot, debt) in debts.iter_mut().enumerate() {
            for (bucket, full_at) in self.places[slot].load().into_iter().enumerate() {
                let size = word >> shift(slot, bucket) & ((1 << SIZE_BITS) - 1);
                let owed = u128::from(full_at.saturating_sub(now)) << 16 >> size;
                let owed = u64::try_from(owed).unwrap_or(u64::MAX);
                // What owes anything is not free.
                *debt = (*debt).max(owed.max(u64::from(full_at > now)));
            }
        }
        debts
    }
}

impl Slot {
    pub(crate) fn store(&self, fingerprint: u64, full_at: [u64; 2]) {
        self.fingerprint.store(fingerprint, Relaxed);
        for (word, moment) in self.full_at.iter().zip(full_at) {
            word.store(moment, Relaxed);
        }
    }

    pub(crate) fn load(&self) -> [u64; 2] {
        [self.full_at[0].load(Relaxed), self.full_at[1].load(Relaxed)]
    }
}

const fn shift(slot: usize, bucket: usize) -> usize {
    1 + (slot * 2 + bucket) * SIZE_BITS
}

/// The power of two that is not below the capacity; at most 62.
fn size(capacity: u64) -> u64 {
    u64::from(64 - capacity.saturating_sub(1).leading_zeros()).min(63)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_two_cache_lines() {
        assert_eq!(size_of::<Line>(), 128);
        assert!(shift(PLACES - 1, 1) + SIZE_BITS <= 64);
    }

    #[test]
    fn a_debt_is_seen_until_its_last_nanosecond() {
        let line = Line::default();
        line.lock();
        line.slot(2).store(7, [100, 1_000]);
        line.resize(2, [100, 1 << 40]);
        assert!(line.debts(0)[2] > line.debts(99)[2]);
        assert_eq!(line.debts(999), [0, 0, 1, 0, 0]);
        assert_eq!(line.debts(1_000), [0; PLACES]);
        line.unlock();
        line.lock();
        assert_eq!(line.find(7), Some(2));
    }
}
