//! Basic over accounts: passwords that are verified, remembered and moved to a newer hash.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use gatefold_authentication::{Account, Accounts, AuthenticationLayer, BasicAuthentication};
use gatefold_core::{Exception, Identity, ManualClock, testing::Strict};
use gatefold_tokens::{
    MemoryUserEpochs, PasswordCheck, PasswordError, PasswordHasher, Passwords, UserEpochs,
};
use http::{Request, StatusCode};
use http_body_util::Full;
use tower::{Layer, ServiceExt};

/// A hasher that takes no time and counts: `<kind>$<password>`.
#[derive(Clone)]
struct Plain {
    kind: &'static str,
    verified: Arc<AtomicUsize>,
}

impl Plain {
    fn new(kind: &'static str) -> Self {
        Self {
            kind,
            verified: Arc::default(),
        }
    }

    fn count(&self) -> usize {
        self.verified.load(Ordering::Relaxed)
    }
}

impl PasswordHasher for Plain {
    fn hash(&self, password: &str) -> Result<String, PasswordError> {
        Ok(format!("{}${password}", self.kind))
    }

    fn verify(&self, password: &str, hash: &str) -> Option<PasswordCheck> {
        let hashed = hash.strip_prefix(self.kind)?.strip_prefix('$')?;
        self.verified.fetch_add(1, Ordering::Relaxed);
        Some(match hashed == password {
            true => PasswordCheck::Right,
            false => PasswordCheck::Wrong,
        })
    }
}

/// One user, `alice`, whose account can be changed.
#[derive(Clone)]
struct Users(Arc<Mutex<Option<Account>>>);

impl Users {
    fn new(hash: &str) -> Self {
        let alice = Account::new(Identity::new("7"), hash);
        Self(Arc::new(Mutex::new(Some(alice))))
    }

    fn set(&self, account: Option<Account>) {
        *self.0.lock().expect("whole") = account;
    }

    fn accounts(&self, hasher: &Plain) -> Accounts {
        let passwords = Passwords::new(hasher.clone()).expect("random");
        let users = self.clone();
        Accounts::new(passwords.reads(Plain::new("old")), move |name: String| {
            let found = users.0.lock().expect("whole").clone();
            async move { Ok::<_, Exception>(found.filter(|_| name == "alice")) }
        })
    }
}

async fn verified(accounts: &Accounts, name: &str, password: &str) -> Option<String> {
    let found = accounts.verify(name.to_owned(), password.to_owned()).await;
    Some(found.expect("they are there")?.id().to_owned())
}

async fn alice(accounts: &Accounts) -> bool {
    verified(accounts, "alice", "a").await.is_some()
}

#[tokio::test]
async fn a_right_password_is_its_user() {
    let hasher = Plain::new("new");
    let accounts = Users::new("new$a").accounts(&hasher);
    assert_eq!(
        verified(&accounts, "alice", "a").await.as_deref(),
        Some("7")
    );
    for (name, password) in [("alice", "b"), ("alice", ""), ("bob", "a"), ("", "")] {
        assert_eq!(verified(&accounts, name, password).await, None);
    }
}

#[tokio::test]
async fn whoever_is_wrong_costs_one_verification_known_or_not() {
    let hasher = Plain::new("new");
    let users = Users::new("new$a");
    let accounts = users.accounts(&hasher);
    let cost = async |name: &str, password: &str| {
        let before = hasher.count();
        assert_eq!(verified(&accounts, name, password).await, None);
        hasher.count() - before
    };
    for _ in 0..2 {
        assert_eq!(cost("alice", "b").await, 1);
        assert_eq!(cost("bob", "b").await, 1);
    }
    for no_password in [
        Account::without_password(Identity::new("7")),
        Account::new(Identity::new("7"), "!"),
    ] {
        users.set(Some(no_password));
        assert_eq!(cost("alice", "a").await, 1);
    }
}

#[tokio::test]
async fn a_right_pair_is_remembered_for_a_minute_at_most() {
    for (lasting, kept) in [(3600, 60), (10, 10), (0, 0)] {
        let hand = ManualClock::new(SystemTime::UNIX_EPOCH);
        let hasher = Plain::new("new");
        let accounts = Users::new("new$a").accounts(&hasher).clock(hand.clock());
        let accounts = accounts.remembering(Duration::from_secs(lasting));
        assert!(alice(&accounts).await);
        let first = hasher.count();
        if kept > 0 {
            hand.advance(Duration::from_secs(kept) - Duration::from_nanos(1));
            assert!(alice(&accounts).await);
            assert_eq!(hasher.count(), first);
            hand.advance(Duration::from_nanos(1));
        }
        assert!(alice(&accounts).await);
        assert_eq!(hasher.count(), first + 1, "{lasting} s");
    }
}

