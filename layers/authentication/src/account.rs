use std::{fmt, sync::Arc};

use gatefold_core::Identity;

/// A user with the hash of their password, as [`Accounts`](crate::Accounts) are told.
///
/// Whether the user may log in at all, the identity says ([`Identity::with_active`]).
#[derive(Clone)]
pub struct Account {
    pub(crate) identity: Identity,
    pub(crate) hash: Option<Arc<str>>,
}

impl Account {
    /// A user whose password has this hash. A hash that nothing reads (Django's `!`) is that of no
    /// password.
    pub fn new(identity: impl Into<Identity>, hash: impl Into<Arc<str>>) -> Self {
        Self {
            identity: identity.into(),
            hash: Some(hash.into()),
        }
    }

    /// A user who has no password. Every one is wrong.
    pub fn without_password(identity: impl Into<Identity>) -> Self {
        Self {
            identity: identity.into(),
            hash: None,
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}
