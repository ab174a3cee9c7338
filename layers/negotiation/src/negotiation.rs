use std::sync::Arc;

use gatefold_core::{Accepted, Exception};
use http::request::Parts;

/// Chooses the form of the answer from a request's head, or refuses.
///
/// [`DefaultNegotiation`](crate::DefaultNegotiation) goes by the `Accept` header. A closure is a
/// negotiation too:
///
/// ```
/// use std::sync::Arc;
/// use gatefold_core::{Accepted, Renderer};
/// use gatefold_negotiation::{JsonRenderer, NegotiationLayer};
/// use http::request::Parts;
///
/// let json: Arc<dyn Renderer> = Arc::new(JsonRenderer::new());
/// let json = Accepted::new(mime::APPLICATION_JSON, json);
/// // Whatever the client says, it gets JSON.
/// let layer = NegotiationLayer::new(move |_head: &Parts| json.clone());
/// # let _ = layer;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not negotiate",
    label = "not a `Negotiation`",
    note = "a closure is one if it is `Fn(&Parts) -> Accepted`, `-> Result<Accepted, Exception>` or `-> Selection`; write the argument's type: `|head: &Parts| ..`",
    note = "negotiation never waits: an `async` closure cannot be one"
)]
pub trait Negotiation: Send + Sync + 'static {
    /// What `head` asks for. Never called for gRPC.
    fn select(&self, head: &Parts) -> Selection;

    /// All forms that there are, in the server's order, for a page that links to the others. A
    /// closure has none to show.
    fn offers(&self) -> &[Accepted] {
        &[]
    }

    /// The query parameter that asks for a form by its format, for the same page.
    fn format_parameter(&self) -> Option<&str> {
        None
    }
}

impl<F, R> Negotiation for F
where
    F: Fn(&Parts) -> R + Send + Sync + 'static,
    R: Into<Selection>,
{
    fn select(&self, head: &Parts) -> Selection {
        self(head).into()
    }
}

impl<N: ?Sized + Negotiation> Negotiation for Arc<N> {
    fn select(&self, head: &Parts) -> Selection {
        (**self).select(head)
    }

    fn offers(&self) -> &[Accepted] {
        (**self).offers()
    }

    fn format_parameter(&self) -> Option<&str> {
        (**self).format_parameter()
    }
}

/// What a [`Negotiation`] selected, and whether `Accept` had a part in it.
#[derive(Clone, Debug)]
pub struct Selection {
    outcome: Result<Accepted, Exception>,
    varies: bool,
}

impl Selection {
    /// Whether another `Accept` header could have led elsewhere. Then the answer says so in `Vary`
    /// (RFC 9110, section 12.5.5), a refusal too.
    #[must_use]
    pub fn varies(mut self, varies: bool) -> Self {
        self.varies = varies;
        self
    }

    pub(crate) fn into_parts(self) -> (Result<Accepted, Exception>, bool) {
        (self.outcome, self.varies)
    }
}

/// The form that was accepted. The answer varies with `Accept` unless told otherwise.
impl From<Accepted> for Selection {
    fn from(accepted: Accepted) -> Self {
        Ok(accepted).into()
    }
}

/// The form that was accepted, or a refusal. The answer varies with `Accept` unless told
/// otherwise.
impl From<Result<Accepted, Exception>> for Selection {
    fn from(outcome: Result<Accepted, Exception>) -> Self {
        Self {
            outcome,
            varies: true,
        }
    }
}

/// A refusal, which varies with `Accept` unless told otherwise.
impl From<Exception> for Selection {
    fn from(exception: Exception) -> Self {
        Err(exception).into()
    }
}
