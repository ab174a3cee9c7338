use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::{Claims, Verdict};

/// The policies that refused a request: the member `violated-policies` of problem details
/// (draft-ietf-httpapi-ratelimit-headers-10, section 6.1).
pub(crate) struct Violated(Vec<Arc<str>>);

impl Violated {
    pub(crate) fn of(claims: &Claims<'_>, verdict: &Verdict) -> Self {
        let names = claims.iter().flat_map(|claim| claim.limits().names());
        let held = names
            .zip(verdict.readings())
            .filter(|(_, reading)| reading.is_held())
            .map(|(name, _)| Arc::clone(name));
        Self(held.collect())
    }
}

impl Serialize for Violated {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The names stand in quotes for the header fields.
        serializer.collect_seq(self.0.iter().map(|name| name.trim_matches('"')))
    }
}
