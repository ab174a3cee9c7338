use std::{fmt, sync::OnceLock, time::Duration};

use gatefold_core::Clock;
use gatefold_tokens::{Digest, TokenFormat};
use moka::sync::Cache;

/// Longer than this no password is remembered.
const LONGEST: Duration = Duration::from_secs(60);

/// The pairs of name and password that were verified a short while ago, as digests under a secret
/// of this process.
pub(crate) struct Remembered {
    pairs: Cache<Digest, Proof>,
    secret: OnceLock<Option<[u8; 32]>>,
    lasting: Duration,
    clock: Clock,
}

/// What a pair was verified against, and when.
#[derive(Clone, Copy)]
struct Proof {
    epoch: u64,
    hash: Digest,
    at: Duration,
}

impl Remembered {
    pub(crate) fn new(most: u64, lasting: Duration, clock: Clock) -> Self {
        Self {
            pairs: Cache::new(most),
            secret: OnceLock::new(),
            lasting: lasting.min(LONGEST),
            clock,
        }
    }

    /// What a pair is remembered by. `None` where nothing is to be remembered, or there is no
    /// randomness to make a secret of.
    pub(crate) fn key(&self, name: &str, password: &str) -> Option<Digest> {
        if self.lasting.is_zero() {
            return None;
        }
        let secret = self.secret.get_or_init(|| {
            let random = TokenFormat::default().generate().ok()?;
            Some(*random.digest().as_bytes())
        });
        let parts = [name.as_bytes(), password.as_bytes()];
        Some(Digest::keyed(secret.as_ref()?, &parts))
    }

    /// Whether the pair was verified against this very hash in this epoch.
    pub(crate) fn knows(&self, key: &Digest, epoch: u64, hash: &str) -> bool {
        let Some(proof) = self.pairs.get(key) else {
            return false;
        };
        let age = self.clock.monotonic().saturating_sub(proof.at);
        let holds = age < self.lasting && proof.epoch == epoch && proof.hash == Digest::of(hash);
        if !holds {
            self.pairs.invalidate(key);
        }
        holds
    }

    pub(crate) fn remember(&self, key: Digest, epoch: u64, hash: &str) {
        let proof = Proof {
            epoch,
            hash: Digest::of(hash),
            at: self.clock.monotonic(),
        };
        self.pairs.insert(key, proof);
    }
}

impl fmt::Debug for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remembered")
            .field("lasting", &self.lasting)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use gatefold_core::ManualClock;

    use super::*;

    #[test]
    fn a_pair_is_known_for_its_time_its_epoch_and_its_hash() {
        let hand = ManualClock::new(SystemTime::UNIX_EPOCH);
        let remembered = Remembered::new(100, Duration::from_secs(3600), hand.clock());
        let key = remembered.key("alice", "a").expect("random");
        assert!(!remembered.knows(&key, 1, "hash"));
        let again = || remembered.remember(key, 1, "hash");
        again();
        assert!(remembered.knows(&key, 1, "hash"));
        assert!(!remembered.knows(&key, 2, "hash"));
        // What no longer holds is forgotten.
        assert!(!remembered.knows(&key, 1, "hash"));
        again();
        assert!(!remembered.knows(&key, 1, "other"));
        again();
        hand.advance(Duration::from_secs(59));
        assert!(remembered.knows(&key, 1, "hash"));
        hand.advance(Duration::from_secs(1));
        assert!(!remembered.knows(&key, 1, "hash"));
    }

    #[test]
    fn other_pairs_and_other_processes_have_other_keys() {
        let remembered = || Remembered::new(100, LONGEST, Clock::system());
        let one = remembered();
        assert_eq!(one.key("a", "b"), one.key("a", "b"));
        assert_ne!(one.key("a", "b"), one.key("ab", ""));
        assert_ne!(one.key("a", "b"), remembered().key("a", "b"));
        let none = Remembered::new(100, Duration::ZERO, Clock::system());
        assert_eq!(none.key("a", "b"), None);
    }
}
