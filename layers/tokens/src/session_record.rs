use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, OnceLock},
    time::SystemTime,
};

use gatefold_core::{Credential, Identity};

/// What is kept of a session: whose it is, its times, and small data. Never the id that the
/// browser holds.
///
/// A clone is one reference count. A session belongs to one user, or to nobody, for as long as it
/// lives: a login begins another. Stores make it of a row with [`new`](Self::new) and the `with_`
/// methods.
#[derive(Clone)]
pub struct SessionRecord {
    shared: Arc<Shared>,
}

#[derive(Clone)]
struct Shared {
    id: Arc<str>,
    user: Option<Arc<str>>,
    epoch: u64,
    created: SystemTime,
    used: SystemTime,
    expires: SystemTime,
    revision: u64,
    data: BTreeMap<Box<str>, Box<str>>,
    // Made once, so that a known session costs no allocation.
    identity: OnceLock<Identity>,
}

impl SessionRecord {
    /// A session of nobody, by an id that is no secret, with the times when it was made and when
    /// it ends however much it is used.
    pub fn new(id: impl Into<Arc<str>>, created: SystemTime, expires: SystemTime) -> Self {
        Self {
            shared: Arc::new(Shared {
                id: id.into(),
                user: None,
                epoch: 0,
                created,
                used: created,
                expires,
                revision: 0,
                data: BTreeMap::new(),
                identity: OnceLock::new(),
            }),
        }
    }

    fn edit(&mut self) -> &mut Shared {
        let shared = Arc::make_mut(&mut self.shared);
        shared.identity = OnceLock::new();
        shared
    }

    /// Makes it a user's, logged in during this epoch ([`UserEpochs`](crate::UserEpochs)).
    #[must_use]
    pub fn with_user(mut self, user: impl Into<Arc<str>>, epoch: u64) -> Self {
        let shared = self.edit();
        shared.user = Some(user.into());
        shared.epoch = epoch;
        self
    }

    /// When the session was last used, to the minute.
    #[must_use]
    pub fn with_used(mut self, used: SystemTime) -> Self {
        self.edit().used = used;
        self
    }

    /// How often the data has been changed.
    #[must_use]
    pub fn with_revision(mut self, revision: u64) -> Self {
        self.edit().revision = revision;
        self
    }

    /// Replaces the data: keys, and JSON texts.
    #[must_use]
    pub fn with_data<K, V>(mut self, data: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<Box<str>>,
        V: Into<Box<str>>,
    {
        let data = data.into_iter();
        self.edit().data = data
            .map(|(key, value)| (key.into(), value.into()))
            .collect();
        self
    }

    /// The session with this value under `key`, or without it, in the next revision.
    #[must_use]
    pub fn changed(mut self, key: &str, value: Option<&str>) -> Self {
        let shared = self.edit();
        match value {
            Some(value) => shared.data.insert(key.into(), value.into()),
            None => shared.data.remove(key),
        };
        shared.revision += 1;
        self
    }

    /// The session's id, which names it in lists and logs. It is not what the browser holds.
    pub fn id(&self) -> &str {
        &self.shared.id
    }

    /// The user's id; `None` where nobody has logged in.
    pub fn user(&self) -> Option<&str> {
        self.shared.user.as_deref()
    }

    /// The user's epoch at login.
    pub fn epoch(&self) -> u64 {
        self.shared.epoch
    }

    /// When the session was made: for a user's, the login.
    pub fn created(&self) -> SystemTime {
        self.shared.created
    }

    /// When the session was last used, to the minute.
    pub fn used(&self) -> SystemTime {
        self.shared.used
    }

    /// When the session ends, however much it is used. At that moment it is already over.
    pub fn expires(&self) -> SystemTime {
        self.shared.expires
    }

    /// How often the data has been changed.
    pub fn revision(&self) -> u64 {
        self.shared.revision
    }

    /// The JSON text under `key`.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.shared.data.get(key).map(|value| &**value)
    }

    /// All keys and JSON texts, in the order of the keys.
    pub fn data(&self) -> impl Iterator<Item = (&str, &str)> {
        self.shared
            .data
            .iter()
            .map(|(key, value)| (&**key, &**value))
    }

    /// How many bytes the data has, keys and texts.
    pub fn size(&self) -> usize {
        self.data()
            .map(|(key, value)| key.len() + value.len())
            .sum()
    }

    /// Id and times as what is known of a credential.
    pub fn credential(&self) -> Credential {
        Credential::new(Arc::clone(&self.shared.id))
            .with_created(self.shared.created)
            .with_expires(self.shared.expires)
    }

    /// Who is calling with this session: the user by id, and the credential. It is made once.
    pub fn identity(&self) -> Option<&Identity> {
        let user = self.shared.user.as_ref()?;
        let make = || Identity::new(Arc::clone(user)).with_credential(self.credential());
        Some(self.shared.identity.get_or_init(make))
    }
}

/// Shows neither the data nor whose session it is.
impl fmt::Debug for SessionRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionRecord")
            .field("id", &self.shared.id)
            .field("created", &self.shared.created)
            .field("used", &self.shared.used)
            .field("expires", &self.shared.expires)
            .field("revision", &self.shared.revision)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_the_next_revision_and_leaves_clones_alone() {
        let epoch = SystemTime::UNIX_EPOCH;
        let one = SessionRecord::new("1", epoch, epoch).with_user("alice", 7);
        let two = one.clone().changed("theme", Some("\"dark\""));
        assert_eq!((one.revision(), one.value("theme")), (0, None));
        assert_eq!((two.revision(), two.value("theme")), (1, Some("\"dark\"")));
        assert_eq!(two.size(), "theme\"dark\"".len());
        let three = two.changed("theme", None);
        assert_eq!((three.revision(), three.data().count()), (2, 0));
        assert_eq!((three.user(), three.epoch()), (Some("alice"), 7));
    }

    #[test]
    fn the_identity_is_the_user_with_the_session_for_a_credential() {
        let epoch = SystemTime::UNIX_EPOCH;
        let nobodys = SessionRecord::new("1", epoch, epoch);
        assert!(nobodys.identity().is_none());
        let alices = nobodys.with_user("alice", 0);
        let identity = alices.identity().expect("hers");
        assert_eq!(identity.id(), "alice");
        assert_eq!(identity.credential().map(Credential::id), Some("1"));
        let shown = format!("{:?}", alices.changed("a", Some("\"s3cret\"")));
        assert!(
            !shown.contains("s3cret") && !shown.contains("alice"),
            "{shown}"
        );
    }
}
