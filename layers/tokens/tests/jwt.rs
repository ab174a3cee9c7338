//! Signed tokens: every algorithm, every form of a key, and what is refused.

use std::time::{Duration, SystemTime};

use gatefold_core::{Clock, Decision, ManualClock};
use gatefold_tokens::{
    Jwt, JwtAlgorithm, JwtError, JwtErrorKind, JwtKey, JwtKeyError, JwtKeyErrorKind, JwtKeys,
    JwtSigner, JwtVerifier,
};
use proptest::prelude::*;

const ALL: [JwtAlgorithm; 14] = [
    JwtAlgorithm::Hs256,
    JwtAlgorithm::Hs384,
    JwtAlgorithm::Hs512,
    JwtAlgorithm::Rs256,
    JwtAlgorithm::Rs384,
    JwtAlgorithm::Rs512,
    JwtAlgorithm::Ps256,
    JwtAlgorithm::Ps384,
    JwtAlgorithm::Ps512,
    JwtAlgorithm::Es256,
    JwtAlgorithm::Es384,
    JwtAlgorithm::Es512,
    JwtAlgorithm::EdDsa,
    JwtAlgorithm::Ed25519,
];

const SECRET: [u8; 64] = [7; 64];

fn clock() -> Clock {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    ManualClock::new(now).clock()
}

fn verified(verifier: &JwtVerifier, token: &str) -> Result<Jwt, JwtErrorKind> {
    match verifier.verify(token) {
        Decision::Now(verdict) => verdict.map_err(|error: JwtError| error.kind()),
        Decision::Later(_) => panic!("nothing has to be waited for"),
    }
}

fn hs256() -> (JwtSigner, JwtVerifier) {
    let signer = JwtSigner::hmac(JwtAlgorithm::Hs256, SECRET).expect("long");
    let key = JwtKey::hmac(JwtAlgorithm::Hs256, SECRET).expect("long");
    (signer, JwtVerifier::new(key).clock(clock()))
}

const CLAIMS: &str = r#"{"sub":"alice","exp":1800000001}"#;

#[test]
fn every_algorithm_signs_and_verifies_and_no_other_does() {
    let made = ALL.map(|algorithm| {
        let (signer, key) = match JwtSigner::hmac(algorithm, SECRET) {
            Ok(signer) => (signer, JwtKey::hmac(algorithm, SECRET).expect("long")),
            Err(_) => {
                let signer = JwtSigner::generate(algorithm).expect("random").kid("one");
                let jwk = signer.jwk().expect("public");
                (signer, JwtKey::jwk(&jwk).expect("a key"))
            }
        };
        (signer, JwtVerifier::new(key).clock(clock()))
    });
    for (at, (signer, _)) in made.iter().enumerate() {
        let token = signer.sign(CLAIMS).expect("a token");
        for (other, (_, verifier)) in made.iter().enumerate() {
            let verdict = verified(verifier, &token);
            assert_eq!(
                verdict.is_ok(),
                at == other,
                "{} by {}",
                ALL[at],
                ALL[other]
            );
        }
    }
}

#[test]
fn keys_are_read_from_pem_and_der() {
    for (algorithm, private, public) in [
        (JwtAlgorithm::Es256, EC, EC_PUBLIC),
        (JwtAlgorithm::EdDsa, ED, ED_PUBLIC),
    ] {
        let token = JwtSigner::pem(algorithm, private)
            .expect("a key")
            .sign(CLAIMS);
        let token = token.expect("a token");
        let key = JwtKey::pem(algorithm, public).expect("a key");
        let verifier = JwtVerifier::new(key).clock(clock());
        assert_eq!(
            verified(&verifier, &token).expect("good").user(),
            Some("alice")
        );
    }
    for algorithm in [JwtAlgorithm::Rs256, JwtAlgorithm::Ps512] {
        let key = JwtKey::pem(algorithm, RSA_PUBLIC);
        assert!(key.is_ok(), "{key:?}");
    }
    for (algorithm, pem) in [
        (JwtAlgorithm::Es384, EC_PUBLIC),
        (JwtAlgorithm::Es256, ED_PUBLIC),
        (JwtAlgorithm::Rs256, EC_PUBLIC),
        (JwtAlgorithm::Hs256, RSA_PUBLIC),
        (JwtAlgorithm::Rs256, "no PEM"),
    ] {
        assert!(JwtKey::pem(algorithm, pem).is_err(), "{algorithm}");
        assert!(JwtKey::der(algorithm, pem).is_err(), "{algorithm}");
        assert!(JwtSigner::pem(algorithm, pem).is_err(), "{algorithm}");
    }
}

