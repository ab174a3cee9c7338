use std::{fmt, time::SystemTime};

use gatefold_core::{Decision, Exception};
use moka::{
    ops::compute::{CompResult, Op},
    policy::EvictionPolicy,
    sync::Cache,
};

use crate::{Digest, SessionRecord, SessionStore};

/// Keeps sessions in memory, a bounded number of them (feature `sessions`).
///
/// For tests, and for services of one process. Clones share their sessions. A store that is full
/// drops the session that was used the longest time ago, so whoever makes many sessions logs out
/// those who have been idle: give it room.
///
/// What is asked by user looks through all sessions. What is asked by digest is one look-up.
///
/// ```
/// use gatefold_tokens::{MemorySessionStore, Sessions};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), gatefold_core::Exception> {
/// let sessions = Sessions::new(MemorySessionStore::new());
/// let (id, session) = sessions.begin(Some("alice"), None).await?;
/// let found = sessions.find(id.reveal()).wait().await?;
/// assert_eq!(found.as_ref().and_then(|found| found.user()), Some("alice"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct MemorySessionStore {
    kept: Cache<Digest, SessionRecord>,
}

impl MemorySessionStore {
    /// An empty store for at most 100,000 sessions.
    pub fn new() -> Self {
        Self::of(100_000)
    }

    /// An empty store for another number of sessions at most.
    pub fn of(capacity: u64) -> Self {
        // By its own choice moka weighs how often a key was asked for, and drops a new login in
        // favour of a busy old one.
        let cache = Cache::builder()
            .max_capacity(capacity)
            .eviction_policy(EvictionPolicy::lru());
        Self {
            kept: cache.build(),
        }
    }

    /// Changes what is there, in one step with looking at it.
    fn change(
        &self,
        digest: &Digest,
        change: impl FnOnce(SessionRecord) -> Option<SessionRecord>,
    ) -> bool {
        let entry = self.kept.entry(*digest);
        let done = entry.and_compute_with(|found| {
            match found.and_then(|found| change(found.into_value())) {
                Some(changed) => Op::Put(changed),
                None => Op::Nop,
            }
        });
        matches!(done, CompResult::ReplacedWith(_))
    }

    fn of_user(&self, user: &str) -> impl Iterator<Item = (Digest, SessionRecord)> {
        let all = self.kept.iter();
        all.filter(move |(_, session)| session.user() == Some(user))
            .map(|(digest, session)| (*digest, session))
    }
}

impl Default for MemorySessionStore {
    fn default() -> Self {
        Self::new()
    }
}

impl SessionStore for MemorySessionStore {
    fn find(&self, digest: &Digest) -> Decision<Result<Option<SessionRecord>, Exception>> {
        Decision::Now(Ok(self.kept.get(digest)))
    }

    fn insert(&self, digest: Digest, session: SessionRecord) -> Decision<Result<(), Exception>> {
        self.kept.insert(digest, session);
        Decision::Now(Ok(()))
    }

    fn replace(
        &self,
        digest: &Digest,
        session: &SessionRecord,
    ) -> Decision<Result<bool, Exception>> {
        Decision::Now(Ok(self.change(digest, |found| {
            let used = found.used().max(session.used());
            let next = found.revision().checked_add(1) == Some(session.revision());
            next.then(|| session.clone().with_used(used))
        })))
    }

    fn touch(&self, digest: &Digest, used: SystemTime) -> Decision<Result<(), Exception>> {
        self.change(digest, |found| Some(found.with_used(used)));
        Decision::Now(Ok(()))
    }

    fn take(&self, digest: &Digest) -> Decision<Result<Option<SessionRecord>, Exception>> {
        Decision::Now(Ok(self.kept.remove(digest)))
    }

    fn remove(&self, user: &str, id: &str) -> Decision<Result<bool, Exception>> {
        let found = self.of_user(user).find(|(_, session)| session.id() == id);
        let removed = found.is_some_and(|(digest, _)| self.kept.remove(&digest).is_some());
        Decision::Now(Ok(removed))
    }

