//! The arithmetic of a sliding log: the moments of the admitted requests, oldest first.

use std::collections::VecDeque;

use crate::{Rate, Reading, reading::Hold};

/// The admitted requests of one key.
#[derive(Debug, Default)]
pub(crate) struct Log(VecDeque<u64>);

impl Log {
    /// Forgets what has left the window. A request exactly one period old has left it.
    pub(crate) fn forget(&mut self, now: u64, rate: Rate) {
        while let Some(&oldest) = self.0.front()
            && oldest.saturating_add(rate.period_nanos()) <= now
        {
            self.0.pop_front();
        }
    }

    /// What the log says to a request of `cost`, after [`forget`](Self::forget).
    pub(crate) fn ask(&self, now: u64, rate: Rate, cost: u32) -> Result<(), Hold> {
        let (limit, cost) = (rate.limit() as usize, cost as usize);
        if cost > limit {
            return Err(Hold::FOREVER);
        }
        match (self.0.len() + cost).saturating_sub(limit) {
            0 => Ok(()),
            // None has room while that many are in the window; the log may hold more than the
            // limit after a change of the rate.
            too_many => match self.0.get(too_many - 1) {
                Some(moment) => Err(Hold(moment + rate.period_nanos() - now)),
                // A request that costs nothing, to a log over its limit, waits for nobody.
                None => Ok(()),
            },
        }
    }

    /// Records an admitted request.
    pub(crate) fn record(&mut self, now: u64, cost: u32) {
        // Another thread may have looked at the clock later and been here earlier.
        let moment = self.0.back().map_or(now, |latest| now.max(*latest));
        self.0.extend((0..cost).map(|_| moment));
    }

    /// How many more would be admitted.
    pub(crate) fn room(&self, rate: Rate) -> u32 {
        let used = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        rate.limit().saturating_sub(used)
    }

    /// Takes the latest so many back.
    pub(crate) fn forget_latest(&mut self, cost: u32) {
        let kept = self.0.len().saturating_sub(cost as usize);
        self.0.truncate(kept);
    }

    /// What the log has left, and how long until there is more.
    pub(crate) fn reading(&self, now: u64, rate: Rate, hold: Hold) -> Reading {
        let remaining = self.room(rate);
        let reset = self.0.front().map_or(0, |oldest| {
            oldest
                .saturating_add(rate.period_nanos())
                .saturating_sub(now)
        });
        Reading::counted(remaining, reset, hold)
    }

    /// How full the log is, in parts of 65536.
    pub(crate) fn debt(&self, rate: Rate) -> u64 {
        ((self.0.len() as u64) << 16) / u64::from(rate.limit().max(1))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn it_is_a_naive_list(
            limit in 1_u32..8,
            period in 1_u64..100,
            steps in prop::collection::vec((0_u64..60, 1_u32..4), 1..60),
        ) {
            let rate = Rate::new(limit, std::time::Duration::from_nanos(period)).expect("in range").sliding();
            let mut log = Log::default();
            let mut admitted: Vec<u64> = Vec::new();
            let mut now = 0;
            for (pause, cost) in steps {
                now += pause;
                let within = |moment: u64| admitted.iter().filter(|at| **at + period > moment).count();
                let fits = |moment| within(moment) + cost as usize <= limit as usize;
                log.forget(now, rate);
                match log.ask(now, rate, cost) {
                    Ok(()) => {
                        prop_assert!(fits(now));
                        log.record(now, cost);
                        admitted.extend((0..cost).map(|_| now));
                    }
                    Err(Hold::FOREVER) => prop_assert!(cost > limit),
                    Err(Hold(wait)) => {
                        prop_assert!(wait > 0 && !fits(now + wait - 1) && fits(now + wait));
                    }

                }
                let left = limit as usize - admitted.iter().filter(|at| **at + period > now).count();
                prop_assert_eq!(log.reading(now, rate, Hold::NO).remaining() as usize, left);
            }
            // The promise itself: never more than the limit in any window.
            for start in &admitted {
                let window = admitted.iter().filter(|at| (*start..start + period).contains(*at));
                prop_assert!(window.count() <= limit as usize);
            }
        }
    }

    #[test]
    fn the_moments_stay_in_order() {
        let rate = Rate::per_second(3).sliding();
        let mut log = Log::default();
        log.record(7, 1);
        log.record(5, 1);
        log.forget(1_000_000_006, rate);
        assert_eq!(log.ask(1_000_000_006, rate, 2), Err(Hold(1)));
    }

    #[test]
    fn a_log_longer_than_its_new_limit_tells_the_exact_wait() {
        let wide = Rate::per_second(5).sliding();
        let narrow = Rate::per_second(2).sliding();
        let mut log = Log::default();
        for now in 0..5 {
            assert_eq!(log.ask(now, wide, 1), Ok(()));
            log.record(now, 1);
        }
        assert_eq!(log.ask(10, narrow, 1), Err(Hold(1_000_000_003 - 10)));
    }
}
