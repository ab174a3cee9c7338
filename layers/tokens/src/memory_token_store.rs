use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasherDefault, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::SystemTime,
};

use gatefold_core::{Decision, Exception};

use crate::{Digest, Token, TokenStore, token_store::is_due};

const SHARDS: usize = 16;

/// Keeps tokens in memory, a bounded number of them.
///
/// For tests, and for services of one process that keep a snapshot (feature `serde`). Clones share
/// their tokens. A store that is full drops the tokens that are over; if none is, it refuses new
/// ones with 503, since dropping another would log somebody out.
///
/// Finding a token takes one read lock of a sixteenth of the store, and allocates nothing.
#[derive(Clone)]
#[must_use]
pub struct MemoryTokenStore {
    kept: Arc<Kept>,
    capacity: usize,
}

#[derive(Default)]
struct Kept {
    // Whoever holds both locks has taken `owners` first.
    owners: Mutex<Owners>,
    shards: [RwLock<HashMap<Digest, Token, BuildHasherDefault<First>>>; SHARDS],
}

#[derive(Default)]
struct Owners {
    digests: HashMap<Arc<str>, Vec<Digest>>,
    count: usize,
}

impl MemoryTokenStore {
    /// An empty store for at most 100,000 tokens.
    pub fn new() -> Self {
        Self {
            kept: Arc::default(),
            capacity: 100_000,
        }
    }

    /// Takes another number of tokens at most.
    pub fn capacity(mut self, capacity: usize) -> Self {
        self.capacity = capacity;
        self
    }

    /// How many tokens are kept, those that are over too.
    pub fn len(&self) -> usize {
        self.owners().count
    }

    /// Whether no token is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn owners(&self) -> MutexGuard<'_, Owners> {
        let owners = &self.kept.owners;
        owners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, digest: &Digest) -> Option<Token> {
        let shard = self.kept.shard(digest).read();
        let shard = shard.unwrap_or_else(PoisonError::into_inner);
        shard.get(digest).cloned()
    }

    fn add(&self, digest: Digest, token: Token) -> Result<(), Exception> {
        let mut owners = self.owners();
        if owners.count >= self.capacity {
            self.kept.drop_over(&mut owners, token.created());
        }
        if owners.count >= self.capacity {
            return Err(Exception::unavailable("the token store is full"));
        }
        let owner = Arc::clone(token.shared_user());
        if self
            .kept
            .edit(&digest, |shard| shard.insert(digest, token))
            .is_none()
        {
            owners.count += 1;
            owners.digests.entry(owner).or_default().push(digest);
        }
        Ok(())
    }

    /// The tokens of one user, whose digests are `digests`.
    fn all(&self, digests: &[Digest]) -> Vec<Token> {
        digests
            .iter()
            .filter_map(|digest| self.get(digest))
            .collect()
    }
}

type Shard = HashMap<Digest, Token, BuildHasherDefault<First>>;

impl Kept {
    fn shard(&self, digest: &Digest) -> &RwLock<Shard> {
        // Not the bytes that the map looks at.
        &self.shards[usize::from(digest.as_bytes()[31]) % SHARDS]
    }

    fn edit<T>(&self, digest: &Digest, edit: impl FnOnce(&mut Shard) -> T) -> T {
        let shard = self.shard(digest).write();
        edit(&mut shard.unwrap_or_else(PoisonError::into_inner))
    }

    fn drop_over(&self, owners: &mut Owners, now: SystemTime) {
        let mut count = 0;
        owners.digests.retain(|_, digests| {
            digests.retain(|digest| {
                self.edit(digest, |shard| {
                    let over = shard.get(digest).is_none_or(|token| token.is_over(now));
                    if over {
                        shard.remove(digest);
                    }
                    !over
                })
            });
            count += digests.len();
            !digests.is_empty()
        });
        owners.count = count;
    }
}

impl Default for MemoryTokenStore {
    fn default() -> Self {
        Self::new()
    }
}

impl TokenStore for MemoryTokenStore {
    fn find(&self, digest: &Digest) -> Decision<Result<Option<Token>, Exception>> {
        Decision::Now(Ok(self.get(digest)))
    }

    fn insert(&self, digest: Digest, token: Token) -> Decision<Result<(), Exception>> {
        Decision::Now(self.add(digest, token))
    }

    fn touch(&self, digest: &Digest, token: &Token) -> Decision<Result<(), Exception>> {
        self.kept.edit(digest, |shard| {
            if let (Some(kept), Some(used)) = (shard.get_mut(digest), token.used())
                && is_due(kept.used(), used)
            {
                *kept = token.clone();
            }
        });
        Decision::Now(Ok(()))
    }

    fn remove(&self, user: &str, id: &str) -> Decision<Result<bool, Exception>> {
        let mut owners = self.owners();
        let Some(digests) = owners.digests.get_mut(user) else {
            return Decision::Now(Ok(false));
        };
        let is_it = |digest: &Digest| self.get(digest).is_some_and(|token| token.id() == id);
        let Some(place) = digests.iter().position(is_it) else {
            return Decision::Now(Ok(false));
        };
        let digest = digests.remove(place);
        if digests.is_empty() {
            owners.digests.remove(user);
        }
        owners.count -= 1;
        self.kept.edit(&digest, |shard| shard.remove(&digest));
        Decision::Now(Ok(true))
    }

