//! The rates of one place of the table, and what they say.

use crate::{Rate, Reading, Verdict, line, reading::Hold};

/// One or two rates, in the form in which a decision needs them.
///
/// A bucket is one number, the moment at which it will be full again (the "theoretical arrival
/// time" of the generic cell rate algorithm). Each admitted request moves it one cell further.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Buckets {
    // Of a second bucket that is not there: 0, which makes one that is full at any moment.
    cells: [u64; 2],
    capacities: [u64; 2],
    limits: [u32; 2],
    // What no bucket admits more of at once.
    most: u32,
    count: u8,
    sizes: u64,
}

/// What two buckets answer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Answer {
    /// What is stored if all others admit the request.
    pub(crate) next: [u64; 2],
    /// How far each is over, 0 where it admits the request.
    over: [u64; 2],
    /// The end of the debt before the request.
    start: [u64; 2],
}

impl Answer {
    /// For how long both hold the request back.
    #[inline]
    pub(crate) fn held(&self) -> u64 {
        self.over[0].max(self.over[1])
    }

    #[inline]
    pub(crate) fn is_yes(&self) -> bool {
        self.over[0] | self.over[1] == 0
    }
}

impl Buckets {
    /// At most two rates.
    pub(crate) fn new(rates: &[Rate]) -> Self {
        let mut pair = Self {
            most: u32::MAX,
            ..Self::default()
        };
        for (bucket, rate) in rates.iter().take(2).enumerate() {
            pair.cells[bucket] = rate.cell();
            // At most the period, because the cell was rounded down.
            pair.capacities[bucket] = rate.cell() * u64::from(rate.limit());
            pair.limits[bucket] = rate.limit();
            pair.most = pair.most.min(rate.limit());
            pair.count += 1;
        }
        pair.sizes = line::sizes(pair.capacities);
        pair
    }

    #[inline]
    pub(crate) fn count(&self) -> usize {
        self.count.into()
    }

    /// How large the capacities are, as a line notes it.
    #[inline]
    pub(crate) fn sizes(&self) -> u64 {
        self.sizes
    }

    /// What the buckets say to a request of `cost`.
    #[inline]
    pub(crate) fn ask(&self, full_at: [u64; 2], now: u64, cost: u32) -> Answer {
        let mut answer = Answer::default();
        for (bucket, full_at) in full_at.into_iter().enumerate() {
            let latest = now + self.capacities[bucket];
            // After a change to a shorter rate the debt is at most the new rate's.
            let start = full_at.max(now).min(latest);
            answer.start[bucket] = start;
            // It cannot wrap where the cost is at most the limit.
            let price = self.cells[bucket].wrapping_mul(cost.into());
            answer.next[bucket] = start.wrapping_add(price);
            answer.over[bucket] = answer.next[bucket].saturating_sub(latest);
        }
        if cost > self.most {
            self.refuse_for_ever(cost, &mut answer);
        }
        answer
    }

    /// The state after `cost` was taken in any case: at most both buckets are empty then.
    pub(crate) fn charge(&self, full_at: [u64; 2], now: u64, cost: u32) -> Answer {
        self.moved(full_at, now, |bucket, start| {
            let price = self.cells[bucket].saturating_mul(cost.into());
            start.saturating_add(price)
        })
    }

    /// The state after `cost` was given back: at most both buckets are full then.
    pub(crate) fn refund(&self, full_at: [u64; 2], now: u64, cost: u32) -> Answer {
        self.moved(full_at, now, |bucket, start| {
            let price = self.cells[bucket].saturating_mul(cost.into());
            start.saturating_sub(price)
        })
    }

    fn moved(&self, full_at: [u64; 2], now: u64, to: impl Fn(usize, u64) -> u64) -> Answer {
        let mut answer = self.ask(full_at, now, 0);
        for bucket in 0..self.count().min(2) {
            let latest = now + self.capacities[bucket];
            answer.next[bucket] = to(bucket, answer.start[bucket]).clamp(now, latest);
        }
        answer
    }

    #[cold]
    fn refuse_for_ever(&self, cost: u32, answer: &mut Answer) {
        for bucket in 0..self.count() {
            if cost > self.limits[bucket] {
                answer.over[bucket] = u64::MAX;
            }
        }
    }

