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

/// SipHash-1-3 (Aumasson and Bernstein) over the bytes that a key writes, then seven of its scope.
///
/// The standard library's keeps a buffer that costs it three times as much for keys of one or two
/// words; here the places of all numbers are known when it is compiled. Lengths and the numbers of
/// variants are two bytes where they are small, so that an address is one word.
struct Words {
    state: [u64; 4],
    // Bytes that make no whole word yet, the lowest first, and how many bits they are.
    rest: u64,
    bits: u32,
    length: u64,
}

impl Words {
    #[inline(always)]
    fn new([k0, k1]: [u64; 2]) -> Self {
        Self {
            state: [
                k0 ^ 0x736f_6d65_7073_6575,
                k1 ^ 0x646f_7261_6e64_6f6d,
                k0 ^ 0x6c79_6765_6e65_7261,
                k1 ^ 0x7465_6462_7974_6573,
            ],
            rest: 0,
            bits: 0,
            length: 0,
        }
    }

    #[inline(always)]
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

    #[inline(always)]
    fn word(&mut self, word: u64) {
        self.state[3] ^= word;
        self.round();
        self.state[0] ^= word;
    }

    /// Adds so many low bits of a number, whose others are 0; whole bytes, 8 to 64.
    #[inline(always)]
    fn push(&mut self, number: u64, bits: u32) {
        self.length = self.length.wrapping_add(u64::from(bits / 8));
        let word = self.rest | number << self.bits;
        let all = self.bits + bits;
        if all < 64 {
            self.rest = word;
            self.bits = all;
        } else {
            self.word(word);
            self.rest = number.checked_shr(64 - self.bits).unwrap_or(0);
            self.bits = all - 64;
        }
    }

    #[inline(always)]
    fn end(mut self, scope: u64) -> u64 {
        let scope = scope >> 8;
        let length = self.length.wrapping_add(7) << 56;
        if self.bits == 0 {
            self.word(scope | length);
        } else {
            // The scope begins in the middle of a word and ends in that of the next.
            self.word(self.rest | scope << self.bits);
            self.word(scope >> (64 - self.bits) | length);
        }
        self.state[2] ^= 0xff;
        self.round();
        self.round();
        self.round();
        self.state.into_iter().fold(0, |hash, word| hash ^ word)
    }
}

impl Hasher for Words {
    #[inline(always)]
    fn write(&mut self, bytes: &[u8]) {
        let (words, tail) = bytes.as_chunks::<8>();
        for word in words {
            self.push(u64::from_le_bytes(*word), 64);
        }
        let (halves, tail) = tail.as_chunks::<4>();
        for half in halves {
            self.push(u32::from_le_bytes(*half).into(), 32);
        }
        for byte in tail {
            self.push((*byte).into(), 8);
        }
    }

    #[inline(always)]
    fn write_u8(&mut self, number: u8) {
        self.push(number.into(), 8);
    }

    #[inline(always)]
    fn write_u16(&mut self, number: u16) {
        self.push(number.into(), 16);
    }

    #[inline(always)]
    fn write_u32(&mut self, number: u32) {
        self.push(number.into(), 32);
    }

    #[inline(always)]
    fn write_u64(&mut self, number: u64) {
        self.push(number, 64);
    }

    #[inline(always)]
    fn write_u128(&mut self, number: u128) {
        self.push(number as u64, 64);
        self.push((number >> 64) as u64, 64);
    }

    // Lengths, and with the signed ones the numbers of variants.
    #[inline(always)]
    fn write_usize(&mut self, number: usize) {
        if number < 0xffff {
            self.push(number as u64, 16);
        } else {
            self.push(0xffff, 16);
            self.push(number as u64, 64);
        }
    }

    #[inline(always)]
    fn finish(&self) -> u64 {
        let Self {
            state,
            rest,
            bits,
            length,
        } = *self;
        let copy = Self {
            state,
            rest,
            bits,
            length,
        };
        copy.end(0)
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

    proptest! {
        #[test]
        fn it_is_the_siphash_of_the_standard_library(
            parts in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..12), any::<u32>()), 0..6),
            scope: u64,
        ) {
            // The standard library's has the keys 0.
            let mut known = std::collections::hash_map::DefaultHasher::new();
            let mut ours = Words::new([0, 0]);
            for (bytes, number) in &parts {
                for hasher in [&mut known as &mut dyn Hasher, &mut ours] {
                    hasher.write(bytes);
                    hasher.write_u32(*number);
                    hasher.write_u8(7);
                    hasher.write_u128(u128::from(*number) << 50);
                }
            }
            known.write(&scope.to_le_bytes()[1..]);
            prop_assert_eq!(ours.end(scope), known.finish());
        }

        #[test]
        fn different_keys_have_different_hashes(keys in prop::collection::hash_set(".{0,20}", 0..50)) {
            let hasher = KeyHasher::random();
            let hashes: HashSet<_> = keys.iter().map(|key| hasher.fingerprint(1, key)).collect();
            prop_assert_eq!(hashes.len(), keys.len());
            let bytes = |key: &String| hasher.fingerprint(1, key.as_bytes());
            prop_assert_eq!(keys.iter().map(bytes).collect::<HashSet<_>>().len(), keys.len());
        }
    }

    #[test]
    fn lengths_large_and_small_are_told_apart() {
        let hash = |number: usize| {
            let mut words = Words::new([1, 2]);
            words.write_usize(number);
            words.end(0)
        };
        let numbers = [0, 1, 0xfffe, 0xffff, 0x1_0000, usize::MAX];
        assert_eq!(
            numbers.map(hash).into_iter().collect::<HashSet<_>>().len(),
            6
        );
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