    fn remove_all(&self, user: &str) -> Decision<Result<usize, Exception>> {
        let mut owners = self.owners();
        let digests = owners.digests.remove(user).unwrap_or_default();
        owners.count -= digests.len();
        for digest in &digests {
            self.kept.edit(digest, |shard| shard.remove(digest));
        }
        Decision::Now(Ok(digests.len()))
    }

    fn list(&self, user: &str) -> Decision<Result<Vec<Token>, Exception>> {
        let owners = self.owners();
        let digests = owners.digests.get(user);
        Decision::Now(Ok(
            digests.map_or_else(Vec::new, |digests| self.all(digests))
        ))
    }
}

impl fmt::Debug for MemoryTokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTokenStore")
            .field("len", &self.len())
            .field("capacity", &self.capacity)
            .finish()
    }
}

/// Takes the first bytes of a digest for its hash. What is kept are digests of random secrets, so
/// nobody chooses where they come to lie, whatever is looked up.
#[derive(Default)]
struct First(u64);

impl Hasher for First {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    fn write_usize(&mut self, _: usize) {}
}

#[cfg(feature = "serde")]
impl MemoryTokenStore {
    /// All tokens that are kept, to be written down. It holds digests and no secrets.
    pub fn snapshot(&self) -> crate::TokenSnapshot {
        let owners = self.owners();
        let kept = owners.digests.values().flatten();
        let found = kept.filter_map(|digest| Some((*digest, self.get(digest)?)));
        crate::TokenSnapshot::new(found)
    }

    /// Adds the tokens of a snapshot to those that are kept.
    ///
    /// # Errors
    ///
    /// 503 if they do not fit. Those that fit have been added.
    pub fn load(&self, snapshot: crate::TokenSnapshot) -> Result<(), Exception> {
        snapshot
            .into_tokens()
            .try_for_each(|(digest, token)| self.add(digest, token))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn filled() -> MemoryTokenStore {
        let store = MemoryTokenStore::new().capacity(4);
        for (id, user) in [("1", "alice"), ("2", "bob"), ("3", "alice")] {
            let token = Token::new(id, user, at(0));
            store.add(Digest::of(id), token).expect("it fits");
        }
        store
    }

    fn now<T>(decision: Decision<Result<T, Exception>>) -> T {
        match decision {
            Decision::Now(answer) => answer.expect("memory does not fail"),
            Decision::Later(_) => panic!("memory does not wait"),
        }
    }

    fn ids(store: &MemoryTokenStore, user: &str) -> Vec<String> {
        let listed = now(store.list(user));
        listed.iter().map(|token| token.id().to_owned()).collect()
    }

    #[test]
    fn tokens_are_found_by_digest_and_listed_by_user() {
        let store = filled();
        let found = now(store.find(&Digest::of("2"))).expect("kept");
        assert_eq!(found.user(), "bob");
        assert!(now(store.find(&Digest::of("4"))).is_none());
        assert_eq!(ids(&store, "alice"), ["1", "3"]);
        assert!(ids(&store, "carol").is_empty());
    }

    #[test]
    fn nobody_revokes_the_token_of_another() {
        let store = filled();
        assert!(!now(store.remove("bob", "1")));
        assert!(!now(store.remove("carol", "1")));
        assert!(!now(store.remove("alice", "2")));
        assert!(now(store.remove("alice", "1")));
        assert!(!now(store.remove("alice", "1")));
        assert!(now(store.find(&Digest::of("1"))).is_none());
        assert_eq!(
            (store.len(), ids(&store, "alice")),
            (2, vec!["3".to_owned()])
        );
    }

    #[test]
    fn all_of_a_user_and_no_one_elses_are_revoked() {
        let store = filled();
        assert_eq!(now(store.remove_all("alice")), 2);
        assert_eq!(now(store.remove_all("alice")), 0);
        assert!(now(store.find(&Digest::of("3"))).is_none());
        assert!(now(store.find(&Digest::of("2"))).is_some());
        assert_eq!(store.len(), 1);
    }

    #[test]
    fn a_full_store_drops_what_is_over_and_nothing_else() {
        let store = filled();
        let short = Token::new("4", "dave", at(0)).with_expires(at(10));
        store.add(Digest::of("4"), short).expect("it fits");
        let early = store.add(Digest::of("5"), Token::new("5", "erin", at(9)));
        assert_eq!(early.expect_err("full").status(), 503);
        let later = store.add(Digest::of("5"), Token::new("5", "erin", at(10)));
        later.expect("dave's is over");
        assert_eq!(store.len(), 4);
        assert!(ids(&store, "dave").is_empty());
        assert_eq!(ids(&store, "alice"), ["1", "3"]);
    }

    #[test]
    fn a_use_is_recorded_once_a_minute_and_revives_nothing() {
        let store = filled();
        let digest = Digest::of("1");
        let token = now(store.find(&digest)).expect("kept");
        for (second, kept) in [(100, 100), (159, 100), (160, 160), (20, 20)] {
            let used = token.clone().with_used(at(second));
            now(store.touch(&digest, &used));
            let found = now(store.find(&digest)).expect("kept");
            assert_eq!(found.used(), Some(at(kept)), "{second}");
        }
        now(store.remove_all("alice"));
        now(store.touch(&digest, &token.with_used(at(1000))));
        assert!(now(store.find(&digest)).is_none());
    }
}
