use std::{fmt, sync::Arc, time::SystemTime};

use gatefold_core::{Clock, Exception, GrpcCode, Version};
use http::{HeaderName, HeaderValue, request::Parts};

use crate::{
    Notice, Stage, StageError, Usage, Versioning,
    allowed::{SUPPORTED, supported_value},
    moment::Moment,
    usage::{self, Listener},
};

/// Tells the clients of old versions that these end: a scheme around a scheme.
///
/// Answers of a version with a [`Stage`] carry its `Deprecation`, `Sunset` and `Link` headers,
/// whichever place named the version. With the feature `tracing` each use of a deprecated version
/// is an event. Dates are compared with the wall clock.
///
/// ```
/// use gatefold_versioning::{LifeCycle, QueryParameterVersioning, Stage, VersioningLayer};
/// use http::{Request, Response};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let versions = LifeCycle::new(QueryParameterVersioning::new(["1", "2"]))
///     .stage("1", Stage::new().deprecated("2026-06-30")?.sunset("2027-06-30")?)?
///     .gone_after_sunset()
///     .on_use(|usage| println!("{:?} uses version {}", usage.identity(), usage.version()));
/// # let api = service_fn(async |_: Request<()>| Ok::<_, std::convert::Infallible>(Response::new(())));
/// # let hand = gatefold_core::ManualClock::new(std::time::SystemTime::UNIX_EPOCH);
/// # let versions = versions.clock(hand.clock());
/// let service = VersioningLayer::new(versions).layer(api);
/// let answer = service.oneshot(Request::get("/?version=1").body(())?).await?;
/// assert_eq!(answer.headers()["deprecation"], "@1782777600");
/// assert_eq!(answer.headers()["sunset"], "Wed, 30 Jun 2027 00:00:00 GMT");
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use]
pub struct LifeCycle {
    scheme: Arc<dyn Versioning>,
    stages: Vec<(Version, Stage)>,
    refuse: bool,
    report: bool,
    clock: Clock,
    listener: Option<Listener>,
    /// The versions that are left after each end, the first before any.
    left: Arc<[(Option<Moment>, Option<HeaderValue>)]>,
}

impl LifeCycle {
    /// Reads versions as `scheme` does, and says nothing about them yet.
    pub fn new(scheme: impl Versioning) -> Self {
        let scheme: Arc<dyn Versioning> = Arc::new(scheme);
        Self {
            scheme,
            stages: Vec::new(),
            refuse: false,
            report: false,
            clock: Clock::system(),
            listener: None,
            left: Arc::default(),
        }
        .prepared()
    }

    /// Says how far `version` is; replaces what was said of it before.
    ///
    /// # Errors
    ///
    /// A version that the scheme does not support.
    pub fn stage(mut self, version: impl Into<Arc<str>>, stage: Stage) -> Result<Self, StageError> {
        let version = Version::new(version);
        let supported = self.scheme.supported_versions();
        if !supported.is_empty() && !supported.contains(&version) {
            return Err(StageError::Version(version.as_str().into()));
        }
        self.stages.retain(|(known, _)| *known != version);
        self.stages.push((version, stage));
        Ok(self.prepared())
    }

    /// Refuses a version with 410 from its sunset on. Without this it goes on answering, as
    /// `Sunset` is a hint (RFC 8594, section 3).
    pub fn gone_after_sunset(mut self) -> Self {
        self.refuse = true;
        self.prepared()
    }

    /// Names the supported versions in every answer: `api-supported-versions`. Refusals name them
    /// without this.
    pub fn report_versions(mut self) -> Self {
        self.report = true;
        self
    }

