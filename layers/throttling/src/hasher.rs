use std::{
    fmt,
    hash::{BuildHasher, Hash, Hasher, RandomState},
};

/// Turns the key of a claim into 64 bits that say nothing about it.
///
/// A store has one, and keys are hashed before they reach the store: an address, a user's id or an
/// API key is never stored. The hash is keyed (SipHash, from the standard library) with random
/// numbers of this process, so nobody outside can choose keys that fall together. Two of a million
/// keys fall together with a probability of 3 in 100 million.
#[derive(Clone)]
pub struct KeyHasher(RandomState);

impl KeyHasher {
    /// A hasher with new random keys.
    pub fn random() -> Self {
        Self(RandomState::new())
    }

    /// Never 0, which marks a free place in the memory store.
    pub(crate) fn fingerprint<K: Hash + ?Sized>(&self, scope: u64, key: &K) -> u64 {
        let mut hasher = self.0.build_hasher();
        hasher.write_u64(scope);
        key.hash(&mut hasher);
        hasher.finish().max(1)
    }
}

impl Default for KeyHasher {
    fn default() -> Self {
        Self::random()
    }
}

impl fmt::Debug for KeyHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyHasher").finish_non_exhaustive()
    }
}
