use std::fmt;

use gatefold_core::Decision;
use http::{Method, request::Parts};

use crate::{Permission, Verdict};

/// Lets a request through that only reads: GET, HEAD and OPTIONS.
///
/// TRACE is safe too (RFC 9110, section 9.2.1), but echoes what it is sent; as in Django REST
/// Framework it does not count.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadOnly;

impl Permission for ReadOnly {
    fn has_permission(&self, head: &Parts) -> Decision<Verdict> {
        Decision::Now(is_safe(&head.method).into())
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReadOnly")
    }
}

pub(crate) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}
