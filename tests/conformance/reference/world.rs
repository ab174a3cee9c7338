//! What changes while the server runs, and goes back to the fixtures between exchanges.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use gatefold::throttling::MemoryStore;
use gatefold::tokens::{
    Digest, MemorySessionStore, MemoryUserEpochs, SessionRecord, SessionStore, Sessions,
};
use gatefold::{Clock, Identity, ManualClock};

use super::{
    authenticators::Id,
    config::{Config, Kept, Note, User},
};

/// One life of the server, from one reset to the next.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) config: Arc<Config>,
    clock: ManualClock,
    // Users that the remote-user authenticator made.
    created: Mutex<Vec<User>>,
    store: Arc<MemoryStore>,
    sessions: Sessions,
}

impl World {
    pub(crate) fn new(config: Arc<Config>) -> Self {
        let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
        let sessions = sessions(&config).clock(clock.clock()).drf();
        let world = Self {
            sessions,
            config,
            clock,
            created: Mutex::new(Vec::new()),
            store: Arc::new(MemoryStore::new(256).sliding_keys(256)),
        };
        world.set_clock(0.0);
        world
    }

    /// Sets the clock to `at` seconds after the corpus's beginning.
    pub(crate) fn set_clock(&self, at: f64) {
        let begin = Duration::from_secs(self.config.now);
        // Milliseconds, because 59.999 has no exact binary form.
        let millis = (at.abs() * 1000.0).round() as u64;
        let offset = Duration::from_millis(millis);
        let since = if at < 0.0 {
            begin.saturating_sub(offset)
        } else {
            begin + offset
        };
        self.clock.set(since);
    }

    pub(crate) fn clock(&self) -> Clock {
        self.clock.clock()
    }

    /// Where all throttles of the server count: endpoints that name one scope share it.
    pub(crate) fn store(&self) -> Arc<MemoryStore> {
        Arc::clone(&self.store)
    }

    pub(crate) fn sessions(&self) -> Sessions {
        self.sessions.clone()
    }

    /// The user with this name, fixture or made since.
    pub(crate) fn user(&self, name: &str) -> Option<User> {
        self.find(|user| user.username == name)
    }

    /// The user who owns this token.
    pub(crate) fn user_by_token(&self, key: &str) -> Option<User> {
        self.find(|user| user.token.as_deref() == Some(key))
    }

    /// The user with this id.
    pub(crate) fn user_by_id(&self, id: &Id) -> Option<User> {
        self.find(|user| id.is(user.id))
    }

    fn find(&self, test: impl Fn(&User) -> bool) -> Option<User> {
        let fixture = self.config.users.iter().find(|user| test(user)).cloned();
        fixture.or_else(|| self.created().iter().find(|user| test(user)).cloned())
    }

    /// The user with this name, made now if there is none: active, without rights.
    pub(crate) fn user_or_new(&self, name: &str) -> User {
        if let Some(user) = self.user(name) {
            return user;
        }
        let mut created = self.created();
        let user = User {
            id: 1000 + created.len() as u64,
            username: name.to_owned(),
            password: String::new(),
            active: true,
            staff: false,
            superuser: false,
            perms: Vec::new(),
            token: None,
        };
        created.push(user.clone());
        user
    }

    fn created(&self) -> std::sync::MutexGuard<'_, Vec<User>> {
        self.created.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, id: u64) -> Option<&Note> {
        self.config.notes.iter().find(|note| note.id == id)
    }

    /// Whether the user has this right on the note with this id.
    pub(crate) fn may_on(&self, user: &User, right: &str, note: &str) -> bool {
        let rights = self.config.object_permissions.get(&user.username);
        user.superuser
            || rights
                .and_then(|notes| notes.get(note))
                .is_some_and(|rights| rights.iter().any(|known| known == right))
    }
}

/// The fixtures, by the digests of their keys.
fn sessions(config: &Config) -> Sessions {
    let store = MemorySessionStore::new();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(config.now);
    for kept in &config.sessions {
        let Kept { user, .. } = kept;
        // Nobody's password has been changed since the start, so all are in epoch 0.
        let epoch = u64::from(kept.bad_hash);
        let session = SessionRecord::new(kept.key.as_str(), now, year(&kept.expires))
            .with_user(user.as_deref().unwrap_or("no user"), epoch);
        drop(store.insert(Digest::of(&kept.key), session));
    }
    Sessions::new(store).epochs(MemoryUserEpochs::new())
}

/// The beginning of a date's year, to the day.
fn year(date: &str) -> SystemTime {
    let year: u64 = date
        .get(..4)
        .and_then(|year| year.parse().ok())
        .unwrap_or(0);
    let days = year.saturating_sub(1970) * 1461 / 4;
    SystemTime::UNIX_EPOCH + Duration::from_secs(days * 24 * 60 * 60)
}

/// Whether the user has this right on all notes.
pub(crate) fn may(user: &User, right: &str) -> bool {
    user.superuser || user.perms.iter().any(|known| known == right)
}

/// What the handler `whoami` shows of a credential.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// The authenticator's type in the configuration.
    pub(crate) authenticator: &'static str,
    pub(crate) auth: Option<String>,
    pub(crate) name: Option<String>,
}

/// The identity of a user of this server. The server's own user lies inside, and what `whoami`
/// shows.
pub(crate) fn identity(user: &User, authenticator: &'static str, auth: Option<String>) -> Identity {
    Identity::new(user.id.to_string())
        .with_admin(user.staff)
        .with_user(user.clone())
        .with_claims(Shown {
            authenticator,
            auth,
            name: Some(user.username.clone()),
        })
}

/// The server's own user behind the caller, where there is one.
pub(crate) fn caller(extensions: &http::Extensions) -> Option<&User> {
    Identity::of(extensions)?.user::<User>()
}
