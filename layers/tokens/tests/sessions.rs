//! Sessions in memory: when they end, who ends them, and what is kept.

use std::time::{Duration, SystemTime};

use gatefold_core::{Decision, Exception, ManualClock};
use gatefold_tokens::{
    Digest, MemorySessionStore, MemoryUserEpochs, OpaqueToken, SessionRecord, SessionStore,
    Sessions, UserEpochs as _,
};

type Found = Result<Option<SessionRecord>, Exception>;

const MINUTES: Duration = Duration::from_secs(60);

fn kept() -> (Sessions, ManualClock) {
    let hand = ManualClock::new(SystemTime::UNIX_EPOCH);
    let sessions = Sessions::new(MemorySessionStore::new())
        .idle(30 * MINUTES)
        .lifetime(100 * MINUTES)
        .clock(hand.clock());
    (sessions, hand)
}

async fn is_there(sessions: &Sessions, id: &OpaqueToken) -> bool {
    let found = sessions.find(id.reveal()).wait().await;
    found.expect("memory does not fail").is_some()
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle() {
    let (sessions, hand) = kept();
    let (id, _) = sessions.begin(Some("alice"), None).await.expect("kept");
    hand.advance(29 * MINUTES);
    assert!(is_there(&sessions, &id).await);
    hand.advance(29 * MINUTES);
    assert!(is_there(&sessions, &id).await);
    hand.advance(30 * MINUTES);
    assert!(!is_there(&sessions, &id).await);
    assert!(sessions.list("alice").await.expect("listed").is_empty());
}

#[tokio::test]
async fn a_session_ends_however_much_it_is_used() {
    let (sessions, hand) = kept();
    let (id, session) = sessions.begin(Some("alice"), None).await.expect("kept");
    for _ in 0..9 {
        hand.advance(11 * MINUTES);
        assert!(is_there(&sessions, &id).await);
    }
    assert_eq!(sessions.remaining(&session), MINUTES);
    hand.advance(MINUTES);
    assert!(!is_there(&sessions, &id).await);
    assert_eq!(sessions.remaining(&session), Duration::ZERO);
}

#[tokio::test]
async fn an_idle_time_below_a_minute_is_counted_too() {
    let (sessions, hand) = kept();
    let sessions = sessions.idle(Duration::from_secs(8));
    let (id, _) = sessions.begin(Some("alice"), None).await.expect("kept");
    for _ in 0..9 {
        hand.advance(Duration::from_secs(6));
        assert!(is_there(&sessions, &id).await);
    }
    hand.advance(Duration::from_secs(8));
    assert!(!is_there(&sessions, &id).await);
}

#[tokio::test]
async fn a_new_epoch_ends_the_sessions_of_its_user_alone() {
    let (sessions, _) = kept();
    let epochs = MemoryUserEpochs::new();
    let sessions = sessions.epochs(epochs.clone());
    let (alice, _) = sessions.begin(Some("alice"), None).await.expect("kept");
    let (bob, _) = sessions.begin(Some("bob"), None).await.expect("kept");
    epochs.advance("alice").wait().await.expect("counted");
    assert!(!is_there(&sessions, &alice).await);
    assert!(sessions.list("alice").await.expect("listed").is_empty());
    assert!(is_there(&sessions, &bob).await);
    let (again, _) = sessions.begin(Some("alice"), None).await.expect("kept");
    assert!(is_there(&sessions, &again).await);
    assert_eq!(sessions.revoke_all("alice").await.expect("ended"), 2);
    assert!(!is_there(&sessions, &again).await);
}

#[tokio::test]
async fn a_login_takes_along_nobodys_data_and_its_own_users() {
    let (sessions, _) = kept();
    for (before, after, kept) in [
        (None, "alice", true),
        (Some("alice"), "alice", true),
        (Some("bob"), "alice", false),
    ] {
        let (id, session) = sessions.begin(before, None).await.expect("kept");
        let session = session.changed("cart", Some("[1]"));
        let written = sessions.write(&id.digest(), &session).await;
        assert!(written.expect("written"));
        let ended = sessions.end(&id.digest()).await.expect("ended");
        let (new, session) = sessions
            .begin(Some(after), ended.as_ref())
            .await
            .expect("kept");
        assert_eq!(session.value("cart").is_some(), kept, "{before:?}");
        assert_ne!(new, id);
        assert!(!is_there(&sessions, &id).await);
    }
}

#[tokio::test]
async fn what_is_no_id_is_never_looked_up() {
    struct Broken;
    impl SessionStore for Broken {
        fn find(&self, _: &Digest) -> Decision<Found> {
            Decision::Now(Err(Exception::unavailable("asked")))
        }
        fn insert(&self, _: Digest, _: SessionRecord) -> Decision<Result<(), Exception>> {
            Decision::Now(Err(Exception::unavailable("asked")))
        }
        fn replace(&self, _: &Digest, _: &SessionRecord) -> Decision<Result<bool, Exception>> {
            Decision::Now(Err(Exception::unavailable("asked")))
        }
        fn touch(&self, _: &Digest, _: SystemTime) -> Decision<Result<(), Exception>> {
            Decision::Now(Err(Exception::unavailable("asked")))
        }
        fn take(&self, _: &Digest) -> Decision<Found> {
            Decision::Now(Err(Exception::unavailable("asked")))
        }
        fn remove(&self, _: &str, _: &str) -> Decision<Result<bool, Exception>> {
            Decision::Now(Err(Exception::unavailable("asked")))
        }
        fn remove_all(&self, _: &str) -> Decision<Result<usize, Exception>> {
            Decision::Now(Err(Exception::unavailable("asked")))
        }
        fn list(&self, _: &str) -> Decision<Result<Vec<SessionRecord>, Exception>> {
            Decision::Now(Err(Exception::unavailable("asked")))
        }
    }
    let sessions = Sessions::new(Broken);
    for id in [
        "",
        "a",
        &"a".repeat(42),
        &"-".repeat(43),
        &"a".repeat(65_000),
    ] {
        let found = sessions.find(id).wait().await;
        assert!(found.expect("not looked up").is_none(), "{id}");
    }
    let error = sessions.find(&"a".repeat(43)).wait().await;
    assert_eq!(error.expect_err("looked up").status(), 503);
    let error = sessions.begin(Some("alice"), None).await;
    assert_eq!(error.expect_err("not kept").status(), 503);
}