    /// Calls `listener` for each answered request of a deprecated version, so that its owner knows
    /// who is left. A request that it is told of allocates what it notes.
    pub fn on_use(mut self, listener: impl Fn(&Usage) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// Takes the date from this clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Writes the lists of versions beforehand, one for the time after each end.
    fn prepared(mut self) -> Self {
        let all = self.scheme.supported_versions();
        let mut ends: Vec<_> = self.stages.iter().filter_map(|(_, s)| s.end()).collect();
        ends.retain(|_| self.refuse);
        ends.sort();
        let moments = std::iter::once(None).chain(ends.into_iter().map(Some));
        let left = moments.map(|moment| {
            let is_left = |version: &&Version| {
                let end = self.stage_of(version).and_then(Stage::end);
                moment.is_none() || end.is_none() || end > moment
            };
            (moment, supported_value(all.iter().filter(is_left)))
        });
        self.left = left.collect();
        self
    }

    fn stage_of(&self, version: &Version) -> Option<&Stage> {
        let mut stages = self.stages.iter();
        stages.find(|(known, _)| known == version).map(|(_, s)| s)
    }

    fn left(&self, now: SystemTime) -> Option<HeaderValue> {
        let is_past = |moment: &Option<Moment>| moment.is_none_or(|moment| moment.is_over(now));
        let mut lists = self.left.iter().rev();
        let (_, value) = lists.find(|(moment, _)| is_past(moment))?;
        value.clone()
    }

    /// A refusal names the versions that are left.
    fn corrected(&self, refused: Exception) -> Exception {
        if !self.refuse || !refused.headers().contains_key(SUPPORTED) {
            return refused;
        }
        self.named(refused.without_header(&SUPPORTED), self.clock.wall())
    }

    fn named(&self, refused: Exception, now: SystemTime) -> Exception {
        match self.left(now) {
            Some(value) => refused.with_header(SUPPORTED, value),
            None => refused,
        }
    }

    fn gone(&self, stage: &Stage, now: SystemTime) -> Exception {
        let gone = Exception::gone()
            .with_detail("This version is no longer available.")
            .with_grpc_code(GrpcCode::Unimplemented);
        let fields = stage.fields().iter();
        let gone = fields.fold(gone, |gone, (name, value)| {
            gone.with_header(name.clone(), value.clone())
        });
        self.named(gone, now)
    }

    fn is_heard(&self) -> bool {
        self.listener.is_some() || usage::is_logged()
    }
}

impl Versioning for LifeCycle {
    fn determine_version(&self, head: &Parts) -> Result<Option<Version>, Exception> {
        let determined = self.scheme.determine_version(head);
        determined.map_err(|refused| self.corrected(refused))
    }

    fn missing_version(&self) -> Result<Option<Version>, Exception> {
        let missing = self.scheme.missing_version();
        missing.map_err(|refused| self.corrected(refused))
    }

    fn vary(&self) -> Option<HeaderName> {
        self.scheme.vary()
    }

    fn reads_grpc(&self) -> bool {
        self.scheme.reads_grpc()
    }

    fn supported_versions(&self) -> Vec<Version> {
        self.scheme.supported_versions()
    }

    fn life_cycle(
        &self,
        version: Option<&Version>,
        head: &mut Parts,
    ) -> Result<Option<Notice>, Exception> {
        let known = version.and_then(|version| Some((version, self.stage_of(version)?)));
        if known.is_none() && !self.report {
            return self.scheme.life_cycle(version, head);
        }
        let now = self.clock.wall();
        let report = || self.left(now).filter(|_| self.report);
        let Some((version, stage)) = known else {
            let notice = self.scheme.life_cycle(version, head)?;
            return Ok(Some(notice.unwrap_or_default().supported(report())));
        };
        if self.refuse && stage.is_over(now) {
            if self.is_heard() {
                let usage = Usage::refused(version.clone(), head);
                usage.end(http::StatusCode::GONE, self.listener.as_ref());
            }
            return Err(self.gone(stage, now));
        }
        let notice = Notice::new(Arc::clone(stage.fields())).supported(report());
        if !stage.is_deprecated(now) || !self.is_heard() {
            return Ok(Some(notice));
        }
        let usage = Usage::begin(version.clone(), head);
        Ok(Some(notice.usage(usage, self.listener.clone())))
    }
}

impl fmt::Debug for LifeCycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LifeCycle")
            .field("stages", &self.stages)
            .field("gone_after_sunset", &self.refuse)
            .field("report_versions", &self.report)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use gatefold_core::ManualClock;
    use http::{Request, StatusCode};

