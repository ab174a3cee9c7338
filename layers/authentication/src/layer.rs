use std::sync::Arc;

use tower_layer::Layer;

use crate::{Authentication, AuthenticationService, chain::Chain};

/// Finds out who sends a request, and leaves the [`Identity`] for whatever lies further in.
///
/// It refuses bad credentials, and never their absence: that is for permissions. A request without
/// credentials goes on as nobody's, and so does one whose credentials no authentication takes for
/// its own. What another authentication layer left is replaced.
///
/// The same layer, or a clone of it, is asked once on one path: where it stands around a router
/// and around a route of it, the inner one lets the request pass with what the outer one found. A
/// layer that was changed after it was cloned is another layer.
///
/// A known caller costs the one allocation of what travels; an authentication that has to wait
/// adds its future, one box that names it, and one for the waiting request.
///
/// See the [crate docs](crate) for examples.
///
/// [`Identity`]: gatefold_core::Identity
#[derive(Clone, Debug)]
#[must_use]
pub struct AuthenticationLayer {
    chain: Chain,
}

impl AuthenticationLayer {
    /// Asks `authentication` about every request.
    pub fn new(authentication: impl Authentication) -> Self {
        Self {
            chain: Chain::new(Arc::new(authentication)),
        }
    }

    /// Asks `authentication` too, after all others, if none of them takes the credentials for its
    /// own. Credentials that one of them refuses are refused.
    pub fn or(self, authentication: impl Authentication) -> Self {
        let authentication = Arc::new(authentication);
        Self {
            chain: self
                .chain
                .changed(|links| links.authentications.push(authentication)),
        }
    }

    /// Lets a request with bad credentials pass as nobody's, and records why for the permission,
    /// which refuses with that failure ([`Attempt::refusal`]) if it wants somebody.
    ///
    /// Only what is about the credentials (401 and 403) is recorded. Any other failure, a store
    /// that is away, refuses the request as ever: it says nothing about who is calling.
    ///
    /// [`Attempt::refusal`]: gatefold_core::Attempt::refusal
    pub fn recording(self) -> Self {
        Self {
            chain: self.chain.changed(|links| links.recording = true),
        }
    }

    /// Challenges as Django REST Framework does: a 401 carries the challenge of the first
    /// authentication alone, and becomes a 403 if the first has none.
    ///
    /// By default a 401 carries the challenges of all, and becomes a 403 only if none has one.
    pub fn drf(self) -> Self {
        Self {
            chain: self
                .chain
                .changed(|links| links.first_challenge_only = true),
        }
    }
}

impl<S> Layer<S> for AuthenticationLayer {
    type Service = AuthenticationService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AuthenticationService::new(inner, self.chain.clone())
    }
}
