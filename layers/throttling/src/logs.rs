//! The logs of the memory store: sets of eight, each set behind a lock.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{Rate, few::Few, log::Log};

const WAYS: usize = 8;

pub(crate) struct Logs {
    sets: Box<[Mutex<Vec<Shelf>>]>,
}

#[derive(Debug)]
struct Shelf {
    fingerprint: u64,
    rate: Rate,
    log: Log,
}

impl Logs {
    /// Room for about so many keys.
    pub(crate) fn new(keys: usize) -> Self {
        let sets = keys.div_ceil(WAYS / 2).max(1);
        Self {
            sets: (0..sets).map(|_| Mutex::default()).collect(),
        }
    }

    fn home(&self, fingerprint: u64) -> usize {
        let product = u128::from(fingerprint) * self.sets.len() as u128;
        usize::try_from(product >> 64).unwrap_or(0)
    }

    /// Locks the sets of these fingerprints, in the order of their index.
    pub(crate) fn hold(&self, fingerprints: impl Iterator<Item = u64>) -> HeldLogs<'_> {
        let mut homes: Few<usize, 4> = fingerprints.map(|key| self.home(key)).collect();
        homes.sort_and_deduplicate();
        let lock = |&home: &usize| {
            let guard = self.sets[home].lock();
            // A set is whole at any moment, so a panic elsewhere cannot have broken it.
            (home, guard.unwrap_or_else(PoisonError::into_inner))
        };
        HeldLogs {
            logs: self,
            sets: homes.iter().map(lock).collect(),
        }
    }
}

/// Sets of logs that are held until this is dropped.
pub(crate) struct HeldLogs<'l> {
    logs: &'l Logs,
    sets: Vec<(usize, MutexGuard<'l, Vec<Shelf>>)>,
}

impl HeldLogs<'_> {
    /// The log of a key, without what has left the window at `now`; `None` if it is not kept.
    pub(crate) fn find(&mut self, fingerprint: u64, now: u64, rate: Rate) -> Option<&mut Log> {
        let shelf = self
            .set(fingerprint)?
            .iter_mut()
            .find(|shelf| shelf.fingerprint == fingerprint)?;
        shelf.rate = rate;
        shelf.log.forget(now, rate);
        Some(&mut shelf.log)
    }

    /// Records an admitted request. A new log takes the place of an empty one, or in a full set of
    /// the emptiest, unless that belongs to the same request.
    pub(crate) fn record(
        &mut self,
        fingerprint: u64,
        now: u64,
        rate: Rate,
        cost: u32,
        own: &[u64],
    ) {
        if let Some(log) = self.find(fingerprint, now, rate) {
            return log.record(now, cost);
        }
        let Some(set) = self.set(fingerprint) else {
            return;
        };
        let mut log = Log::default();
        log.record(now, cost);
        let shelf = Shelf {
            fingerprint,
            rate,
            log,
        };
        let full = set.len() >= WAYS;
        let least = set
            .iter_mut()
            .filter(|old| !own.contains(&old.fingerprint))
            .map(|old| {
                old.log.forget(now, old.rate);
                (old.log.debt(old.rate), old)
            })
            .min_by_key(|(debt, _)| *debt);
        match least {
            Some((debt, old)) if full || debt == 0 => *old = shelf,
            _ => set.push(shelf),
        }
    }

    fn set(&mut self, fingerprint: u64) -> Option<&mut Vec<Shelf>> {
        let home = self.logs.home(fingerprint);
        let index = self.sets.binary_search_by_key(&home, |(home, _)| *home);
        Some(&mut *self.sets[index.ok()?].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_set_gives_away_its_emptiest_log() {
        // One set.
        let logs = Logs::new(1);
        let rate = Rate::per_second(10).sliding();
        let mut held = logs.hold([1].into_iter());
        for key in 1..=8 {
            held.record(key, 5, rate, if key == 3 { 2 } else { 9 }, &[key]);
        }
        held.record(9, 6, rate, 1, &[9, 3]);
        assert!(held.find(3, 6, rate).is_some(), "of the same request");
        held.record(10, 6, rate, 1, &[10, 9]);
        assert!(held.find(3, 6, rate).is_none());
        assert!(held.find(9, 6, rate).is_some());
        // What has left the window makes room before anything else.
        let mut kept = (1..=10).filter(|key| held.find(*key, 6, rate).is_some());
        assert_eq!(kept.by_ref().count(), WAYS);
        let later = 5 + 1_000_000_000;
        held.record(11, later, rate, 1, &[11]);
        assert!(held.find(9, later, rate).is_some() && held.find(10, later, rate).is_some());
    }
}
