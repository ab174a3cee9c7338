use std::{fmt, time::Duration};

/// What one rate of one claim says after the decision.
#[derive(Clone, Copy, Default)]
pub struct Reading {
    // Of a bucket: the nanoseconds of room in it, how many make one request, and the limit. It is
    // divided only if somebody wants to know. Of anything else: the nanoseconds until there is
    // more, 0, and what remains.
    nanos: u64,
    cell: u64,
    count: u32,
    hold: Hold,
}

/// For how long a rate holds a request back, in nanoseconds: 0 if it does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hold(pub(crate) u64);

impl Hold {
    pub(crate) const NO: Self = Self(0);
    pub(crate) const FOREVER: Self = Self(u64::MAX);
}

impl Reading {
    /// A rate that admits the request: how much remains, and how long until more does.
    pub fn new(remaining: u32, reset: Duration) -> Self {
        Self::counted(remaining, nanos(reset), Hold::NO)
    }

    /// Says that the rate holds the request back for `wait`, or for ever if it costs more than the
    /// rate ever admits.
    #[must_use]
    pub fn held(mut self, wait: Option<Duration>) -> Self {
        self.hold = wait.map_or(Hold::FOREVER, |wait| Hold(nanos(wait).max(1)));
        self
    }

    pub(crate) fn counted(remaining: u32, reset: u64, hold: Hold) -> Self {
        Self {
            nanos: reset,
            cell: 0,
            count: remaining,
            hold,
        }
    }

    /// A bucket with `room` nanoseconds.
    #[inline]
    pub(crate) fn bucket(room: u64, cell: u64, limit: u32, hold: Hold) -> Self {
        Self {
            nanos: room,
            cell,
            count: limit,
            hold,
        }
    }

    /// What remains, and the nanoseconds until there is more.
    pub(crate) fn left(&self) -> (u32, u64) {
        let Some(whole) = self.nanos.checked_div(self.cell) else {
            return (self.count, self.nanos);
        };
        match u32::try_from(whole) {
            Ok(remaining) if remaining < self.count => {
                (remaining, self.cell * (whole + 1) - self.nanos)
            }
            _ => (self.count, 0),
        }
    }

    /// How many more requests of cost 1 would be admitted now.
    pub fn remaining(&self) -> u32 {
        self.left().0
    }

    /// How long until more remains; nothing where all of it does.
    pub fn reset(&self) -> Duration {
        Duration::from_nanos(self.left().1)
    }

    pub(crate) fn hold_nanos(&self) -> u64 {
        self.hold.0
    }

    /// Whether this rate holds the request back.
    pub fn is_held(&self) -> bool {
        self.hold != Hold::NO
    }

    /// Whether this rate will never admit a request of this cost.
    pub fn is_hopeless(&self) -> bool {
        self.hold == Hold::FOREVER
    }

    /// For how long this rate holds the request back, where it does and not for ever.
    pub fn wait(&self) -> Option<Duration> {
        (self.is_held() && !self.is_hopeless()).then(|| Duration::from_nanos(self.hold.0))
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading")
            .field("remaining", &self.remaining())
            .field("reset", &self.reset())
            .field("held", &self.is_held())
            .field("wait", &self.wait())
            .finish()
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rate;

    #[test]
    fn a_bucket_is_divided_when_somebody_asks() {
        let rate = Rate::per_second(10);
        let reading = |room| Reading::bucket(room, rate.cell(), 10, Hold::NO).left();
        assert_eq!(reading(1_000_000_000), (10, 0));
        assert_eq!(reading(250_000_000), (2, 50_000_000));
        assert_eq!(reading(0), (0, 100_000_000));
    }

    #[test]
    fn a_wait_of_nothing_still_holds() {
        let held = Reading::new(0, Duration::ZERO).held(Some(Duration::ZERO));
        assert!(held.is_held() && !held.is_hopeless());
        assert_eq!(held.wait(), Some(Duration::from_nanos(1)));
    }
}
