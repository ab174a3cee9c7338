use std::{borrow::Cow, sync::Arc};

use gatefold_core::{Exception, Format, Route, Version, original_uri};
use http::request::Parts;

use crate::{
    Reading, Supported, TemplateError, Versioning,
    allowed::Allowed,
    key,
    reading::decoded,
    template::{Template, read_captured},
};

/// Reads the version from a segment of the path: `/v1/tasks`.
///
/// It reads the path as the client sent it, also where a router was nested (feature `axum`). An
/// unsupported version is 404. The segment is compared as it stands: one with a percent sign is no
/// version, because `/v%31/` and `/v1/` are two entries in a cache.
///
/// ```
/// use gatefold_versioning::{UrlPathVersioning, Versioning};
///
/// let scheme = UrlPathVersioning::new(["v1", "v2"]).template("/api/{version}/...")?;
/// let (head, ()) = http::Request::get("/api/v2/tasks").body(())?.into_parts();
/// assert_eq!(scheme.determine_version(&head)?.expect("a version").as_str(), "v2");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct UrlPathVersioning {
    allowed: Allowed,
    place: Place,
    decode: bool,
}

#[derive(Clone, Debug)]
enum Place {
    Template(Template),
    /// The parameter of this name in the route that was matched.
    Captured(Box<str>),
}

impl UrlPathVersioning {
    /// Supports these versions, in the first segment. No version at all means every one, as in
    /// Django REST Framework.
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
            place: Place::Template(Template::first_segment()),
            decode: false,
        }
    }

    /// Reads another segment: the parameter `{version}` of this beginning of a path, or its only
    /// parameter. A path that begins otherwise names no version.
    ///
    /// # Errors
    ///
    /// A template without a place for the version.
    pub fn template(mut self, template: impl AsRef<str>) -> Result<Self, TemplateError> {
        self.place = Place::Template(Template::parse(template.as_ref())?);
        Ok(self)
    }

    /// Reads the parameter of this name in the route that the router matched: axum's captured
    /// parameter (feature `axum`), or that of a [`Route`] which another router left.
    ///
    /// The layer stands inside the router then. A route without the parameter names no version.
    pub fn captured(mut self, parameter: impl AsRef<str>) -> Self {
        self.place = Place::Captured(parameter.as_ref().into());
        self
    }

    /// Takes this version for a path that names none. It is supported by that.
    pub fn default_version(mut self, version: impl Into<Arc<str>>) -> Self {
        self.allowed.set_default(version);
        self
    }

    /// Answers 400 and not 404 to an unsupported version.
    pub fn bad_request(mut self) -> Self {
        self.allowed.set_bad_request();
        self
    }

    /// Decodes the segment first, as Django REST Framework does: `/v%31/` is `/v1/`.
    pub fn drf(mut self) -> Self {
        self.decode = true;
        self
    }

    /// What this raw path says. Nothing where the parameter of a route is read.
    pub fn read<'a>(&self, path: &'a str) -> Reading<'a> {
        self.read_on_route(path, None)
    }

    /// The version of a path that begins with text and a short version, and goes on.
    fn find_quickly(&self, path: &str) -> Option<Version> {
        let Place::Template(template) = &self.place else {
            return None;
        };
        let rest = path
            .as_bytes()
            .strip_prefix(template.before()?.as_bytes())?;
        self.allowed.find_key(key::of_segment(rest)?)
    }

    #[inline]
    fn read_on_route<'a>(&self, path: &'a str, route: Option<&str>) -> Reading<'a> {
        let reading = match (&self.place, route) {
            (Place::Template(template), _) => template.read(path),
            (Place::Captured(name), Some(route)) => read_captured(path, route, name),
            (Place::Captured(_), None) => Reading::Nothing,
        };
        match reading {
            Reading::Version(Cow::Borrowed(text)) if text.bytes().any(|byte| byte == b'%') => {
                let text = decoded(text, false).filter(|_| self.decode);
                text.map_or(Reading::Invalid, Reading::of)
            }
            other => other,
        }
    }
}

impl Versioning for UrlPathVersioning {
    fn determine_version(&self, head: &Parts) -> Result<Option<Version>, Exception> {
        let path = original_uri(head).path();
        if let Some(version) = self.find_quickly(path) {
            return Ok(Some(version));
        }
        let path = without_suffix(path, Format::of(&head.extensions));
        let route = match self.place {
            Place::Template(_) => None,
            Place::Captured(_) => Route::find(head),
        };
        let reading = self.read_on_route(path, route);
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

/// The path as sent still has the suffix that the suffix layer cut off: `/v1.json` names `v1`.
fn without_suffix<'a>(path: &'a str, format: Option<&Format>) -> &'a str {
    let cut = format.and_then(|format| {
        let path = path.strip_suffix('/').unwrap_or(path);
        path.strip_suffix(format.as_str())?.strip_suffix('.')
    });
    cut.unwrap_or(path)
}

