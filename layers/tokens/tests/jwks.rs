//! Keys that a provider publishes, changes and withdraws: by a clock that is set by hand.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use gatefold_core::{Exception, ManualClock};
use gatefold_tokens::{Jwks, JwtAlgorithm, JwtErrorKind, JwtSigner, JwtVerifier};

const MINUTE: Duration = Duration::from_secs(60);

struct Provider {
    set: Arc<Mutex<Option<String>>>,
    fetches: Arc<AtomicUsize>,
    hand: ManualClock,
    verifier: JwtVerifier,
}

impl Provider {
    fn new() -> Self {
        let set: Arc<Mutex<Option<String>>> = Arc::default();
        let fetches = Arc::new(AtomicUsize::new(0));
        let hand = ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
        let (published, counted) = (Arc::clone(&set), Arc::clone(&fetches));
        let jwks = Jwks::new(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            let set = published.lock().expect("no panic").clone();
            async move {
                tokio::task::yield_now().await;
                set.ok_or_else(|| Exception::unavailable("away"))
            }
        });
        let jwks = jwks.clock(hand.clock());
        let verifier = JwtVerifier::new(jwks).clock(hand.clock());
        Self {
            set,
            fetches,
            hand,
            verifier,
        }
    }

    fn publishes(&self, keys: &[&str]) {
        let set = format!(r#"{{"keys": [{}]}}"#, keys.join(","));
        *self.set.lock().expect("no panic") = Some(set);
    }

    fn is_away(&self) {
        *self.set.lock().expect("no panic") = None;
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }

    async fn says(&self, token: &str) -> Result<(), JwtErrorKind> {
        let verdict = self.verifier.verify(token).wait().await;
        verdict.map(drop).map_err(|error| error.kind())
    }

    /// Lets a fetch in the background come to its end.
    async fn settles(&self) {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }
}

fn signer(kid: &str) -> JwtSigner {
    let signer = JwtSigner::generate(JwtAlgorithm::Es256).expect("random");
    signer.kid(kid)
}

fn token(signer: &JwtSigner) -> String {
    let claims = r#"{"sub":"alice","exp":4102444800}"#;
    signer.sign(claims).expect("a token")
}

#[tokio::test]
async fn before_the_first_set_it_is_unavailable_and_soon_tried_again() {
    let (provider, one) = (Provider::new(), signer("one"));
    let token = token(&one);
    assert_eq!(provider.says(&token).await, Err(JwtErrorKind::Unavailable));
    assert_eq!(provider.says(&token).await, Err(JwtErrorKind::Unavailable));
    assert_eq!(provider.fetches(), 1);
    provider.publishes(&[&one.jwk().expect("public")]);
    provider.hand.advance(Duration::from_secs(5));
    assert_eq!(provider.says(&token).await, Ok(()));
}

#[tokio::test]
async fn many_requests_wait_for_one_fetch() {
    let (provider, one) = (Provider::new(), signer("one"));
    provider.publishes(&[&one.jwk().expect("public")]);
    let token = token(&one);
    let verdicts: Vec<_> = (0..50)
        .map(|_| tokio::spawn(provider.verifier.verify(&token).wait()))
        .collect();
    for verdict in verdicts {
        assert!(verdict.await.expect("no panic").is_ok());
    }
    assert_eq!(provider.fetches(), 1);
}

#[tokio::test]
async fn a_new_key_is_fetched_at_once_and_made_up_ones_at_most_once_an_interval() {
    let (provider, one, two) = (Provider::new(), signer("one"), signer("two"));
    provider.publishes(&[&one.jwk().expect("public")]);
    assert_eq!(provider.says(&token(&one)).await, Ok(()));
    provider.publishes(&[&one.jwk().expect("public"), &two.jwk().expect("public")]);
    provider.hand.advance(Duration::from_secs(31));
    assert_eq!(provider.says(&token(&two)).await, Ok(()));
    assert_eq!(provider.fetches(), 2);
    for kid in 0..1000 {
        let unknown = token(&one.clone().kid(format!("k{kid}")));
        assert_eq!(provider.says(&unknown).await, Err(JwtErrorKind::Key));
    }
    assert_eq!(provider.fetches(), 2);
    provider.hand.advance(Duration::from_secs(30));
    let unknown = token(&one.clone().kid("other"));
    assert_eq!(provider.says(&unknown).await, Err(JwtErrorKind::Key));
    assert_eq!(provider.fetches(), 3);
}