#[test]
fn a_weak_key_is_an_error_when_it_is_made() {
    let kind = |key: Result<JwtKey, JwtKeyError>| key.expect_err("weak").kind();
    let weak = JwtKey::pem(JwtAlgorithm::Rs256, WEAK_RSA_PUBLIC);
    assert_eq!(kind(weak), JwtKeyErrorKind::Strength);
    for (algorithm, least) in [
        (JwtAlgorithm::Hs256, 32),
        (JwtAlgorithm::Hs384, 48),
        (JwtAlgorithm::Hs512, 64),
    ] {
        assert!(JwtKey::hmac(algorithm, &SECRET[..least]).is_ok());
        let short = &SECRET[..least - 1];
        let error = JwtKey::hmac(algorithm, short).expect_err("short");
        assert_eq!(error.kind(), JwtKeyErrorKind::Strength);
        assert!(error.to_string().contains(&least.to_string()), "{error}");
        assert!(JwtSigner::hmac(algorithm, short).is_err());
    }
    let key = |kid: &str| {
        JwtKey::hmac(JwtAlgorithm::Hs256, SECRET)
            .expect("long")
            .kid(kid)
    };
    let twice = JwtKeys::new([key("a"), key("b"), key("a")]).expect_err("twice");
    assert_eq!(twice.kind(), JwtKeyErrorKind::DuplicateKid);
    assert_eq!(
        JwtKeys::new([]).expect_err("none").kind(),
        JwtKeyErrorKind::Empty
    );
}

