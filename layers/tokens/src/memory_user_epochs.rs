use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use gatefold_core::{Decision, Exception};

use crate::UserEpochs;

/// Counts the epochs of users in memory, for a bounded number of users.
///
/// Clones share their count. Only users who have begun a new epoch take up room. Where there is
/// none left, a new epoch begins for everybody: credentials are called back too early then, and
/// never too late. A restart begins again: keep a snapshot (feature `serde`) where anything that
/// holds an epoch outlives the process.
///
/// ```
/// use gatefold_tokens::{MemoryUserEpochs, UserEpochs};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), gatefold_core::Exception> {
/// let epochs = MemoryUserEpochs::new();
/// let before = epochs.epoch("alice").wait().await?;
/// epochs.advance("alice").wait().await?;
/// assert_ne!(epochs.epoch("alice").wait().await?, before);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct MemoryUserEpochs {
    counts: Arc<RwLock<Counts>>,
    capacity: usize,
}

#[derive(Clone, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Counts {
    /// The greatest number given so far. One for all, so that none is ever given again.
    last: u64,
    /// The epoch of whoever is not in the table.
    others: u64,
    users: HashMap<Box<str>, u64>,
}

impl MemoryUserEpochs {
    /// Counts for at most 1,000,000 users.
    pub fn new() -> Self {
        Self {
            counts: Arc::default(),
            capacity: 1_000_000,
        }
    }

    /// Counts for another number of users at most.
    pub fn capacity(mut self, capacity: usize) -> Self {
        self.capacity = capacity;
        self
    }
}

impl Counts {
    fn advance(&mut self, user: &str, capacity: usize) -> u64 {
        self.last += 1;
        if let Some(epoch) = self.users.get_mut(user) {
            *epoch = self.last;
        } else if self.users.len() < capacity {
            self.users.insert(user.into(), self.last);
        } else {
            self.users.clear();
            self.others = self.last;
        }
        self.last
    }
}

impl UserEpochs for MemoryUserEpochs {
    fn epoch(&self, user: &str) -> Decision<Result<u64, Exception>> {
        let counts = self.counts.read().unwrap_or_else(PoisonError::into_inner);
        let epoch = counts.users.get(user).copied();
        Decision::Now(Ok(epoch.unwrap_or(counts.others)))
    }

    fn advance(&self, user: &str) -> Decision<Result<u64, Exception>> {
        let counts = self.counts.write();
        let mut counts = counts.unwrap_or_else(PoisonError::into_inner);
        Decision::Now(Ok(counts.advance(user, self.capacity)))
    }
}

impl Default for MemoryUserEpochs {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryUserEpochs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryUserEpochs")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

/// The epochs of a [`MemoryUserEpochs`], to be written to a file and read again at the next start.
#[cfg(feature = "serde")]
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct EpochSnapshot(Counts);

#[cfg(feature = "serde")]
impl fmt::Debug for EpochSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EpochSnapshot").finish_non_exhaustive()
    }
}

#[cfg(feature = "serde")]
impl MemoryUserEpochs {
    /// All epochs, to be written down.
    pub fn snapshot(&self) -> EpochSnapshot {
        let counts = self.counts.read().unwrap_or_else(PoisonError::into_inner);
        EpochSnapshot(counts.clone())
    }

    /// Goes on where `snapshot` was taken. What was counted in between is forgotten.
    pub fn load(&self, snapshot: EpochSnapshot) {
        let mut counts = self.counts.write().unwrap_or_else(PoisonError::into_inner);
        *counts = snapshot.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(decision: Decision<Result<u64, Exception>>) -> u64 {
        match decision {
            Decision::Now(answer) => answer.expect("memory does not fail"),
            Decision::Later(_) => panic!("memory does not wait"),
        }
    }

    #[test]
    fn an_epoch_moves_for_its_user_alone() {
        let epochs = MemoryUserEpochs::new();
        let (alice, bob) = (now(epochs.epoch("alice")), now(epochs.epoch("bob")));
        let next = now(epochs.advance("alice"));
        assert_ne!(next, alice);
        assert_eq!(now(epochs.epoch("alice")), next);
        assert_eq!(now(epochs.clone().epoch("bob")), bob);
    }

    #[test]
    fn where_there_is_no_room_everybodys_epoch_moves() {
        let epochs = MemoryUserEpochs::new().capacity(2);
        let users = ["alice", "bob", "carol", "dave"];
        let (_, _) = (now(epochs.advance("alice")), now(epochs.advance("bob")));
        let before = users.map(|user| now(epochs.epoch(user)));
        let carol = now(epochs.advance("carol"));
        let after = users.map(|user| now(epochs.epoch(user)));
        assert_eq!(after[2], carol);
        for (before, after) in before.iter().zip(&after) {
            assert!(after > before);
        }
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_snapshot_goes_on() {
        let epochs = MemoryUserEpochs::new();
        let alice = now(epochs.advance("alice"));
        let written = serde_json::to_string(&epochs.snapshot()).expect("plain");
        let again = MemoryUserEpochs::new();
        again.load(serde_json::from_str(&written).expect("just written"));
        assert_eq!(now(again.epoch("alice")), alice);
        assert!(now(again.advance("bob")) > alice);
    }
}
