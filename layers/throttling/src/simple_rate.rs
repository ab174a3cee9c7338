use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use gatefold_core::{Identity, Mark, Route, TrustedProxies, original_uri};
use http::{HeaderName, request::Parts};

use crate::{
    Caller, Claims, Limits, Rate, RateError, Throttle,
    settings::{Settings, Source, setters},
};

/// Counts requests by whatever they have: a header, the path, the user, anything, or several of
/// these together. (Django REST Framework's `SimpleRateThrottle`, whose key is a method to write.)
///
/// A request that lacks one of the parts is not counted. Each part makes the key longer: by API key
/// and path means once for each API key and path. An API key is hashed like any other key, with a
/// secret, and stored nowhere.
///
/// ```
/// use gatefold_throttling::{SimpleRateThrottle, ThrottleLayer};
/// use http::{HeaderName, request::Parts};
///
/// let keys = SimpleRateThrottle::new("api-key", ["1000/hour"])?
///     .by_header(HeaderName::from_static("x-api-key"))
///     .by_path();
/// let tenants = SimpleRateThrottle::new("tenant", ["100/s"])?
///     .by(|head: &Parts| head.uri.host().map(str::to_ascii_lowercase));
/// let layer = ThrottleLayer::new(keys).and(tenants)?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct SimpleRateThrottle {
    settings: Settings,
    parts: Arc<[Part]>,
}

#[derive(Clone)]
enum Part {
    Header(HeaderName),
    Path,
    Route,
    Method,
    User,
    Caller,
    Address,
    Other(Find),
}

type Find = Arc<dyn Fn(&Parts) -> Option<String> + Send + Sync>;

impl SimpleRateThrottle {
    /// These rates under `scope`, for all requests together until a part is added.
    ///
    /// # Errors
    ///
    /// What [`Limits::new`] does not take.
    pub fn new<I>(scope: &str, rates: I) -> Result<Self, RateError>
    where
        I: IntoIterator,
        I::Item: TryInto<Rate, Error: Into<RateError>>,
    {
        Ok(Self::of(Limits::new(scope, rates)?))
    }

    fn with(source: Source) -> Self {
        Self {
            settings: Settings::new(source),
            parts: Arc::new([]),
        }
    }

    setters!();

    /// Adds a header's value, the first of that name; without the header nothing is counted. The
    /// client chooses it, so it has to be one that something checks, as an API key is.
    pub fn by_header(self, name: HeaderName) -> Self {
        self.part(Part::Header(name))
    }

    /// Adds the path as the client sent it.
    pub fn by_path(self) -> Self {
        self.part(Part::Path)
    }

    /// Adds the template of the route (`/tasks/{id}`); outside of the router nothing is counted.
    pub fn by_route(self) -> Self {
        self.part(Part::Route)
    }

    /// Adds the method.
    pub fn by_method(self) -> Self {
        self.part(Part::Method)
    }

    /// Adds the user's id; nobody is not counted.
    pub fn by_user(self) -> Self {
        self.part(Part::User)
    }

    /// Adds the user's id, or the client's address for nobody.
    pub fn by_caller(self) -> Self {
        self.part(Part::Caller)
    }

    /// Adds the client's address, also of a user.
    pub fn by_address(self) -> Self {
        self.part(Part::Address)
    }

    /// Adds what the closure finds; without it nothing is counted.
    pub fn by(self, part: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static) -> Self {
        self.part(Part::Other(Arc::new(part)))
    }

    fn part(mut self, part: Part) -> Self {
        self.parts = self.parts.iter().cloned().chain([part]).collect();
        self.settings.mark = Mark::new();
        self
    }
}

impl Throttle for SimpleRateThrottle {
    fn claims<'t>(&'t self, head: &Parts, claims: &mut Claims<'t>) {
        if self.parts.iter().all(|part| part.is_in(head)) {
            self.settings.claim(head, claims, Key(self, head));
        }
    }

    fn limits(&self) -> Vec<Limits> {
        self.settings.limits()
    }

    fn mark(&self) -> Option<Mark> {
        Some(self.settings.mark)
    }
}

impl Part {
    fn is_in(&self, head: &Parts) -> bool {
        match self {
            Self::Header(name) => head.headers.contains_key(name),
            Self::Route => Route::find(head).is_some(),
            Self::User => Identity::of(&head.extensions).is_some(),
            Self::Other(find) => find(head).is_some(),
            Self::Path | Self::Method | Self::Caller | Self::Address => true,
        }
    }
}

/// The parts of one request, in their order. What cannot be hashed now was not there before.
struct Key<'h>(&'h SimpleRateThrottle, &'h Parts);

impl Hash for Key<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self(throttle, head) = self;
        let Settings {
            proxies, prefix, ..
        } = &throttle.settings;
        for part in &*throttle.parts {
            match part {
                Part::Header(name) => head.headers.get(name).hash(state),
                Part::Path => original_uri(head).path().hash(state),
                Part::Route => Route::find(head).hash(state),
                Part::Method => head.method.hash(state),
                Part::User => Identity::of(&head.extensions).map(Identity::id).hash(state),
                Part::Caller => Caller::of(head, proxies, *prefix).hash(state),
                Part::Address => Caller::by_address(head, proxies, *prefix).hash(state),
                Part::Other(find) => find(head).hash(state),
            }
        }
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header(name) => name.as_str(),
            Self::Path => "path",
            Self::Route => "route",
            Self::Method => "method",
            Self::User => "user",
            Self::Caller => "caller",
            Self::Address => "address",
            Self::Other(_) => "..",
        })
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;
    use crate::KeyHasher;

    fn fingerprints(throttle: &SimpleRateThrottle, request: Request<()>) -> Vec<u64> {
        let head = request.into_parts().0;
        let mut claims = Claims::new(KeyHasher::keyed([1, 2]));
        throttle.claims(&head, &mut claims);
        claims.iter().map(|claim| claim.fingerprint()).collect()
    }

    fn request(uri: &str, key: Option<&str>) -> Request<()> {
        let request = Request::builder().uri(uri);
        let request = match key {
            Some(key) => request.header("x-api-key", key),
            None => request,
        };
        request.body(()).expect("a request")
    }

    #[test]
    fn all_parts_make_the_key_and_each_must_be_there() {
        let throttle = SimpleRateThrottle::new("key", ["1/s"]).expect("a rate");
        let throttle = throttle
            .by_header(HeaderName::from_static("x-api-key"))
            .by_path();
        let of = |uri, key| fingerprints(&throttle, request(uri, key));
        assert!(of("/a", None).is_empty());
        assert_eq!(of("/a", Some("k")), of("/a", Some("k")));
        assert_ne!(of("/a", Some("k")), of("/b", Some("k")));
        assert_ne!(of("/a", Some("k")), of("/a", Some("l")));
    }

    #[test]
    fn a_closures_nothing_is_not_counted() {
        let throttle = SimpleRateThrottle::new("tenant", ["1/s"]).expect("a rate");
        let throttle = throttle.by(|head| head.uri.host().map(str::to_ascii_lowercase));
        let of = |uri| fingerprints(&throttle, request(uri, None));
        assert!(of("/").is_empty());
        assert_eq!(of("http://A.example/"), of("http://a.example/x"));
        assert_ne!(of("http://b.example/"), of("http://a.example/"));
    }
}
