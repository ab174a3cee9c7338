//! What a token goes through, from its issue to its end.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use gatefold_core::{Decision, Exception, ManualClock, later};
use gatefold_tokens::{
    Digest, MemoryTokenStore, MemoryUserEpochs, NewToken, Token, TokenStore, Tokens, UserEpochs,
};

type Answer<T> = Decision<Result<T, Exception>>;

const SECOND: Duration = Duration::from_secs(1);

fn clock() -> ManualClock {
    ManualClock::new(SystemTime::UNIX_EPOCH + 1_000_000 * SECOND)
}

/// A store that answers later, counts its writes, and fails where it is told to.
#[derive(Clone)]
struct Remote {
    store: MemoryTokenStore,
    touched: Arc<AtomicUsize>,
    finds: bool,
    writes: bool,
}

impl Remote {
    fn new(store: MemoryTokenStore) -> Self {
        Self {
            store,
            touched: Arc::default(),
            finds: true,
            writes: true,
        }
    }
}

fn away<T: Send + 'static>() -> Answer<T> {
    later(async { Err(Exception::unavailable("the store is away")) })
}

impl TokenStore for Remote {
    fn find(&self, digest: &Digest) -> Answer<Option<Token>> {
        if !self.finds {
            return away();
        }
        let (store, digest) = (self.store.clone(), *digest);
        later(async move { store.find(&digest).wait().await })
    }

    fn insert(&self, digest: Digest, token: Token) -> Answer<()> {
        self.store.insert(digest, token)
    }

    fn touch(&self, digest: &Digest, token: &Token) -> Answer<()> {
        if !self.writes {
            return away();
        }
        let (store, digest, token) = (self.store.clone(), *digest, token.clone());
        let touched = Arc::clone(&self.touched);
        later(async move {
            touched.fetch_add(1, Ordering::Relaxed);
            store.touch(&digest, &token).wait().await
        })
    }

    fn remove(&self, user: &str, id: &str) -> Answer<bool> {
        self.store.remove(user, id)
    }

    fn remove_all(&self, user: &str) -> Answer<usize> {
        self.store.remove_all(user)
    }

    fn list(&self, user: &str) -> Answer<Vec<Token>> {
        self.store.list(user)
    }
}

async fn verified(tokens: &Tokens, secret: &str) -> Option<Token> {
    let found = tokens.verify(secret).wait().await;
    found.expect("the store is there")
}

#[tokio::test]
async fn a_token_ends_when_its_lifetime_is_over() {
    for remote in [false, true] {
        let hand = clock();
        let store = MemoryTokenStore::new();
        let tokens = match remote {
            false => Tokens::new(store),
            true => Tokens::new(Remote::new(store)),
        };
        let tokens = tokens.lifetime(10 * SECOND).clock(hand.clock());
        let (secret, token) = tokens.issue(NewToken::of("alice")).await.expect("kept");
        let end = token.created() + 10 * SECOND;
        assert_eq!(token.expires(), Some(end));
        hand.advance(9 * SECOND);
        assert!(verified(&tokens, secret.reveal()).await.is_some());
        assert_eq!(tokens.list("alice").await.expect("there").len(), 1);
        hand.advance(SECOND);
        assert!(verified(&tokens, secret.reveal()).await.is_none());
        assert!(tokens.list("alice").await.expect("there").is_empty());
    }
}

#[tokio::test]
async fn an_everlasting_token_has_no_end() {
    let hand = clock();
    let tokens = Tokens::new(MemoryTokenStore::new());
    let tokens = tokens.everlasting().clock(hand.clock());
    let (secret, _) = tokens.issue(NewToken::of("alice")).await.expect("kept");
    hand.advance(100 * 365 * 24 * 3600 * SECOND);
    let found = verified(&tokens, secret.reveal()).await.expect("good");
    assert_eq!(found.expires(), None);
}

#[tokio::test]
async fn use_renews_a_token_up_to_its_longest_life() {
    let hand = clock();
    let tokens = Tokens::new(MemoryTokenStore::new())
        .lifetime(1000 * SECOND)
        .renewing(2500 * SECOND)
        .clock(hand.clock());
    let (secret, token) = tokens.issue(NewToken::of("alice")).await.expect("kept");
    let left = async |after: u64| {
        hand.set(Duration::from_secs(after));
        let found = verified(&tokens, secret.reveal()).await?;
        let left = found
            .expires()
            .expect("it ends")
            .duration_since(token.created());
        Some(left.expect("later").as_secs())
    };
    assert_eq!(left(0).await, Some(1000));
    // Within the same minute nothing is written.
    assert_eq!(left(59).await, Some(1000));
    assert_eq!(left(900).await, Some(1900));
    assert_eq!(left(1800).await, Some(2500));
    assert_eq!(left(2499).await, Some(2500));
    assert_eq!(left(2500).await, None);
}

#[tokio::test]
async fn without_renewal_use_changes_no_end() {
    let hand = clock();
    let tokens = Tokens::new(MemoryTokenStore::new()).clock(hand.clock());
    let (secret, token) = tokens.issue(NewToken::of("alice")).await.expect("kept");
    hand.advance(100 * SECOND);
    let found = verified(&tokens, secret.reveal()).await.expect("good");
    assert_eq!(found.expires(), token.expires());
}

