use std::sync::Arc;

use gatefold_core::{Exception, Version};
use http::{HeaderName, HeaderValue, request::Parts};

use crate::{Reading, Supported, Versioning, allowed::Allowed, key, reading::only_line};

/// Reads the version from a header of its own: `X-API-Version: 1.0`.
///
/// The answer's `Vary` names the header. Two different values, in one line or several, are 400. An
/// unsupported version is 404. It reads the metadata of gRPC requests too.
///
/// ```
/// use gatefold_versioning::{HeaderVersioning, Versioning};
/// use http::HeaderName;
///
/// let name = HeaderName::from_static("x-api-version");
/// let scheme = HeaderVersioning::new(name, ["1.0", "2.0"]).default_version("1.0");
/// let request = http::Request::get("/tasks").header("x-api-version", "2.0");
/// let (head, ()) = request.body(())?.into_parts();
/// assert_eq!(scheme.determine_version(&head)?.expect("a version").as_str(), "2.0");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct HeaderVersioning {
    allowed: Allowed,
    name: HeaderName,
}

impl HeaderVersioning {
    /// Supports these versions, in the header `name`. No version at all means every one.
    pub fn new(name: HeaderName, versions: impl Into<Supported>) -> Self {
        let allowed = Allowed::new(versions);
        Self { allowed, name }
    }

    /// Supports every version. Each request that names one allocates its text.
    pub fn any(name: HeaderName) -> Self {
        let allowed = Allowed::default();
        Self { allowed, name }
    }

    /// Takes this version for a request that names none. It is supported by that.
    pub fn default_version(mut self, version: impl Into<Arc<str>>) -> Self {
        self.allowed.set_default(version);
        self
    }

    /// Answers 400 and not 404 to an unsupported version.
    pub fn bad_request(mut self) -> Self {
        self.allowed.set_bad_request();
        self
    }

    /// What these lines of the header say, each a list of one or more.
    pub fn read<'a>(&self, lines: impl IntoIterator<Item = &'a HeaderValue>) -> Reading<'a> {
        let mut found = Reading::Nothing;
        for line in lines {
            let Ok(line) = line.to_str() else {
                return Reading::Invalid;
            };
            found = line
                .split(',')
                .map(|text| Reading::of(text.trim_ascii()))
                .fold(found, Reading::and);
        }
        found
    }

    fn refusal(&self) -> Exception {
        let detail = format!("Invalid version in \"{}\" header.", self.name);
        Exception::not_found().with_detail(detail)
    }
}

impl Versioning for HeaderVersioning {
    fn determine_version(&self, head: &Parts) -> Result<Option<Version>, Exception> {
        let line = only_line(&head.headers, &self.name);
        let key = line.and_then(|line| key::of(line.as_bytes()));
        if let Some(version) = key.and_then(|key| self.allowed.find_key(key)) {
            return Ok(Some(version));
        }
        let reading = self.read(head.headers.get_all(&self.name));
        self.allowed.check(reading, || self.refusal())
    }

    fn missing_version(&self) -> Result<Option<Version>, Exception> {
        self.allowed.check_missing(|| self.refusal())
    }

    fn vary(&self) -> Option<HeaderName> {
        Some(self.name.clone())
    }

    fn supported_versions(&self) -> Vec<Version> {
        self.allowed.named_versions()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(lines: &[&[u8]]) -> (Reading<'static>, Option<u16>) {
        let name = HeaderName::from_static("x-api-version");
        let scheme = HeaderVersioning::new(name.clone(), ["1", "2"]);
        let mut request = http::Request::new(());
        for line in lines {
            let line = HeaderValue::from_bytes(line).expect("a header value");
            request.headers_mut().append(&name, line);
        }
        let (head, ()) = request.into_parts();
        let reading = scheme.read(head.headers.get_all(&name)).into_owned();
        let refused = scheme.determine_version(&head).err();
        (reading, refused.map(|refused| refused.status().as_u16()))
    }

    #[test]
    fn one_value_counts_however_often_it_is_sent() {
        assert_eq!(refused(&[b" 2 "]), (Reading::of("2"), None));
        assert_eq!(refused(&[b"2", b"2, 2"]), (Reading::of("2"), None));
        assert_eq!(refused(&[]), (Reading::Nothing, None));
    }

    #[test]
    fn different_values_are_a_bad_request_and_others_not_found() {
        assert_eq!(refused(&[b"1, 2"]), (Reading::Ambiguous, Some(400)));
        assert_eq!(refused(&[b"1", b"2"]), (Reading::Ambiguous, Some(400)));
        assert_eq!(refused(&[b"3"]), (Reading::of("3"), Some(404)));
        assert_eq!(refused(&[b""]), (Reading::of(""), Some(404)));
        assert_eq!(refused(&[b"\xff"]), (Reading::Invalid, Some(404)));
    }

    #[test]
    fn the_refusal_names_the_header() {
        let scheme = HeaderVersioning::new(HeaderName::from_static("x-v"), ["1"]);
        let refused = scheme.missing_version().expect_err("refused");
        let detail = "Invalid version in \"x-v\" header.";
        assert_eq!(refused.detail().text(), Some(detail));
    }
}