    /// Adds what each rate has left, after what was answered was written or not.
    #[inline]
    pub(crate) fn read(&self, answer: &Answer, written: bool, now: u64, verdict: &mut Verdict) {
        let states = if written { &answer.next } else { &answer.start };
        for (bucket, state) in states.iter().enumerate().take(self.count()) {
            let room = now + self.capacities[bucket] - state;
            verdict.push(Reading::bucket(
                room,
                self.cells[bucket],
                self.limits[bucket],
                Hold(answer.over[bucket]),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroU32, time::Duration};

    use governor::{Quota, RateLimiter, clock::FakeRelativeClock};
    use proptest::prelude::*;

    use super::*;

    /// An exact token bucket: nanoseconds of credit, no division.
    struct Tokens {
        credit: u64,
        at: u64,
    }

    impl Tokens {
        fn take(&mut self, now: u64, rate: Rate, cost: u32) -> Result<(), u64> {
            let full = rate.cell() * u64::from(rate.limit());
            self.credit = (self.credit + (now - self.at)).min(full);
            self.at = now;
            let price = rate.cell() * u64::from(cost);
            if price <= self.credit {
                self.credit -= price;
                Ok(())
            } else {
                Err(price - self.credit)
            }
        }
    }

    /// The first bucket alone: what to store, or for how long it holds back.
    fn ask(full_at: u64, now: u64, rate: Rate, cost: u32) -> Result<u64, Hold> {
        let answer = Buckets::new(&[rate]).ask([full_at, 0], now, cost);
        if answer.is_yes() {
            Ok(answer.next[0])
        } else {
            Err(Hold(answer.over[0]))
        }
    }

    fn reading(full_at: u64, now: u64, rate: Rate) -> Reading {
        let pair = Buckets::new(&[rate]);
        let mut verdict = Verdict::new([]);
        pair.read(&pair.ask([full_at, 0], now, 0), false, now, &mut verdict);
        verdict.readings()[0]
    }

    fn steps() -> impl Strategy<Value = Vec<(u64, u32)>> {
        let pause = prop_oneof![0_u64..20, 0_u64..2_000_000_000, 0_u64..100_000_000_000];
        prop::collection::vec((pause, 0_u32..5), 1..60)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn it_is_an_exact_token_bucket(limit in 1_u32..12, period in 1_u64..60_000_000_000, steps in steps()) {
            let rate = Rate::new(limit, Duration::from_nanos(period)).expect("in range");
            let mut tokens = Tokens { credit: rate.cell() * u64::from(limit), at: 0 };
            let (mut now, mut full_at) = (0, 0);
            for (pause, cost) in steps {
                now += pause;
                let answer = ask(full_at, now, rate, cost);
                if cost > limit {
                    prop_assert_eq!(answer, Err(Hold::FOREVER));
                    continue;
                }
                match (answer, tokens.take(now, rate, cost)) {
                    (Ok(next), Ok(())) => full_at = next,
                    (Err(Hold(wait)), Err(wanted)) => {
                        prop_assert_eq!(wait, wanted);
                        // Exact in both directions.
                        prop_assert!(ask(full_at, now + wait - 1, rate, cost).is_err());
                        prop_assert!(ask(full_at, now + wait, rate, cost).is_ok());
                    }
                    other => prop_assert!(false, "{:?}", other),
                }
                let reading = reading(full_at, now, rate);
                let left = tokens.credit / rate.cell();
                prop_assert_eq!(u64::from(reading.remaining()), left);
                if left < u64::from(limit) {
                    let reset = u64::try_from(reading.reset().as_nanos()).expect("short");
                    prop_assert_eq!(reset, rate.cell() * (left + 1) - tokens.credit);
                }
            }
        }

        #[test]
        fn it_agrees_with_governor(limit in 1_u32..12, steps in steps()) {
            let rate = Rate::per_minute(limit);
            let quota = Quota::per_minute(NonZeroU32::new(limit).expect("at least one"));
            let clock = FakeRelativeClock::default();
            let governor = RateLimiter::direct_with_clock(quota, clock.clone());
            let (mut now, mut full_at) = (0, 0);
            for (pause, cost) in steps {
                clock.advance(Duration::from_nanos(pause));
                now += pause;
                let Some(cells) = NonZeroU32::new(cost) else { continue };
                let answer = ask(full_at, now, rate, cost);
                match governor.check_n(cells) {
                    Ok(Ok(())) => full_at = answer.expect("governor admits"),
                    Ok(Err(_)) => prop_assert!(answer.is_err_and(|hold| hold != Hold::FOREVER)),
                    Err(_) => prop_assert_eq!(answer, Err(Hold::FOREVER)),
                }
            }
        }
    }

    #[test]
    fn nothing_overflows_at_the_edges() {
        let century = Rate::new(u32::MAX, Duration::from_secs(36_500 * 86_400)).expect("in range");
        let now = u64::MAX / 2;
        let full = ask(0, now, century, u32::MAX).expect("a full bucket");
        assert!(ask(full, now, century, 1).is_err());
        assert!(ask(u64::MAX, now, century, u32::MAX).is_err());
        let one = Rate::new(1, Duration::from_secs(36_500 * 86_400)).expect("in range");
        assert_eq!(ask(0, now, one, u32::MAX), Err(Hold::FOREVER));
        assert_eq!(ask(0, 0, Rate::per_second(0), 1), Err(Hold::FOREVER));
        assert_eq!(ask(0, 0, Rate::per_second(0), 0), Ok(0));
        assert_eq!(reading(0, 0, Rate::per_second(0)).remaining(), 0);
    }
}
