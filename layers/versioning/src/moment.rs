use std::{
    fmt,
    time::{Duration, SystemTime},
};

use crate::{DateVersion, VersionError};

const DAY: u64 = 86_400;

/// A second of the calendar, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

impl Moment {
    /// `2026-11-01`, which is its first second, or `2026-11-01T12:30:00Z` (RFC 3339, section 5.6).
    pub(crate) fn parse(text: &str) -> Result<Self, VersionError> {
        let error = || VersionError::new(text, "a date as 2026-11-01 or 2026-11-01T12:30:00Z");
        let (date, time) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
        let days = date.parse::<DateVersion>().map_err(|_| error())?.days();
        let days = u64::try_from(days).map_err(|_| error())?;
        let &[h, i, b':', m, n, b':', s, t, b'Z'] = time.as_bytes() else {
            return Err(error());
        };
        let two = |high: u8, low: u8, most: u64| {
            let digits = [high, low].map(|byte| char::from(byte).to_digit(10));
            let [Some(high), Some(low)] = digits else {
                return Err(error());
            };
            let number = u64::from(high * 10 + low);
            if number > most {
                Err(error())
            } else {
                Ok(number)
            }
        };
        let seconds = two(h, i, 23)? * 3600 + two(m, n, 59)? * 60 + two(s, t, 59)?;
        Ok(Self(days * DAY + seconds))
    }

    /// Seconds since 1970.
    pub(crate) fn epoch(self) -> u64 {
        self.0
    }

    pub(crate) fn is_over(self, now: SystemTime) -> bool {
        now >= SystemTime::UNIX_EPOCH + Duration::from_secs(self.0)
    }
}

/// The IMF-fixdate of RFC 9110, section 5.6.7.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        const MONTHS: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let (days, seconds) = (self.0 / DAY, self.0 % DAY);
        let (year, month, day) = civil(days);
        write!(
            f,
            "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} GMT",
            DAYS[(days % 7) as usize],
            MONTHS[month],
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60,
        )
    }
}

/// Year, month from 0, day from 1, of a day since 1970.
fn civil(days: u64) -> (u64, usize, u64) {
    // Counted from 0000-03-01 in eras of 400 years, so that a leap day is the last of its year.
    let days = days + 719_468;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let since_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * since_march + 2) / 5 + 1;
    let month = (since_march + 2) % 12;
    let year = year_of_era + days / 146_097 * 400 + u64::from(month < 2);
    (year, month as usize, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_and_times_are_read_and_written_as_http_does() {
        // The examples of RFC 9745, sections 2.1 and 4, and of RFC 8594, section 3.
        let moment = |text: &str| Moment::parse(text).expect(text);
        assert_eq!(moment("2023-06-30T23:59:59Z").epoch(), 1_688_169_599);
        assert_eq!(
            moment("2024-06-30T23:59:59Z").to_string(),
            "Sun, 30 Jun 2024 23:59:59 GMT"
        );
        assert_eq!(
            moment("2018-12-31T23:59:59Z").to_string(),
            "Mon, 31 Dec 2018 23:59:59 GMT"
        );
        assert_eq!(
            moment("2024-02-29").to_string(),
            "Thu, 29 Feb 2024 00:00:00 GMT"
        );
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for bad in [
            "",
            "2026-02-30",
            "1969-12-31",
            "2026-11-01T24:00:00Z",
            "2026-11-01T00:00:00",
            "2026-11-01T00:00:00+01:00",
            "2026-11-01T0a:00:00Z",
        ] {
            let error = Moment::parse(bad).expect_err(bad);
            assert!(error.to_string().contains("2026-11-01"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn a_day_is_the_same_both_ways(days in 0..1_000_000_u64) {
            let (year, month, day) = civil(days);
            let text = format!("{year:04}-{:02}-{day:02}", month + 1);
            prop_assert_eq!(Moment::parse(&text), Ok(Moment(days * DAY)));
        }
    }
}
