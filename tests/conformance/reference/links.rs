//! Absolute URLs of other endpoints.

use super::{answer::Answer, call::Call};

/// The version and the URL of the endpoint that `link_to` names. Reversing is later work.
pub(crate) fn link(call: &Call) -> Answer {
    let to = call.place.endpoint.link_to.as_deref().unwrap_or_default();
    Answer::not_built(&format!("a link to `{to}`"))
}

/// The router's root: the URL of its list.
pub(crate) fn root(_: &Call) -> Answer {
    Answer::not_built("a link to the list")
}
