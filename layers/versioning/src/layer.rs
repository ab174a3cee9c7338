use std::{convert::Infallible, fmt, sync::Arc};

use gatefold_core::{Exception, Gate, Step, Version, is_grpc};
use http::{Response, header::VARY, request::Parts};
use tower_layer::Layer;

use crate::{Notice, Versioning, VersioningService, allowed::ambiguous, vary::Vary};

/// Finds out which version of the API each request asks for, and leaves it as a [`Version`].
///
/// A request for a version that is not supported is refused, with 406 if the version stood in
/// `Accept` and with 404 elsewhere. See the [crate docs](crate) for examples.
#[derive(Clone)]
#[must_use]
pub struct VersioningLayer {
    schemes: Arc<[Arc<dyn Versioning>]>,
    vary: Option<Vary>,
}

impl VersioningLayer {
    /// Asks `scheme` about every request.
    pub fn new(scheme: impl Versioning) -> Self {
        Self::of([Arc::new(scheme) as Arc<dyn Versioning>].into())
    }

    /// Asks `scheme` too: the version may stand in one place or another.
    ///
    /// Two places that say the same are fine, two that differ are 400. Where all say nothing, the
    /// first default counts.
    pub fn and(self, scheme: impl Versioning) -> Self {
        let scheme = Arc::new(scheme) as Arc<dyn Versioning>;
        let schemes = self.schemes.iter().cloned();
        Self::of(schemes.chain([scheme]).collect())
    }

    fn of(schemes: Arc<[Arc<dyn Versioning>]>) -> Self {
        let vary = Vary::new(schemes.iter().filter_map(|scheme| scheme.vary()));
        Self { schemes, vary }
    }

    fn asked(&self, grpc: bool) -> impl Iterator<Item = &Arc<dyn Versioning>> {
        let schemes = self.schemes.iter();
        schemes.filter(move |scheme| !grpc || scheme.reads_grpc())
    }

    /// Determines the version and leaves it, instead of the one that an outer layer left.
    fn admit(&self, head: &mut Parts, grpc: bool) -> Result<Option<Notice>, Exception> {
        if self.asked(grpc).next().is_none() {
            return Ok(None);
        }
        let version = self.determine(head, grpc)?;
        let mut notice = None;
        for scheme in self.asked(grpc) {
            notice = scheme.life_cycle(version.as_ref(), head)?;
            if notice.is_some() {
                break;
            }
        }
        match version {
            Some(version) => version.leave(&mut head.extensions),
            None => Version::clear(&mut head.extensions),
        }
        Ok(notice)
    }

    fn determine(&self, head: &Parts, grpc: bool) -> Result<Option<Version>, Exception> {
        let asked = || self.asked(grpc);
        let mut found = None;
        for scheme in asked() {
            match (&found, scheme.determine_version(head)?) {
                (Some(one), Some(other)) if *one != other => return Err(ambiguous()),
                (None, said) => found = said,
                (Some(_), _) => {}
            }
        }
        if found.is_some() {
            return Ok(found);
        }
        let mut refusal = None;
        for scheme in asked() {
            match scheme.missing_version() {
                Ok(None) => {}
                Ok(default) => return Ok(default),
                Err(exception) => refusal = refusal.or(Some(exception)),
            }
        }
        refusal.map_or(Ok(None), Err)
    }
}

/// What an answer is still given on its way out.
#[derive(Debug)]
pub struct Outgoing {
    vary: Option<Vary>,
    notice: Option<Notice>,
}

impl Gate for VersioningLayer {
    type Memo = Outgoing;
    type Answer = Infallible;

    fn ask(&self, head: &mut Parts) -> Step<Outgoing, Infallible> {
        let grpc = is_grpc(&head.headers);
        // Nobody caches the answer to a gRPC request.
        let vary = self.vary.as_ref().filter(|_| !grpc);
        match self.admit(head, grpc) {
            Ok(notice) => Step::Pass(Outgoing {
                vary: vary.cloned(),
                notice,
            }),
            Err(exception) => Step::Refuse(match vary {
                Some(vary) => exception.with_header(VARY, vary.value()),
                None => exception,
            }),
        }
    }

    fn answered(&self, answer: Infallible, _: &mut Parts) -> Step<Outgoing, Infallible> {
        match answer {}
    }

    fn leave<B: Default>(memo: Outgoing, mut response: Response<B>) -> Response<B> {
        if let Some(vary) = &memo.vary {
            vary.add(response.headers_mut());
        }
        if let Some(notice) = memo.notice {
            let status = response.status();
            notice.give(status, response.headers_mut());
        }
        response
    }
}

impl<S> Layer<S> for VersioningLayer {
    type Service = VersioningService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        VersioningService::new(inner, self.clone())
    }
}

impl fmt::Debug for VersioningLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VersioningLayer")
            .field("schemes", &self.schemes.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http::{Request, StatusCode};

    use super::*;
    use crate::{HeaderVersioning, QueryParameterVersioning};

    fn two_places() -> VersioningLayer {
        let name = http::HeaderName::from_static("x-api-version");
        VersioningLayer::new(QueryParameterVersioning::new(["1", "2"]))
            .and(HeaderVersioning::new(name, ["1", "2"]).default_version("1"))
    }

    fn determined(query: &str, header: Option<&str>) -> Result<Option<String>, StatusCode> {
        let mut request = Request::get(format!("/{query}"));
        if let Some(header) = header {
            request = request.header("x-api-version", header);
        }
        let (mut head, ()) = request.body(()).expect("a request").into_parts();
        match two_places().ask(&mut head) {
            Step::Pass(_) => Ok(Version::of(&head.extensions).map(Version::to_string)),
            Step::Refuse(exception) => {
                assert_eq!(exception.headers()[VARY], "x-api-version");
                Err(exception.status())
            }
            Step::Wait(_) => unreachable!("it never waits"),
        }
    }

    #[test]
    fn one_place_or_the_other_or_both_alike() {
        let two = Ok(Some("2".to_owned()));
        assert_eq!(determined("?version=2", None), two);
        assert_eq!(determined("", Some("2")), two);
        assert_eq!(determined("?version=2", Some("2")), two);
    }

    #[test]
    fn places_that_differ_are_a_bad_request() {
        let refused = Err(StatusCode::BAD_REQUEST);
        assert_eq!(determined("?version=1", Some("2")), refused);
    }

    #[test]
    fn an_inner_layer_that_finds_no_version_takes_the_outer_one_away() {
        let (mut head, ()) = Request::new(()).into_parts();
        Version::new("9").leave(&mut head.extensions);
        let any = VersioningLayer::new(QueryParameterVersioning::any());
        assert!(matches!(any.ask(&mut head), Step::Pass(_)));
        assert!(Version::of(&head.extensions).is_none());
    }

    #[test]
    fn a_default_counts_only_where_all_say_nothing() {
        assert_eq!(determined("", None), Ok(Some("1".to_owned())));
    }

    #[test]
    fn an_unsupported_version_in_any_place_is_refused() {
        let refused = Err(StatusCode::NOT_FOUND);
        assert_eq!(determined("?version=3", Some("2")), refused);
        assert_eq!(determined("?version=2", Some("3")), refused);
    }
}
