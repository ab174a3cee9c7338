use std::time::Duration;

use crate::{Reading, few::Few, reading::Hold};

/// What a store decided about all claims of a request: a [`Reading`] for each rate.
///
/// The request is admitted if no rate holds it back. A store has then consumed the costs of all
/// claims, and else nothing of any.
#[derive(Clone, Debug)]
pub struct Verdict {
    // Four need no allocation.
    readings: Few<Reading, 4>,
    // What somebody else's limiter said.
    last: Hold,
}

impl Verdict {
    /// A verdict with one reading for each rate of each claim, in the order of the claims and of
    /// their rates.
    pub fn new(readings: impl IntoIterator<Item = Reading>) -> Self {
        Self {
            readings: readings.into_iter().collect(),
            last: Hold::NO,
        }
    }

    /// Says that the limiter of [`Claims::last`](crate::Claims::last) has refused the request for
    /// so long.
    #[must_use]
    pub fn held(mut self, wait: Duration) -> Self {
        self.hold(wait);
        self
    }

    pub(crate) fn hold(&mut self, wait: Duration) {
        let nanos = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
        self.last = Hold(nanos.clamp(1, u64::MAX - 1));
    }

    #[inline]
    pub(crate) fn push(&mut self, reading: Reading) {
        self.readings.push(reading);
    }

    /// Whether no rate holds the request back.
    #[inline]
    pub fn is_admitted(&self) -> bool {
        self.last == Hold::NO && self.readings.iter().all(|reading| !reading.is_held())
    }

    /// Whether a rate will never admit a request of this cost.
    pub fn is_hopeless(&self) -> bool {
        self.readings.iter().any(Reading::is_hopeless)
    }

    /// How long until all rates would admit the request, exactly; `None` for one that is admitted
    /// and for one that never will be.
    pub fn wait(&self) -> Option<Duration> {
        if self.is_hopeless() {
            return None;
        }
        let last = (self.last != Hold::NO).then(|| Duration::from_nanos(self.last.0));
        let waits = self.readings.iter().filter_map(Reading::wait);
        waits.chain(last).max()
    }

    /// The wait in nanoseconds: 0 for a yes, all bits for never.
    pub(crate) fn hold_nanos(&self) -> u64 {
        let holds = self.readings.iter().map(Reading::hold_nanos);
        holds.fold(self.last.0, u64::max)
    }

    /// The readings, in the order of the claims and of their rates.
    pub fn readings(&self) -> &[Reading] {
        &self.readings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_wait_counts_unless_one_is_for_ever() {
        let second = Duration::from_secs(1);
        let free = Reading::new(1, second);
        let short = free.held(Some(second));
        let long = free.held(Some(9 * second));
        assert!(Verdict::new([free]).is_admitted());
        assert_eq!(Verdict::new([free]).wait(), None);
        assert_eq!(Verdict::new([short, long, free]).wait(), Some(9 * second));
        let hopeless = Verdict::new([short, free.held(None)]);
        assert!(hopeless.is_hopeless() && !hopeless.is_admitted());
        assert_eq!(hopeless.wait(), None);
        let elsewhere = Verdict::new([short]).held(2 * second);
        assert_eq!(elsewhere.wait(), Some(2 * second));
        assert!(!Verdict::new([free]).held(Duration::ZERO).is_admitted());
    }
}
