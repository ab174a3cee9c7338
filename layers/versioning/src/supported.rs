use std::{fmt, str::FromStr, sync::Arc};

use gatefold_core::Version;

use crate::{VersionError, key};

/// The versions that there are, and which of them stands in for one that there is not.
///
/// Every scheme takes one; a list of texts is one. Texts are compared byte by byte. Without any
/// version everything is supported, as in Django REST Framework.
///
/// ```
/// use gatefold_versioning::{DateVersion, HeaderVersioning, Supported};
/// use http::HeaderName;
///
/// let dates = Supported::new(["2024-04-10", "2024-06-20"]).floor::<DateVersion>()?;
/// let found = |date: &str| dates.find(date).map(|version| version.to_string());
/// assert_eq!(found("2024-07-01").as_deref(), Some("2024-06-20"));
/// assert_eq!(found("2024-05-01").as_deref(), Some("2024-04-10"));
/// assert_eq!(found("2020-01-01"), None);
/// let scheme = HeaderVersioning::new(HeaderName::from_static("example-version"), dates);
/// # let _ = scheme;
/// # Ok::<_, gatefold_versioning::VersionError>(())
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct Supported {
    versions: Arc<[Version]>,
    /// Of each version that is short and plain.
    keys: Arc<[Option<u64>]>,
    floor: Option<Floor>,
}

/// The place of the highest version that is not above the text.
type Floor = Arc<dyn Fn(&str) -> Option<usize> + Send + Sync>;

impl Supported {
    /// Supports these versions; without any, every one.
    pub fn new<I>(versions: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Arc<str>>,
    {
        let versions: Arc<[Version]> = versions.into_iter().map(Version::new).collect();
        let plain = |version: &Version| {
            key::of(version.as_str()).filter(|_| key::is_plain(version.as_str()))
        };
        Self {
            keys: versions.iter().map(plain).collect(),
            versions,
            floor: None,
        }
    }

    /// Takes the highest of the versions that is not above the one asked for, in the order of `T`:
    /// a date stands for what was newest on that day.
    ///
    /// # Errors
    ///
    /// One of the versions is no `T`.
    pub fn floor<T>(mut self) -> Result<Self, VersionError>
    where
        T: FromStr + Ord + Send + Sync + 'static,
    {
        let parse = |(place, version): (usize, &Version)| {
            let text = version.as_str();
            let wanted = "one that can be ordered among the others";
            let parsed = text.parse::<T>();
            parsed.map_or_else(|_| Err(VersionError::new(text, wanted)), |v| Ok((v, place)))
        };
        let numbered = self.versions.iter().enumerate();
        let mut known: Vec<(T, usize)> = numbered.map(parse).collect::<Result<_, _>>()?;
        known.sort_by(|(one, _), (other, _)| one.cmp(other));
        self.floor = Some(Arc::new(move |text| {
            let asked: T = text.parse().ok()?;
            let above = known.partition_point(|(version, _)| *version <= asked);
            let (_, place) = known.get(above.checked_sub(1)?)?;
            Some(*place)
        }));
        Ok(self)
    }

    /// The version that answers a request for `text`. Allocates only where everything is
    /// supported.
    pub fn find(&self, text: &str) -> Option<Version> {
        let quick = key::of(text).and_then(|key| self.find_key(key));
        quick
            .cloned()
            .or_else(|| self.find_by(text, None, |known| known == text))
    }

    /// The version with this key.
    pub(crate) fn find_key(&self, key: u64) -> Option<&Version> {
        let mut known = self.keys.iter();
        let place = known.position(|known| *known == Some(key))?;
        self.versions.get(place)
    }

    /// The same with a default beside the list, and with another comparison.
    pub(crate) fn find_by(
        &self,
        text: &str,
        default: Option<&Version>,
        is: impl Fn(&str) -> bool,
    ) -> Option<Version> {
        let mut known = self.versions.iter().chain(default);
        if let Some(version) = known.find(|known| is(known.as_str())) {
            return Some(version.clone());
        }
        if self.versions.is_empty() {
            return Some(Version::new(text));
        }
        let place = self.floor.as_ref()?(text)?;
        self.versions.get(place).cloned()
    }

    /// The versions, in the order in which they were named.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }
}

impl<I> From<I> for Supported
where
    I: IntoIterator,
    I::Item: Into<Arc<str>>,
{
    fn from(versions: I) -> Self {
        Self::new(versions)
    }
}

impl fmt::Debug for Supported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supported")
            .field("versions", &self.versions)
            .field("floor", &self.floor.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SemanticVersion;

    #[test]
    fn the_highest_that_is_not_above_stands_in() {
        let versions = Supported::new(["2.0", "1.0", "1.2"]);
        let versions = versions.floor::<SemanticVersion>().expect("ordered");
        let found = |text: &str| versions.find(text).map(|version| version.to_string());
        for (asked, answered) in [("1.0", "1.0"), ("v1", "1.0"), ("1.9", "1.2"), ("9", "2.0")] {
            assert_eq!(found(asked).as_deref(), Some(answered), "{asked}");
        }
        assert_eq!(found("0.9"), None);
        assert_eq!(found("beta"), None);
    }

    #[test]
    fn a_version_that_cannot_be_ordered_is_an_error() {
        let error = Supported::new(["1.0", "beta"]).floor::<SemanticVersion>();
        let error = error.expect_err("no number").to_string();
        assert!(error.contains("\"beta\""), "{error}");
    }
}
