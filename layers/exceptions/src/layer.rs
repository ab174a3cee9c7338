use std::{error::Error, fmt, sync::Arc};

use gatefold_core::Exception;
use tower_layer::Layer;

use crate::{Detail, ExceptionHandler, ExceptionService, failure::Map};

/// Puts every failure of the service into words, and leaves no error.
///
/// See the [crate's documentation](crate) for what is worded and how.
#[derive(Clone)]
#[must_use]
pub struct ExceptionLayer {
    shared: Arc<Shared>,
}

/// What the layer was told, shared by its services and their futures.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) handler: Arc<dyn ExceptionHandler>,
    pub(crate) maps: Vec<Map>,
    pub(crate) domain: Arc<str>,
    pub(crate) shows_causes: bool,
    /// Whether more of a request is kept than is kept of each.
    pub(crate) is_curious: bool,
}

impl ExceptionLayer {
    /// Words failures as `handler` says.
    pub fn new(handler: impl ExceptionHandler) -> Self {
        Self {
            shared: Arc::new(Shared {
                is_curious: handler.wants_head(),
                handler: Arc::new(handler),
                maps: Vec::new(),
                domain: Arc::default(),
                shows_causes: false,
            }),
        }
    }

    /// Makes of an error of the type `E`, wherever it stands in the chain of causes, what `map`
    /// says. Without this an error that the layer does not know is a 500.
    ///
    /// The error is kept as the exception's source unless `map` gives another.
    ///
    /// ```
    /// use gatefold_core::Exception;
    /// use gatefold_exceptions::ExceptionLayer;
    ///
    /// let layer = ExceptionLayer::default()
    ///     .map_error::<std::num::ParseIntError>(|_| Exception::parse_error());
    /// ```
    pub fn map_error<E>(mut self, map: impl Fn(&E) -> Exception + Send + Sync + 'static) -> Self
    where
        E: Error + 'static,
    {
        let map: Map = Arc::new(move |error: &(dyn Error + 'static)| {
            let error = error.downcast_ref::<E>()?;
            Some(map(error))
        });
        Arc::make_mut(&mut self.shared).maps.push(map);
        self
    }

    /// Tells gRPC callers whose codes these are: the `domain` of `google.rpc.ErrorInfo`, as a rule
    /// the name of the service. It is empty if nothing is said here.
    pub fn domain(mut self, domain: impl Into<Arc<str>>) -> Self {
        Arc::make_mut(&mut self.shared).domain = domain.into();
        self
    }

    /// For development: shows callers on this machine the private causes of a 5xx, the texts of
    /// errors and panics among them.
    ///
    /// They are the member `causes` of an object, lines of a page or a text, `DebugInfo` of a gRPC
    /// status. A caller is on this machine if its [`Connection`](gatefold_core::Connection) is
    /// known and a loopback address, the request names a loopback host, and no header tells of a
    /// proxy. A proxy on this machine that adds no such header lets everybody see them: never
    /// leave this on in production.
    pub fn dangerously_show_causes_on_loopback(mut self) -> Self {
        let shared = Arc::make_mut(&mut self.shared);
        shared.shows_causes = true;
        shared.is_curious = true;
        self
    }

    #[cfg(test)]
    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }
}

/// Django REST Framework's words: [`Detail`].
impl Default for ExceptionLayer {
    fn default() -> Self {
        Self::new(Detail::new())
    }
}

impl<S> Layer<S> for ExceptionLayer {
    type Service = ExceptionService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ExceptionService::new(inner, Arc::clone(&self.shared))
    }
}

impl fmt::Debug for ExceptionLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExceptionLayer")
            .field("mapped_errors", &self.shared.maps.len())
            .field("domain", &self.shared.domain)
            .field("shows_causes", &self.shared.shows_causes)
            .finish_non_exhaustive()
    }
}
