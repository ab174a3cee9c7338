use std::{cmp::Ordering, sync::Arc};

use gatefold_core::{Accepted, Exception, Version};
use http::{HeaderName, HeaderValue, header::ACCEPT, request::Parts};

use crate::{
    Reading, Supported, Versioning,
    accept::{Rank, said},
    allowed::Allowed,
    memo::Memo,
    reading::only_line,
};

/// Reads the version from a parameter of the media type that the client accepts:
/// `Accept: application/json; version=1.0`.
///
/// Behind content negotiation that is the accepted media type. Without it, the header itself is
/// read: of the ranges that have the parameter, the one with the highest weight counts, among
/// equals the most specific, and one with `q=0` never (RFC 9110, sections 12.4.2 and 12.5.1). An
/// unsupported version is 406.
///
/// The first few texts that are read are remembered, which allocates; after that nothing does.
///
/// ```
/// use gatefold_versioning::{AcceptHeaderVersioning, Versioning};
///
/// let scheme = AcceptHeaderVersioning::new(["1.0", "2.0"]).default_version("1.0");
/// let request = http::Request::get("/").header("accept", "application/json; version=2.0");
/// let (head, ()) = request.body(())?.into_parts();
/// assert_eq!(scheme.determine_version(&head)?.expect("a version").as_str(), "2.0");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct AcceptHeaderVersioning {
    allowed: Allowed,
    parameter: Box<str>,
    vary: bool,
    /// Of lines of the header, and of accepted media types.
    memo: Memo,
    accepted: Memo,
}

impl AcceptHeaderVersioning {
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
            vary: true,
            memo: Memo::default(),
            accepted: Memo::default(),
        }
    }

    /// Takes this version for a request that names none. It is supported by that.
    pub fn default_version(mut self, version: impl Into<Arc<str>>) -> Self {
        self.allowed.set_default(version);
        self.forget()
    }

    /// Reads another parameter, such as `v`. Letter case means nothing in its name.
    pub fn param(mut self, name: impl AsRef<str>) -> Self {
        self.parameter = name.as_ref().to_ascii_lowercase().into();
        self.forget()
    }

    fn forget(mut self) -> Self {
        (self.memo, self.accepted) = Default::default();
        self
    }

    /// Answers 400 and not 406 to an unsupported version.
    pub fn bad_request(mut self) -> Self {
        self.allowed.set_bad_request();
        self
    }

    /// Leaves `Vary` to content negotiation, as Django REST Framework does, although caches then
    /// mix the versions where there is one form only.
    pub fn drf(mut self) -> Self {
        self.vary = false;
        self
    }

    /// What these lines of an `Accept` header say. Two versions of the same rank are
    /// ambiguous.
    pub fn read<'a>(&self, lines: impl IntoIterator<Item = &'a HeaderValue>) -> Reading<'a> {
        let mut best = (Rank::default(), Reading::Nothing);
        let lines = lines.into_iter().filter_map(|line| line.to_str().ok());
        for (rank, text) in lines.flat_map(|line| said(line, &self.parameter)) {
            match rank.cmp(&best.0) {
                _ if rank.weight == 0 => {}
                Ordering::Less => {}
                Ordering::Equal => best.1 = best.1.and(Reading::of(text)),
                Ordering::Greater => best = (rank, Reading::of(text)),
            }
        }
        best.1
    }
}

impl AcceptHeaderVersioning {
    /// What the same text said before.
    fn recall(&self, head: &Parts) -> Option<&Option<Version>> {
        match Accepted::of(&head.extensions) {
            Some(accepted) => self.accepted.recall(text_of(accepted)?),
            None => self
                .memo
                .recall(only_line(&head.headers, &ACCEPT)?.as_bytes()),
        }
    }

    #[cold]
    fn find(&self, head: &Parts) -> Result<Option<Version>, Exception> {
        let Some(accepted) = Accepted::of(&head.extensions) else {
            let lines = head.headers.get_all(ACCEPT);
            let version = self.allowed.check(self.read(lines), refusal)?;
            if let Some(line) = only_line(&head.headers, &ACCEPT) {
                self.memo.keep(line.as_bytes(), version.as_ref());
            }
            return Ok(version);
        };
        let reading = match accepted.media_type().get_param(&*self.parameter) {
            Some(value) => Reading::of(value.as_str()),
            // A media type holds no empty parameter; what the client wrote does.
            None => match said(accepted.as_written(), &self.parameter).next() {
                Some((_, value)) => Reading::of(value),
                None => Reading::Nothing,
            },
        };
        let version = self.allowed.check(reading, refusal)?;
        if let Some(text) = text_of(accepted) {
            self.accepted.keep(text, version.as_ref());
        }
        Ok(version)
    }
}

