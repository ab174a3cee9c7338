use std::hash::{BuildHasherDefault, Hasher};

use moka::sync::Cache;
use siphasher::sip128::SipHasher13;

use crate::{Jwt, random};

/// Tokens that have been verified, by a keyed digest of the whole token.
///
/// It only bounds. Whether a remembered token still holds is asked each time, elsewhere. The key is
/// this cache's own, so one verifier's entry is never another's, and nobody can make two tokens
/// that meet.
#[derive(Clone)]
pub(crate) struct JwtCache {
    digest: SipHasher13,
    entries: Cache<u128, Jwt, BuildHasherDefault<Digested>>,
}

/// What an entry takes beside its claims, about.
const OVERHEAD: usize = 400;

/// An entry is verified again after so many seconds.
pub(crate) const FRESH: f64 = 300.0;

impl JwtCache {
    /// A cache of so many bytes; `None` where there is no randomness to make a key from.
    pub(crate) fn new(bytes: u64) -> Option<Self> {
        let mut key = [0; 16];
        random::fill(&mut key).ok()?;
        let weigh =
            |_: &u128, jwt: &Jwt| u32::try_from(jwt.0.payload.len() + OVERHEAD).unwrap_or(u32::MAX);
        let entries = Cache::builder().max_capacity(bytes).weigher(weigh);
        Some(Self {
            digest: SipHasher13::new_with_key(&key),
            entries: entries.build_with_hasher(BuildHasherDefault::default()),
        })
    }

    pub(crate) fn digest(&self, token: &str) -> u128 {
        self.digest.hash(token.as_bytes()).as_u128()
    }

    pub(crate) fn find(&self, digest: u128) -> Option<Jwt> {
        self.entries.get(&digest)
    }

    pub(crate) fn remember(&self, digest: u128, jwt: Jwt) {
        self.entries.insert(digest, jwt);
    }

    pub(crate) fn forget(&self, digest: u128) {
        self.entries.invalidate(&digest);
    }
}

/// Hands on half of what has been digested already.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Digested(u64);

impl Hasher for Digested {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, digest: u128) {
        self.0 = (digest >> 64) as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
