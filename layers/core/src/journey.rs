use http::Extensions;

use crate::{
    Accepted, Attempt, Connection, Format, Identity, Outward, Peer, Pending, Route, Version,
    mark::{Mark, Marks},
};

/// What the gates leave for each other on one request's way inward.
///
/// One value and not one extension per slot: seven inserts into `http::Extensions` cost about
/// twice the time and three times the allocations of one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journey {
    pub(crate) format: Option<Format>,
    pub(crate) accepted: Option<Accepted>,
    pub(crate) version: Option<Version>,
    pub(crate) identity: Option<Identity>,
    pub(crate) attempt: Option<Attempt>,
    pub(crate) pending: Option<Pending>,
    pub(crate) marks: Marks,
    pub(crate) connection: Option<Connection>,
    pub(crate) peer: Option<(Mark, Peer)>,
    pub(crate) route: Option<Route>,
    pub(crate) outward: Option<Outward>,
}

impl Journey {
    pub(crate) fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get()
    }

    pub(crate) fn edit(extensions: &mut Extensions) -> &mut Self {
        extensions.get_or_insert_default()
    }
}

/// Makes a request of its own out of a copied one.
///
/// A request built from the cloned head of another continues it: it carries the same identity and
/// is counted once, whatever its headers say. A batch endpoint that wants each of its parts
/// authenticated and counted calls this on each. The peer's connection stays.
///
/// ```
/// use gatefold_core::{detach, Identity};
///
/// let mut part = http::Request::new(());
/// Identity::new("42").leave(part.extensions_mut());
/// detach(part.extensions_mut());
/// assert!(Identity::of(part.extensions()).is_none());
/// ```
pub fn detach(extensions: &mut Extensions) {
    if let Some(journey) = extensions.remove::<Journey>() {
        extensions.insert(Journey {
            connection: journey.connection,
            ..Journey::default()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detached_request_keeps_its_connection_only() {
        let mut extensions = Extensions::new();
        let address = ([192, 0, 2, 1], 80).into();
        Connection::new(address).leave(&mut extensions);
        Version::new("2").leave(&mut extensions);
        detach(&mut extensions);
        assert!(Version::of(&extensions).is_none());
        assert_eq!(
            Connection::of(&extensions).map(Connection::address),
            Some(address)
        );
    }

    #[test]
    fn each_clone_goes_its_own_way() {
        let mut extensions = Extensions::new();
        Version::new("1").leave(&mut extensions);
        let mut retry = extensions.clone();
        Version::new("2").leave(&mut retry);
        assert_eq!(Version::of(&extensions).map(Version::as_str), Some("1"));
    }
}
