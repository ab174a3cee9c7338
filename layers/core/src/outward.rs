use std::sync::{Arc, OnceLock};

use http::Extensions;

use crate::{Accepted, Identity, Version, journey::Journey};

/// What the gates further in found out, readable on the way out.
///
/// An outer layer does not see what inner gates put into a request that it has passed on. One
/// that wants to know (an access log, negotiation for a page) leaves this value first and keeps
/// it; the gates publish into it, and the first writer wins.
///
/// ```
/// use gatefold_core::{Identity, Outward};
///
/// let mut request = http::Request::new(());
/// let outward = Outward::leave(request.extensions_mut());
/// Identity::new("42").leave(request.extensions_mut());
/// drop(request);
/// assert_eq!(outward.identity().map(Identity::id), Some("42"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Outward(Arc<Cells>);

#[derive(Debug, Default)]
struct Cells {
    accepted: OnceLock<Accepted>,
    version: OnceLock<Version>,
    identity: OnceLock<Identity>,
}

impl Outward {
    /// Leaves the cells in a request, or finds those that somebody left already.
    pub fn leave(extensions: &mut Extensions) -> Self {
        Journey::edit(extensions)
            .outward
            .get_or_insert_default()
            .clone()
    }

    /// The cells that somebody left in this request.
    pub fn of(extensions: &Extensions) -> Option<&Self> {
        Journey::of(extensions)?.outward.as_ref()
    }

    /// What negotiation chose.
    pub fn accepted(&self) -> Option<&Accepted> {
        self.0.accepted.get()
    }

    /// The version that was asked for.
    pub fn version(&self) -> Option<&Version> {
        self.0.version.get()
    }

    /// Who called.
    pub fn identity(&self) -> Option<&Identity> {
        self.0.identity.get()
    }

    pub(crate) fn publish_accepted(&self, accepted: &Accepted) {
        self.0.accepted.get_or_init(|| accepted.clone());
    }

    pub(crate) fn publish_version(&self, version: &Version) {
        self.0.version.get_or_init(|| version.clone());
    }

    pub(crate) fn publish_identity(&self, identity: &Identity) {
        self.0.identity.get_or_init(|| identity.clone());
    }
}
