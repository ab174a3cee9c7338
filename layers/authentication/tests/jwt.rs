//! Signed tokens through the layer.

use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use gatefold_authentication::{Authentication, AuthenticationLayer, JwtAuthentication};
use gatefold_core::{Decision, Exception, Identity, ManualClock, later, testing::Strict};
use gatefold_tokens::{
    JwtAlgorithm, JwtClaims, JwtIssuer, JwtKey, JwtRevocations, JwtSigner, JwtVerifier,
    MemoryJwtRevocations, MemoryUserEpochs, UserEpochs,
};
use http::{
    HeaderValue, Method, Request, StatusCode,
    header::{AUTHORIZATION, COOKIE, WWW_AUTHENTICATE},
};
use http_body_util::Full;
use serde::Deserialize;
use serde_json::{Value, json};
use tower::{Layer, Service, ServiceExt, limit::ConcurrencyLimitLayer};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const NOW: u64 = 1_800_000_000;

fn hand() -> ManualClock {
    ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW))
}

fn key() -> JwtKey {
    JwtKey::hmac(JwtAlgorithm::Hs256, SECRET).expect("long enough")
}

fn signer() -> JwtSigner {
    JwtSigner::hmac(JwtAlgorithm::Hs256, SECRET).expect("long enough")
}

fn signed(claims: &Value) -> String {
    signer().sign(claims.to_string()).expect("a token")
}

fn alice() -> String {
    signed(&json!({"sub": "alice", "exp": NOW + 60, "jti": "a", "scope": "read write"}))
}

fn bearer(token: &str) -> Request<Full<Bytes>> {
    let request = Request::builder().header(AUTHORIZATION, format!("Bearer {token}"));
    request.body(Full::default()).expect("a request")
}

async fn ask(
    jwt: &JwtAuthentication,
    request: Request<Full<Bytes>>,
) -> Result<Option<Identity>, Exception> {
    let (head, _) = request.into_parts();
    jwt.authenticate(&head).wait().await
}

fn words(exception: &Exception) -> Value {
    serde_json::to_value(exception.detail()).expect("plain")
}

fn not_valid(message: &str) -> Value {
    json!({
        "detail": "Given token not valid for any token type",
        "code": "token_not_valid",
        "messages": [{"token_class": "AccessToken", "token_type": "access", "message": message}],
    })
}

#[tokio::test]
async fn the_subject_is_the_identity_with_its_scopes_and_credential() {
    let jwt = JwtAuthentication::new(JwtVerifier::new(key()).clock(hand().clock()));
    // The second time it is remembered.
    for _ in 0..2 {
        let found = ask(&jwt, bearer(&alice()))
            .await
            .expect("good")
            .expect("known");
        assert_eq!((found.id(), found.scheme()), ("alice", "Bearer"));
        assert!(found.has_scope("read") && found.has_scope("write"));
        let credential = found.credential().expect("it has an id");
        assert_eq!(credential.id(), "a");
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW + 60);
        assert_eq!(credential.expires(), Some(end));
        let claims = found.claims::<JwtClaims>().expect("as they are");
        assert_eq!(claims.text("sub"), Some("alice"));
    }
}

