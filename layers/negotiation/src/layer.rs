use std::{fmt, sync::Arc};

use tower_layer::Layer;

use crate::{Negotiation, NegotiationService, Parsers, gate::NegotiationGate};

/// Chooses the form of every answer, and renders what handlers [reply](crate::Reply) in it.
///
/// A request for which there is no form goes no further: 406, or 404 for a format by name. gRPC
/// requests pass untouched. See the [crate docs](crate) for examples.
#[derive(Clone)]
#[must_use]
pub struct NegotiationLayer {
    negotiation: Arc<dyn Negotiation>,
    parsers: Option<Parsers>,
}

impl NegotiationLayer {
    /// Asks `negotiation` about every request.
    pub fn new(negotiation: impl Negotiation) -> Self {
        Self {
            negotiation: Arc::new(negotiation),
            parsers: None,
        }
    }

    /// Leaves `parsers` in every request, for [`parse`](crate::parse) and `Parsed`. This costs one
    /// more entry in the request's extensions; without it they use [`Parsers::default`].
    pub fn parsers(mut self, parsers: Parsers) -> Self {
        self.parsers = Some(parsers);
        self
    }
}

/// JSON, or HTML for who asks for it.
impl Default for NegotiationLayer {
    fn default() -> Self {
        Self::new(crate::DefaultNegotiation::default())
    }
}

impl<S> Layer<S> for NegotiationLayer {
    type Service = NegotiationService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        let gate = NegotiationGate::new(Arc::clone(&self.negotiation), self.parsers.clone());
        NegotiationService::new(inner, gate)
    }
}

impl fmt::Debug for NegotiationLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NegotiationLayer")
            .field("parsers", &self.parsers)
            .finish_non_exhaustive()
    }
}
