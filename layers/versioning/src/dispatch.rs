use std::{
    error::Error,
    fmt,
    str::FromStr,
    sync::Arc,
    task::{Context, Poll},
};

use gatefold_core::{Exception, GrpcCode, Version, refusal};
use http::{HeaderValue, Request, Response};
use tower_service::Service;

use crate::{
    DispatchFuture, VersionRange,
    allowed::{SUPPORTED, supported_value},
    key,
};

/// Leads each request to the service of its version.
///
/// It stands behind a [`VersioningLayer`](crate::VersioningLayer), whose [`Version`] it reads.
/// Choosing allocates nothing; the chosen service is cloned, and its readiness alone is awaited, so
/// that one busy version holds up no other. `Dispatch` itself is always ready: what limits load
/// stands before it, or limits each version. A request that no entry is for is 404.
///
/// All services have one type, which is `Sync`: axum's `Router`, or tower's
/// `BoxCloneSyncService`, whose clone costs an allocation.
///
/// ```
/// use gatefold_core::Version;
/// use gatefold_versioning::{Dispatch, HeaderVersioning, SemanticVersion, VersioningLayer};
/// use http::{HeaderName, Request, Response};
/// use tower::{Layer, ServiceExt, util::BoxCloneSyncService, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let says = |text: &'static str| {
///     BoxCloneSyncService::new(service_fn(move |_: Request<()>| async move {
///         Ok::<_, std::convert::Infallible>(Response::new(text))
///     }))
/// };
/// // 1.0 alone, 1.1 and what follows, and all of 2.
/// let api = Dispatch::ranges::<SemanticVersion>([
///     ("1.0", says("the first")),
///     ("1.1+", says("the better")),
///     ("[2,3)", says("the second")),
/// ])?;
/// let name = HeaderName::from_static("x-api-version");
/// let service = VersioningLayer::new(HeaderVersioning::any(name)).layer(api);
///
/// for (version, answer) in [("1.0", "the first"), ("1.7", "the better"), ("2.3", "the second")] {
///     let request = Request::get("/").header("x-api-version", version).body(())?;
///     assert_eq!(service.clone().oneshot(request).await?.into_body(), answer);
/// }
/// # Ok(()) }
/// ```
#[must_use]
pub struct Dispatch<S> {
    table: Arc<Table<S>>,
}

#[derive(Clone)]
struct Table<S> {
    entries: Vec<(Version, S)>,
    /// Of each version that is short.
    keys: Vec<Option<u64>>,
    choose: Option<Choose>,
    otherwise: Option<S>,
}

/// The place of the entry for a text that is no entry's own.
type Choose = Arc<dyn Fn(&str) -> Option<usize> + Send + Sync>;

impl<S> Dispatch<S> {
    /// One service for each version, named by exactly the same text.
    pub fn new<V>(services: impl IntoIterator<Item = (V, S)>) -> Self
    where
        V: Into<Arc<str>>,
    {
        let named = |(version, service): (V, S)| (Version::new(version), service);
        let entries = services.into_iter().map(named).collect();
        Self::of(entries, None)
    }

    /// One service for each [`VersionRange`]: `1.2`, the baseline `1.2+`, the interval `[1.2,2.0)`.
    ///
    /// A request goes to the entry of its very version, else to the range that begins nearest
    /// below it.
    ///
    /// # Errors
    ///
    /// A text that is no range of `T`.
    pub fn ranges<T>(
        services: impl IntoIterator<Item = (impl Into<Arc<str>>, S)>,
    ) -> Result<Self, DispatchError>
    where
        T: FromStr + Ord + Clone + Send + Sync + 'static,
    {
        let mut known: Vec<(VersionRange<T>, usize)> = Vec::new();
        let mut entries = Vec::new();
        for (place, (range, service)) in services.into_iter().enumerate() {
            let range = range.into();
            let parsed = range.parse();
            known.push((
                parsed.map_err(|_| DispatchError(Arc::clone(&range)))?,
                place,
            ));
            entries.push((Version::new(range), service));
        }
        // In the order in which they are tried: single versions, then the highest beginning.
        known.sort_by(|(one, _), (other, _)| {
            let key = |range: &VersionRange<T>| range.only().is_some();
            let by_beginning = || other.start().cmp(&one.start());
            key(other).cmp(&key(one)).then_with(by_beginning)
        });
        let choose: Choose = Arc::new(move |text| {
            let version: T = text.parse().ok()?;
            let (_, place) = known.iter().find(|(range, _)| range.contains(&version))?;
            Some(*place)
        });
        Ok(Self::of(entries, Some(choose)))
    }

    /// One service for each version and all that follow, up to the next: a request goes to the
    /// highest version that is not above its own.
    ///
    /// # Errors
    ///
    /// A text that is no `T`.
    pub fn floor<T>(
        services: impl IntoIterator<Item = (impl Into<Arc<str>>, S)>,
    ) -> Result<Self, DispatchError>
    where
        T: FromStr + Ord + Send + Sync + 'static,
    {
        let mut known: Vec<(T, usize)> = Vec::new();
        let mut entries = Vec::new();
        for (place, (version, service)) in services.into_iter().enumerate() {
            let version = version.into();
            let parsed = version.parse();
            known.push((
                parsed.map_err(|_| DispatchError(Arc::clone(&version)))?,
                place,
            ));
            entries.push((Version::new(version), service));
        }
        known.sort_by(|(one, _), (other, _)| one.cmp(other));
        let choose: Choose = Arc::new(move |text| {
            let version: T = text.parse().ok()?;
            let above = known.partition_point(|(known, _)| *known <= version);
            let (_, place) = known.get(above.checked_sub(1)?)?;
            Some(*place)
        });
        Ok(Self::of(entries, Some(choose)))
    }

