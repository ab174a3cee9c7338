use std::{sync::Arc, time::SystemTime};

use gatefold_core::{Decision, Exception};

use crate::{Digest, SessionRecord};

/// Keeps sessions by the digests of their ids.
///
/// A store only keeps: when sessions end, and whose login holds, [`Sessions`](crate::Sessions)
/// says. What it cannot answer is an error ([`Exception::unavailable`]), never "no such session".
/// A store in memory answers now, one on a database [`later`](gatefold_core::later).
///
/// Each call is one atomic step. Only [`insert`](Self::insert) makes a session: whatever changes
/// one leaves a session that is gone as it is, so that a request that is late does not bring a
/// session back that another has ended.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not keep sessions",
    label = "not a `SessionStore`",
    note = "`MemorySessionStore` (feature `sessions`) keeps them in memory; `Arc<dyn SessionStore>` is one too"
)]
pub trait SessionStore: Send + Sync + 'static {
    /// The session with this digest, whether it is over or not.
    fn find(&self, digest: &Digest) -> Decision<Result<Option<SessionRecord>, Exception>>;

    /// Adds a session.
    fn insert(&self, digest: Digest, session: SessionRecord) -> Decision<Result<(), Exception>>;

    /// Replaces the data of the session with this digest, if it is there in the
    /// [revision](SessionRecord::revision) before that of `session`, and says whether it was.
    fn replace(
        &self,
        digest: &Digest,
        session: &SessionRecord,
    ) -> Decision<Result<bool, Exception>>;

    /// Records when the session with this digest was last used.
    fn touch(&self, digest: &Digest, used: SystemTime) -> Decision<Result<(), Exception>>;

    /// Removes the session with this digest, and says what it was. Of two who take it, one gets it.
    fn take(&self, digest: &Digest) -> Decision<Result<Option<SessionRecord>, Exception>>;

    /// Removes the session with this [id](SessionRecord::id) if it is this user's, and says
    /// whether there was one.
    fn remove(&self, user: &str, id: &str) -> Decision<Result<bool, Exception>>;

    /// Removes all sessions of a user, and says how many there were.
    fn remove_all(&self, user: &str) -> Decision<Result<usize, Exception>>;

    /// All sessions of a user, in the order in which they were made.
    fn list(&self, user: &str) -> Decision<Result<Vec<SessionRecord>, Exception>>;
}

impl<T: SessionStore + ?Sized> SessionStore for Arc<T> {
    fn find(&self, digest: &Digest) -> Decision<Result<Option<SessionRecord>, Exception>> {
        (**self).find(digest)
    }

    fn insert(&self, digest: Digest, session: SessionRecord) -> Decision<Result<(), Exception>> {
        (**self).insert(digest, session)
    }

    fn replace(
        &self,
        digest: &Digest,
        session: &SessionRecord,
    ) -> Decision<Result<bool, Exception>> {
        (**self).replace(digest, session)
    }

    fn touch(&self, digest: &Digest, used: SystemTime) -> Decision<Result<(), Exception>> {
        (**self).touch(digest, used)
    }

    fn take(&self, digest: &Digest) -> Decision<Result<Option<SessionRecord>, Exception>> {
        (**self).take(digest)
    }

    fn remove(&self, user: &str, id: &str) -> Decision<Result<bool, Exception>> {
        (**self).remove(user, id)
    }

    fn remove_all(&self, user: &str) -> Decision<Result<usize, Exception>> {
        (**self).remove_all(user)
    }

    fn list(&self, user: &str) -> Decision<Result<Vec<SessionRecord>, Exception>> {
        (**self).list(user)
    }
}