/// The accepted media type, where the client wrote nothing else.
fn text_of(accepted: &Accepted) -> Option<&[u8]> {
    let (written, media_type) = (accepted.as_written(), accepted.media_type().as_ref());
    std::ptr::eq(written, media_type).then_some(written.as_bytes())
}

impl Versioning for AcceptHeaderVersioning {
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
        self.vary.then_some(ACCEPT)
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

#[cfg(test)]
mod tests {
    use gatefold_core::{Data, RenderContext, Renderer};

    use super::*;

    fn read(lines: &[&'static str]) -> Reading<'static> {
        let lines: Vec<_> = lines
            .iter()
            .copied()
            .map(HeaderValue::from_static)
            .collect();
        AcceptHeaderVersioning::any()
            .param("V")
            .read(&lines)
            .into_owned()
    }

    #[test]
    fn the_highest_range_that_names_a_version_counts() {
        assert_eq!(read(&["a/b", "a/c;q=0.2;v=1"]), Reading::of("1"));
        assert_eq!(read(&["a/b;v=1;q=0.2, a/c;v=2;q=0.3"]), Reading::of("2"));
        assert_eq!(read(&["a/b;v=2;q=0"]), Reading::Nothing);
        assert_eq!(read(&["a/b", "*/*"]), Reading::Nothing);
        assert_eq!(read(&[]), Reading::Nothing);
    }

    #[test]
    fn among_equal_weights_the_most_specific_range_counts() {
        assert_eq!(read(&["a/b;v=9, */*;v=1, a/*;v=2"]), Reading::of("9"));
        assert_eq!(read(&["*/*;v=1, a/*;v=2"]), Reading::of("2"));
        assert_eq!(read(&["a/b;v=9;q=0.9, */*;v=1"]), Reading::of("1"));
    }

    #[test]
    fn equal_weights_and_different_versions_are_ambiguous() {
        assert_eq!(read(&["a/b;v=1, a/c;v=2"]), Reading::Ambiguous);
        assert_eq!(read(&["a/b;v=1", "a/c;v=1"]), Reading::of("1"));
        assert_eq!(
            read(&["a/b;v=1;q=0.5, a/c;v=2;q=0.5, a/d;v=3"]),
            Reading::of("3")
        );
    }

    #[test]
    fn an_empty_version_is_not_the_default() {
        let scheme = AcceptHeaderVersioning::new(["1.0"]).default_version("1.0");
        let renderer: Arc<dyn Renderer> = Arc::new(Json);
        let mut head = http::Request::new(()).into_parts().0;
        let accepted = Accepted::new(mime::APPLICATION_JSON, renderer);
        accepted.clone().leave(&mut head.extensions);
        assert!(scheme.determine_version(&head).expect("none").is_none());
        let written = accepted.with_written("application/json; version=");
        written.leave(&mut head.extensions);
        let refused = scheme.determine_version(&head).expect_err("empty");
        assert_eq!(refused.status(), 406);
    }

    struct Json;

    impl Renderer for Json {
        fn media_type(&self) -> &mime::Mime {
            &mime::APPLICATION_JSON
        }

        fn format(&self) -> &str {
            "json"
        }

        fn content_type(&self) -> HeaderValue {
            HeaderValue::from_static("application/json")
        }

        fn render(
            &self,
            data: &Data<'_>,
            _: &RenderContext<'_>,
        ) -> Result<bytes::Bytes, Box<dyn std::error::Error + Send + Sync>> {
            Ok(data.to_json()?.into())
        }
    }

    #[test]
    fn the_refusal_is_django_rest_frameworks() {
        let scheme = AcceptHeaderVersioning::new(["1.0"]);
        let refused = scheme.missing_version().expect_err("refused");
        assert_eq!(refused.status(), 406);
        assert_eq!(
            refused.detail().text(),
            Some("Invalid version in \"Accept\" header.")
        );
    }
}