    fn of(entries: Vec<(Version, S)>, choose: Option<Choose>) -> Self {
        let keys = entries.iter().map(|(version, _)| key::of(version.as_str()));
        let table = Table {
            keys: keys.collect(),
            entries,
            choose,
            otherwise: None,
        };
        Self {
            table: Arc::new(table),
        }
    }

    /// Leads requests without a version, and those that no entry is for, to this service.
    pub fn otherwise(mut self, service: S) -> Self
    where
        S: Clone,
    {
        Arc::make_mut(&mut self.table).otherwise = Some(service);
        self
    }
}

impl<S> Table<S> {
    fn service(&self, version: Option<&Version>) -> Option<&S> {
        let found = version.and_then(|version| self.find(version.as_str()));
        found.or(self.otherwise.as_ref())
    }

    fn find(&self, text: &str) -> Option<&S> {
        let same = match key::of(text) {
            key @ Some(_) => self.keys.iter().position(|known| *known == key),
            None => {
                let mut entries = self.entries.iter();
                entries.position(|(version, _)| version.as_str() == text)
            }
        };
        let place = match (same, &self.choose) {
            (Some(place), _) => place,
            (None, Some(choose)) => choose(text)?,
            (None, None) => return None,
        };
        self.entries.get(place).map(|(_, service)| service)
    }

    fn refusal(&self) -> Exception {
        let refusal = Exception::not_found()
            .with_detail("Invalid version.")
            .with_grpc_code(GrpcCode::Unimplemented);
        let supported: Option<HeaderValue> =
            supported_value(self.entries.iter().map(|(version, _)| version));
        match supported {
            Some(value) => refusal.with_header(SUPPORTED, value),
            None => refusal,
        }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Dispatch<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    ResBody: Default,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = DispatchFuture<S, ReqBody>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        match self.table.service(Version::of(request.extensions())) {
            // The clone is polled ready before it is called, by the future.
            Some(service) => DispatchFuture::chosen(service.clone(), request),
            None => DispatchFuture::refused(refusal(self.table.refusal(), request.extensions())),
        }
    }
}

impl<S> Clone for Dispatch<S> {
    fn clone(&self) -> Self {
        Self {
            table: Arc::clone(&self.table),
        }
    }
}

impl<S> fmt::Debug for Dispatch<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let versions = self
            .table
            .entries
            .iter()
            .map(|(version, _)| version.as_str());
        f.debug_list().entries(versions).finish()
    }
}

/// A text that says no version, or range of versions, of the order that was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DispatchError(Arc<str>);

impl fmt::Display for DispatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} leads to no service: a version as 1.2 is wanted, or, among ranges, 1.2+ or [1.2,2.0)",
            self.0
        )
    }
}

impl Error for DispatchError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DateVersion, SemanticVersion};

    fn chosen(dispatch: &Dispatch<&'static str>, version: &str) -> Option<&'static str> {
        let version = Version::new(version);
        dispatch.table.service(Some(&version)).copied()
    }

    #[test]
    fn exactly_the_same_text_is_wanted() {
        let dispatch = Dispatch::new([("1", "a"), ("1.0", "b")]);
        assert_eq!(chosen(&dispatch, "1"), Some("a"));
        assert_eq!(chosen(&dispatch, "1.0"), Some("b"));
        assert_eq!(chosen(&dispatch, "v1"), None);
        assert_eq!(dispatch.table.service(None), None);
        let dispatch = dispatch.otherwise("c");
        assert_eq!(chosen(&dispatch, "v1"), Some("c"));
        assert_eq!(dispatch.table.service(None), Some(&"c"));
    }

    #[test]
    fn one_version_goes_before_ranges_and_the_nearest_beginning_before_others() {
        let dispatch = Dispatch::ranges::<SemanticVersion>([
            ("1+", "1+"),
            ("1.2+", "1.2+"),
            ("1.5", "1.5"),
            ("[1.7,1.9)", "[1.7,1.9)"),
            ("(,0.5)", "(,0.5)"),
        ]);
        let dispatch = dispatch.expect("ranges");
        for (version, entry) in [
            ("1.0", Some("1+")),
            ("1.1", Some("1+")),
            ("v1.2", Some("1.2+")),
            ("1.5.0", Some("1.5")),
            ("1.6", Some("1.2+")),
            ("1.8", Some("[1.7,1.9)")),
            ("9", Some("1.2+")),
            ("0.1", Some("(,0.5)")),
            ("0.7", None),
            ("beta", None),
        ] {
            assert_eq!(chosen(&dispatch, version), entry, "{version}");
        }
    }

    #[test]
    fn the_highest_version_that_is_not_above_is_taken() {
        let dates = [("2024-06-20", "new"), ("2024-04-10", "old")];
        let dispatch = Dispatch::floor::<DateVersion>(dates).expect("dates");
        assert_eq!(chosen(&dispatch, "2024-06-20"), Some("new"));
        assert_eq!(chosen(&dispatch, "2024-06-19"), Some("old"));
        assert_eq!(chosen(&dispatch, "2024-04-09"), None);
        let error = Dispatch::floor::<DateVersion>([("v1", "x")]).expect_err("no date");
        assert!(error.to_string().contains("\"v1\""), "{error}");
    }

    #[test]
    fn a_refusal_names_what_there_is() {
        let refused = Dispatch::new([("1", ()), ("2", ())]).table.refusal();
        assert_eq!(refused.headers()[SUPPORTED], "1, 2");
        assert_eq!(refused.grpc_code(), GrpcCode::Unimplemented);
    }
}