#[tokio::test]
async fn a_use_is_written_once_a_minute() {
    let hand = clock();
    let remote = Remote::new(MemoryTokenStore::new());
    let tokens = Tokens::new(remote.clone()).clock(hand.clock());
    let (secret, token) = tokens.issue(NewToken::of("alice")).await.expect("kept");
    assert_eq!(token.used(), None);
    for (after, written) in [(0, 1), (1, 1), (59, 1), (60, 2), (100, 2), (120, 3)] {
        hand.set(Duration::from_secs(after));
        let found = verified(&tokens, secret.reveal()).await.expect("good");
        assert_eq!(remote.touched.load(Ordering::Relaxed), written, "{after} s");
        let used = found.used().expect("just now");
        let since = used.duration_since(token.created()).expect("later");
        assert_eq!(since.as_secs(), after / 60 * 60);
    }
    // A clock that was set back does not stop the record.
    hand.set(Duration::from_secs(10));
    assert!(verified(&tokens, secret.reveal()).await.is_some());
    assert_eq!(remote.touched.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn a_store_that_is_away_is_no_unknown_token() {
    let mut remote = Remote::new(MemoryTokenStore::new());
    let tokens = Tokens::new(remote.clone());
    let (secret, _) = tokens.issue(NewToken::of("alice")).await.expect("kept");
    remote.writes = false;
    let tokens = Tokens::new(remote.clone());
    assert!(verified(&tokens, secret.reveal()).await.is_some());
    remote.finds = false;
    let answer = Tokens::new(remote).verify(secret.reveal()).wait().await;
    assert_eq!(answer.expect_err("away").status(), 503);
}

#[tokio::test]
async fn several_tokens_of_a_user_are_revoked_one_by_one_or_all() {
    let tokens = Tokens::new(MemoryTokenStore::new());
    let mut secrets = Vec::new();
    for device in ["phone", "laptop", "watch"] {
        let new = NewToken::of("alice").device(device).scopes(["read"]);
        secrets.push(tokens.issue(new).await.expect("kept"));
    }
    let listed = tokens.list("alice").await.expect("there");
    let devices: Vec<_> = listed.iter().filter_map(Token::device).collect();
    assert_eq!(devices, ["phone", "laptop", "watch"]);

    let (secret, token) = &secrets[1];
    assert!(!tokens.revoke("mallory", token.id()).await.expect("there"));
    assert!(verified(&tokens, secret.reveal()).await.is_some());
    assert!(tokens.revoke("alice", token.id()).await.expect("there"));
    assert!(verified(&tokens, secret.reveal()).await.is_none());
    assert!(verified(&tokens, secrets[0].0.reveal()).await.is_some());

    assert_eq!(tokens.revoke_all("alice").await.expect("there"), 2);
    assert!(verified(&tokens, secrets[0].0.reveal()).await.is_none());
}

#[tokio::test]
async fn what_is_like_a_token_is_none() {
    let tokens = Tokens::new(MemoryTokenStore::new());
    let (secret, _) = tokens.issue(NewToken::of("alice")).await.expect("kept");
    let secret = secret.reveal();
    for other in [
        "",
        "\0",
        &secret[..secret.len() - 1],
        &format!("{secret}0"),
        &secret.to_uppercase(),
        &Digest::of(secret).to_string(),
        &"a".repeat(1024 * 1024),
    ] {
        assert!(verified(&tokens, other).await.is_none());
    }
}

#[cfg(feature = "serde")]
#[tokio::test]
async fn a_snapshot_keeps_everything() {
    let store = MemoryTokenStore::new();
    let tokens = Tokens::new(store.clone());
    let phone = NewToken::of("alice")
        .device("phone")
        .scopes(["read", "write"]);
    let (secret, _) = tokens.issue(phone).await.expect("kept");
    tokens.issue(NewToken::of("bob")).await.expect("kept");
    let found = verified(&tokens, secret.reveal()).await.expect("good");

    let written = serde_json::to_string(&store.snapshot()).expect("plain");
    assert!(!written.contains(secret.reveal()));
    let again = MemoryTokenStore::new();
    let read = serde_json::from_str(&written).expect("just written");
    again.load(read).expect("it fits");
    assert_eq!(again.snapshot(), store.snapshot());
    let restored = verified(&Tokens::new(again), secret.reveal()).await;
    assert_eq!(restored, Some(found));

    let small = MemoryTokenStore::new().capacity(1);
    small.load(store.snapshot()).expect_err("it does not fit");
    assert_eq!(small.len(), 1);
}

#[test]
fn everything_travels_between_threads() {
    fn travels<T: Clone + Send + Sync + 'static>() {}
    travels::<Tokens>();
    travels::<Token>();
    travels::<MemoryTokenStore>();
    travels::<MemoryUserEpochs>();
    travels::<gatefold_tokens::Passwords>();
    travels::<Arc<dyn TokenStore>>();
    travels::<Arc<dyn UserEpochs>>();
    travels::<Arc<dyn gatefold_tokens::PasswordHasher>>();
}
