use std::time::Duration;

use crate::RateError;

pub(crate) const SECOND: u64 = 1_000_000_000;
pub(crate) const MINUTE: u64 = 60 * SECOND;
pub(crate) const HOUR: u64 = 60 * MINUTE;
pub(crate) const DAY: u64 = 24 * HOUR;
/// Leaves room for any sum of a moment and a few periods in 64 bits of nanoseconds.
pub(crate) const LONGEST: u64 = 36_500 * DAY;

/// How many requests are admitted in how much time.
///
/// Written as Django REST Framework writes it, `"60/min"`, `"1000/day"`, or with a number before
/// the unit, `"5/30s"`; or typed:
///
/// ```
/// use std::time::Duration;
/// use gatefold_throttling::Rate;
///
/// let rate: Rate = "60/min".parse()?;
/// assert_eq!(rate, Rate::per_minute(60));
/// assert_eq!("5/30s".parse::<Rate>()?, Rate::new(5, Duration::from_secs(30))?);
/// assert!("3/months".parse::<Rate>().is_err());
/// # Ok::<_, gatefold_throttling::RateError>(())
/// ```
///
/// # Two kinds of window
///
/// The default is a bucket (GCRA): all N at once, then one more each `period / N`. A caller who
/// was away for a whole period finds the full number again. Whoever spends the burst and then
/// every refill as it comes gets up to 2N in one period; in the long run N a period.
///
/// With [`sliding`](Self::sliding) at most N are admitted in *any* stretch of one period, as in
/// Django REST Framework. That takes 8 bytes for each admitted request of each key, so N is
/// bounded by [`Rate::MOST_SLIDING`].
///
/// Somebody who asks all the time, at 4 a minute (each `|` is an admitted request):
///
/// ```text
/// bucket    ||||      |         |         |         |         |         |
/// sliding   ||||                                    ||||
///           0        15        30        45        60        75        90 seconds
/// ```
///
/// The bucket answers steadily and costs the same for any N. The sliding rate keeps the promise of
/// N to the letter, and gives nothing until the oldest request is a period old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    limit: u32,
    // Nanoseconds.
    period: u64,
    // Nanoseconds until a bucket holds one more. Kept, because a division costs as much as the
    // rest of a decision.
    cell: u64,
    sliding: bool,
}

impl Rate {
    /// The largest number that a sliding rate may have: its log takes 32 kB a key when full.
    pub const MOST_SLIDING: u32 = 4096;

    /// `limit` requests in each `period`. A limit of 0 admits nobody.
    ///
    /// # Errors
    ///
    /// A period of nothing, or of more than a hundred years.
    pub fn new(limit: u32, period: Duration) -> Result<Self, RateError> {
        match u64::try_from(period.as_nanos()) {
            Ok(nanos @ 1..=LONGEST) => Ok(Self::every(limit, nanos)),
            _ => Err(RateError::period(&format!("{period:?}"))),
        }
    }

    /// `limit` requests a second.
    pub const fn per_second(limit: u32) -> Self {
        Self::every(limit, SECOND)
    }

    /// `limit` requests a minute.
    pub const fn per_minute(limit: u32) -> Self {
        Self::every(limit, MINUTE)
    }

    /// `limit` requests an hour.
    pub const fn per_hour(limit: u32) -> Self {
        Self::every(limit, HOUR)
    }

    /// `limit` requests a day.
    pub const fn per_day(limit: u32) -> Self {
        Self::every(limit, DAY)
    }

    pub(crate) const fn every(limit: u32, period: u64) -> Self {
        // Rounded down, as governor does, so that after a whole period the whole limit is back;
        // never 0, so more than one a nanosecond is one a nanosecond.
        let cell = period / if limit == 0 { 1 } else { limit as u64 };
        Self {
            limit,
            period,
            cell: if cell == 0 { 1 } else { cell },
            sliding: false,
        }
    }

    /// Admits at most the limit in any stretch of one period, instead of a burst and a refill.
    #[must_use]
    pub const fn sliding(mut self) -> Self {
        self.sliding = true;
        self
    }

    /// How many requests.
    pub const fn limit(self) -> u32 {
        self.limit
    }

    /// In how much time.
    pub const fn period(self) -> Duration {
        Duration::from_nanos(self.period)
    }

    /// Whether this is a sliding log and not a bucket.
    pub const fn is_sliding(self) -> bool {
        self.sliding
    }

    pub(crate) const fn period_nanos(self) -> u64 {
        self.period
    }

    pub(crate) const fn cell(self) -> u64 {
        self.cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_more_than_nothing_and_at_most_a_century() {
        assert!(Rate::new(1, Duration::ZERO).is_err());
        assert!(Rate::new(1, Duration::MAX).is_err());
        assert!(Rate::new(1, Duration::from_nanos(LONGEST)).is_ok());
    }

    #[test]
    fn more_than_one_a_nanosecond_is_one_a_nanosecond() {
        assert_eq!(Rate::per_second(u32::MAX).cell(), 1);
        assert_eq!(Rate::per_second(0).cell(), SECOND);
    }
}