    fn remove_all(&self, user: &str) -> Decision<Result<usize, Exception>> {
        let all = self.of_user(user);
        let removed = all.filter(|(digest, _)| self.kept.remove(digest).is_some());
        Decision::Now(Ok(removed.count()))
    }

    fn list(&self, user: &str) -> Decision<Result<Vec<SessionRecord>, Exception>> {
        let mut listed: Vec<_> = self.of_user(user).map(|(_, session)| session).collect();
        listed.sort_by(|one, other| {
            let by = |session: &SessionRecord| (session.created(), session.id().to_owned());
            by(one).cmp(&by(other))
        });
        Decision::Now(Ok(listed))
    }
}

impl fmt::Debug for MemorySessionStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySessionStore").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn now<T>(decision: Decision<Result<T, Exception>>) -> T {
        match decision {
            Decision::Now(answer) => answer.expect("memory does not fail"),
            Decision::Later(_) => panic!("memory does not wait"),
        }
    }

    fn filled() -> MemorySessionStore {
        let store = MemorySessionStore::new();
        for (second, (id, user)) in (0..).zip([("1", "alice"), ("2", "bob"), ("3", "alice")]) {
            let session = SessionRecord::new(id, at(second), at(100)).with_user(user, 0);
            now(store.insert(Digest::of(id), session));
        }
        store
    }

    fn ids(store: &MemorySessionStore, user: &str) -> Vec<String> {
        let listed = now(store.list(user));
        listed
            .iter()
            .map(|session| session.id().to_owned())
            .collect()
    }

    #[test]
    fn sessions_are_found_by_digest_and_listed_by_user() {
        let store = filled();
        let found = now(store.find(&Digest::of("2"))).expect("kept");
        assert_eq!(found.user(), Some("bob"));
        assert!(now(store.find(&Digest::of("4"))).is_none());
        assert_eq!(ids(&store, "alice"), ["1", "3"]);
        assert!(!now(store.remove("bob", "1")));
        assert!(now(store.remove("alice", "1")));
        assert!(!now(store.remove("alice", "1")));
        assert_eq!(now(store.remove_all("alice")), 1);
        assert!(ids(&store, "alice").is_empty());
        assert_eq!(ids(&store, "bob"), ["2"]);
    }

    #[test]
    fn what_is_gone_is_not_brought_back() {
        let store = filled();
        let digest = Digest::of("1");
        let found = now(store.find(&digest)).expect("kept");
        assert!(now(store.take(&digest)).is_some());
        assert!(now(store.take(&digest)).is_none());
        now(store.touch(&digest, at(9)));
        assert!(!now(store.replace(&digest, &found.changed("a", Some("1")))));
        assert!(now(store.find(&digest)).is_none());
    }

    #[test]
    fn of_two_changes_of_one_revision_one_is_made() {
        let store = filled();
        let digest = Digest::of("1");
        let found = now(store.find(&digest)).expect("kept");
        now(store.touch(&digest, at(9)));
        assert!(now(
            store.replace(&digest, &found.clone().changed("a", Some("1")))
        ));
        assert!(!now(store.replace(&digest, &found.changed("a", Some("2")))));
        let found = now(store.find(&digest)).expect("kept");
        assert_eq!((found.value("a"), found.used()), (Some("1"), at(9)));
    }

    #[test]
    fn a_full_store_keeps_the_newest() {
        let store = MemorySessionStore::of(10);
        for n in 0..100_u32 {
            let session = SessionRecord::new(n.to_string(), at(0), at(100));
            now(store.insert(Digest::of(n.to_string()), session));
            assert!(now(store.find(&Digest::of(n.to_string()))).is_some(), "{n}");
        }
        store.kept.run_pending_tasks();
        assert_eq!(store.kept.entry_count(), 10);
        assert!(now(store.find(&Digest::of("99"))).is_some());
    }
}
