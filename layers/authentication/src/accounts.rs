use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use gatefold_core::{Clock, Exception, Identity, Later};
use gatefold_tokens::{PasswordCheck, Passwords, UserEpochs};

use crate::{Account, remembered::Remembered, slots::Slots};

type Find = dyn Fn(String) -> Later<Result<Option<Account>, Exception>> + Send + Sync;
type Rehash = dyn Fn(Identity, String) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync;

/// Users and their passwords: looks an account up by its name and verifies the password against
/// its hash (feature `passwords`).
///
/// Verifying takes long on purpose. It is done on tokio's blocking threads, as many at once as there
/// are processors; where 64 wait for each of them, the answer is 503 with `Retry-After`. A pair
/// that was right is remembered for a minute, as a digest under a secret of this process, and is
/// forgotten once the user's hash or epoch changes. The account itself is looked up each time, so
/// whoever was deleted is unknown at once. An unknown name takes as long as a wrong password.
///
/// ```
/// use gatefold_authentication::{Account, Accounts, AuthenticationLayer, BasicAuthentication};
/// use gatefold_core::{Exception, Identity};
/// use gatefold_tokens::{Argon2Hasher, Passwords, Pbkdf2Hasher};
///
/// # #[derive(Clone)] struct Users;
/// # struct User { id: u64, active: bool, hash: String }
/// # impl Users {
/// #     async fn by_name(&self, _: &str) -> Result<Option<User>, std::io::Error> { Ok(None) }
/// #     async fn set_hash(&self, _: &str, _: String) {}
/// # }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let users = Users;
/// // New hashes are argon2id's; those of a Django before us are read.
/// let passwords = Passwords::new(Argon2Hasher::new())?.reads(Pbkdf2Hasher::new());
/// let (find, store) = (users.clone(), users);
/// let accounts = Accounts::new(passwords, move |name: String| {
///     let users = find.clone();
///     async move {
///         let user = users.by_name(&name).await.map_err(Exception::unavailable)?;
///         Ok::<_, Exception>(user.map(|user| {
///             Account::new(Identity::new(user.id.to_string()).with_active(user.active), user.hash)
///         }))
///     }
/// })
/// .rehash(move |user: Identity, hash: String| {
///     let users = store.clone();
///     async move { users.set_hash(user.id(), hash).await }
/// });
/// let layer = AuthenticationLayer::new(BasicAuthentication::accounts(accounts));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct Accounts {
    rules: Arc<Rules>,
    remembered: Arc<Remembered>,
}

#[derive(Clone)]
struct Rules {
    passwords: Passwords,
    find: Arc<Find>,
    rehash: Option<Arc<Rehash>>,
    epochs: Option<Arc<dyn UserEpochs>>,
    slots: Slots,
    lasting: Duration,
    most: u64,
    clock: Clock,
}

impl Accounts {
    /// Asks `find` for the account with a name, and verifies with `passwords`.
    pub fn new<F, V, E>(passwords: Passwords, find: V) -> Self
    where
        V: Fn(String) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Option<Account>, E>> + Send + 'static,
        E: Into<Exception>,
    {
        let find = move |name| -> Later<Result<Option<Account>, Exception>> {
            let found = find(name);
            Box::pin(async move { found.await.map_err(Into::into) })
        };
        Self::with(Rules {
            passwords,
            find: Arc::new(find),
            rehash: None,
            epochs: None,
            slots: Slots::new(),
            lasting: Duration::from_secs(60),
            most: 10_000,
            clock: Clock::system(),
        })
    }

    fn with(rules: Rules) -> Self {
        let (most, lasting) = (rules.most, rules.lasting);
        Self {
            remembered: Arc::new(Remembered::new(most, lasting, rules.clock.clone())),
            rules: Arc::new(rules),
        }
    }

    fn changed(self, change: impl FnOnce(&mut Rules)) -> Self {
        let mut rules = Arc::unwrap_or_clone(self.rules);
        change(&mut rules);
        Self::with(rules)
    }

