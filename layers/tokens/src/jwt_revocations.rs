use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::SystemTime,
};

use gatefold_core::{Clock, Decision, Exception};

/// Knows the signed tokens that have been called back, by their ids (`jti`).
///
/// By the id and never by a digest of the token: whoever holds an ECDSA token can write the same
/// signature in a second way.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not know which tokens have been called back",
    label = "not `JwtRevocations`",
    note = "`MemoryJwtRevocations` knows in memory; `Arc<dyn JwtRevocations>` is one too"
)]
pub trait JwtRevocations: Send + Sync + 'static {
    /// Whether the token with this id has been called back. What cannot be answered is an error.
    fn is_revoked(&self, id: &str) -> Decision<Result<bool, Exception>>;

    /// Calls the token with this id back. After `until` it has ended by itself.
    fn revoke(&self, id: &str, until: SystemTime) -> Decision<Result<(), Exception>>;
}

impl<T: JwtRevocations + ?Sized> JwtRevocations for Arc<T> {
    fn is_revoked(&self, id: &str) -> Decision<Result<bool, Exception>> {
        (**self).is_revoked(id)
    }

    fn revoke(&self, id: &str, until: SystemTime) -> Decision<Result<(), Exception>> {
        (**self).revoke(id, until)
    }
}

/// Keeps the ids of called-back tokens in memory until the tokens have ended. Clones share them.
///
/// Where there is no room for one more, calling back fails: no token is forgotten that could still
/// be used.
#[derive(Clone)]
#[must_use]
pub struct MemoryJwtRevocations {
    ids: Arc<RwLock<HashMap<Box<str>, SystemTime>>>,
    capacity: usize,
    clock: Clock,
}

impl MemoryJwtRevocations {
    /// Room for 1,000,000 tokens.
    pub fn new() -> Self {
        Self {
            ids: Arc::default(),
            capacity: 1_000_000,
            clock: Clock::system(),
        }
    }

    /// Keeps another number of ids at most.
    pub fn capacity(mut self, capacity: usize) -> Self {
        self.capacity = capacity;
        self
    }

    /// Takes the time from `clock`.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}

impl JwtRevocations for MemoryJwtRevocations {
    fn is_revoked(&self, id: &str) -> Decision<Result<bool, Exception>> {
        let ids = self.ids.read().unwrap_or_else(PoisonError::into_inner);
        Decision::Now(Ok(ids.contains_key(id)))
    }

    fn revoke(&self, id: &str, until: SystemTime) -> Decision<Result<(), Exception>> {
        let mut ids = self.ids.write().unwrap_or_else(PoisonError::into_inner);
        if ids.len() >= self.capacity && !ids.contains_key(id) {
            let now = self.clock.wall();
            ids.retain(|_, until| *until > now);
            if ids.len() >= self.capacity {
                let full = "there is no room for one more called-back token";
                return Decision::Now(Err(Exception::unavailable(full)));
            }
        }
        ids.insert(id.into(), until);
        Decision::Now(Ok(()))
    }
}

impl Default for MemoryJwtRevocations {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryJwtRevocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryJwtRevocations")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use gatefold_core::ManualClock;

    use super::*;

    fn now<T>(decision: Decision<Result<T, Exception>>) -> Result<T, Exception> {
        match decision {
            Decision::Now(answer) => answer,
            Decision::Later(_) => panic!("memory does not wait"),
        }
    }

    #[test]
    fn a_full_memory_forgets_what_has_ended_and_nothing_else() {
        let hand = ManualClock::new(SystemTime::UNIX_EPOCH);
        let ids = MemoryJwtRevocations::new().capacity(2).clock(hand.clock());
        let until = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        now(ids.revoke("a", until(10))).expect("room");
        now(ids.revoke("b", until(20))).expect("room");
        assert!(now(ids.revoke("c", until(30))).is_err());
        assert!(now(ids.is_revoked("a")).expect("known"));
        hand.advance(Duration::from_secs(10));
        now(ids.revoke("c", until(30))).expect("a has ended");
        assert!(now(ids.is_revoked("b")).expect("known"));
        assert!(!now(ids.is_revoked("a")).expect("known"));
    }
}
