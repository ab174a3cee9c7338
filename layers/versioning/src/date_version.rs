use std::{fmt, str::FromStr};

use crate::VersionError;

/// A version that is a date: `2026-11-01`.
///
/// The order is the calendar's, so a date can stand for the newest version that is not after it:
/// [`Supported::floor`](crate::Supported::floor).
///
/// ```
/// use gatefold_versioning::DateVersion;
///
/// let november: DateVersion = "2026-11-01".parse()?;
/// assert!(november > "2026-10-31".parse()?);
/// assert!("2026-02-30".parse::<DateVersion>().is_err());
/// # Ok::<_, gatefold_versioning::VersionError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateVersion {
    year: u16,
    month: u8,
    day: u8,
}

impl DateVersion {
    /// The year.
    pub fn year(self) -> u16 {
        self.year
    }

    /// The month, 1 to 12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, from 1.
    pub fn day(self) -> u8 {
        self.day
    }

    /// The days since 1970-01-01, negative before it.
    pub(crate) fn days(self) -> i64 {
        // The year begins in March, so that a leap day is its last.
        let (year, month) = (i64::from(self.year), i64::from(self.month));
        let year = if month < 3 { year - 1 } else { year };
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(self.day) - 1;
        year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year
            - 719_468
    }
}

impl FromStr for DateVersion {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        read(text.as_bytes()).ok_or_else(|| VersionError::new(text, "a date as 2026-11-01"))
    }
}

fn read(text: &[u8]) -> Option<DateVersion> {
    let &[a, b, c, d, b'-', e, f, b'-', g, h] = text else {
        return None;
    };
    let digit = |byte: u8| byte.is_ascii_digit().then(|| byte - b'0');
    let two = |high, low| Some(digit(high)? * 10 + digit(low)?);
    let date = DateVersion {
        year: u16::from(two(a, b)?) * 100 + u16::from(two(c, d)?),
        month: two(e, f)?,
        day: two(g, h)?,
    };
    let is_day = (1..=days_in(date.year, date.month)?).contains(&date.day);
    is_day.then_some(date)
}

fn days_in(year: u16, month: u8) -> Option<u8> {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if is_leap => Some(29),
        2 => Some(28),
        4 | 6 | 9 | 11 => Some(30),
        1..=12 => Some(31),
        _ => None,
    }
}

impl fmt::Display for DateVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day } = self;
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_days_of_the_calendar_are_read() {
        for good in ["2026-11-01", "2024-02-29", "2000-02-29", "0001-01-01"] {
            let date: DateVersion = good.parse().expect(good);
            assert_eq!(date.to_string(), good);
        }
        for bad in [
            "",
            "2026-11-1",
            "2026-02-29",
            "1900-02-29",
            "2026-00-01",
            "2026-13-01",
            "2026-11-00",
            "2026-11-31",
            "2026-11-011",
            "+026-11-01",
            "2026/11/01",
        ] {
            let error = bad.parse::<DateVersion>().expect_err(bad);
            assert!(error.to_string().contains("2026-11-01"), "{error}");
        }
    }

    #[test]
    fn days_are_counted_from_1970() {
        let days = |text: &str| text.parse::<DateVersion>().expect(text).days();
        assert_eq!(days("1970-01-01"), 0);
        assert_eq!(days("1969-12-31"), -1);
        assert_eq!(days("2000-03-01"), 11_017);
        assert_eq!(days("2024-02-29"), 19_782);
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "\\PC*|[0-9-]{8,11}") {
            if let Ok(date) = text.parse::<DateVersion>() {
                prop_assert_eq!(date.to_string(), text);
            }
        }

        #[test]
        fn the_order_is_that_of_the_days(a in date(), b in date()) {
            prop_assert_eq!(a.cmp(&b), a.days().cmp(&b.days()));
        }
    }

    fn date() -> impl Strategy<Value = DateVersion> {
        (0..3000_u16, 1..=12_u8, 1..=28_u8).prop_map(|(year, month, day)| DateVersion {
            year,
            month,
            day,
        })
    }
}