#[tokio::test]
async fn old_keys_serve_while_new_ones_are_fetched_and_a_withdrawn_one_no_longer_after() {
    let (provider, one, two) = (Provider::new(), signer("one"), signer("two"));
    let (jwk_one, jwk_two) = (one.jwk().expect("public"), two.jwk().expect("public"));
    provider.publishes(&[&jwk_one, &jwk_two]);
    let (first, second) = (token(&one), token(&two));
    assert_eq!(provider.says(&first).await, Ok(()));
    assert_eq!(provider.says(&second).await, Ok(()));
    provider.publishes(&[&jwk_two]);
    provider.hand.advance(5 * MINUTE);
    // Nobody waits: the answer is there at once, from the keys before.
    assert_eq!(provider.says(&first).await, Ok(()));
    provider.settles().await;
    assert_eq!(provider.fetches(), 2);
    // Remembered or not, nothing holds that the withdrawn key verified.
    assert_eq!(provider.says(&first).await, Err(JwtErrorKind::Key));
    assert_eq!(provider.says(&second).await, Ok(()));
}

#[tokio::test]
async fn a_key_that_changes_under_its_name_is_withdrawn() {
    let (provider, one, other) = (Provider::new(), signer("one"), signer("one"));
    provider.publishes(&[&one.jwk().expect("public")]);
    let token = token(&one);
    assert_eq!(provider.says(&token).await, Ok(()));
    provider.publishes(&[&other.jwk().expect("public")]);
    provider.hand.advance(5 * MINUTE);
    assert_eq!(provider.says(&token).await, Ok(()));
    provider.settles().await;
    assert_eq!(provider.says(&token).await, Err(JwtErrorKind::Signature));
}

#[tokio::test]
async fn after_a_long_silence_fresh_keys_are_waited_for() {
    let (provider, one, two) = (Provider::new(), signer("one"), signer("two"));
    provider.publishes(&[&one.jwk().expect("public")]);
    let token = token(&one);
    assert_eq!(provider.says(&token).await, Ok(()));
    provider.publishes(&[&two.jwk().expect("public")]);
    provider.hand.advance(60 * MINUTE);
    assert_eq!(provider.says(&token).await, Err(JwtErrorKind::Key));
}

#[tokio::test]
async fn a_provider_that_is_away_does_not_end_its_keys_before_a_day() {
    let (provider, one) = (Provider::new(), signer("one"));
    provider.publishes(&[&one.jwk().expect("public")]);
    let token = token(&one);
    assert_eq!(provider.says(&token).await, Ok(()));
    provider.is_away();
    for _ in 0..23 {
        provider.hand.advance(60 * MINUTE);
        assert_eq!(provider.says(&token).await, Ok(()));
    }
    provider.hand.advance(61 * MINUTE);
    assert_eq!(provider.says(&token).await, Err(JwtErrorKind::Unavailable));
}

#[tokio::test]
async fn one_bad_key_does_not_drop_the_set_and_no_secret_is_taken_from_it() {
    let (provider, one) = (Provider::new(), signer("one"));
    let secret = r#"{"kty":"oct","kid":"shared","alg":"HS256","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#;
    provider.publishes(&[
        r#"{"kty":"RSA","kid":"broken","e":"AQAB"}"#,
        r#"{"kty":"AKP","kid":"new","alg":"ML-DSA-44","pub":"AAAA"}"#,
        "7",
        secret,
        &one.jwk().expect("public"),
    ]);
    assert_eq!(provider.says(&token(&one)).await, Ok(()));
    let shared = JwtSigner::hmac(JwtAlgorithm::Hs256, [0; 32]).expect("long");
    let shared = token(&shared.kid("shared"));
    assert_eq!(provider.says(&shared).await, Err(JwtErrorKind::Key));
}

#[tokio::test]
async fn a_fetcher_that_panics_is_one_that_failed() {
    let hand = ManualClock::new(SystemTime::now());
    let jwks = Jwks::new(|| async { panic!("the fetcher panics") }).clock(hand.clock());
    let verifier = JwtVerifier::new(jwks.clone());
    let verdict = verifier.verify(&token(&signer("one"))).wait().await;
    assert_eq!(
        verdict.expect_err("no keys").kind(),
        JwtErrorKind::Unavailable
    );
    assert!(jwks.warm().await.is_err());
}

#[test]
fn without_a_runtime_there_are_no_keys_and_nobody_waits_for_them() {
    let jwks = Jwks::new(|| async { Ok(String::new()) });
    let warm = std::pin::pin!(jwks.warm());
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(warm) = warm.poll(&mut cx) else {
        panic!("it waits")
    };
    assert!(warm.is_err());
}
