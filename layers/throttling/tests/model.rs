//! The memory store against a model that keeps everything it has admitted.

use std::{collections::HashMap, time::Duration};

use gatefold_core::Decision;
use gatefold_throttling::{Claims, Limits, MemoryStore, Rate, Store};
use proptest::prelude::*;

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).expect("short")
}

/// The time that one request takes from a bucket.
fn cell(rate: Rate) -> u64 {
    nanos(rate.period()) / u64::from(rate.limit())
}

/// What was admitted, by key and rate, and by what the rates make of it.
#[derive(Default)]
struct Model {
    buckets: HashMap<(usize, Rate), (u64, u64)>,
    logs: HashMap<(usize, Rate), Vec<u64>>,
}

impl Model {
    /// The nanoseconds of credit of a bucket, which was full at first.
    fn credit(&self, key: (usize, Rate), now: u64) -> u64 {
        let full = cell(key.1) * u64::from(key.1.limit());
        let (credit, at) = self.buckets.get(&key).copied().unwrap_or((full, now));
        full.min(credit + now - at)
    }

    fn used(&self, key: (usize, Rate), now: u64) -> usize {
        let period = nanos(key.1.period());
        let log = self.logs.get(&key);
        let within = log.map(|log| log.iter().filter(|at| **at + period > now).count());
        within.unwrap_or(0)
    }

    fn fits(&self, key: (usize, Rate), now: u64, cost: u32) -> bool {
        if key.1.is_sliding() {
            self.used(key, now) + cost as usize <= key.1.limit() as usize
        } else {
            self.credit(key, now) >= cell(key.1) * u64::from(cost)
        }
    }

    fn take(&mut self, key: (usize, Rate), now: u64, cost: u32) {
        if key.1.is_sliding() {
            let log = self.logs.entry(key).or_default();
            log.extend((0..cost).map(|_| now));
        } else {
            let credit = self.credit(key, now) - cell(key.1) * u64::from(cost);
            self.buckets.insert(key, (credit, now));
        }
    }

    fn remaining(&self, key: (usize, Rate), now: u64) -> u64 {
        if key.1.is_sliding() {
            u64::from(key.1.limit()) - self.used(key, now) as u64
        } else {
            self.credit(key, now) / cell(key.1)
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
            let mut claims = Claims::new(*store.hasher());
            let mut rates = Vec::new();
            for ((scope, key), cost) in wanted {
                claims.add_with_cost(&scopes[scope], key, cost);
                let keys = scopes[scope].rates().iter().map(|rate| (scope * 2 + key, *rate));
                rates.extend(keys.map(|key| (key, cost)));
            }
            let Decision::Now(Ok(verdict)) = store.decide(&claims, now) else {
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
                let then = now + nanos(wait);
                prop_assert!(rates.iter().all(|(key, cost)| model.fits(*key, then, *cost)));
                prop_assert!(!rates.iter().all(|(key, cost)| model.fits(*key, then - 1, *cost)));
            }
            for (reading, (key, _)) in verdict.readings().iter().zip(&rates) {
                prop_assert_eq!(u64::from(reading.remaining()), model.remaining(*key, now));
            }
        }
    }
}

/// A million steps of eight keys against the exact model, of both kinds of rates.
#[test]
fn a_million_steps_are_decided_as_the_model_decides_them() {
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    let sliding = Rate::per_second(7).sliding();
    for (rate, steps) in [(Rate::per_second(7), 1_000_000), (sliding, 100_000)] {
        let limits = Limits::new("t", [rate]).expect("a rate");
        let (store, mut model, mut now) = (MemoryStore::new(100), Model::default(), 0);
        let mut refused = 0;
        for step in 0..steps {
            now += next(25_000_000);
            let (key, cost) = (next(8) as usize, next(3) as u32);
            let mut claims = Claims::new(*store.hasher());
            claims.lend(&limits, key, cost);
            let Decision::Now(Ok(verdict)) = store.decide(&claims, now) else {
                panic!("memory answers now")
            };
            let place = (key, rate);
            let fits = model.fits(place, now, cost);
            assert_eq!(verdict.is_admitted(), fits, "step {step}");
            if fits {
                model.take(place, now, cost);
            } else if let Some(wait) = verdict.wait() {
                refused += 1;
                let then = now + nanos(wait);
                assert!(model.fits(place, then, cost), "step {step}");
                assert!(!model.fits(place, then - 1, cost), "step {step}");
            }
            if step % 1000 == 0 {
                // What has left the window need not be kept.
                let old = |log: &mut Vec<u64>| log.retain(|at| at + 1_000_000_000 > now);
                model.logs.values_mut().for_each(old);
            }
        }
        assert!(refused > steps / 10, "{refused} refusals");
    }
}
