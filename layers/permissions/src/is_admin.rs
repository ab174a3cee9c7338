use std::fmt;

use gatefold_core::{Decision, Identity};
use http::request::Parts;

use crate::{Permission, Verdict};

/// Lets a request of an administrator through: [`Identity::is_admin`], Django REST Framework's
/// `IsAdminUser`.
#[derive(Clone, Copy, Debug, Default)]
pub struct IsAdmin;

impl Permission for IsAdmin {
    fn has_permission(&self, head: &Parts) -> Decision<Verdict> {
        let admin = Identity::of(&head.extensions).is_some_and(Identity::is_admin);
        Decision::Now(admin.into())
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IsAdmin")
    }
}
