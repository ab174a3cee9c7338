use std::{sync::Arc, time::Duration};

use gatefold_core::{Decision, Exception};

use crate::{Claims, KeyHasher, Verdict};

/// Where the counts lie, and where all claims of a request are decided in one step.
///
/// [`MemoryStore`](crate::MemoryStore) answers now. A store on another machine answers later: it
/// copies what it needs out of the claims, sends it in one call and makes a [`Verdict`] of the
/// answer. The claims of a request are all admitted and all consumed, or nothing is; a store that
/// cannot promise that is no store for a throttle.
///
/// What happens while a store is away is the store's own setting: an `Err` refuses the request.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no store for a throttle",
    note = "use `MemoryStore`, or implement `Store`; a shared one is an `Arc<dyn Store>`"
)]
pub trait Store: Send + Sync {
    /// Hashes the keys of the claims, before they reach the store.
    fn hasher(&self) -> &KeyHasher;

    /// Decides all claims in one step. `now` is the layer's monotonic clock; a store that several
    /// machines share has a clock of its own and leaves it alone.
    ///
    /// The verdict has one reading for each rate of each claim, in the order of the claims.
    fn decide(&self, claims: &Claims, now: Duration) -> Decision<Result<Verdict, Exception>>;
}

impl<T: Store + ?Sized> Store for Arc<T> {
    fn hasher(&self) -> &KeyHasher {
        (**self).hasher()
    }

    fn decide(&self, claims: &Claims, now: Duration) -> Decision<Result<Verdict, Exception>> {
        (**self).decide(claims, now)
    }
}
