use std::sync::Arc;

use gatefold_core::{Exception, Version};
use http::request::Parts;

use crate::{
    Reading, Supported, Versioning,
    allowed::Allowed,
    key,
    reading::{decoded, first_pair},
};

/// Reads the version from a parameter of the query: `/tasks?version=1.0`.
///
/// An empty text is a version like another, and not supported unless it is listed. Two different
/// values are 400. An unsupported version is 404.
///
/// ```
/// use gatefold_versioning::{QueryParameterVersioning, Versioning};
///
/// let scheme = QueryParameterVersioning::new(["1.0", "2.0"]).param("v");
/// let (head, ()) = http::Request::get("/tasks?v=2.0").body(())?.into_parts();
/// assert_eq!(scheme.determine_version(&head)?.expect("a version").as_str(), "2.0");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct QueryParameterVersioning {
    allowed: Allowed,
    parameter: Box<str>,
    /// Whether the parameter is never encoded.
    is_plain: bool,
    last: bool,
}

impl QueryParameterVersioning {
    /// Supports these versions, in the parameter `version`. No version at all means every one, as
    /// in Django REST Framework.
    pub fn new(versions: impl Into<Supported>) -> Self {
        Self::of(Allowed::new(versions))
    }

    /// Supports every version. Each request that names one allocates its text.
    pub fn any() -> Self {
        Self::of(Allowed::default())
    }

    fn of(allowed: Allowed) -> Self {
        Self {
            allowed,
            parameter: "version".into(),
            is_plain: true,
            last: false,
        }
    }

    /// Takes this version for a request that names none. It is supported by that.
    pub fn default_version(mut self, version: impl Into<Arc<str>>) -> Self {
        self.allowed.set_default(version);
        self
    }

    /// Reads another parameter, such as `v`. Letter case counts in its name.
    pub fn param(mut self, name: impl AsRef<str>) -> Self {
        self.parameter = name.as_ref().into();
        self.is_plain = key::is_plain(&self.parameter) && !self.parameter.is_empty();
        self
    }

    /// Answers 400 and not 404 to an unsupported version.
    pub fn bad_request(mut self) -> Self {
        self.allowed.set_bad_request();
        self
    }

    /// Takes the last of several values, as Django REST Framework does.
    pub fn drf(mut self) -> Self {
        self.last = true;
        self
    }

    /// The one value in a query without codes, which most are; `None` where one has to look closer.
    fn plain_value<'a>(&self, query: &'a str) -> Option<&'a [u8]> {
        if !self.is_plain {
            return None;
        }
        let name = self.parameter.as_bytes();
        let mut rest = query.as_bytes();
        let mut found = None;
        loop {
            let is_named = rest.first() == name.first() && rest.starts_with(name);
            // The name has no character that ends the search.
            let from = if is_named { name.len() } else { 0 };
            let end = key::position(&rest[from..], *b"&%+").map_or(rest.len(), |end| from + end);
            if is_named {
                match rest[from..end].split_first() {
                    Some((b'=', value)) if found.is_none() => found = Some(value),
                    // Twice, or without a value.
                    Some((b'=', _)) | None => return None,
                    Some(_) => {}
                }
            }
            match rest[end..].split_first() {
                Some((b'&', after)) => rest = after,
                Some(_) => return None,
                None => return found,
            }
        }
    }

    /// What this raw query, without its question mark, says.
    ///
    /// Allocates only where a name or a value has to be decoded.
    pub fn read<'a>(&self, query: &'a str) -> Reading<'a> {
        let value = self.plain_value(query).map(str::from_utf8);
        match value {
            Some(Ok(value)) => Reading::of(value),
            Some(Err(_)) | None => self.read_closely(query),
        }
    }

    fn read_closely<'a>(&self, query: &'a str) -> Reading<'a> {
        let mut found = Reading::Nothing;
        let mut rest = query;
        while !rest.is_empty() {
            let (name, value);
            (name, value, rest) = first_pair(rest);
            if decoded(name, true).is_none_or(|name| *name != *self.parameter) {
                continue;
            }
            let value = decoded(value, true).map_or(Reading::Invalid, Reading::of);
            found = match self.last {
                true => value,
                false => found.and(value),
            };
        }
        found
    }
}

impl Versioning for QueryParameterVersioning {
    fn determine_version(&self, head: &Parts) -> Result<Option<Version>, Exception> {
        let query = head.uri.query().unwrap_or_default();
        let key = self.plain_value(query).and_then(key::of);
        if let Some(version) = key.and_then(|key| self.allowed.find_key(key)) {
            return Ok(Some(version));
        }
        let reading = self.read(query);
        self.allowed.check(reading, refusal)
    }

    fn missing_version(&self) -> Result<Option<Version>, Exception> {
        self.allowed.check_missing(refusal)
    }

    fn reads_grpc(&self) -> bool {
        false
    }

    fn supported_versions(&self) -> Vec<Version> {
        self.allowed.named_versions()
    }
}

fn refusal() -> Exception {
    Exception::not_found().with_detail("Invalid version in query parameter.")
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::*;

    fn read(query: &str) -> Reading<'_> {
        QueryParameterVersioning::any().read(query)
    }

    #[test]
    fn names_and_values_are_decoded() {
        assert_eq!(read("a=1&version=%31.0"), Reading::of("1.0"));
        assert_eq!(read("%76ersion=1.0"), Reading::of("1.0"));
        assert_eq!(read("version=a+b"), Reading::of("a b"));
        assert_eq!(read("version=2.0%00"), Reading::Invalid);
        assert_eq!(read("version=%ff"), Reading::Invalid);
        assert_eq!(read("Version=1.0&xversion=2&&"), Reading::Nothing);
    }

    #[test]
    fn an_empty_text_is_not_missing() {
        assert_eq!(read("version="), Reading::of(""));
        assert_eq!(read("version"), Reading::of(""));
        assert_eq!(read(""), Reading::Nothing);
    }

    #[test]
    fn different_values_are_ambiguous_and_for_parity_the_last_counts() {
        let query = "version=1.0&version=2.0";
        assert_eq!(read(query), Reading::Ambiguous);
        assert_eq!(read("version=1.0&version=1%2e0"), Reading::of("1.0"));
        let last = QueryParameterVersioning::any().drf();
        assert_eq!(last.read(query), Reading::of("2.0"));
    }

    #[test]
    fn what_needs_no_decoding_is_borrowed() {
        assert!(matches!(
            read("a=%20&version=1.0"),
            Reading::Version(Cow::Borrowed("1.0"))
        ));
    }

    proptest! {
        #[test]
        fn any_query_can_be_read(query in "\\PC*|[version=&%+0-9a-f]*") {
            let _ = read(&query);
        }

        #[test]
        fn the_quick_way_finds_what_the_other_one_does(query in "(v?(ersion)?=?[12]?[&%+a]?){0,5}|(version=?[12]?&?){0,3}") {
            let scheme = QueryParameterVersioning::new(["1", "2"]);
            prop_assert_eq!(scheme.read(&query), scheme.read_closely(&query));
        }

        #[test]
        fn an_encoded_value_is_read(text in "[^\\p{Cc}]{0,9}", before in "[a-u=&]{0,9}") {
            let value: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let query = format!("{before}&version={value}&w");
            prop_assert_eq!(read(&query), Reading::of(text));
        }
    }
}
