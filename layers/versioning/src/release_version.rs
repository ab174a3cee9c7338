use std::{cmp::Ordering, fmt, hash, str::FromStr};

use crate::{DateVersion, VersionError};

/// A version that is a date, a major and perhaps a minor number, or both, perhaps with a status:
/// `2026-11-01`, `1.1`, `1.0-Beta`, `2026-11-01.1-RC`.
///
/// This is the form that Microsoft's REST guidelines and Asp.Versioning use. The order is by date,
/// then by number; a status goes before the release without one, and its letter case means nothing.
///
/// ```
/// use gatefold_versioning::ReleaseVersion;
///
/// let beta: ReleaseVersion = "1.1-Beta".parse()?;
/// assert_eq!((beta.major(), beta.minor(), beta.status()), (Some(1), Some(1), Some("Beta")));
/// assert!(beta < "1.1".parse()?);
/// # Ok::<_, gatefold_versioning::VersionError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ReleaseVersion {
    date: Option<DateVersion>,
    major: Option<u32>,
    minor: Option<u32>,
    status: Option<Box<str>>,
}

impl ReleaseVersion {
    /// The date.
    pub fn date(&self) -> Option<DateVersion> {
        self.date
    }

    /// The first number.
    pub fn major(&self) -> Option<u32> {
        self.major
    }

    /// The second number, where it was written.
    pub fn minor(&self) -> Option<u32> {
        self.minor
    }

    /// The status, as it was written.
    pub fn status(&self) -> Option<&str> {
        self.status.as_deref()
    }

    /// What is compared; the absence of a status is the highest one.
    fn key(&self) -> (Option<DateVersion>, u32, u32, bool) {
        let number = |number: Option<u32>| number.unwrap_or(0);
        let (major, minor) = (number(self.major), number(self.minor));
        (self.date, major, minor, self.status.is_none())
    }

    fn lower_status(&self) -> impl Iterator<Item = u8> {
        let status = self.status().unwrap_or_default().bytes();
        status.map(|byte| byte.to_ascii_lowercase())
    }
}

impl FromStr for ReleaseVersion {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let wanted = "a date, a number, or both, as 2026-11-01, 1.1 or 1.0-Beta";
        read(text).ok_or_else(|| VersionError::new(text, wanted))
    }
}

fn read(text: &str) -> Option<ReleaseVersion> {
    let (date, rest) = match text.split_at_checked(10) {
        Some((start, rest)) if start.as_bytes()[4] == b'-' => (Some(start.parse().ok()?), rest),
        _ => (None, text),
    };
    let (numbers, status) = match rest.split_once('-') {
        Some((numbers, status)) => (numbers, Some(status)),
        None => (rest, None),
    };
    let numbers = match date {
        Some(_) if numbers.is_empty() => None,
        Some(_) => Some(numbers.strip_prefix('.')?),
        None => Some(numbers),
    };
    let (major, minor) = match numbers.map(|numbers| numbers.split_once('.').ok_or(numbers)) {
        Some(Ok((major, minor))) => (Some(number(major)?), Some(number(minor)?)),
        Some(Err(major)) => (Some(number(major)?), None),
        None => (None, None),
    };
    let is_status = |status: &str| {
        let mut bytes = status.bytes();
        bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic())
            && bytes.all(|byte| byte.is_ascii_alphanumeric())
    };
    status.is_none_or(is_status).then(|| ReleaseVersion {
        date,
        major,
        minor,
        status: status.map(Into::into),
    })
}

fn number(text: &str) -> Option<u32> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_digits)
}

impl Ord for ReleaseVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_key = self.key().cmp(&other.key());
        by_key.then_with(|| self.lower_status().cmp(other.lower_status()))
    }
}

impl PartialOrd for ReleaseVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ReleaseVersion {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for ReleaseVersion {}

impl hash::Hash for ReleaseVersion {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.key().hash(state);
        self.lower_status().for_each(|byte| state.write_u8(byte));
    }
}

impl fmt::Display for ReleaseVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(date) = self.date {
            write!(f, "{date}")?;
        }
        if let Some(major) = self.major {
            let dot = if self.date.is_some() { "." } else { "" };
            write!(f, "{dot}{major}")?;
        }
        if let Some(minor) = self.minor {
            write!(f, ".{minor}")?;
        }
        match self.status() {
            Some(status) => write!(f, "-{status}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_part_is_read_and_shown_as_written() {
        for text in [
            "2013-08-06",
            "2013-08-06-Alpha",
            "2013-08-06.1",
            "2013-08-06.1.1-RC1",
            "1",
            "1.1",
            "1-Alpha",
        ] {
            let version: ReleaseVersion = text.parse().expect(text);
            assert_eq!(version.to_string(), text);
        }
        for bad in [
            "",
            "Alpha1",
            "1.1-Alpha-1",
            "1.1-1",
            "1.1.1",
            "1.",
            "-Alpha",
            "+1",
            "2013-02-29.1.0",
            "2013-08-061",
            "2013-08-06.",
            "4294967296",
        ] {
            assert!(bad.parse::<ReleaseVersion>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_order_is_by_date_then_number_then_status() {
        let version = |text: &str| text.parse::<ReleaseVersion>().expect(text);
        let rising = [
            "1-alpha",
            "1-Beta",
            "1",
            "1.1",
            "2",
            "2013-08-06-RC",
            "2013-08-06",
            "2013-08-06.1",
            "2013-08-07",
        ];
        for pair in rising.windows(2) {
            assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
        }
        assert_eq!(version("1.0-RC"), version("1-rc"));
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "\\PC*|[0-9.a-]*|[0-9]{4}-[01][0-9]-[0-3][0-9][.1-]*") {
            if let Ok(version) = text.parse::<ReleaseVersion>() {
                prop_assert_eq!(version.to_string().parse::<ReleaseVersion>(), Ok(version));
            }
        }
    }
}
