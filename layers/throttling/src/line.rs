//! One line of the table: five places behind a lock of one word.
//!
//! All words are atomics, read and written relaxed under the lock; its release is a plain store.

use crate::atomic::{AtomicU64, Ordering::*, pause};

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

impl Line {
    #[inline]
    pub(crate) fn find(&self, fingerprint: u64) -> Option<u8> {
        let is_it = |slot: &Slot| slot.fingerprint.load(Relaxed) == fingerprint;
        // At most five.
        (0..)
            .zip(&self.places)
            .find_map(|(index, slot)| is_it(slot).then_some(index))
    }

    #[inline]
    pub(crate) fn slot(&self, slot: u8) -> &Slot {
        &self.places[usize::from(slot)]
    }

    /// Locks the line. The answer is what [`unlock_as`](Self::unlock_as) wants back.
    #[inline]
    pub(crate) fn lock(&self) -> u64 {
        let word = self.word.load(Relaxed) & !LOCKED;
        match self
            .word
            .compare_exchange_weak(word, word | LOCKED, Acquire, Relaxed)
        {
            Ok(word) => word,
            Err(_) => self.lock_later(),
        }
    }

    #[cold]
    fn lock_later(&self) -> u64 {
        let mut turn = 0_u32;
        loop {
            turn = turn.wrapping_add(1);
            pause(turn);
            let word = self.word.load(Relaxed);
            if word & LOCKED == 0
                && self
                    .word
                    .compare_exchange_weak(word, word | LOCKED, Acquire, Relaxed)
                    .is_ok()
            {
                return word;
            }
        }
    }

    pub(crate) fn unlock(&self) {
        self.unlock_as(self.word.load(Relaxed) & !LOCKED);
    }

    #[inline]
    pub(crate) fn unlock_as(&self, word: u64) {
        self.word.store(word, Release);
    }

    /// Notes the capacities of a place's buckets.
    pub(crate) fn resize(&self, slot: u8, sizes: u64) {
        self.word
            .store(resized(self.word.load(Relaxed), slot, sizes), Relaxed);
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
    #[inline]
    pub(crate) fn move_to(&self, full_at: [u64; 2]) {
        for (word, moment) in self.full_at.iter().zip(full_at) {
            word.store(moment, Relaxed);
        }
    }

    pub(crate) fn clear(&self) {
        self.store(0, [0; 2]);
    }

    pub(crate) fn store(&self, fingerprint: u64, full_at: [u64; 2]) {
        self.fingerprint.store(fingerprint, Relaxed);
        self.move_to(full_at);
    }

    #[inline]
    pub(crate) fn load(&self) -> [u64; 2] {
        [self.full_at[0].load(Relaxed), self.full_at[1].load(Relaxed)]
    }
}

/// A line's word after a place's sizes have become these.
#[inline]
pub(crate) fn resized(word: u64, slot: u8, sizes: u64) -> u64 {
    let shift = shift(slot.into(), 0);
    word & !(((1 << (2 * SIZE_BITS)) - 1) << shift) | sizes << shift
}

/// The sizes of two capacities, as a line's word has them.
pub(crate) fn sizes(capacities: [u64; 2]) -> u64 {
    size(capacities[0]) | size(capacities[1]) << SIZE_BITS
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
        line.resize(2, sizes([100, 1 << 40]));
        assert!(line.debts(0)[2] > line.debts(99)[2]);
        assert_eq!(line.debts(999), [0, 0, 1, 0, 0]);
        assert_eq!(line.debts(1_000), [0; PLACES]);
        line.unlock();
        line.lock();
        assert_eq!(line.find(7), Some(2));
    }
}
