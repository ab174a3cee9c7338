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
}

impl ExceptionLayer {
    /// Words failures as `handler` says.
    pub fn new(handler: impl ExceptionHandler) -> Self {
        Self {
            shared: Arc::new(Shared {
                handler: Arc::new(handler),
                maps: Vec::new(),
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
            .finish_non_exhaustive()
    }
}