#[tokio::test]
async fn claims_have_a_type_and_roles_a_path() {
    #[derive(Deserialize)]
    struct Claims {
        name: String,
        staff: bool,
    }
    let jwt = JwtAuthentication::new(JwtVerifier::new(key()).clock(hand().clock()))
        .roles(["realm_access", "roles"])
        .identity(|claims: Claims| Identity::new(claims.name).with_admin(claims.staff));
    let token = signed(&json!({
        "sub": "1", "exp": NOW + 60, "name": "alice", "staff": true, "scp": ["a", "b"],
        "realm_access": {"roles": ["editor", 7, "author"]},
    }));
    let found = ask(&jwt, bearer(&token))
        .await
        .expect("good")
        .expect("known");
    assert!(found.is_admin());
    assert_eq!(found.scopes().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(found.roles().collect::<Vec<_>>(), ["editor", "author"]);
    // Claims that do not fit refuse the token, and so do numbers beyond what the type holds.
    for claims in [
        json!({"sub": "1", "exp": NOW + 60, "name": 7, "staff": true}),
        json!({"sub": "1", "exp": NOW + 60}),
    ] {
        let refused = ask(&jwt, bearer(&signed(&claims)))
            .await
            .expect_err("does not fit");
        assert_eq!(words(&refused), not_valid("Token is invalid"));
    }
}

#[tokio::test]
async fn a_look_up_is_asked_each_time_at_once_or_later() {
    #[derive(Deserialize)]
    struct Claims {
        user_id: u8,
    }
    let verifier = JwtVerifier::simplejwt(key()).clock(hand().clock());
    let now =
        JwtAuthentication::new(verifier.clone()).look_up(|claims: Claims| found(claims.user_id));
    let waiting = JwtAuthentication::new(verifier)
        .look_up(|claims: Claims| later(async move { Ok::<_, Exception>(found(claims.user_id)) }));
    fn found(id: u8) -> Option<Identity> {
        (id < 3).then(|| Identity::new(id.to_string()).with_active(id != 2))
    }
    let token = |id: Value| {
        signed(&json!({"user_id": id, "exp": NOW + 60, "jti": "a", "token_type": "access"}))
    };
    let plain = |detail: &str, code: &str| json!({"detail": detail, "code": code});
    for jwt in [now, waiting] {
        let found = ask(&jwt, bearer(&token(json!(1)))).await;
        assert_eq!(found.expect("good").expect("known").id(), "1");
        for (id, said) in [
            (json!(2), plain("User is inactive", "user_inactive")),
            (json!(3), plain("User not found", "user_not_found")),
            (json!(300), not_valid("Token is invalid")),
            (json!("x"), not_valid("Token is invalid")),
            (
                Value::Null,
                plain(
                    "Token contained no recognizable user identification",
                    "token_not_valid",
                ),
            ),
        ] {
            let refused = ask(&jwt, bearer(&token(id))).await.expect_err("refused");
            assert_eq!(words(&refused), said);
            assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        }
    }
}

#[tokio::test]
async fn whatever_is_wrong_is_a_401_in_simplejwts_words() {
    let jwt = JwtAuthentication::new(JwtVerifier::simplejwt(key()).clock(hand().clock()));
    let deep = format!("{}{}", "[".repeat(3000), "]".repeat(3000));
    let deep = signer()
        .sign(format!(
            r#"{{"exp":{},"jti":"a","user_id":"1","token_type":"access","x":{deep}}}"#,
            NOW + 9
        ))
        .expect("a token");
    let huge = signer()
        .sign(r#"{"exp":1e999,"jti":"a"}"#)
        .expect("a token");
    let base = |changed: Value| {
        let mut claims =
            json!({"exp": NOW + 60, "jti": "a", "user_id": "1", "token_type": "access"});
        for (name, value) in changed.as_object().expect("an object") {
            claims[name] = value.clone();
        }
        signed(&claims)
    };
    for (token, message) in [
        ("a.b.c".to_owned(), "Token is invalid"),
        ("a".repeat(1024 * 1024), "Token is invalid"),
        (deep, "Token is invalid"),
        (huge, "Token is invalid"),
        (base(json!({"exp": NOW})), "Token is expired"),
        (base(json!({"exp": "soon"})), "Token is invalid"),
        (base(json!({"iat": NOW + 10})), "Token is invalid"),
        (base(json!({"jti": 7})), "Token is invalid"),
        (
            base(json!({"token_type": "refresh"})),
            "Token has wrong type",
        ),
        (signed(&json!({"exp": NOW + 9})), "Token has no id"),
        (signed(&json!({"jti": "a"})), "Token has no 'exp' claim"),
        (
            signed(&json!({"jti": "a", "exp": NOW + 9})),
            "Token has no type",
        ),
    ] {
        let refused = ask(&jwt, bearer(&token)).await.expect_err(message);
        assert_eq!(words(&refused), not_valid(message), "{token}");
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(
            refused.headers()[WWW_AUTHENTICATE],
            r#"Bearer realm="api", error="invalid_token""#
        );
    }
    let mut request = bearer("");
    let value = HeaderValue::from_bytes(b"Bearer \xff\xfe").expect("a header value");
    request.headers_mut().insert(AUTHORIZATION, value);
    let refused = ask(&jwt, request).await.expect_err("no text");
    assert_eq!(words(&refused), not_valid("Token is invalid"));
    // An expired token of somebody else's making is none that had ever been good.
    let forged = base(json!({"exp": NOW - 9})).replace('.', ".e");
    let refused = ask(&jwt.drf(), bearer(&forged)).await.expect_err("forged");
    assert_eq!(words(&refused), not_valid("Token is invalid"));
    assert!(!refused.headers().contains_key(WWW_AUTHENTICATE));
}

#[tokio::test]
async fn a_cookie_is_none_of_another_sites_page() {
    let verifier = JwtVerifier::new(key()).clock(hand().clock());
    let jwt = JwtAuthentication::new(verifier)
        .from_header()
        .or_cookie("access");
    let from = |method: Method, site: &str| {
        let request = Request::builder().method(method);
        let request = request.header(COOKIE, format!("access={}", alice()));
        let request = request.header("sec-fetch-site", site);
        request.body(Full::default()).expect("a request")
    };
    let with = |method| from(method, "cross-site");
    for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
        assert!(ask(&jwt, with(method)).await.expect("good").is_some());
    }
    for method in [Method::POST, Method::DELETE, Method::TRACE] {
        let own = ask(&jwt, from(method.clone(), "same-origin")).await;
        assert!(own.expect("its own page").is_some());
        let refused = ask(&jwt, with(method)).await.expect_err("forged");
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
        let mut own = with(Method::POST);
        let site = HeaderValue::from_static("same-origin");
        own.headers_mut().insert("sec-fetch-site", site);
        assert!(ask(&jwt, own).await.expect("good").is_some());
    }
    let mut both = with(Method::GET);
    let value = HeaderValue::try_from(format!("Bearer {}", alice())).expect("a header value");
    both.headers_mut().insert(AUTHORIZATION, value);
    let refused = ask(&jwt, both).await.expect_err("two tokens");
    assert_eq!(refused.code(), "several_tokens");
}

#[tokio::test]
async fn a_remembered_token_is_asked_about_each_time() {
    let (hand, ids, epochs) = (hand(), MemoryJwtRevocations::new(), MemoryUserEpochs::new());
    let verifier = JwtVerifier::simplejwt(key())
        .revocations(ids.clone())
        .user_epochs(epochs.clone())
        .clock(hand.clock());
    let jwt = JwtAuthentication::new(verifier);
    let issuer = JwtIssuer::new(signer())
        .user_epochs(epochs.clone())
        .clock(hand.clock());
    let said = async |token: &str| match ask(&jwt, bearer(token)).await {
        Ok(found) => json!(found.expect("known").id()),
        Err(refused) => words(&refused)["messages"][0]["message"].clone(),
    };
    let first = issuer.pair("1").await.expect("a pair");
    assert_eq!(said(first.access()).await, "1");
    let found = ask(&jwt, bearer(first.access()))
        .await
        .expect("good")
        .expect("known");
    let id = found.credential().expect("it has an id").id().to_owned();
    ids.revoke(&id, SystemTime::now())
        .wait()
        .await
        .expect("room");
    assert_eq!(said(first.access()).await, "Token is blacklisted");

    let second = issuer.pair("1").await.expect("a pair");
    assert_eq!(said(second.access()).await, "1");
    epochs.advance("1").wait().await.expect("memory");
    assert_eq!(said(second.access()).await, "Token is blacklisted");

    let third = issuer.pair("1").await.expect("a pair");
    assert_eq!(said(third.access()).await, "1");
    hand.advance(Duration::from_secs(299));
    assert_eq!(said(third.access()).await, "1");
    hand.advance(Duration::from_secs(1));
    assert_eq!(said(third.access()).await, "Token is expired");
    assert_eq!(said(third.refresh()).await, "Token has wrong type");
}

#[tokio::test]
async fn a_store_that_is_away_is_a_503() {
    struct Away;
    impl JwtRevocations for Away {
        fn is_revoked(&self, _: &str) -> Decision<Result<bool, Exception>> {
            later(async { Err(Exception::unavailable("no connection")) })
        }
        fn revoke(&self, _: &str, _: SystemTime) -> Decision<Result<(), Exception>> {
            Decision::Now(Ok(()))
        }
    }
    let verifier = JwtVerifier::new(key())
        .revocations(Away)
        .clock(hand().clock());
    let refused = ask(&JwtAuthentication::new(verifier), bearer(&alice())).await;
    let refused = refused.expect_err("nobody knows");
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
}

async fn ready<S>(service: &mut S) -> &mut S
where
    S: Service<Request<Full<Bytes>>, Error = Infallible>,
{
    service.ready().await.expect("infallible")
}

/// What every layer owes to the service inside it, for answers at once and later.
#[tokio::test]
async fn the_service_that_was_polled_ready_is_called() {
    let verifier = JwtVerifier::new(key()).clock(hand().clock());
    let now = JwtAuthentication::new(verifier.clone());
    let waiting = JwtAuthentication::new(verifier).look_up(|claims: JwtClaims| {
        later(async move {
            tokio::task::yield_now().await;
            Ok::<_, Exception>(claims.text("sub").map(Identity::new))
        })
    });
    for jwt in [now, waiting] {
        let layer = AuthenticationLayer::new(jwt);
        let mut service = layer.layer(Strict::new());
        for _ in 0..3 {
            let service = ready(&mut service).await;
            let response = service.call(bearer(&alice())).await.expect("infallible");
            assert_eq!(
                Identity::of(response.extensions()).map(Identity::id),
                Some("alice")
            );
        }
        let mut service = layer.layer(ConcurrencyLimitLayer::new(1).layer(Strict::new()));
        // Dropped on the way, it gives its place back.
        let first = ready(&mut service).await.call(bearer(&alice()));
        drop(first);
        let service = ready(&mut service).await;
        let response = service.call(bearer(&alice())).await.expect("infallible");
        assert_eq!(response.status(), StatusCode::OK);
        let response = ready(service).await.call(bearer("a.b.c")).await;
        let response = response.expect("infallible");
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    }
}

#[test]
fn it_can_be_sent_and_shared() {
    fn auto<T: Send + Sync + Clone + std::fmt::Debug + 'static>(_: &T) {}
    let jwt = JwtAuthentication::new(key());
    auto(&jwt);
    let shown = format!("{jwt:?}");
    assert!(!shown.contains(SECRET), "{shown}");
    let _: Arc<dyn Authentication> = Arc::new(jwt);
}
