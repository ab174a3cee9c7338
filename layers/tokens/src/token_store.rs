use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use gatefold_core::{Decision, Exception};

use crate::{Digest, Token};

/// How far apart two records of a token's use are, at the least.
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// Keeps tokens by their digests.
///
/// A store only keeps: when tokens end, and when a use is written, [`Tokens`](crate::Tokens) says.
/// What it cannot answer is an error ([`Exception::unavailable`]), never "no such token". A store
/// in memory answers now, one on a database [`later`](gatefold_core::later).
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not keep tokens",
    label = "not a `TokenStore`",
    note = "`MemoryTokenStore` keeps them in memory; `Arc<dyn TokenStore>` is one too"
)]
pub trait TokenStore: Send + Sync + 'static {
    /// The token with this digest, whether it is over or not.
    fn find(&self, digest: &Digest) -> Decision<Result<Option<Token>, Exception>>;

    /// Adds a token.
    fn insert(&self, digest: Digest, token: Token) -> Decision<Result<(), Exception>>;

    /// Replaces the last use and the end of the token with this digest by those of `token`. A token
    /// that is gone stays gone. Where another request has recorded a use less than a minute ago,
    /// nothing has to be written.
    fn touch(&self, digest: &Digest, token: &Token) -> Decision<Result<(), Exception>>;

    /// Removes the token with this id if it is this user's, and says whether there was one.
    fn remove(&self, user: &str, id: &str) -> Decision<Result<bool, Exception>>;

    /// Removes all tokens of a user, and says how many there were.
    fn remove_all(&self, user: &str) -> Decision<Result<usize, Exception>>;

    /// All tokens of a user, in the order in which they were made.
    fn list(&self, user: &str) -> Decision<Result<Vec<Token>, Exception>>;
}

impl<T: TokenStore + ?Sized> TokenStore for Arc<T> {
    fn find(&self, digest: &Digest) -> Decision<Result<Option<Token>, Exception>> {
        (**self).find(digest)
    }

    fn insert(&self, digest: Digest, token: Token) -> Decision<Result<(), Exception>> {
        (**self).insert(digest, token)
    }

    fn touch(&self, digest: &Digest, token: &Token) -> Decision<Result<(), Exception>> {
        (**self).touch(digest, token)
    }

    fn remove(&self, user: &str, id: &str) -> Decision<Result<bool, Exception>> {
        (**self).remove(user, id)
    }

    fn remove_all(&self, user: &str) -> Decision<Result<usize, Exception>> {
        (**self).remove_all(user)
    }

    fn list(&self, user: &str) -> Decision<Result<Vec<Token>, Exception>> {
        (**self).list(user)
    }
}

/// Whether a use at `now` is worth a record after one at `used`. A clock that was set back by more
/// than a minute makes one, or nothing would be recorded until it is there again.
pub(crate) fn is_due(used: Option<SystemTime>, now: SystemTime) -> bool {
    let Some(used) = used else { return true };
    let apart = now.duration_since(used).or(used.duration_since(now));
    apart.is_ok_and(|apart| apart >= MINUTE)
}
