use std::sync::Arc;

use gatefold_core::{Exception, GrpcCode, Version};
use http::{HeaderName, HeaderValue, StatusCode};

use crate::{Reading, Supported, key};

/// The versions that a scheme supports, and the default: the part that all schemes share.
///
/// The rules are Django REST Framework's: without a list everything is allowed, also no version;
/// with one, its members and the default. Texts are compared byte by byte.
#[derive(Clone, Debug, Default)]
pub(crate) struct Allowed {
    supported: Supported,
    default: Option<Version>,
    bad_request: bool,
    /// All of them by name, for refusals.
    names: Option<HeaderValue>,
}

impl Allowed {
    pub(crate) fn new(supported: impl Into<Supported>) -> Self {
        let allowed = Self {
            supported: supported.into(),
            ..Self::default()
        };
        Self {
            names: supported_value(&allowed.named_versions()),
            ..allowed
        }
    }

    pub(crate) fn set_default(&mut self, version: impl Into<Arc<str>>) {
        self.default = Some(Version::new(version));
        self.names = supported_value(&self.named_versions());
    }

    pub(crate) fn set_bad_request(&mut self) {
        self.bad_request = true;
    }

    pub(crate) fn default_version(&self) -> Option<Version> {
        self.default.clone()
    }

    /// The supported version with this text. Allocates only where everything is allowed.
    pub(crate) fn find(&self, text: &str) -> Option<Version> {
        if let Some(version) = key::of(text).and_then(|key| self.find_key(key)) {
            return Some(version);
        }
        self.find_by(text, |known| known == text)
    }

    /// The supported version with this key, which is a short and plain one.
    pub(crate) fn find_key(&self, key: u64) -> Option<Version> {
        self.supported.find_key(key).cloned()
    }

    /// The same for texts whose letter case means nothing.
    pub(crate) fn find_ignoring_case(&self, text: &str) -> Option<Version> {
        self.find_by(text, |known| known.eq_ignore_ascii_case(text))
    }

    fn find_by(&self, text: &str, is: impl Fn(&str) -> bool) -> Option<Version> {
        self.supported.find_by(text, self.default.as_ref(), is)
    }

    /// All of them by name, the default first where it is not in the list.
    pub(crate) fn named_versions(&self) -> Vec<Version> {
        let listed = self.supported.versions();
        if listed.is_empty() {
            return Vec::new();
        }
        let default = self
            .default
            .iter()
            .filter(|version| !listed.contains(version));
        default.chain(listed).cloned().collect()
    }

    /// The version that `reading` asks for; `refusal` is what this scheme says to others.
    pub(crate) fn check(
        &self,
        reading: Reading<'_>,
        refusal: impl FnOnce() -> Exception,
    ) -> Result<Option<Version>, Exception> {
        match reading {
            Reading::Nothing | Reading::Default => Ok(None),
            Reading::Version(text) => match self.find(&text) {
                Some(version) => Ok(Some(version)),
                None => Err(self.refuse(refusal())),
            },
            Reading::Ambiguous => Err(self.named(ambiguous())),
            Reading::Invalid => Err(self.refuse(refusal())),
        }
    }

    /// The default for a request without a version, which a list without a default refuses.
    pub(crate) fn check_missing(
        &self,
        refusal: impl FnOnce() -> Exception,
    ) -> Result<Option<Version>, Exception> {
        match &self.default {
            None if !self.supported.versions().is_empty() => Err(self.refuse(refusal())),
            default => Ok(default.clone()),
        }
    }

    /// The refusal as this scheme is set, with the supported versions by name.
    ///
    /// To a gRPC caller a version that there is not is a service that there is not.
    pub(crate) fn refuse(&self, exception: Exception) -> Exception {
        let exception = exception.with_grpc_code(GrpcCode::Unimplemented);
        self.named(match self.bad_request {
            true => exception
                .with_status(StatusCode::BAD_REQUEST)
                .with_code("unsupported_version"),
            false => exception,
        })
    }

    fn named(&self, exception: Exception) -> Exception {
        match &self.names {
            Some(names) => exception.with_header(SUPPORTED, names.clone()),
            None => exception,
        }
    }
}

/// The name that Asp.Versioning made common: there is no standard one.
pub(crate) const SUPPORTED: HeaderName = HeaderName::from_static("api-supported-versions");

/// The versions as a list; `None` without any.
pub(crate) fn supported_value<'a>(
    versions: impl IntoIterator<Item = &'a Version>,
) -> Option<HeaderValue> {
    let texts: Vec<_> = versions.into_iter().map(Version::as_str).collect();
    let value = HeaderValue::from_str(&texts.join(", ")).ok();
    value.filter(|_| !texts.is_empty())
}

/// 400: the request asks for two different versions.
pub(crate) fn ambiguous() -> Exception {
    Exception::new(
        StatusCode::BAD_REQUEST,
        "ambiguous_version",
        "The request asks for more than one version.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(allowed: &Allowed, text: &str) -> Option<String> {
        allowed.find(text).map(|version| version.to_string())
    }

    #[test]
    fn a_list_allows_its_members_and_the_default() {
        let mut allowed = Allowed::new(["1.0", "2.0"]);
        assert_eq!(found(&allowed, "9.9"), None);
        allowed.set_default("9.9");
        assert_eq!(found(&allowed, "9.9").as_deref(), Some("9.9"));
        assert_eq!(found(&allowed, "2.0").as_deref(), Some("2.0"));
        assert_eq!(found(&allowed, "2.00"), None);
    }

    #[test]
    fn without_a_list_everything_is_allowed_also_nothing() {
        let allowed = Allowed::default();
        assert_eq!(found(&allowed, "whatever").as_deref(), Some("whatever"));
        assert_eq!(found(&allowed, "").as_deref(), Some(""));
        let missing = allowed.check_missing(Exception::not_found);
        assert!(matches!(missing, Ok(None)));
    }

    #[test]
    fn a_list_without_a_default_refuses_no_version() {
        let mut allowed = Allowed::new(["1"]);
        let refused = allowed.check_missing(Exception::not_found);
        assert_eq!(refused.expect_err("refused").code(), "not_found");
        allowed.set_default("1");
        let missing = allowed.check_missing(Exception::not_found);
        assert!(matches!(missing, Ok(Some(version)) if version.as_str() == "1"));
    }

    #[test]
    fn a_refusal_names_the_supported_versions() {
        let mut allowed = Allowed::new(["1.0", "2.0"]);
        allowed.set_default("0.9");
        let refused = allowed.check(Reading::of("7"), Exception::not_found);
        let headers = refused.expect_err("refused").headers().clone();
        assert_eq!(headers[SUPPORTED], "0.9, 1.0, 2.0");
        let unnamable = Allowed::new(["1\n2"]).refuse(Exception::not_found());
        assert!(unnamable.headers().is_empty());
    }

    #[test]
    fn to_a_grpc_caller_an_unknown_version_is_unimplemented() {
        let allowed = Allowed::new(["1.0"]);
        let refused = allowed.check(Reading::of("7"), Exception::not_found);
        let refused = refused.expect_err("refused");
        assert_eq!(refused.grpc_code(), GrpcCode::Unimplemented);
    }

    #[test]
    fn unsupported_may_be_a_bad_request() {
        let mut allowed = Allowed::new(["1"]);
        allowed.set_bad_request();
        let refused = allowed.check(Reading::Invalid, Exception::not_found);
        assert_eq!(
            refused.expect_err("refused").status(),
            StatusCode::BAD_REQUEST
        );
    }
}
