use std::fmt;

use gatefold_core::{Decision, Identity};
use http::request::Parts;

use crate::{Permission, Verdict, read_only::is_safe};

/// Lets a request through that authentication found a caller for.
#[derive(Clone, Copy, Debug, Default)]
pub struct IsAuthenticated;

impl Permission for IsAuthenticated {
    fn has_permission(&self, head: &Parts) -> Decision<Verdict> {
        Decision::Now(Identity::of(&head.extensions).is_some().into())
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IsAuthenticated")
    }
}

/// Lets a request through that only reads, or that authentication found a caller for.
#[derive(Clone, Copy, Debug, Default)]
pub struct IsAuthenticatedOrReadOnly;

impl Permission for IsAuthenticatedOrReadOnly {
    fn has_permission(&self, head: &Parts) -> Decision<Verdict> {
        let known = || Identity::of(&head.extensions).is_some();
        Decision::Now((is_safe(&head.method) || known()).into())
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IsAuthenticatedOrReadOnly")
    }
}
