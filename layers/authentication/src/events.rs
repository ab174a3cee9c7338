//! What operators are told (feature `tracing`): refusals, and the first success of a credential.
//! No header, no secret, no path.

use gatefold_core::{Exception, Identity};
use http::request::Parts;

#[cfg(feature = "tracing")]
use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

/// Remembers which credentials have succeeded, 4096 of them and perhaps fewer: where two share a
/// place, the later one is remembered. So a success may be told twice, and is never left out.
#[cfg(feature = "tracing")]
pub(crate) struct Seen {
    places: Box<[AtomicU64]>,
    hasher: RandomState,
}

#[cfg(feature = "tracing")]
impl Seen {
    pub(crate) fn new() -> Self {
        Self {
            places: std::iter::repeat_with(AtomicU64::default)
                .take(4096)
                .collect(),
            hasher: RandomState::new(),
        }
    }

    fn is_first(&self, identity: &Identity) -> bool {
        let credential = identity.credential().map(|credential| credential.id());
        let proof = (identity.scheme(), identity.id(), credential);
        // An empty place is 0.
        let hash = self.hasher.hash_one(proof).max(1);
        // The cast keeps the low bits, which is what is wanted.
        let place = &self.places[hash as usize % self.places.len()];
        place.swap(hash, Ordering::Relaxed) != hash
    }

    pub(crate) fn succeeded(&self, identity: &Identity) {
        let wanted = tracing::enabled!(target: "gatefold::authentication", tracing::Level::INFO);
        if wanted && self.is_first(identity) {
            let credential = identity.credential().map(|credential| credential.id());
            tracing::info!(
                target: "gatefold::authentication",
                user = identity.id(),
                scheme = identity.scheme(),
                credential,
                "a credential was accepted for the first time"
            );
        }
    }
}

#[cfg(feature = "tracing")]
impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seen").finish_non_exhaustive()
    }
}

#[cfg(feature = "tracing")]
pub(crate) fn refused(exception: &Exception, head: &Parts) {
    tracing::info!(
        target: "gatefold::authentication",
        status = exception.status().as_u16(),
        code = exception.code(),
        detail = exception.detail().text(),
        method = head.method.as_str(),
        route = gatefold_core::Route::find(head),
        "credentials were refused"
    );
}

#[cfg(not(feature = "tracing"))]
#[derive(Debug)]
pub(crate) struct Seen;

#[cfg(not(feature = "tracing"))]
impl Seen {
    pub(crate) fn new() -> Self {
        Self
    }

    #[allow(
        clippy::unused_self,
        reason = "it has a use with the feature `tracing`"
    )]
    pub(crate) fn succeeded(&self, _: &Identity) {}
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn refused(_: &Exception, _: &Parts) {}