fn refusal() -> Exception {
    Exception::not_found().with_detail("Invalid version in URL path.")
}

#[cfg(test)]
mod tests {
    use http::Request;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_percent_sign_is_no_version_but_for_parity() {
        let scheme = UrlPathVersioning::new(["v1"]);
        assert_eq!(scheme.read("/v%31/tasks"), Reading::Invalid);
        let scheme = scheme.drf();
        assert_eq!(scheme.read("/v%31/tasks"), Reading::of("v1"));
        assert_eq!(scheme.read("/%C3%A9/"), Reading::of("é"));
        assert_eq!(scheme.read("/%ff/"), Reading::Invalid);
        assert_eq!(scheme.read("/%00/"), Reading::Invalid);
    }

    #[test]
    fn a_format_suffix_is_not_part_of_the_version() {
        let scheme = UrlPathVersioning::new(["v1", "v1.0"]);
        let version = |path: &str, format: Option<&str>| {
            let request = Request::get(path).body(()).expect("a request");
            let (mut head, ()) = request.into_parts();
            if let Some(format) = format {
                Format::new(format).leave(&mut head.extensions);
            }
            let version = scheme.determine_version(&head).ok().flatten();
            version.map(|version| version.to_string())
        };
        assert_eq!(version("/v1.json", Some("json")).as_deref(), Some("v1"));
        assert_eq!(version("/v1.json/", Some("json")).as_deref(), Some("v1"));
        assert_eq!(version("/v1/a.json", Some("json")).as_deref(), Some("v1"));
        assert_eq!(version("/v1.0", None).as_deref(), Some("v1.0"));
        assert_eq!(version("/v1.json", None), None);
    }

    proptest! {
        #[test]
        fn the_quick_way_finds_what_the_other_one_does(path in "(/api)?/v[0-3%](/[a-z]?)?") {
            for template in ["/{v}", "/api/{v}", "/api/{v}/a"] {
                let scheme = UrlPathVersioning::new(["v1", "v2", "v%"]).template(template);
                let scheme = scheme.expect("a template");
                if let Some(found) = scheme.find_quickly(&path) {
                    prop_assert_eq!(scheme.read(&path), Reading::of(found.as_str()));
                }
            }
        }
    }

    #[test]
    fn the_parameter_of_the_matched_route_is_read() {
        let scheme = UrlPathVersioning::new(["v1", "v2"]).captured("v");
        let request = Request::get("/api/v2/tasks").body(()).expect("a request");
        let (mut head, ()) = request.into_parts();
        assert!(matches!(scheme.determine_version(&head), Ok(None)));
        Route::new("/api/{v}/{*rest}").leave(&mut head.extensions);
        let version = scheme.determine_version(&head);
        assert!(matches!(version, Ok(Some(version)) if version.as_str() == "v2"));
        Route::new("/{v}/v2/tasks").leave(&mut head.extensions);
        assert!(scheme.determine_version(&head).is_err());
    }

    #[cfg(feature = "axum")]
    #[test]
    fn the_path_as_sent_is_read_where_a_router_was_nested() {
        let request = Request::get("/v1/tasks").body(()).expect("a request");
        let (mut head, ()) = request.into_parts();
        gatefold_core::keep_original_uri(&mut head);
        head.uri = http::Uri::from_static("/tasks");
        let version = UrlPathVersioning::new(["v1"]).determine_version(&head);
        assert!(matches!(version, Ok(Some(version)) if version.as_str() == "v1"));
    }

    #[test]
    fn the_refusal_is_django_rest_frameworks() {
        let (head, ()) = Request::new(()).into_parts();
        let scheme = UrlPathVersioning::new(["v1"]).default_version("v2");
        assert!(matches!(scheme.determine_version(&head), Ok(None)));
        let missing = scheme.missing_version().expect("the default");
        assert_eq!(missing.expect("the default").as_str(), "v2");
        let strict = UrlPathVersioning::new(["v1"]);
        let refused = strict.missing_version().expect_err("refused");
        assert_eq!(refused.status(), 404);
        assert_eq!(
            refused.detail().text(),
            Some("Invalid version in URL path.")
        );
    }
}
