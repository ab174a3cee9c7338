use std::sync::Arc;

use gatefold_core::{Decision, Exception};

/// Counts, for each user, the times that all their credentials were called back: a number that
/// moves with each change of the password and each "log out everywhere".
///
/// What was proved in an earlier epoch (a remembered password, a signed token) no longer holds.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not count the epochs of users",
    label = "not `UserEpochs`",
    note = "`MemoryUserEpochs` counts them in memory; `Arc<dyn UserEpochs>` is one too"
)]
pub trait UserEpochs: Send + Sync + 'static {
    /// The user's epoch. Users of whom nothing is known have one too.
    fn epoch(&self, user: &str) -> Decision<Result<u64, Exception>>;

    /// Begins a new epoch, and says which.
    fn advance(&self, user: &str) -> Decision<Result<u64, Exception>>;
}

impl<T: UserEpochs + ?Sized> UserEpochs for Arc<T> {
    fn epoch(&self, user: &str) -> Decision<Result<u64, Exception>> {
        (**self).epoch(user)
    }

    fn advance(&self, user: &str) -> Decision<Result<u64, Exception>> {
        (**self).advance(user)
    }
}