    /// Calls `rehash` with the user and a new hash, where a right password's hash is
    /// [outdated](PasswordCheck::Outdated). The login waits for it and goes on whatever comes of it.
    pub fn rehash<F, V>(self, rehash: V) -> Self
    where
        V: Fn(Identity, String) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let rehash: Arc<Rehash> = Arc::new(move |user, hash| Box::pin(rehash(user, hash)));
        self.changed(|rules| rules.rehash = Some(rehash))
    }

    /// Forgets what it remembers of a user, by their identity's id, once their epoch moves: «log out
    /// everywhere». A change of the hash needs no epoch.
    pub fn epochs(self, epochs: impl UserEpochs) -> Self {
        self.changed(|rules| rules.epochs = Some(Arc::new(epochs)))
    }

    /// Verifies this many passwords at once, at least one. Each takes a thread, and with argon2id
    /// 19 MiB.
    pub fn at_once(self, most: usize) -> Self {
        self.changed(|rules| rules.slots = Slots::of(most))
    }

    /// Remembers a pair that was right for this long, at most a minute. Zero remembers nothing.
    pub fn remembering(self, lasting: Duration) -> Self {
        self.changed(|rules| rules.lasting = lasting)
    }

    /// Remembers this many pairs at most. The default is 10,000.
    pub fn remembering_most(self, pairs: u64) -> Self {
        self.changed(|rules| rules.most = pairs)
    }

    /// Takes the time from `clock`.
    pub fn clock(self, clock: Clock) -> Self {
        self.changed(|rules| rules.clock = clock)
    }

    /// The user with this name, if the password is theirs and they are active.
    ///
    /// # Errors
    ///
    /// What the look-up says, and 503 where too many passwords wait to be verified or there is no
    /// tokio runtime.
    pub async fn verify(
        &self,
        name: String,
        password: String,
    ) -> Result<Option<Identity>, Exception> {
        let key = self.remembered.key(&name, &password);
        let Some(account) = (self.rules.find)(name).await? else {
            // The time that a wrong password takes: the answer must not tell who is known.
            let (_wrong, _) = self.rules.check(password, None).await?;
            return Ok(None);
        };
        let Account { identity, hash } = account;
        let epoch = match &self.rules.epochs {
            Some(epochs) => epochs.epoch(identity.id()).wait().await?,
            None => 0,
        };
        let known = |key| {
            let hash = hash.as_deref();
            hash.is_some_and(|hash| self.remembered.knows(key, epoch, hash))
        };
        if !key.as_ref().is_some_and(known) {
            let (check, new) = self.rules.check(password, hash.clone()).await?;
            if !check.is_right() {
                return Ok(None);
            }
            if let (Some(rehash), Some(new)) = (&self.rules.rehash, new) {
                rehash(identity.clone(), new).await;
            }
            if let (Some(key), Some(hash)) = (key, hash) {
                self.remembered.remember(key, epoch, &hash);
            }
        }
        Ok(Some(identity).filter(Identity::is_active))
    }
}

impl Rules {
    /// What the password is, and a new hash where the old one is outdated and somebody wants it.
    async fn check(
        &self,
        password: String,
        hash: Option<Arc<str>>,
    ) -> Result<(PasswordCheck, Option<String>), Exception> {
        let passwords = self.passwords.clone();
        let wanted = self.rehash.is_some();
        let work = move || {
            let check = passwords.verify(&password, hash.as_deref());
            let outdated = wanted && check == PasswordCheck::Outdated;
            // Without a new hash the old one stays: the password is right all the same.
            let new = outdated.then(|| passwords.hash(&password).ok());
            (check, new.flatten())
        };
        self.slots.run(work).await
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts")
            .field("passwords", &self.rules.passwords)
            .field("remembered", &self.remembered)
            .finish_non_exhaustive()
    }
}
