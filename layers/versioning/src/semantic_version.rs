use std::{cmp::Ordering, fmt, hash, str::FromStr};

use crate::VersionError;

/// A version of one to three numbers: `v1`, `1.2`, `1.2.3`, `2.0.0-beta.1`.
///
/// Missing numbers are zero, so `1` and `1.0` are equal, and each is shown as it was written. The
/// order is that of [Semantic Versioning 2.0.0](https://semver.org/spec/v2.0.0.html): a
/// pre-release goes before its release, and what follows `+` does not count.
///
/// Three readings, from narrow to wide: [`strict`](Self::strict), `parse` (one `v` in front, one
/// to three numbers, perhaps a pre-release), [`lenient`](Self::lenient).
///
/// ```
/// use gatefold_versioning::SemanticVersion;
///
/// let version: SemanticVersion = "v1.2".parse()?;
/// assert_eq!(version.to_string(), "1.2");
/// assert_eq!(version, "1.2.0".parse()?);
/// assert!(version < "1.10".parse()?);
/// assert!(SemanticVersion::strict("1.2").is_err());
/// assert_eq!(SemanticVersion::lenient("version-1.2")?, version);
/// # Ok::<_, gatefold_versioning::VersionError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SemanticVersion {
    numbers: [u64; 3],
    written: usize,
    pre_release: Option<Box<str>>,
    build: Option<Box<str>>,
}

impl SemanticVersion {
    /// A version exactly as Semantic Versioning writes it: three numbers without leading zeros.
    ///
    /// # Errors
    ///
    /// Anything else.
    pub fn strict(text: &str) -> Result<Self, VersionError> {
        let version = read(text).filter(|version| version.written == 3);
        version.ok_or_else(|| VersionError::new(text, "three numbers as 1.2.3"))
    }

    /// A version with anything but digits in front of it, and leading zeros.
    ///
    /// # Errors
    ///
    /// No digit at all, or something other than one to three numbers after the first.
    pub fn lenient(text: &str) -> Result<Self, VersionError> {
        let start = text.bytes().position(|byte| byte.is_ascii_digit());
        let (numbers, written) = start
            .and_then(|start| numbers(&text[start..], true))
            .ok_or_else(|| VersionError::new(text, "one to three numbers, as 1.2"))?;
        Ok(Self {
            numbers,
            written,
            pre_release: None,
            build: None,
        })
    }

    /// The first number.
    pub fn major(&self) -> u64 {
        self.numbers[0]
    }

    /// The second number, or zero.
    pub fn minor(&self) -> u64 {
        self.numbers[1]
    }

    /// The third number, or zero.
    pub fn patch(&self) -> u64 {
        self.numbers[2]
    }

    /// What follows the `-`.
    pub fn pre_release(&self) -> Option<&str> {
        self.pre_release.as_deref()
    }
}

impl FromStr for SemanticVersion {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let bare = text.strip_prefix(['v', 'V']).unwrap_or(text);
        read(bare).ok_or_else(|| VersionError::new(text, "one to three numbers, as v1 or 1.2"))
    }
}

fn read(text: &str) -> Option<SemanticVersion> {
    let (text, build) = apart(text, '+');
    let (text, pre_release) = apart(text, '-');
    let (numbers, written) = numbers(text, false)?;
    let is_good = |part: &str| {
        let is_digits = part.bytes().all(|byte| byte.is_ascii_digit());
        is_identifier(part) && !(is_digits && part.len() > 1 && part.starts_with('0'))
    };
    let good = pre_release.is_none_or(|text| text.split('.').all(is_good))
        && build.is_none_or(|text| text.split('.').all(is_identifier));
    good.then(|| SemanticVersion {
        numbers,
        written,
        pre_release: pre_release.map(Into::into),
        build: build.map(Into::into),
    })
}

fn apart(text: &str, separator: char) -> (&str, Option<&str>) {
    match text.split_once(separator) {
        Some((text, after)) => (text, Some(after)),
        None => (text, None),
    }
}

