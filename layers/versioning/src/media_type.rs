use std::{borrow::Cow, error::Error, fmt, sync::Arc};

use gatefold_core::{Accepted, Exception, Version};
use http::{HeaderName, HeaderValue, header::ACCEPT, request::Parts};

use crate::{
    Reading, Supported, Versioning,
    accept::{MediaRange, ranges},
    allowed::Allowed,
    memo::Memo,
    reading::only_line,
};

/// Reads the version from the name of a vendor's media type:
/// `Accept: application/vnd.example.v2+json`.
///
/// Behind content negotiation that is the accepted media type. Without it, the header itself is
/// read: of the ranges that name a version, the one with the highest weight counts, and one with
/// `q=0` never (RFC 9110, section 12.4.2). The type without a version
/// (`application/vnd.example+json`), the type of its suffix (`application/json`) and wildcards
/// leave the choice, which is the default. Letter case means nothing in a media type (RFC 9110,
/// section 8.3.1). An unsupported version is 406.
///
/// The first few texts that are read are remembered, which allocates; after that nothing does.
///
/// ```
/// use gatefold_versioning::{MediaTypeVersioning, Versioning};
///
/// let template = "application/vnd.example.{version}+json";
/// let scheme = MediaTypeVersioning::new(template, ["v1", "v2"])?.default_version("v1");
/// let request = http::Request::get("/").header("accept", "application/vnd.example.v2+json");
/// let (head, ()) = request.body(())?.into_parts();
/// assert_eq!(scheme.determine_version(&head)?.expect("a version").as_str(), "v2");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct MediaTypeVersioning {
    allowed: Allowed,
    template: Template,
    /// Of lines of the header, and of accepted media types.
    memo: Memo,
    accepted: Memo,
}

/// `kind/before{version}after`, in lower case.
#[derive(Clone, Debug)]
struct Template {
    kind: Box<str>,
    before: Box<str>,
    after: Box<str>,
}

impl MediaTypeVersioning {
    /// Supports these versions, in the place of `{version}` (or of the only parameter) in the
    /// template. No version at all means every one.
    ///
    /// # Errors
    ///
    /// A template that is no media type with one parameter in its subtype.
    pub fn new(
        template: impl AsRef<str>,
        versions: impl Into<Supported>,
    ) -> Result<Self, MediaTypeError> {
        let template = template.as_ref();
        Ok(Self {
            allowed: Allowed::new(versions),
            template: Template::parse(template).ok_or_else(|| MediaTypeError(template.into()))?,
            memo: Memo::default(),
            accepted: Memo::default(),
        })
    }

    /// Takes this version for a request that names none. It is supported by that.
    pub fn default_version(mut self, version: impl Into<Arc<str>>) -> Self {
        self.allowed.set_default(version);
        (self.memo, self.accepted) = Default::default();
        self
    }

    /// Answers 400 and not 406 to an unsupported version.
    pub fn bad_request(mut self) -> Self {
        self.allowed.set_bad_request();
        self
    }

    /// What these lines of an `Accept` header say. Two versions of the same weight are ambiguous.
    pub fn read<'a>(&self, lines: impl IntoIterator<Item = &'a HeaderValue>) -> Reading<'a> {
        let mut best = 0;
        let mut found = Reading::Nothing;
        let lines = lines.into_iter().filter_map(|line| line.to_str().ok());
        for range in lines.flat_map(ranges).filter(|range| range.weight > 0) {
            match self.template.read(&range) {
                Reading::Version(text) if range.weight > best => {
                    best = range.weight;
                    found = Reading::Version(text);
                }
                Reading::Version(text) if range.weight == best => {
                    found = found.and(Reading::Version(text));
                }
                Reading::Default if best == 0 => found = Reading::Default,
                _ => {}
            }
        }
        found
    }
}

impl MediaTypeVersioning {
    /// What the same text said before.
    fn recall(&self, head: &Parts) -> Option<&Option<Version>> {
        match Accepted::of(&head.extensions) {
            Some(accepted) => self.accepted.recall(text_of(accepted)),
            None => self
                .memo
                .recall(only_line(&head.headers, &ACCEPT)?.as_bytes()),
        }
    }

    #[cold]
    fn find(&self, head: &Parts) -> Result<Option<Version>, Exception> {
        let Some(accepted) = Accepted::of(&head.extensions) else {
            let version = self.check(self.read(head.headers.get_all(ACCEPT)))?;
            if let Some(line) = only_line(&head.headers, &ACCEPT) {
                self.memo.keep(line.as_bytes(), version.as_ref());
            }
            return Ok(version);
        };
        let range = ranges(accepted.media_type().essence_str()).next();
        let reading = range.map_or(Reading::Nothing, |range| self.template.read(&range));
        let version = self.check(reading)?;
        self.accepted.keep(text_of(accepted), version.as_ref());
        Ok(version)
    }

    fn check(&self, reading: Reading<'_>) -> Result<Option<Version>, Exception> {
        match reading {
            Reading::Version(text) => match self.allowed.find_ignoring_case(&text) {
                Some(version) => Ok(Some(version)),
                None => Err(self.allowed.refuse(refusal())),
            },
            reading => self.allowed.check(reading, refusal),
        }
    }
}

/// The accepted media type with its parameters, which do not count.
fn text_of(accepted: &Accepted) -> &[u8] {
    accepted.media_type().as_ref().as_bytes()
}

