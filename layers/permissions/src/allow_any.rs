use std::fmt;

use gatefold_core::Decision;
use http::request::Parts;

use crate::{Permission, Verdict};

/// Lets every request through.
#[derive(Clone, Copy, Debug, Default)]
pub struct AllowAny;

impl Permission for AllowAny {
    fn has_permission(&self, _: &Parts) -> Decision<Verdict> {
        Decision::Now(Verdict::Allowed)
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AllowAny")
    }
}

/// Refuses every request. Made for the fallback of [`Routes`](crate::Routes).
#[derive(Clone, Copy, Debug, Default)]
pub struct DenyAll;

impl Permission for DenyAll {
    fn has_permission(&self, _: &Parts) -> Decision<Verdict> {
        Decision::Now(false.into())
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DenyAll")
    }
}
