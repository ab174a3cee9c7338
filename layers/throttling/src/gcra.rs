//! The arithmetic of a bucket, in nanoseconds.
//!
//! A bucket is one number: the moment at which it will be full again (the "theoretical arrival
//! time" of the generic cell rate algorithm). Each admitted request moves it one cell further.

use crate::{Rate, Reading, reading::Hold};

/// What a bucket says to a request of `cost`, and the state to store if all rates agree.
pub(crate) fn ask(full_at: u64, now: u64, rate: Rate, cost: u32) -> Result<u64, Hold> {
    if cost > rate.limit() && cost > 0 {
        return Err(Hold::FOREVER);
    }
    let next = start(full_at, now, rate) + rate.cell() * u64::from(cost);
    match next.saturating_sub(now + capacity(rate)) {
        0 => Ok(next),
        wait => Err(Hold(wait)),
    }
}

/// What is left in a bucket, and how long until there is one more.
pub(crate) fn reading(full_at: u64, now: u64, rate: Rate, hold: Hold) -> Reading {
    let room = now + capacity(rate) - start(full_at, now, rate);
    Reading::bucket(room, rate, hold)
}

/// How far ahead of now a bucket may be.
pub(crate) fn capacity(rate: Rate) -> u64 {
    rate.cell() * u64::from(rate.limit())
}

/// The end of the debt. After a change to a shorter rate it is at most the new rate's.
fn start(full_at: u64, now: u64, rate: Rate) -> u64 {
    full_at.clamp(now, now + capacity(rate))
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

    fn steps() -> impl Strategy<Value = Vec<(u64, u32)>> {
        let pause = prop_oneof![0_u64..20, 0_u64..2_000_000_000, 0_u64..100_000_000_000];
        prop::collection::vec((pause, 0_u32..5), 1..60)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn it_is_an_exact_token_bucket(limit in 1_u32..12, period in 1_u64..60_000_000_000, steps in steps()) {
            let rate = Rate::new(limit, Duration::from_nanos(period)).expect("in range");
            let mut tokens = Tokens { credit: capacity(rate), at: 0 };
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
                let reading = reading(full_at, now, rate, Hold::NO);
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
        let now = u64::MAX / 4;
        let full = ask(0, now, century, u32::MAX).expect("a full bucket");
        assert!(ask(full, now, century, 1).is_err());
        assert!(ask(u64::MAX, now, century, u32::MAX).is_err());
        assert_eq!(ask(0, 0, Rate::per_second(0), 1), Err(Hold::FOREVER));
        assert_eq!(
            reading(0, 0, Rate::per_second(0), Hold::FOREVER).remaining(),
            0
        );
    }
}