impl Template {
    fn parse(text: &str) -> Option<Self> {
        let (kind, subtype) = text.split_once('/')?;
        let (before, rest) = subtype.split_once('{')?;
        let (_, after) = rest.split_once('}')?;
        let is_part = |part: &str| !part.contains(['/', '{', '}', ';', ',', ' ', '*']);
        let good = !kind.is_empty() && [kind, before, after].into_iter().all(is_part);
        good.then(|| Self {
            kind: kind.to_ascii_lowercase().into(),
            before: before.to_ascii_lowercase().into(),
            after: after.to_ascii_lowercase().into(),
        })
    }

    fn read<'a>(&self, range: &MediaRange<'a>) -> Reading<'a> {
        let MediaRange { kind, subtype, .. } = *range;
        if kind == "*" {
            return Reading::Default;
        }
        if !kind.eq_ignore_ascii_case(&self.kind) {
            return Reading::Nothing;
        }
        match self.version(subtype) {
            Some(text) if text.bytes().any(|byte| byte.is_ascii_uppercase()) => {
                Reading::Version(Cow::Owned(text.to_ascii_lowercase()))
            }
            Some(text) => Reading::Version(Cow::Borrowed(text)),
            None if subtype == "*" || self.is_without(subtype) => Reading::Default,
            None => Reading::Nothing,
        }
    }

    fn version<'a>(&self, subtype: &'a str) -> Option<&'a str> {
        let (before, after) = (self.before.len(), self.after.len());
        let end = subtype.len().checked_sub(after)?;
        let version = subtype.get(before..end).filter(|text| !text.is_empty())?;
        let good = subtype.get(..before)?.eq_ignore_ascii_case(&self.before)
            && subtype.get(end..)?.eq_ignore_ascii_case(&self.after);
        good.then_some(version)
    }

    /// `vnd.example+json` and `json` for `vnd.example.{version}+json`.
    fn is_without(&self, subtype: &str) -> bool {
        let family = self.before.trim_end_matches(['.', '-', '_']).len();
        let suffix = self.after.strip_prefix('+');
        suffix.is_some_and(|suffix| subtype.eq_ignore_ascii_case(suffix))
            || subtype
                .split_at_checked(family)
                .is_some_and(|(start, end)| {
                    family > 0
                        && start.eq_ignore_ascii_case(&self.before[..family])
                        && end.eq_ignore_ascii_case(&self.after)
                })
    }
}

impl Versioning for MediaTypeVersioning {
    fn determine_version(&self, head: &Parts) -> Result<Option<Version>, Exception> {
        match self.recall(head) {
            Some(version) => Ok(version.clone()),
            None => self.find(head),
        }
    }

    fn missing_version(&self) -> Result<Option<Version>, Exception> {
        self.allowed.check_missing(refusal)
    }

    fn vary(&self) -> Option<HeaderName> {
        Some(ACCEPT)
    }

    fn reads_grpc(&self) -> bool {
        false
    }

    fn supported_versions(&self) -> Vec<Version> {
        self.allowed.named_versions()
    }
}

fn refusal() -> Exception {
    Exception::not_acceptable().with_detail("Invalid version in \"Accept\" header.")
}

/// A template for media types without a place for the version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaTypeError(Box<str>);

impl fmt::Display for MediaTypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no template for a media type: one such as \"application/vnd.example.{{version}}+json\" is wanted",
            self.0
        )
    }
}

impl Error for MediaTypeError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scheme() -> MediaTypeVersioning {
        MediaTypeVersioning::new("application/vnd.Example.{v}+json", ["v1", "v2"]).expect("good")
    }

    fn read(line: &str) -> Reading<'static> {
        let line = HeaderValue::from_str(line).expect("a header value");
        scheme().read([&line]).into_owned()
    }

    #[test]
    fn the_highest_range_that_names_a_version_counts() {
        assert_eq!(read("application/vnd.example.v2+json"), Reading::of("v2"));
        assert_eq!(read("Application/VND.example.V2+JSON"), Reading::of("v2"));
        assert_eq!(
            read(
                "*/*, application/vnd.example.v1+json;q=0.5, application/vnd.example.v2+json;q=.5;x"
            ),
            Reading::of("v1")
        );
        assert_eq!(
            read("application/vnd.example.v1+json, application/vnd.example.v2+json"),
            Reading::Ambiguous
        );
    }

    #[test]
    fn types_without_a_version_leave_the_choice() {
        for line in [
            "application/vnd.example+json",
            "application/json",
            "application/*;q=0.1",
            "*/*",
            "application/vnd.example.v2+json;q=0, application/json",
        ] {
            assert_eq!(read(line), Reading::Default, "{line}");
        }
        for line in [
            "",
            "application/vnd.other.v2+json",
            "application/vnd.example.v2+xml",
            "application/vnd.example.+json",
            "text/json",
            "*/*;q=0",
        ] {
            assert_eq!(read(line), Reading::Nothing, "{line}");
        }
    }

    #[test]
    fn an_unsupported_version_is_not_acceptable() {
        let request = http::Request::get("/").header(ACCEPT, "application/vnd.example.v3+json");
        let (head, ()) = request.body(()).expect("a request").into_parts();
        let refused = scheme().determine_version(&head).expect_err("refused");
        assert_eq!(refused.status(), 406);
    }

    #[test]
    fn a_template_without_one_place_is_refused() {
        for text in [
            "",
            "application/json",
            "{v}",
            "a/{v",
            "a/{v}{w}",
            "a/b;v={v}",
            "/{v}",
        ] {
            let error = MediaTypeVersioning::new(text, ["1"]).expect_err(text);
            assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_line_can_be_read(line in "[ -~]*|(application/vnd\\.example\\.?[v0-9]*\\+?json[;,]?)*") {
            let _ = read(&line);
        }
    }
}
