use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::SystemTime,
};

use gatefold_core::{Credential, Identity};

/// What is known of an opaque token: whose it is, for which device, with which scopes, and its
/// times. Never the token itself.
///
/// A clone is one reference count. Stores make it of a row with [`new`](Self::new) and the
/// `with_` methods.
#[derive(Clone)]
pub struct Token {
    shared: Arc<Shared>,
}

#[derive(Clone)]
struct Shared {
    id: Arc<str>,
    user: Arc<str>,
    device: Option<Arc<str>>,
    scopes: Vec<Box<str>>,
    created: SystemTime,
    expires: Option<SystemTime>,
    used: Option<SystemTime>,
    // Made once, so that a known token costs no allocation.
    identity: OnceLock<Identity>,
}

impl Token {
    /// A token by an id that is no secret, its user's id, and when it was made.
    pub fn new(id: impl Into<Arc<str>>, user: impl Into<Arc<str>>, created: SystemTime) -> Self {
        Self {
            shared: Arc::new(Shared {
                id: id.into(),
                user: user.into(),
                device: None,
                scopes: Vec::new(),
                created,
                expires: None,
                used: None,
                identity: OnceLock::new(),
            }),
        }
    }

    fn edit(&mut self) -> &mut Shared {
        let shared = Arc::make_mut(&mut self.shared);
        shared.identity = OnceLock::new();
        shared
    }

    /// Names the device that the token was given to.
    #[must_use]
    pub fn with_device(mut self, device: impl Into<Arc<str>>) -> Self {
        self.edit().device = Some(device.into());
        self
    }

    /// Replaces the scopes: what the token may be used for.
    #[must_use]
    pub fn with_scopes<I>(mut self, scopes: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Box<str>>,
    {
        self.edit().scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// When the token ends; at that moment it is already over. Without it, it never does.
    #[must_use]
    pub fn with_expires(mut self, expires: SystemTime) -> Self {
        self.edit().expires = Some(expires);
        self
    }

    /// When the token was last used, to the minute.
    #[must_use]
    pub fn with_used(mut self, used: SystemTime) -> Self {
        self.edit().used = Some(used);
        self
    }

    /// The token's id, which names it in lists and logs.
    pub fn id(&self) -> &str {
        &self.shared.id
    }

    /// The user's id.
    pub fn user(&self) -> &str {
        &self.shared.user
    }

    pub(crate) fn shared_user(&self) -> &Arc<str> {
        &self.shared.user
    }

    /// The device that the token was given to.
    pub fn device(&self) -> Option<&str> {
        self.shared.device.as_deref()
    }

    /// The scopes, in the order given.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.shared.scopes.iter().map(|scope| &**scope)
    }

    /// When the token was made.
    pub fn created(&self) -> SystemTime {
        self.shared.created
    }

    /// When the token ends.
    pub fn expires(&self) -> Option<SystemTime> {
        self.shared.expires
    }

    /// When the token was last used, to the minute; `None` before its first use.
    pub fn used(&self) -> Option<SystemTime> {
        self.shared.used
    }

    /// Whether the token is over at `now`.
    pub fn is_over(&self, now: SystemTime) -> bool {
        self.expires().is_some_and(|expires| expires <= now)
    }

    /// What the application knows of the token, for an [`Identity`].
    pub fn credential(&self) -> Credential {
        let Shared {
            id,
            device,
            created,
            expires,
            ..
        } = &*self.shared;
        let mut credential = Credential::new(Arc::clone(id)).with_created(*created);
        if let Some(device) = device {
            credential = credential.with_device(Arc::clone(device));
        }
        if let Some(expires) = expires {
            credential = credential.with_expires(*expires);
        }
        credential
    }

    /// The caller that the token proves: its user's id, its scopes and its credential. It is made
    /// once and then cloned.
    pub fn identity(&self) -> &Identity {
        self.shared.identity.get_or_init(|| {
            Identity::new(Arc::clone(&self.shared.user))
                .with_scopes(self.shared.scopes.iter().cloned())
                .with_credential(self.credential())
        })
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared {
            id,
            user,
            device,
            scopes,
            created,
            expires,
            used,
            identity: _,
        } = &*self.shared;
        f.debug_struct("Token")
            .field("id", id)
            .field("user", user)
            .field("device", device)
            .field("scopes", scopes)
            .field("created", created)
            .field("expires", expires)
            .field("used", used)
            .finish()
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        let fields = |token: &Self| {
            let shared = &token.shared;
            (shared.created, shared.expires, shared.used)
        };
        self.id() == other.id()
            && self.user() == other.user()
            && self.device() == other.device()
            && self.shared.scopes == other.shared.scopes
            && fields(self) == fields(other)
    }
}

impl Eq for Token {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_token_is_over_at_the_moment_it_ends() {
        let made = SystemTime::UNIX_EPOCH;
        let token = Token::new("1", "alice", made);
        assert!(!token.is_over(made + Duration::from_secs(1 << 40)));
        let token = token.with_expires(made + Duration::from_secs(10));
        assert!(!token.is_over(made + Duration::from_secs(9)));
        assert!(token.is_over(made + Duration::from_secs(10)));
    }

    #[test]
    fn the_identity_follows_the_token() {
        let made = SystemTime::UNIX_EPOCH;
        let token = Token::new("1", "alice", made).with_scopes(["read"]);
        assert_eq!(token.identity().credential().expect("set").device(), None);
        let phone = token.clone().with_device("phone");
        let identity = phone.identity();
        assert_eq!(identity.id(), "alice");
        assert!(identity.has_scope("read"));
        let credential = identity.credential().expect("set");
        assert_eq!(
            (credential.id(), credential.device(), credential.created()),
            ("1", Some("phone"), Some(made))
        );
        assert_ne!(token, phone);
    }
}
