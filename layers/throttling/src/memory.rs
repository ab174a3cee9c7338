use std::{fmt, hash::Hash, sync::OnceLock};

use gatefold_core::{Decision, Exception};

use crate::{
    Change, Claims, KeyHasher, Limits, Store, Verdict,
    decide::{decide, decide_all, take_one},
    logs::Logs,
    table::Table,
};

/// Counts in this process, in memory whose size is fixed when it is made.
///
/// It answers now, has no background task and never grows. A key of one or two rates takes 34
/// bytes whatever the key is; of more rates, as much again for each further two. The default has
/// room for 65,536 keys (2.2 MB), taken at the first request. Sliding rates lie beside that: 8
/// bytes for each admitted request in the window, for 4,096 keys by default.
///
/// A key whose rates have recovered makes room by itself. When more keys than there is room for
/// are counting at once, the one that has used the least part of its rates is forgotten first;
/// so a flood of new keys does not set exhausted clients free.
///
/// Exactly as many requests are admitted as the rates say, from any number of threads: the lines
/// of all claims are locked in the order of their index, all are checked, then all are written.
/// One or two rates of up to four keys allocate nothing while there are four rates in all; sliding
/// rates allocate for their log.
///
/// ```
/// use std::sync::Arc;
/// use gatefold_throttling::{MemoryStore, ThrottleLayer, UserRateThrottle};
///
/// // One store for several layers: the same scope and key are one count.
/// let store = Arc::new(MemoryStore::new(1_000_000));
/// let reads = ThrottleLayer::new(UserRateThrottle::new(["60/min"])?).store(store.clone());
/// let writes = ThrottleLayer::new(UserRateThrottle::new(["5/min"])?.scope("write")?).store(store);
/// # Ok::<_, gatefold_throttling::RateError>(())
/// ```
pub struct MemoryStore {
    hasher: KeyHasher,
    keys: usize,
    sliding_keys: usize,
    table: OnceLock<Table>,
    logs: OnceLock<Logs>,
}

impl MemoryStore {
    /// A store with room for so many keys that count at once.
    pub fn new(keys: usize) -> Self {
        Self {
            hasher: KeyHasher::random(),
            keys,
            sliding_keys: 4096,
            table: OnceLock::new(),
            logs: OnceLock::new(),
        }
    }

    /// Makes room for so many keys with sliding rates (4,096 unless set). Each takes up to 8 bytes
    /// for each request that its rate admits in a window.
    #[must_use]
    pub fn sliding_keys(mut self, keys: usize) -> Self {
        self.sliding_keys = keys;
        self.logs = OnceLock::new();
        self
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new(1 << 16)
    }
}

impl MemoryStore {
    #[inline]
    fn table(&self) -> &Table {
        self.table.get_or_init(|| Table::new(self.keys))
    }

    fn logs(&self) -> &Logs {
        self.logs.get_or_init(|| Logs::new(self.sliding_keys))
    }
}

impl MemoryStore {
    /// Takes `cost` of one key, or says for how long it is held back: in nanoseconds, 0 for a yes.
    /// Nothing is said about what remains, which halves the time of a decision.
    #[inline]
    pub(crate) fn take<K: Hash + ?Sized>(
        &self,
        limits: &Limits,
        key: &K,
        cost: u32,
        now: u64,
    ) -> u64 {
        let fingerprint = self.hasher.fingerprint(limits.scope_hash(), key);
        let held = limits
            .only()
            .and_then(|buckets| take_one(self.table(), fingerprint, buckets, cost, now));
        let held = held.map(|answer| answer.held());
        held.unwrap_or_else(|| self.take_all(limits, fingerprint, cost, now))
    }

    #[cold]
    fn take_all(&self, limits: &Limits, fingerprint: u64, cost: u32, now: u64) -> u64 {
        let mut claims = Claims::new(self.hasher);
        claims.lend_hashed(limits, fingerprint, cost);
        let mut verdict = Verdict::new([]);
        let logs = || self.logs();
        decide_all(self.table(), logs, &claims, Change::Take, now, &mut verdict);
        verdict.hold_nanos()
    }
}

/// 292 years of uptime; beyond that the sums would not fit.
const LATEST: u64 = u64::MAX >> 1;

impl Store for MemoryStore {
    #[inline]
    fn hasher(&self) -> &KeyHasher {
        &self.hasher
    }

    fn decide(&self, claims: &Claims<'_>, now: u64) -> Decision<Result<Verdict, Exception>> {
        let logs = || self.logs();
        // Filled where it is returned: moving it takes as long as filling it.
        let mut decision = Decision::Now(Ok(Verdict::new([])));
        if let Decision::Now(Ok(verdict)) = &mut decision {
            decide(self.table(), logs, claims, now.min(LATEST), verdict);
        }
        decision
    }

    fn change(
        &self,
        claims: &Claims<'_>,
        change: Change,
        now: u64,
    ) -> Decision<Result<Verdict, Exception>> {
        let mut verdict = Verdict::new([]);
        let (logs, now) = (|| self.logs(), now.min(LATEST));
        decide_all(self.table(), logs, claims, change, now, &mut verdict);
        Decision::Now(Ok(verdict))
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("keys", &self.keys)
            .field("sliding_keys", &self.sliding_keys)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rate, Reading};

    #[test]
    fn the_keys_of_one_request_do_not_push_each_other_out() {
        // Two lines of five places.
        let store = MemoryStore::new(1);
        let limits = Limits::new("t", [Rate::per_minute(5)]).expect("a rate");
        let ask = |keys: &[(u32, u32)]| {
            let mut claims = Claims::new(*store.hasher());
            for (key, cost) in keys {
                claims.add_with_cost(&limits, key, *cost);
            }
            let Decision::Now(Ok(verdict)) = store.decide(&claims, 0) else {
                panic!("memory answers now")
            };
            let left = verdict.readings().iter().map(Reading::remaining);
            left.collect::<Vec<_>>()
        };
        for key in 0..10 {
            ask(&[(key, 5)]);
        }
        assert_eq!(ask(&[(10, 1), (11, 1)]), [4, 4]);
        assert_eq!(ask(&[(10, 0), (11, 0)]), [4, 4]);
    }

    #[test]
    fn a_change_of_tier_keeps_the_count() {
        let store = MemoryStore::new(10);
        let [free, paid] = [2, 5].map(|limit| Limits::new("t", [Rate::per_minute(limit)]));
        let [free, paid] = [free.expect("a rate"), paid.expect("a rate")];
        let ask = |limits| {
            let mut claims = Claims::new(*store.hasher());
            claims.add(limits, 7);
            let Decision::Now(Ok(verdict)) = store.decide(&claims, 9_000_000_000) else {
                panic!("memory answers now")
            };
            verdict.is_admitted()
        };
        assert!(ask(&paid) && ask(&paid) && ask(&paid));
        // 36 of its 60 seconds are used; the free tier has a cell of 30.
        assert!(!ask(&free));
        assert!(ask(&paid));
    }
}