    use super::*;
    use crate::QueryParameterVersioning;

    fn life_cycle() -> (LifeCycle, ManualClock) {
        let stage = |deprecated, sunset| {
            let stage = Stage::new().deprecated(deprecated);
            stage
                .and_then(|stage| stage.sunset(sunset))
                .expect("a stage")
        };
        let hand = ManualClock::new(SystemTime::UNIX_EPOCH);
        let life_cycle = LifeCycle::new(QueryParameterVersioning::new(["1", "2", "3"]))
            .stage("2", stage("1970-01-03", "1970-01-05"))
            .and_then(|life| life.stage("1", stage("1970-01-02", "1970-01-04")))
            .expect("supported versions");
        (life_cycle.clock(hand.clock()), hand)
    }

    const DAY: Duration = Duration::from_secs(86_400);

    fn ask(life: &LifeCycle, version: &str) -> Result<Option<Notice>, Exception> {
        let (mut head, ()) = Request::new(()).into_parts();
        life.life_cycle(Some(&Version::new(version)), &mut head)
    }

    #[test]
    fn a_version_goes_on_answering_after_its_sunset_unless_told_otherwise() {
        let (life, hand) = life_cycle();
        hand.set(DAY * 9);
        assert!(matches!(ask(&life, "1"), Ok(Some(_))));
        assert!(matches!(ask(&life, "3"), Ok(None)));
        let life = life.gone_after_sunset();
        hand.set(DAY * 3 - Duration::from_secs(1));
        assert!(matches!(ask(&life, "1"), Ok(Some(_))));
        hand.set(DAY * 3);
        let gone = ask(&life, "1").expect_err("gone");
        assert_eq!(gone.status(), StatusCode::GONE);
        assert_eq!(gone.grpc_code(), GrpcCode::Unimplemented);
        assert_eq!(gone.headers()["sunset"], "Sun, 04 Jan 1970 00:00:00 GMT");
        assert_eq!(gone.headers()[SUPPORTED], "2, 3");
    }

    #[test]
    fn refusals_and_reports_name_the_versions_that_are_left() {
        let (life, hand) = life_cycle();
        let life = life.report_versions().gone_after_sunset();
        for (days, left) in [(0, "1, 2, 3"), (3, "2, 3"), (4, "3"), (9, "3")] {
            hand.set(DAY * days);
            let refused = life.missing_version().expect_err("no default");
            let named: Vec<_> = refused.headers().get_all(SUPPORTED).iter().collect();
            assert_eq!(named, [left]);
            let mut headers = http::HeaderMap::new();
            let notice = ask(&life, "3").expect("in use").expect("a notice");
            notice.give(StatusCode::OK, &mut headers);
            assert_eq!(headers[SUPPORTED], left);
        }
    }

    #[test]
    fn a_version_that_is_not_supported_has_no_stage() {
        let life = LifeCycle::new(QueryParameterVersioning::new(["1"]));
        let error = life.stage("2", Stage::new()).expect_err("not supported");
        assert!(error.to_string().contains("\"2\""), "{error}");
        let any = LifeCycle::new(QueryParameterVersioning::any());
        assert!(any.stage("2", Stage::new()).is_ok());
    }

    #[test]
    fn one_life_cycle_around_another_asks_both() {
        let (inner, _) = life_cycle();
        let outer = LifeCycle::new(inner.gone_after_sunset());
        assert!(matches!(ask(&outer, "1"), Ok(Some(_))));
    }
}
