use std::{error::Error, fmt, sync::Arc, time::SystemTime};

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{Entry, LINK},
};

use crate::{VersionError, moment::Moment};

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// How far a version is in its life: since when it is deprecated, when it ends, where to read
/// about that.
///
/// Dates are texts in UTC, `2026-11-01` (its first second) or `2026-11-01T12:30:00Z`.
///
/// ```
/// use gatefold_versioning::Stage;
///
/// let stage = Stage::new()
///     .deprecated("2026-06-30T23:59:59Z")?
///     .sunset("2027-06-30T23:59:59Z")?
///     .link("successor-version", "/v2/tasks")?;
/// # let _ = stage;
/// # Ok::<_, gatefold_versioning::StageError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Stage {
    deprecated: Option<Moment>,
    sunset: Option<Moment>,
    fields: Arc<HeaderMap>,
}

impl Stage {
    /// A version about which there is nothing to say yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that the version is deprecated since then, or will be: `Deprecation` (RFC 9745,
    /// section 2).
    ///
    /// # Errors
    ///
    /// A text that is no date, or a date after the sunset.
    pub fn deprecated(mut self, when: impl AsRef<str>) -> Result<Self, StageError> {
        let moment = Moment::parse(when.as_ref()).map_err(StageError::Date)?;
        self.deprecated = Some(moment);
        self.set(DEPRECATION, format!("@{}", moment.epoch()));
        self.in_order()
    }

    /// Says when the version will stop answering: `Sunset` (RFC 8594, section 3).
    ///
    /// # Errors
    ///
    /// A text that is no date, or a date before the deprecation (RFC 9745, section 4).
    pub fn sunset(mut self, when: impl AsRef<str>) -> Result<Self, StageError> {
        let moment = Moment::parse(when.as_ref()).map_err(StageError::Date)?;
        self.sunset = Some(moment);
        self.set(SUNSET, moment.to_string());
        self.in_order()
    }

    /// Adds a `Link` (RFC 8288, section 3): `deprecation` to the words about it (RFC 9745,
    /// section 3), `sunset` to those about the end (RFC 8594, section 6), `successor-version`
    /// (RFC 5829) to what replaces it.
    ///
    /// # Errors
    ///
    /// A relation that is no token, or a target that is no URI reference.
    pub fn link(mut self, relation: &str, target: impl AsRef<str>) -> Result<Self, StageError> {
        let target = target.as_ref();
        let is_relation = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        let is_target = |byte: u8| byte.is_ascii_graphic() && !b"<>\"\\^`{|}".contains(&byte);
        let good = !relation.is_empty() && relation.bytes().all(is_relation);
        let value = HeaderValue::try_from(format!("<{target}>; rel=\"{relation}\""));
        match value {
            Ok(value) if good && target.bytes().all(is_target) => {
                Arc::make_mut(&mut self.fields).append(LINK, value);
                Ok(self)
            }
            _ => Err(StageError::Link(relation.into(), target.into())),
        }
    }

    fn set(&mut self, name: HeaderName, text: String) {
        // Digits and words, so this is always a header value.
        if let Ok(value) = HeaderValue::try_from(text) {
            Arc::make_mut(&mut self.fields).insert(name, value);
        }
    }

    fn in_order(self) -> Result<Self, StageError> {
        match (self.deprecated, self.sunset) {
            (Some(deprecated), Some(sunset)) if sunset < deprecated => Err(StageError::Order),
            _ => Ok(self),
        }
    }

    /// Whether a use of the version is one that should stop. A version with an end and no date of
    /// deprecation is on its way out as well.
    pub(crate) fn is_deprecated(&self, now: SystemTime) -> bool {
        match self.deprecated {
            Some(when) => when.is_over(now),
            None => self.sunset.is_some(),
        }
    }

    pub(crate) fn is_over(&self, now: SystemTime) -> bool {
        self.sunset.is_some_and(|when| when.is_over(now))
    }