fn numbers(text: &str, zeros: bool) -> Option<([u64; 3], usize)> {
    let mut numbers = [0; 3];
    let mut written = 0;
    for part in text.split('.') {
        let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number || (!zeros && part.len() > 1 && part.starts_with('0')) {
            return None;
        }
        *numbers.get_mut(written)? = part.parse().ok()?;
        written += 1;
    }
    Some((numbers, written))
}

fn is_identifier(part: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !part.is_empty() && part.bytes().all(is_part)
}

impl Ord for SemanticVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_numbers = self.numbers.cmp(&other.numbers);
        by_numbers.then_with(|| match (self.pre_release(), other.pre_release()) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(one), Some(other)) => by_identifiers(one, other),
        })
    }
}

/// Section 11 of the specification: numbers by their value and before words.
fn by_identifiers(one: &str, other: &str) -> Ordering {
    one.split('.').map(rank).cmp(other.split('.').map(rank))
}

fn rank(part: &str) -> (bool, usize, &str) {
    let is_word = part.bytes().any(|byte| !byte.is_ascii_digit());
    // Without leading zeros the longer number is the larger.
    (is_word, if is_word { 0 } else { part.len() }, part)
}

impl PartialOrd for SemanticVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for SemanticVersion {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for SemanticVersion {}

impl hash::Hash for SemanticVersion {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.numbers.hash(state);
        self.pre_release.hash(state);
    }
}

impl fmt::Display for SemanticVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut numbers = self.numbers[..self.written].iter();
        if let Some(major) = numbers.next() {
            write!(f, "{major}")?;
        }
        numbers.try_for_each(|number| write!(f, ".{number}"))?;
        if let Some(pre_release) = &self.pre_release {
            write!(f, "-{pre_release}")?;
        }
        match &self.build {
            Some(build) => write!(f, "+{build}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn version(text: &str) -> SemanticVersion {
        text.parse().expect(text)
    }

    #[test]
    fn one_v_and_one_to_three_numbers_are_read() {
        for (text, shown) in [("v1", "1"), ("V1.2", "1.2"), ("1.2.3-a.1+b", "1.2.3-a.1+b")] {
            assert_eq!(version(text).to_string(), shown);
        }
        for bad in [
            "",
            "v",
            "vv1",
            "1.",
            ".1",
            "1..2",
            "-1",
            "1.2.3.4",
            "01",
            "1.x",
            "1-",
            "1-a..b",
            "1-01",
            "1+",
            "1 ",
            "+1",
            "99999999999999999999",
        ] {
            assert!(bad.parse::<SemanticVersion>().is_err(), "{bad}");
        }
    }

    #[test]
    fn strict_wants_three_numbers_and_lenient_skips_what_is_no_digit() {
        assert_eq!(SemanticVersion::strict("1.2.3"), Ok(version("1.2.3")));
        for bad in ["v1.2.3", "1.2", "1.2.03"] {
            assert!(SemanticVersion::strict(bad).is_err(), "{bad}");
        }
        for (text, shown) in [("version-1.2", "1.2"), ("0", "0"), ("-01", "1")] {
            let read = SemanticVersion::lenient(text).expect(text);
            assert_eq!(read.to_string(), shown);
        }
        for bad in ["", "beta", "1.2-beta", "1.2.3.4", "v1v"] {
            assert!(SemanticVersion::lenient(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_order_is_that_of_semantic_versioning() {
        let rising = [
            "0.9",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.2",
            "1.10",
            "2",
        ];
        for pair in rising.windows(2) {
            assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
        }
        assert_eq!(version("1"), version("v1.0.0+build"));
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "\\PC*|[v0-9.a+-]*") {
            let _ = SemanticVersion::strict(&text);
            let _ = SemanticVersion::lenient(&text);
            if let Ok(version) = text.parse::<SemanticVersion>() {
                prop_assert_eq!(&version.to_string(), text.trim_start_matches(['v', 'V']));
            }
        }

        #[test]
        fn the_order_is_total(a in some(), b in some(), c in some()) {
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            if a <= b && b <= c {
                prop_assert!(a <= c);
            }
        }
    }

    fn some() -> impl Strategy<Value = SemanticVersion> {
        "[0-2](\\.[0-2]){0,2}(-[a-b0-9]{1}(\\.[a-b]{1,2})?)?".prop_map(|text| version(&text))
    }
}
