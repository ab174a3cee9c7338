use std::fmt;

use gatefold_core::{Decision, Identity};
use http::request::Parts;

use crate::{Permission, Verdict};

/// Lets a request through whose caller has a role (Django's groups). Nobody has none.
#[derive(Clone, Debug)]
#[must_use]
pub struct HasRole {
    role: Box<str>,
}

impl HasRole {
    /// Asks for `role`.
    pub fn new(role: impl Into<Box<str>>) -> Self {
        Self { role: role.into() }
    }
}

impl Permission for HasRole {
    fn has_permission(&self, head: &Parts) -> Decision<Verdict> {
        let identity = Identity::of(&head.extensions);
        let has = identity.is_some_and(|identity| identity.has_role(&self.role));
        Decision::Now(has.into())
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HasRole({})", self.role)
    }
}