    pub(crate) fn end(&self) -> Option<Moment> {
        self.sunset
    }

    pub(crate) fn fields(&self) -> &Arc<HeaderMap> {
        &self.fields
    }
}

/// Adds `fields` to an answer. What the handler said itself stays, and links add up.
pub(crate) fn add(fields: &HeaderMap, headers: &mut HeaderMap) {
    for (name, value) in fields {
        if name == LINK {
            headers.append(LINK, value.clone());
        } else if let Entry::Vacant(place) = headers.entry(name) {
            place.insert(value.clone());
        }
    }
}

/// A stage that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StageError {
    /// A text is no date.
    Date(VersionError),
    /// The end comes before the deprecation.
    Order,
    /// A relation and a target that make no link.
    Link(Box<str>, Box<str>),
    /// No version of this name is supported.
    Version(Box<str>),
}

impl fmt::Display for StageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Date(error) => error.fmt(f),
            Self::Order => f.write_str(
                "the sunset is before the deprecation: a date that is not earlier is wanted",
            ),
            Self::Link(relation, target) => write!(
                f,
                "{relation:?} to {target:?} is no link: a relation as \"deprecation\" and a URI are wanted"
            ),
            Self::Version(version) => write!(
                f,
                "there is no version {version:?}: one of the supported ones is wanted"
            ),
        }
    }
}

impl Error for StageError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_a_header_in_the_form_of_its_specification() {
        let stage = Stage::new()
            .deprecated("2023-06-30T23:59:59Z")
            .and_then(|stage| stage.sunset("2024-06-30T23:59:59Z"))
            .and_then(|stage| stage.link("deprecation", "https://example.org/old?a=1#b"))
            .and_then(|stage| stage.link("successor-version", "/v2"))
            .expect("a stage");
        let fields = stage.fields();
        assert_eq!(fields["deprecation"], "@1688169599");
        assert_eq!(fields["sunset"], "Sun, 30 Jun 2024 23:59:59 GMT");
        let links: Vec<_> = fields.get_all(LINK).iter().collect();
        assert_eq!(
            links,
            [
                "<https://example.org/old?a=1#b>; rel=\"deprecation\"",
                "</v2>; rel=\"successor-version\""
            ]
        );
    }

    #[test]
    fn what_cannot_be_is_an_error_when_it_is_said() {
        let deprecated = || Stage::new().deprecated("2026-11-01").expect("a date");
        assert_eq!(
            deprecated().sunset("2026-10-31").err(),
            Some(StageError::Order)
        );
        assert!(deprecated().sunset("2026-11-01").is_ok());
        let sunset = Stage::new().sunset("2026-10-31").expect("a date");
        assert_eq!(
            sunset.deprecated("2026-11-01").err(),
            Some(StageError::Order)
        );
        let error = Stage::new().sunset("tomorrow").expect_err("no date");
        assert!(error.to_string().contains("\"tomorrow\""), "{error}");
        for (relation, target) in [("", "/v2"), ("a b", "/v2"), ("a", "/v2>; x"), ("a", "/\n")] {
            let error = Stage::new().link(relation, target).expect_err(target);
            assert!(
                error.to_string().contains("is wanted") || error.to_string().contains("are wanted")
            );
        }
    }

    #[test]
    fn what_the_handler_said_stays_and_links_add_up() {
        let stage = Stage::new()
            .sunset("2027-01-01")
            .and_then(|stage| stage.link("sunset", "/end"))
            .expect("a stage");
        let mut headers = HeaderMap::new();
        headers.insert("sunset", HeaderValue::from_static("its own"));
        headers.insert(LINK, HeaderValue::from_static("</?page=2>; rel=\"next\""));
        add(stage.fields(), &mut headers);
        assert_eq!(headers["sunset"], "its own");
        assert_eq!(headers.get_all(LINK).iter().count(), 2);
    }
}