#[test]
fn what_a_header_or_claims_may_not_say() {
    let (signer, verifier) = hs256();
    let said = |claims: &str| {
        let token = signer.sign(claims).expect("a token");
        verified(&verifier, &token).map(drop)
    };
    assert_eq!(said(CLAIMS), Ok(()));
    for (claims, kind) in [
        (r#"{"exp":1800000000}"#, JwtErrorKind::Expired),
        (
            r#"{"exp":1800000000.5,"nbf":1800000001}"#,
            JwtErrorKind::NotYetValid,
        ),
        (
            r#"{"exp":1800000009,"iat":1800000001}"#,
            JwtErrorKind::NotYetValid,
        ),
        (r#"{"sub":"a"}"#, JwtErrorKind::NoExpiry),
        (
            r#"{"exp":1800000009,"aud":"other"}"#,
            JwtErrorKind::Audience,
        ),
        (r#"{"exp":"1800000009"}"#, JwtErrorKind::Malformed),
        (r#"{"exp":null}"#, JwtErrorKind::Malformed),
        (
            r#"{"exp":1800000009,"exp":1800000009}"#,
            JwtErrorKind::Malformed,
        ),
        (
            r#"{"exp":1800000009,"x":1,"\u0078":1}"#,
            JwtErrorKind::Malformed,
        ),
        (r#"{"exp":1800000009,"sub":""}"#, JwtErrorKind::Malformed),
        (r#"{"exp":1800000009,"jti":1}"#, JwtErrorKind::Malformed),
        (r#"{"exp":1800000009,"iss":["a"]}"#, JwtErrorKind::Malformed),
        (r#"{"exp":1800000009}{}"#, JwtErrorKind::Malformed),
        (r#"[]"#, JwtErrorKind::Malformed),
        ("", JwtErrorKind::Malformed),
    ] {
        assert_eq!(said(claims), Err(kind), "{claims}");
    }
    let many: String = (0..2000).map(|at| format!(r#","x{at}":{at}"#)).collect();
    let long = verifier.clone().longest(1 << 20);
    for (last, good) in [("y", true), ("x1999", false), ("x3", false)] {
        let claims = format!(r#"{{"exp":1800000009{many},"{last}":0}}"#);
        let token = signer.sign(claims).expect("a token");
        assert_eq!(verified(&long, &token).is_ok(), good, "{last}");
        assert_eq!(
            verified(&verifier, &token).map(drop),
            Err(JwtErrorKind::TooLong)
        );
    }
}

#[test]
fn a_kid_chooses_and_a_key_vouches_for_its_issuer() {
    let signer = |fill: u8| JwtSigner::hmac(JwtAlgorithm::Hs256, [fill; 32]).expect("long");
    let key = |fill: u8| JwtKey::hmac(JwtAlgorithm::Hs256, [fill; 32]).expect("long");
    let keys = JwtKeys::new([key(1).kid("one"), key(2).kid("two").issuer("https://two")]);
    let verifier = JwtVerifier::new(keys.expect("two")).clock(clock());
    let said = |signer: JwtSigner, iss: &str| {
        let claims = format!(r#"{{"iss":"{iss}","exp":1800000009}}"#);
        verified(&verifier, &signer.sign(claims).expect("a token")).map(drop)
    };
    assert_eq!(said(signer(1).kid("one"), "any"), Ok(()));
    assert_eq!(said(signer(1), "any"), Ok(()));
    assert_eq!(
        said(signer(1).kid("two"), "https://two"),
        Err(JwtErrorKind::Signature)
    );
    assert_eq!(said(signer(1).kid("three"), "any"), Err(JwtErrorKind::Key));
    assert_eq!(said(signer(2).kid("two"), "https://two"), Ok(()));
    assert_eq!(
        said(signer(2).kid("two"), "https://one"),
        Err(JwtErrorKind::Issuer)
    );
}

#[test]
fn a_changed_verifier_does_not_remember_what_the_other_one_found() {
    let (signer, verifier) = hs256();
    let token = signer.sign(CLAIMS).expect("a token");
    assert!(verified(&verifier, &token).is_ok());
    let stricter = verifier.issuers(["https://login.example"]);
    assert_eq!(
        verified(&stricter, &token).map(drop),
        Err(JwtErrorKind::Issuer)
    );
}

#[test]
fn a_remembered_token_ends_when_it_ends() {
    let hand = ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
    let (signer, verifier) = hs256();
    let verifier = verifier.clock(hand.clock());
    let token = signer.sign(r#"{"exp":1800000010}"#).expect("a token");
    let first = verified(&verifier, &token).expect("good");
    let again = verified(&verifier, &token).expect("good");
    let owner = gatefold_core::Mark::new();
    first.keep(owner, 7);
    assert_eq!(again.kept::<i32>(owner), Some(&7), "it was verified again");
    hand.advance(Duration::from_secs(10));
    assert_eq!(
        verified(&verifier, &token).map(drop),
        Err(JwtErrorKind::Expired)
    );
    // A clock that is set back before the verification is no reason to trust it either.
    hand.set(Duration::from_secs(0));
    assert!(verified(&verifier, &token).is_ok());
}

#[test]
fn nothing_secret_is_shown() {
    let (signer, verifier) = hs256();
    let jwt = verified(&verifier, &signer.sign(CLAIMS).expect("a token")).expect("good");
    let shown = format!("{signer:?} {verifier:?} {jwt:?}");
    assert!(
        !shown.contains("BwcH") && !shown.contains("7, 7, 7"),
        "{shown}"
    );
}

proptest! {
    #[test]
    fn any_text_is_refused(text in "[ -~]{0,200}", dots in "[a-zA-Z0-9_-]{0,40}\\.[a-zA-Z0-9_-]{0,40}\\.[a-zA-Z0-9_-]{0,40}") {
        let (_, verifier) = hs256();
        prop_assert!(verified(&verifier, &text).is_err());
        prop_assert!(verified(&verifier, &dots).is_err());
        prop_assert!(verifier.payload(&dots).is_err());
    }

    #[test]
    fn any_claims_are_judged(claims in proptest::collection::vec(any::<u8>(), 0..200)) {
        let (signer, verifier) = hs256();
        let token = signer.sign(&claims).expect("a token");
        let _ = verified(&verifier, &token);
        prop_assert_eq!(verifier.payload(&token).expect("the signature is good"), claims);
    }

    #[test]
    fn one_other_character_anywhere_is_refused(at in 0usize..200, with in "[a-zA-Z0-9_.=-]") {
        let (signer, verifier) = hs256();
        let token = signer.sign(CLAIMS).expect("a token");
        let at = at % token.len();
        let mut changed = token.clone();
        changed.replace_range(at..=at, &with);
        prop_assert_eq!(verified(&verifier, &changed).is_ok(), changed == token);
    }

    #[test]
    fn any_key_set_is_read_or_refused(text in "\\PC{0,200}", kty in "RSA|EC|OKP|oct|x", member in "[a-zA-Z0-9_-]{0,60}") {
        let _ = JwtKeys::jwks(&text);
        let jwk = format!(r#"{{"kty":"{kty}","crv":"P-256","n":"{member}","e":"AQAB","x":"{member}","y":"{member}","k":"{member}"}}"#);
        if let Ok(key) = JwtKey::jwk(&jwk) {
            prop_assert!(kty == "oct" || kty == "OKP", "{:?}", key);
        }
    }
}

const EC: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjcCm7tEujaTlKG5c
Mr0kubKoi7pHg95p753XyT2leWuhRANCAAR0jKbSVJOsApVC4QHnRewu+BV2oxel
LOYsFtnpH/InyM9LPsnYywrwgBiWpcyp1C5OlmMuRJ2DzQwLk0JwJ3qU
-----END PRIVATE KEY-----";

const EC_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEdIym0lSTrAKVQuEB50XsLvgVdqMX
pSzmLBbZ6R/yJ8jPSz7J2MsK8IAYlqXMqdQuTpZjLkSdg80MC5NCcCd6lA==
-----END PUBLIC KEY-----";

const ED: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIKF0wN84mbHY/zTYWDd7HnsDrymhA4Ty31CH5bSFtXSM
-----END PRIVATE KEY-----";

const ED_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAHLIzlr1DNZdlta54lWPP057uhUOdBIjAx8+Ev/ITYfU=
-----END PUBLIC KEY-----";

const RSA_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArkrDChA7MLsd75XR51Qi
w7wAkqg5fC7qalAdgth6hefT9tsiIMBuBZnd3kf85FhoRQGOR26lQ+6bbZEkMwnc
YsvR61Eqem6rcweuNWRl5CoScv7XYgMVNLS4/29N/JTqFHOeeZ0j1feZOefM6fTu
NxkYB53mSZnNlYfDU45/j5YsvjeDLhZ74np4tzhOmjCWqT7ma0+/CK2JHfAs44qO
sUQtQhizNvxHpXfCvZ9ohLg0aOYOucD8TIYHbIcmHHiC+sjmndKeyryc1bIfz7Cr
aZ1x2EMyZyaJX5CwWb2uD+14gzkR0x+4q30A7zp50yG61Kgf8b8g4ZiZr6mzrToM
+QIDAQAB
-----END PUBLIC KEY-----";

const WEAK_RSA_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDF05zBOPiFSS4I9vgorOwTi1dP
dEhy/SOas1+SH9A7b6yJgliFeYNgkX1/RNegCHFVMyrHIorN5+hPZqF0WQQo02CQ
4ABCs4LpFcpczR3jvv+IWKzZUWRUmvOm2x2H3rKMIb7Eqj1T94S5mrzrUh+EujMr
P7ZSPfE0KTPgOWpEVwIDAQAB
-----END PUBLIC KEY-----";
