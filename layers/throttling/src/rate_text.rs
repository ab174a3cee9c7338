//! Rates as text.

use std::{convert::Infallible, fmt, str::FromStr};

use crate::{
    Rate, RateError,
    rate::{DAY, HOUR, LONGEST, MINUTE, SECOND},
};

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(given: &str) -> Result<Self, RateError> {
        let syntax = || RateError::syntax(given);
        let (limit, period) = given.split_once('/').ok_or_else(syntax)?;
        let limit = number(limit.trim()).ok_or_else(syntax)?;
        let limit = u32::try_from(limit).map_err(|_| syntax())?;
        let period = period.trim();
        let digits = period.bytes().take_while(u8::is_ascii_digit).count();
        let (count, unit) = period.split_at(digits);
        let count = match count {
            "" => 1,
            count => number(count).ok_or_else(syntax)?,
        };
        let unit = unit_nanos(unit).ok_or_else(syntax)?;
        match count.checked_mul(unit) {
            Some(nanos @ 1..=LONGEST) => Ok(Self::every(limit, nanos)),
            _ => Err(RateError::period(given)),
        }
    }
}

/// Digits alone: no sign, no space inside.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// The whole word counts, so that `3/months` is not three a minute.
fn unit_nanos(word: &str) -> Option<u64> {
    Some(match word {
        "s" | "sec" | "second" | "seconds" => SECOND,
        "m" | "min" | "minute" | "minutes" => MINUTE,
        "h" | "hour" | "hours" => HOUR,
        "d" | "day" | "days" => DAY,
        _ => return None,
    })
}

impl TryFrom<&str> for Rate {
    type Error = RateError;

    fn try_from(given: &str) -> Result<Self, RateError> {
        given.parse()
    }
}

impl TryFrom<String> for Rate {
    type Error = RateError;

    fn try_from(given: String) -> Result<Self, RateError> {
        given.parse()
    }
}

impl From<Infallible> for RateError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// As it is parsed, in the largest unit that divides the period: `60/min`, `5/30s`. A period that
/// is no whole number of seconds is written as `Duration` writes it. That a rate is sliding is
/// not part of the text.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (limit, period) = (self.limit(), self.period_nanos());
        let units = [(DAY, "day"), (HOUR, "hour"), (MINUTE, "min"), (SECOND, "s")];
        for (nanos, word) in units {
            if period == nanos {
                return write!(f, "{limit}/{word}");
            }
            if period.is_multiple_of(nanos) {
                return write!(f, "{limit}/{}{word}", period / nanos);
            }
        }
        write!(f, "{limit}/{:?}", self.period())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use std::time::Duration;

    use super::*;

    #[test]
    fn django_rest_frameworks_words_are_understood() {
        for (text, rate) in [
            ("1/s", Rate::per_second(1)),
            ("2/sec", Rate::per_second(2)),
            ("3/second", Rate::per_second(3)),
            ("60/min", Rate::per_minute(60)),
            ("60/minutes", Rate::per_minute(60)),
            (" 7 / h ", Rate::per_hour(7)),
            ("1000/day", Rate::per_day(1000)),
            ("0/d", Rate::per_day(0)),
            ("5/60s", Rate::per_minute(5)),
        ] {
            assert_eq!(text.parse(), Ok(rate), "{text}");
        }
        let ten_minutes = Rate::new(5, Duration::from_secs(600));
        assert_eq!("5/10m".parse(), ten_minutes);
    }

    #[test]
    fn nonsense_says_what_was_given_and_wanted() {
        for text in [
            "",
            "/",
            "5",
            "5/",
            "/min",
            "-5/min",
            "+5/min",
            "1.5/min",
            "5/year",
            "5/Min",
            "3/months",
            "5/min/day",
            "5/0s",
            "5/1e3s",
            "4294967296/s",
            "5/36501d",
            "5/99999999999999999999s",
            "5/s min",
            "٣/min",
        ] {
            let error = text.parse::<Rate>().expect_err(text).to_string();
            assert!(error.contains(&format!("`{text}`")), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,24}") {
            let _ = text.parse::<Rate>();
        }

        #[test]
        fn what_is_written_is_parsed_back(limit: u32, seconds in 1_u64..3_000_000_000) {
            let rate = Rate::new(limit, Duration::from_secs(seconds)).expect("a period in range");
            prop_assert_eq!(rate.to_string().parse(), Ok(rate));
        }
    }
}
