//! Absolute URLs of other endpoints.

use super::{answer::Answer, call::Call};

/// The URL of the endpoint that `link_to` names. Reversing is later work.
pub fn link(call: &Call) -> Result<String, Answer> {
    let to = call.place.endpoint.link_to.as_deref().unwrap_or_default();
    Err(not_built(to))
}

/// The URL of a path below this route.
pub fn to_path(_: &Call, below: &str) -> Result<String, Answer> {
    Err(not_built(below))
}

fn not_built(to: &str) -> Answer {
    Answer::not_built(&format!("a link to `{to}`"))
}
