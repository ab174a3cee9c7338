use std::{
    fmt,
    hash::{BuildHasher, Hash, Hasher, RandomState},
};

/// Turns the key of a claim into 64 bits that say nothing about it.
///
/// A store has one, and keys are hashed before they reach the store: an address, a user's id or an
/// API key is never stored. The hash is SipHash-1-3 with random keys of this process, so nobody
/// outside can choose keys that fall together, or turn a hash back into a key. Two of a million
/// keys fall together with a probability of 3 in 100 million.
#[derive(Clone, Copy)]
pub struct KeyHasher {
    keys: [u64; 2],
}

impl KeyHasher {
    /// A hasher with new random keys.
    pub fn random() -> Self {
        // The standard library's source of randomness, asked for a hash of nothing twice.
        let words = RandomState::new();
        Self {
            keys: [words.hash_one(0_u8), words.hash_one(1_u8)],
        }
    }

    /// A hasher with these keys, which are a secret: for a store that several processes share.
    pub const fn keyed(keys: [u64; 2]) -> Self {
        Self { keys }
    }

    /// Never 0, which marks a free place in the memory store.
    #[inline]
    pub(crate) fn fingerprint<K: Hash + ?Sized>(&self, scope: u64, key: &K) -> u64 {
        let mut words = Words::new(self.keys);
        key.hash(&mut words);
        words.end(scope).max(1)
    }
}

/// SipHash-1-3 (Aumasson and Bernstein) over whole words.
///
/// The standard library's takes bytes, which costs it three times as much for keys of one or two
/// words. A number is a word here; bytes are words with a last one that holds their count, so no
/// two sequences of writes are the same words. The scope's seven bytes and the length end it.
struct Words {
    state: [u64; 4],
    length: u64,
}

impl Words {
    #[inline]
    fn new([k0, k1]: [u64; 2]) -> Self {
        Self {
            state: [
                k0 ^ 0x736f_6d65_7073_6575,
                k1 ^ 0x646f_7261_6e64_6f6d,
                k0 ^ 0x6c79_6765_6e65_7261,
                k1 ^ 0x7465_6462_7974_6573,
            ],
            length: 0,
        }
    }

    #[inline]
    fn round(&mut self) {
        let [mut v0, mut v1, mut v2, mut v3] = self.state;
        v0 = v0.wrapping_add(v1);
        v2 = v2.wrapping_add(v3);
        v1 = v1.rotate_left(13) ^ v0;
        v3 = v3.rotate_left(16) ^ v2;
        v0 = v0.rotate_left(32);
        v2 = v2.wrapping_add(v1);
        v0 = v0.wrapping_add(v3);
        v1 = v1.rotate_left(17) ^ v2;
        v3 = v3.rotate_left(21) ^ v0;
        v2 = v2.rotate_left(32);
        self.state = [v0, v1, v2, v3];
    }

    #[inline]
    fn word(&mut self, word: u64) {
        self.state[3] ^= word;
        self.round();
        self.state[0] ^= word;
    }

    #[inline]
    fn end(mut self, scope: u64) -> u64 {
        self.word(scope >> 8 | self.length.wrapping_add(7) << 56);
        self.state[2] ^= 0xff;
        self.round();
        self.round();
        self.round();
        self.state.into_iter().fold(0, |hash, word| hash ^ word)
    }
}

impl Hasher for Words {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, tail) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        let last = (tail.len() as u64) << 56;
        let last = (0..).zip(tail).fold(last, |last, (index, byte)| {
            last | u64::from(*byte) << (8 * index)
        });
        self.write_u64(last);
    }

    #[inline]
    fn write_u8(&mut self, number: u8) {
        self.write_u64(number.into());
    }

    #[inline]
    fn write_u16(&mut self, number: u16) {
        self.write_u64(number.into());
    }

    #[inline]
    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.length = self.length.wrapping_add(8);
        self.word(number);
    }

    #[inline]
    fn write_u128(&mut self, number: u128) {
        self.write_u64(number as u64);
        self.write_u64((number >> 64) as u64);
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    // The signed ones come here through those above.
    #[inline]
    fn finish(&self) -> u64 {
        let Self { state, length } = *self;
        Self { state, length }.end(0)
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

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, net::IpAddr};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_the_siphash_of_the_standard_library() {
        // Its keys are 0 and it hashes bytes; these words are those bytes.
        let mut known = std::collections::hash_map::DefaultHasher::new();
        let words: [u64; 3] = [0x0706_0504_0302_0100, u64::MAX, 42];
        let scope = 0x1122_3344_5566_7788_u64;
        for word in words {
            known.write(&word.to_le_bytes());
        }
        known.write(&scope.to_le_bytes()[1..]);
        let mut ours = Words::new([0, 0]);
        for word in words {
            ours.write_u64(word);
        }
        assert_eq!(ours.end(scope), known.finish());
    }

    proptest! {
        #[test]
        fn different_keys_have_different_hashes(keys in prop::collection::hash_set(".{0,20}", 0..50)) {
            let hasher = KeyHasher::random();
            let hash = |key: &String| hasher.fingerprint(1, key.as_str());
            let hashes: HashSet<_> = keys.iter().map(hash).collect();
            prop_assert_eq!(hashes.len(), keys.len());
            let bytes = |key: &String| hasher.fingerprint(1, key.as_bytes());
            prop_assert_eq!(keys.iter().map(bytes).collect::<HashSet<_>>().len(), keys.len());
        }
    }

    #[test]
    fn scope_keys_and_hasher_all_count() {
        let hasher = KeyHasher::random();
        let address: IpAddr = "192.0.2.1".parse().expect("an address");
        let hash = hasher.fingerprint(1 << 40, &address);
        assert_eq!(hash, hasher.fingerprint(1 << 40, &address));
        assert_ne!(hash, hasher.fingerprint(2 << 40, &address));
        assert_ne!(hash, KeyHasher::random().fingerprint(1 << 40, &address));
        let keyed = KeyHasher::keyed([1, 2]).fingerprint(1, "alice");
        assert_eq!(keyed, KeyHasher::keyed([1, 2]).fingerprint(1, "alice"));
        assert_ne!(keyed, KeyHasher::keyed([1, 3]).fingerprint(1, "alice"));
    }
}
