use std::sync::Arc;

use gatefold_core::{Exception, Version, original_uri};
use http::request::Parts;

use crate::{Supported, Versioning, allowed::Allowed};

/// Reads the version from the name of the route table's part that a path lies in.
///
/// A part is a path prefix, compared by whole segments; the longest that fits counts. Nested names
/// are written with `:`, and the first of them that is a supported version is taken. A path in no
/// part gets the default, which may be none; a part without a supported version is 404.
///
/// ```
/// use gatefold_versioning::{NamespaceVersioning, Versioning};
///
/// let scheme = NamespaceVersioning::new(["v1", "v2"])
///     .namespace("v1", "/tasks")
///     .namespace("v2", "/next/tasks");
/// let (head, ()) = http::Request::get("/next/tasks/4").body(())?.into_parts();
/// assert_eq!(scheme.determine_version(&head)?.expect("a version").as_str(), "v2");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct NamespaceVersioning {
    allowed: Allowed,
    /// The longest prefix first.
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
struct Part {
    prefix: Box<str>,
    name: Box<str>,
    /// The first of the names that is a listed version.
    version: Option<Version>,
}

impl NamespaceVersioning {
    /// Supports these versions. No version at all means every one, as in Django REST Framework.
    pub fn new(versions: impl Into<Supported>) -> Self {
        Self::of(Allowed::new(versions))
    }

    /// Supports every version. Each request in a named part allocates its text.
    pub fn any() -> Self {
        Self::of(Allowed::default())
    }

    fn of(allowed: Allowed) -> Self {
        Self {
            allowed,
            parts: Vec::new(),
        }
    }

    /// Names the part of the route table under `prefix`: `v1`, or `outer:v1`.
    pub fn namespace(mut self, name: impl AsRef<str>, prefix: impl AsRef<str>) -> Self {
        let prefix = match prefix.as_ref().trim_matches('/') {
            "" => "".into(),
            prefix => format!("/{prefix}").into(),
        };
        self.parts.push(Part {
            prefix,
            name: name.as_ref().into(),
            version: None,
        });
        self.parts
            .sort_by_key(|part| std::cmp::Reverse(part.prefix.len()));
        self.prepared()
    }

    /// Looks the names up beforehand, where there is a list.
    fn prepared(mut self) -> Self {
        let is_listed = !self.allowed.named_versions().is_empty();
        for part in self.parts.iter_mut().filter(|_| is_listed) {
            let mut names = part.name.split(':');
            part.version = names.find_map(|name| self.allowed.find(name));
        }
        self
    }

    /// Takes this version for a path in no named part. It is supported by that.
    pub fn default_version(mut self, version: impl Into<Arc<str>>) -> Self {
        self.allowed.set_default(version);
        self.prepared()
    }

    /// Answers 400 and not 404 to a part without a supported version.
    pub fn bad_request(mut self) -> Self {
        self.allowed.set_bad_request();
        self
    }

    /// The name of the part that this raw path lies in.
    pub fn read(&self, path: &str) -> Option<&str> {
        Some(&self.part(path)?.name)
    }

    fn part(&self, path: &str) -> Option<&Part> {
        let mut parts = self.parts.iter();
        parts.find(|part| {
            let rest = path.as_bytes().strip_prefix(part.prefix.as_bytes());
            rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'/')))
        })
    }
}

impl Versioning for NamespaceVersioning {
    fn determine_version(&self, head: &Parts) -> Result<Option<Version>, Exception> {
        let Some(part) = self.part(original_uri(head).path()) else {
            return Ok(None);
        };
        if part.version.is_some() {
            return Ok(part.version.clone());
        }
        let mut names = part.name.split(':');
        match names.find_map(|name| self.allowed.find(name)) {
            Some(version) => Ok(Some(version)),
            None => Err(self.allowed.refuse(refusal())),
        }
    }

    fn missing_version(&self) -> Result<Option<Version>, Exception> {
        Ok(self.allowed.default_version())
    }

    fn reads_grpc(&self) -> bool {
        false
    }

    fn supported_versions(&self) -> Vec<Version> {
        self.allowed.named_versions()
    }
}

fn refusal() -> Exception {
    Exception::not_found()
        .with_detail("Invalid version in URL path. Does not match any version namespace.")
}

#[cfg(test)]
mod tests {
    use http::{Request, StatusCode};

    use super::*;

    fn scheme() -> NamespaceVersioning {
        NamespaceVersioning::new(["v1", "v2"])
            .namespace("v1", "/api")
            .namespace("outer:v2", "/api/next/")
            .namespace("outer:v3", "/old")
    }

    fn version(path: &str) -> Result<Option<String>, StatusCode> {
        let (head, ()) = Request::get(path).body(()).expect("a request").into_parts();
        let version = scheme().determine_version(&head);
        let version = version.map_err(|refused| refused.status())?;
        Ok(version.map(|version| version.to_string()))
    }

    #[test]
    fn the_longest_prefix_of_whole_segments_counts() {
        assert_eq!(version("/api/tasks"), Ok(Some("v1".to_owned())));
        assert_eq!(version("/api"), Ok(Some("v1".to_owned())));
        assert_eq!(version("/api/next/tasks"), Ok(Some("v2".to_owned())));
        assert_eq!(version("/apis"), Ok(None));
    }

    #[test]
    fn a_part_without_a_supported_version_is_not_found() {
        assert_eq!(version("/old/tasks"), Err(StatusCode::NOT_FOUND));
    }

    #[test]
    fn outside_of_all_parts_the_default_is_not_checked() {
        assert!(matches!(scheme().missing_version(), Ok(None)));
        let default = scheme().default_version("v9").missing_version();
        assert!(matches!(default, Ok(Some(version)) if version.as_str() == "v9"));
    }
}
