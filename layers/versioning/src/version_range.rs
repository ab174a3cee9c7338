use std::{
    fmt,
    ops::{Bound, RangeBounds},
    str::FromStr,
};

use crate::VersionError;

/// Which versions of an order: one, one and all after it, or an interval.
///
/// As text: `1.2` is this one, `1.2+` this one and all after it (a baseline), `[1.2,2.0)` from
/// 1.2 to before 2.0; a side of an interval may be left open, as in `[1.2,)`.
///
/// ```
/// use gatefold_versioning::{SemanticVersion, VersionRange};
///
/// let range: VersionRange<SemanticVersion> = "[1.2,2.0)".parse()?;
/// assert!(range.contains(&"1.10".parse()?));
/// assert!(!range.contains(&"2.0".parse()?));
///
/// let two: SemanticVersion = "2.0".parse()?;
/// assert!(VersionRange::new(two.clone()..).contains(&two));
/// # Ok::<_, gatefold_versioning::VersionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VersionRange<T> {
    from: Bound<T>,
    to: Bound<T>,
}

impl<T: Ord> VersionRange<T> {
    /// The versions of a range of Rust's: `one..`, `one..other`, `..=other`.
    pub fn new(range: impl RangeBounds<T>) -> Self
    where
        T: Clone,
    {
        Self {
            from: range.start_bound().cloned(),
            to: range.end_bound().cloned(),
        }
    }

    /// Whether `version` is one of them.
    pub fn contains(&self, version: &T) -> bool {
        (self.from.as_ref(), self.to.as_ref()).contains(version)
    }

    /// The one version, where there is only one.
    pub(crate) fn only(&self) -> Option<&T> {
        match (&self.from, &self.to) {
            (Bound::Included(from), Bound::Included(to)) if from == to => Some(from),
            _ => None,
        }
    }

    /// Where it begins, for the order in which ranges are tried.
    pub(crate) fn start(&self) -> Option<&T> {
        match &self.from {
            Bound::Included(from) | Bound::Excluded(from) => Some(from),
            Bound::Unbounded => None,
        }
    }
}

impl<T: FromStr + Ord + Clone> FromStr for VersionRange<T> {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let wanted = "a version, a baseline as 1.2+, or an interval as [1.2,2.0)";
        let range = read(text).filter(|range| match (range.start(), &range.to) {
            (Some(from), Bound::Included(to) | Bound::Excluded(to)) => from <= to,
            _ => true,
        });
        range.ok_or_else(|| VersionError::new(text, wanted))
    }
}

fn read<T: FromStr + Clone>(text: &str) -> Option<VersionRange<T>> {
    let from = match text.as_bytes().first()? {
        b'[' => Bound::Included(()),
        b'(' => Bound::Excluded(()),
        _ => {
            let (text, is_baseline) = match text.strip_suffix('+') {
                Some(text) => (text, true),
                None => (text, false),
            };
            let version: T = text.parse().ok()?;
            let to = match is_baseline {
                true => Bound::Unbounded,
                false => Bound::Included(version.clone()),
            };
            let from = Bound::Included(version);
            return Some(VersionRange { from, to });
        }
    };
    let to = match text.as_bytes().last()? {
        b']' => Bound::Included(()),
        b')' => Bound::Excluded(()),
        _ => return None,
    };
    let inside = text.get(1..text.len() - 1)?;
    // `[1.2]` is one version.
    let (start, end) = inside.split_once(',').unwrap_or((inside, inside));
    Some(VersionRange {
        from: side(start, from)?,
        to: side(end, to)?,
    })
}

fn side<T: FromStr>(text: &str, bound: Bound<()>) -> Option<Bound<T>> {
    let text = text.trim_ascii();
    if text.is_empty() {
        return Some(Bound::Unbounded);
    }
    let version: T = text.parse().ok()?;
    Some(bound.map(|()| version))
}

impl<T: fmt::Display + Ord> fmt::Display for VersionRange<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(version) = self.only() {
            return version.fmt(f);
        }
        match &self.from {
            Bound::Included(from) if matches!(self.to, Bound::Unbounded) => {
                return write!(f, "{from}+");
            }
            Bound::Included(from) => write!(f, "[{from},")?,
            Bound::Excluded(from) => write!(f, "({from},")?,
            Bound::Unbounded => f.write_str("(,")?,
        }
        match &self.to {
            Bound::Included(to) => write!(f, "{to}]"),
            Bound::Excluded(to) => write!(f, "{to})"),
            Bound::Unbounded => f.write_str(")"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::SemanticVersion;

    type Range = VersionRange<SemanticVersion>;

    fn contains(range: &str, version: &str) -> bool {
        let range: Range = range.parse().expect(range);
        range.contains(&version.parse().expect(version))
    }

    #[test]
    fn each_form_holds_what_it_says() {
        for (range, inside, outside) in [
            ("1.2", &["1.2", "1.2.0"][..], &["1.1", "1.3"][..]),
            ("[1.2]", &["1.2"], &["1.1", "1.3"]),
            ("1.2+", &["1.2", "9"], &["1.1"]),
            ("[1.2,2)", &["1.2", "1.9"], &["1.1", "2"]),
            ("(1.2, 2]", &["1.3", "2"], &["1.2", "2.1"]),
            ("(,2)", &["0", "1.9"], &["2"]),
            ("[1.2,)", &["1.2", "9"], &["1"]),
        ] {
            assert!(
                inside.iter().all(|version| contains(range, version)),
                "{range}"
            );
            assert!(
                !outside.iter().any(|version| contains(range, version)),
                "{range}"
            );
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for bad in [
            "", "+", "x", "1.2-+", "[1.2", "1.2)", "[", "[]x", "[2,1]", "[1,2,3]",
        ] {
            assert!(bad.parse::<Range>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "\\PC*|[\\[(]?[0-9.,+]*[\\])]?") {
            if let Ok(range) = text.parse::<Range>() {
                prop_assert_eq!(range.to_string().parse::<Range>(), Ok(range));
            }
        }
    }
}
