use std::sync::Arc;

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

    /// Decides all claims in one step. `now` is the layer's monotonic clock, in nanoseconds; a
    /// store that several machines share has a clock of its own and leaves it alone.
    ///
    /// The verdict has one reading for each rate of each claim, in the order of the claims. A store
    /// that takes its claims elsewhere asks [`Claims::ask_last`] before.
    fn decide(&self, claims: &Claims<'_>, now: u64) -> Decision<Result<Verdict, Exception>>;

    /// Changes the counts of all claims in one step, or only looks at them. The verdict is what
    /// the rates say afterwards.
    fn change(
        &self,
        claims: &Claims<'_>,
        change: Change,
        now: u64,
    ) -> Decision<Result<Verdict, Exception>>;
}

/// What else can be done with the counts of claims than to decide about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// All costs are taken, or none: what [`Store::decide`] does.
    Take,
    /// Nothing is taken. The verdict is the one that a request of these costs would get.
    Peek,
    /// The costs are taken in any case, at most all that there is.
    Charge,
    /// The costs are given back, at most all that was taken.
    Refund,
    /// All that was taken is given back.
    Reset,
}

impl<T: Store + ?Sized> Store for Arc<T> {
    fn hasher(&self) -> &KeyHasher {
        (**self).hasher()
    }

    fn decide(&self, claims: &Claims<'_>, now: u64) -> Decision<Result<Verdict, Exception>> {
        (**self).decide(claims, now)
    }

    fn change(
        &self,
        claims: &Claims<'_>,
        change: Change,
        now: u64,
    ) -> Decision<Result<Verdict, Exception>> {
        (**self).change(claims, change, now)
    }
}