#[tokio::test]
async fn what_is_remembered_ends_with_the_epoch_the_hash_and_the_user() {
    let hasher = Plain::new("new");
    let users = Users::new("new$a");
    let epochs = MemoryUserEpochs::new();
    let accounts = users.accounts(&hasher).epochs(epochs.clone());
    assert!(alice(&accounts).await);
    let mut count = hasher.count();
    let asked = |count: &mut usize| {
        let more = hasher.count() - *count;
        *count += more;
        more
    };
    assert!(alice(&accounts).await);
    assert_eq!(asked(&mut count), 0);

    epochs.advance("7").wait().await.expect("counted");
    assert!(alice(&accounts).await);
    assert_eq!(asked(&mut count), 1);

    // A new password makes the old one wrong at once.
    users.set(Some(Account::new(Identity::new("7"), "new$b")));
    assert!(!alice(&accounts).await);
    assert_eq!(asked(&mut count), 1);
    users.set(Some(Account::new(Identity::new("7"), "new$a")));
    assert!(alice(&accounts).await);
    assert_eq!(asked(&mut count), 1);

    let inactive = Identity::new("7").with_active(false);
    users.set(Some(Account::new(inactive, "new$a")));
    assert!(!alice(&accounts).await);
    users.set(None);
    assert!(!alice(&accounts).await);
}

#[tokio::test]
async fn an_outdated_hash_is_replaced_at_login() {
    let hasher = Plain::new("new");
    let users = Users::new("old$a");
    let replaced = users.clone();
    let accounts = users.accounts(&hasher).rehash(move |user, hash: String| {
        let users = replaced.clone();
        async move { users.set(Some(Account::new(user, hash))) }
    });
    assert_eq!(verified(&accounts, "alice", "b").await, None);
    assert_eq!(
        users.0.lock().expect("whole").as_ref().map(hash),
        Some("old")
    );
    for _ in 0..2 {
        assert!(alice(&accounts).await);
        assert_eq!(
            users.0.lock().expect("whole").as_ref().map(hash),
            Some("new")
        );
    }

    // Without anybody to keep the new one, the old one goes on.
    let users = Users::new("old$a");
    assert!(alice(&users.accounts(&hasher)).await);
}

fn hash(account: &Account) -> &'static str {
    // The hash is nobody's to see: whoever verifies with one hasher alone tells which it is.
    let shown = format!("{account:?}");
    assert!(!shown.contains('$'), "{shown}");
    let (hasher, account) = (Plain::new("new"), account.clone());
    let passwords = Passwords::new(hasher.clone()).expect("random");
    let accounts = Accounts::new(passwords, move |_| {
        let found = Some(account.clone());
        async move { Ok::<_, Exception>(found) }
    });
    let runtime = tokio::runtime::Builder::new_current_thread();
    let right = std::thread::spawn(move || {
        let runtime = { runtime }.build().expect("a runtime");
        runtime.block_on(alice(&accounts))
    });
    match right.join().expect("no panic") {
        true => "new",
        false => "old",
    }
}

#[tokio::test]
async fn a_look_up_that_fails_is_no_wrong_password() {
    let passwords = Passwords::new(Plain::new("new")).expect("random");
    let accounts = Accounts::new(passwords, |_| async {
        Err::<Option<Account>, _>(Exception::unavailable("the database is away"))
    });
    let refused = accounts.verify("alice".into(), "a".into()).await;
    assert_eq!(refused.expect_err("away").status(), 503);
}

#[tokio::test]
async fn basic_asks_the_accounts() {
    let hasher = Plain::new("new");
    let accounts = Users::new("new$wonderland").accounts(&hasher);
    let layer = AuthenticationLayer::new(BasicAuthentication::accounts(accounts));
    // alice:wonderland, alice:nope and bob:wonderland.
    for (word, status) in [
        ("YWxpY2U6d29uZGVybGFuZA==", StatusCode::OK),
        ("YWxpY2U6bm9wZQ==", StatusCode::UNAUTHORIZED),
        ("Ym9iOndvbmRlcmxhbmQ=", StatusCode::UNAUTHORIZED),
    ] {
        let request = Request::builder().header("authorization", format!("Basic {word}"));
        let request = request
            .body(Full::<bytes::Bytes>::default())
            .expect("a request");
        let response = layer.layer(Strict::new()).oneshot(request).await;
        let response = response.expect("infallible");
        assert_eq!(response.status(), status);
        match response.extensions().get::<Exception>() {
            None => {
                let identity = Identity::of(response.extensions()).expect("alice");
                assert_eq!((identity.id(), identity.scheme()), ("7", "Basic"));
            }
            Some(exception) => {
                let words = exception.detail().text();
                assert_eq!(words, Some("Invalid username/password."));
            }
        }
    }
}

#[test]
fn accounts_travel_between_threads() {
    fn travels<T: Clone + Send + Sync + std::fmt::Debug + 'static>() {}
    travels::<Account>();
    travels::<Accounts>();
    fn moves<T: Send>(_: T) {}
    let accounts = Users::new("new$a").accounts(&Plain::new("new"));
    moves(accounts.verify(String::new(), String::new()));
}
