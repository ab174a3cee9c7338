use std::{fmt, sync::OnceLock, time::Duration};

use gatefold_core::{Decision, Exception};

use crate::{Claims, KeyHasher, Store, Verdict, decide::decide, logs::Logs, table::Table};

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
/// One or two rates of up to four keys allocate nothing; sliding rates allocate for their log.
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

impl Store for MemoryStore {
    fn hasher(&self) -> &KeyHasher {
        &self.hasher
    }

    fn decide(&self, claims: &Claims, now: Duration) -> Decision<Result<Verdict, Exception>> {
        let table = self.table.get_or_init(|| Table::new(self.keys));
        let logs = || self.logs.get_or_init(|| Logs::new(self.sliding_keys));
        // 292 years of uptime; beyond that the sums would not fit.
        let now = u64::try_from(now.as_nanos()).map_or(u64::MAX >> 1, |now| now.min(u64::MAX >> 1));
        Decision::Now(Ok(Verdict::of(decide(table, logs, claims, now))))
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
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::{Limits, Rate};

    /// What was admitted, by key and rate, and by what the rates make of it.
    #[derive(Default)]
    struct Model {
        buckets: HashMap<(usize, Rate), (u64, u64)>,
        logs: HashMap<(usize, Rate), Vec<u64>>,
    }

    impl Model {
        /// The nanoseconds of credit of a bucket, which was full at first.
        fn credit(&self, key: (usize, Rate), now: u64) -> u64 {
            let full = key.1.cell() * u64::from(key.1.limit());
            let (credit, at) = self.buckets.get(&key).copied().unwrap_or((full, now));
            full.min(credit + now - at)
        }

        fn used(&self, key: (usize, Rate), now: u64) -> usize {
            let period = key.1.period_nanos();
            let log = self.logs.get(&key);
            let within = log.map(|log| log.iter().filter(|at| **at + period > now).count());
            within.unwrap_or(0)
        }

        fn fits(&self, key: (usize, Rate), now: u64, cost: u32) -> bool {
            if key.1.is_sliding() {
                self.used(key, now) + cost as usize <= key.1.limit() as usize
            } else {
                self.credit(key, now) >= key.1.cell() * u64::from(cost)
            }
        }

        fn take(&mut self, key: (usize, Rate), now: u64, cost: u32) {
            if key.1.is_sliding() {
                let log = self.logs.entry(key).or_default();
                log.extend((0..cost).map(|_| now));
            } else {
                let credit = self.credit(key, now) - key.1.cell() * u64::from(cost);
                self.buckets.insert(key, (credit, now));
            }
        }

        fn remaining(&self, key: (usize, Rate), now: u64) -> u64 {
            if key.1.is_sliding() {
                u64::from(key.1.limit()) - self.used(key, now) as u64
            } else {
                self.credit(key, now) / key.1.cell()
            }
        }
    }

    /// Scopes with one to five rates of both kinds.
    fn scopes() -> Vec<Limits> {
        let second = Rate::per_second;
        let minute = Rate::per_minute;
        [
            vec![second(3)],
            vec![second(2).sliding()],
            vec![second(4), minute(7)],
            vec![
                minute(9).sliding(),
                second(5),
                second(3).sliding(),
                minute(20),
                minute(11),
            ],
        ]
        .into_iter()
        .zip(["a", "b", "c", "d"])
        .map(|(rates, scope)| Limits::new(scope, rates).expect("rates"))
        .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn all_claims_are_admitted_and_written_or_none(
            steps in prop::collection::vec(
                (
                    prop_oneof![0_u64..10, 0_u64..2_000_000_000],
                    prop::collection::btree_map((0_usize..4, 0_usize..2), 0_u32..3, 1..4),
                ),
                1..60,
            ),
        ) {
            let (scopes, store, mut model, mut now) = (scopes(), MemoryStore::new(1000), Model::default(), 0);
            for (pause, wanted) in steps {
                now += pause;
                let mut claims = Claims::new(store.hasher().clone());
                let mut rates = Vec::new();
                for ((scope, key), cost) in wanted {
                    claims.add_with_cost(&scopes[scope], key, cost);
                    let keys = scopes[scope].rates().iter().map(|rate| (scope * 2 + key, *rate));
                    rates.extend(keys.map(|key| (key, cost)));
                }
                let Decision::Now(Ok(verdict)) = store.decide(&claims, Duration::from_nanos(now)) else {
                    panic!("memory answers now")
                };
                let fits = rates.iter().all(|(key, cost)| model.fits(*key, now, *cost));
                prop_assert_eq!(verdict.is_admitted(), fits);
                if fits {
                    for (key, cost) in &rates {
                        model.take(*key, now, *cost);
                    }
                } else if let Some(wait) = verdict.wait() {
                    // Exact in both directions, over all claims.
                    let then = now + u64::try_from(wait.as_nanos()).expect("short");
                    prop_assert!(rates.iter().all(|(key, cost)| model.fits(*key, then, *cost)));
                    prop_assert!(!rates.iter().all(|(key, cost)| model.fits(*key, then - 1, *cost)));
                }
                for (reading, (key, _)) in verdict.readings().iter().zip(&rates) {
                    prop_assert_eq!(u64::from(reading.remaining()), model.remaining(*key, now));
                }
            }
        }
    }

    #[test]
    fn a_change_of_tier_keeps_the_count() {
        let store = MemoryStore::new(10);
        let [free, paid] = [2, 5].map(|limit| Limits::new("t", [Rate::per_minute(limit)]));
        let [free, paid] = [free.expect("a rate"), paid.expect("a rate")];
        let ask = |limits| {
            let mut claims = Claims::new(store.hasher().clone());
            claims.add(limits, 7);
            let Decision::Now(Ok(verdict)) = store.decide(&claims, Duration::from_secs(9)) else {
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
