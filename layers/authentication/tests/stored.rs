//! Tokens and keys in a store, as the layer answers them.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use gatefold_authentication::{
    ApiKey, Authentication, AuthenticationLayer, BasicAuthentication, RemoteUserAuthentication,
    TokenAuthentication,
};
use gatefold_core::{
    Connection, Decision, Exception, Identity, ManualClock, TrustedProxies, later, testing::Strict,
};
use gatefold_tokens::{Digest, MemoryTokenStore, NewToken, OpaqueToken, Token, TokenStore, Tokens};
use http::{HeaderValue, Request, Response, StatusCode, header::WWW_AUTHENTICATE};
use http_body_util::Full;
use tower::{Layer, ServiceExt};

type Body = Full<Bytes>;
type Answer<T> = Decision<Result<T, Exception>>;

async fn led(authentication: impl Authentication, request: Request<Body>) -> Response<Body> {
    let service = AuthenticationLayer::new(authentication).layer(Strict::new());
    service.oneshot(request).await.expect("infallible")
}

fn request(name: &str, value: impl AsRef<[u8]>) -> Request<Body> {
    let value = HeaderValue::from_bytes(value.as_ref()).expect("a header value");
    let request = Request::builder().header(name, value);
    request.body(Body::default()).expect("a request")
}

fn bearing(secret: &OpaqueToken) -> Request<Body> {
    request("authorization", format!("Token {}", secret.reveal()))
}

fn identity(response: &Response<Body>) -> &Identity {
    assert_eq!(response.status(), StatusCode::OK);
    Identity::of(response.extensions()).expect("somebody")
}

/// The words of a 401.
fn words(response: &Response<Body>) -> &str {
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(response.headers().contains_key(WWW_AUTHENTICATE));
    let exception = response.extensions().get::<Exception>().expect("refused");
    assert_eq!(exception.code(), "authentication_failed");
    exception.detail().text().expect("one message")
}

async fn issued(tokens: &Tokens) -> (OpaqueToken, Token) {
    let new = NewToken::of("alice").device("phone").scopes(["read"]);
    tokens.issue(new).await.expect("kept")
}

#[tokio::test]
async fn a_stored_token_proves_its_user_and_says_what_it_is() {
    let tokens = Tokens::new(MemoryTokenStore::new());
    let (secret, token) = issued(&tokens).await;
    let response = led(
        TokenAuthentication::stored(tokens.clone()),
        bearing(&secret),
    )
    .await;
    let identity = identity(&response);
    assert_eq!((identity.id(), identity.scheme()), ("alice", "Token"));
    assert!(identity.has_scope("read"));
    let credential = identity.credential().expect("the token");
    assert_eq!(credential.id(), token.id());
    assert_eq!(credential.device(), Some("phone"));
    assert_eq!(credential.created(), Some(token.created()));
    assert_eq!(credential.expires(), token.expires());

    // Which is all that a logout needs.
    let revoked = tokens.revoke(identity.id(), credential.id()).await;
    assert!(revoked.expect("there"));
    let response = led(TokenAuthentication::stored(tokens), bearing(&secret)).await;
    assert_eq!(words(&response), "Invalid token.");
}

#[tokio::test]
async fn a_token_that_is_over_is_invalid() {
    let hand = ManualClock::new(SystemTime::UNIX_EPOCH);
    let tokens = Tokens::new(MemoryTokenStore::new()).clock(hand.clock());
    let (secret, _) = issued(&tokens).await;
    hand.advance(Duration::from_secs(30 * 24 * 60 * 60));
    let response = led(TokenAuthentication::stored(tokens), bearing(&secret)).await;
    assert_eq!(words(&response), "Invalid token.");
}

#[tokio::test]
async fn what_a_memory_store_knows_is_answered_at_once() {
    let tokens = Tokens::new(MemoryTokenStore::new());
    let (secret, _) = issued(&tokens).await;
    let (head, _) = bearing(&secret).into_parts();
    let answer = TokenAuthentication::stored(tokens).authenticate(&head);
    assert!(matches!(answer, Decision::Now(Ok(Some(_)))), "{answer:?}");
}

#[derive(Clone)]
struct User(&'static str);

#[tokio::test]
async fn a_stored_tokens_user_is_the_applications() {
    let tokens = Tokens::new(MemoryTokenStore::new());
    let (secret, token) = issued(&tokens).await;
    let found = |user: Option<Identity>| {
        let authentication = TokenAuthentication::stored_with(tokens.clone(), move |token| {
            assert_eq!((token.user(), token.device()), ("alice", Some("phone")));
            let user = user.clone();
            async move { Ok::<_, Exception>(user) }
        });
        led(authentication, bearing(&secret))
    };
    let alice = Identity::new("7")
        .with_scopes(["all"])
        .with_user(User("Alice"));
    let response = found(Some(alice.clone())).await;
    let proved = identity(&response);
    assert_eq!((proved.id(), proved.scheme()), ("7", "Token"));
    assert_eq!(proved.user::<User>().map(|user| user.0), Some("Alice"));
    assert!(proved.user::<String>().is_none());
    assert_eq!(proved.scopes().collect::<Vec<_>>(), ["read"]);
    assert_eq!(proved.credential().expect("the token").id(), token.id());

    for gone in [None, Some(alice.with_active(false))] {
        assert_eq!(words(&found(gone).await), "User inactive or deleted.");
    }
}

#[tokio::test]
async fn an_inactive_user_is_refused_however_they_were_found() {
    let inactive = || Identity::new("bob").with_active(false);
    let closure = move |_: &http::request::Parts| Some(inactive());
    let token = TokenAuthentication::new(move |_| async move { Some(inactive()) });
    let layer = AuthenticationLayer::new(closure).or(token);
    let request = request("authorization", "Token abc");
    let response = layer.layer(Strict::new()).oneshot(request).await;
    assert_eq!(
        words(&response.expect("infallible")),
        "User inactive or deleted."
    );

    let basic = BasicAuthentication::new(move |_, _| async move { Some(inactive()) });
    let request = self::request("authorization", "Basic dXNlcjpwYXNz");
    assert_eq!(
        words(&led(basic, request).await),
        "Invalid username/password."
    );
}

/// A store that is away.
struct Away;

fn away<T: Send + 'static>() -> Answer<T> {
    later(async { Err(Exception::unavailable("the store is away")) })
}

impl TokenStore for Away {
    fn find(&self, _: &Digest) -> Answer<Option<Token>> {
        away()
    }

    fn insert(&self, _: Digest, _: Token) -> Answer<()> {
        away()
    }

    fn touch(&self, _: &Digest, _: &Token) -> Answer<()> {
        away()
    }

    fn remove(&self, _: &str, _: &str) -> Answer<bool> {
        away()
    }

    fn remove_all(&self, _: &str) -> Answer<usize> {
        away()
    }

    fn list(&self, _: &str) -> Answer<Vec<Token>> {
        away()
    }
}

#[tokio::test]
async fn a_store_that_is_away_makes_nobody_of_nobody() {
    let token = TokenAuthentication::stored(Tokens::new(Away));
    let with = TokenAuthentication::stored_with(Tokens::new(Away), |_| async {
        panic!("no token was found");
        #[allow(unreachable_code, reason = "names the type")]
        None::<Identity>
    });
    let key = ApiKey::stored("x-api-key", Tokens::new(Away)).expect("a header name");
    let chain: [(Arc<dyn Authentication>, &str); 3] = [
        (Arc::new(token), "authorization"),
        (Arc::new(with), "authorization"),
        (Arc::new(key), "x-api-key"),
    ];
    for (authentication, header) in chain {
        let layer = AuthenticationLayer::new(authentication);
        for layer in [layer.clone(), layer.recording()] {
            let service = layer.layer(Strict::new());
            let response = service.oneshot(request(header, "Token abc")).await;
            let response = response.expect("infallible");
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        }
    }
}

#[tokio::test]
async fn a_stored_key_is_read_from_its_header_and_nowhere_else() {
    let tokens = Tokens::new(MemoryTokenStore::new());
    let (secret, _) = issued(&tokens).await;
    let secret = secret.reveal();
    let key = ApiKey::stored("x-api-key", tokens).expect("a header name");
    let response = led(key.clone(), request("x-api-key", secret)).await;
    assert_eq!(identity(&response).id(), "alice");
    assert_eq!(identity(&response).scheme(), "ApiKey");

    let in_query = |query: String| {
        let request = Request::builder().uri(format!("/?{query}"));
        request.body(Body::default()).expect("a request")
    };
    let response = led(key.clone(), in_query(format!("key={secret}"))).await;
    assert!(Identity::of(response.extensions()).is_none());

    let key = key.insecure_query("key");
    let response = led(key.clone(), in_query(format!("a=b&key={secret}"))).await;
    assert_eq!(identity(&response).id(), "alice");
    let response = led(key.clone(), request("x-api-key", secret)).await;
    assert_eq!(identity(&response).id(), "alice");

    let mut both = in_query(format!("key={secret}"));
    let value = HeaderValue::from_str(secret).expect("a header value");
    both.headers_mut().insert("x-api-key", value);
    let twice = in_query(format!("key={secret}&key={secret}"));
    for bad in [
        both,
        twice,
        in_query("key=guessed".into()),
        in_query("key=%00".into()),
    ] {
        assert_eq!(words(&led(key.clone(), bad).await), "Invalid API key.");
    }
}

#[tokio::test]
async fn a_stored_keys_owner_is_the_applications() {
    let tokens = Tokens::new(MemoryTokenStore::new());
    let (secret, _) = issued(&tokens).await;
    let key = ApiKey::stored_with("x-api-key", tokens, |token: Token| async move {
        Ok::<_, Exception>(Some(Identity::new(format!("owner of {}", token.user()))))
    });
    let key = key.expect("a header name");
    let response = led(key, request("x-api-key", secret.reveal())).await;
    assert_eq!(identity(&response).id(), "owner of alice");
}

#[tokio::test]
async fn bad_input_is_a_401_in_django_rest_frameworks_words() {
    let tokens = Tokens::new(MemoryTokenStore::new());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let basic = {
        let asked = Arc::clone(&asked);
        move || {
            let asked = Arc::clone(&asked);
            BasicAuthentication::new(move |name: String, password: String| {
                asked.lock().expect("whole").push((name, password));
                async { None::<Identity> }
            })
        }
    };
    let word = |bytes: &[u8]| {
        use base64::{Engine, engine::general_purpose::STANDARD};
        format!("Basic {}", STANDARD.encode(bytes)).into_bytes()
    };
    let wrong = "Invalid username/password.";
    let encoding = "Invalid basic header. Credentials not correctly base64 encoded.";
    let mebibyte = vec![b'a'; 1024 * 1024];
    for (header, expected) in [
        (b"Basic \xff\xfe".to_vec(), encoding),
        (word(b"\xff\xfe:x"), encoding),
        (word(b"user\0:pass"), wrong),
        (word(b"user:pa\0ss"), wrong),
        (word(&[b"user:", &mebibyte[..]].concat()), wrong),
        ([b"Basic ", &mebibyte[..]].concat(), wrong),
    ] {
        let response = led(basic(), request("authorization", header)).await;
        assert_eq!(words(&response), expected);
    }
    assert!(
        asked.lock().expect("whole").is_empty(),
        "the store was asked"
    );

    let characters = "Invalid token header. Token string should not contain invalid characters.";
    let token = TokenAuthentication::stored(tokens.clone());
    for (header, expected) in [
        (b"Token \xff\xfe".to_vec(), characters),
        ("Token a\u{80}".into(), "Invalid token."),
        ([b"Token ", &mebibyte[..]].concat(), "Invalid token."),
    ] {
        let response = led(token.clone(), request("authorization", header)).await;
        assert_eq!(words(&response), expected);
    }

    let key = ApiKey::stored("x-api-key", tokens).expect("a header name");
    for header in [b"\xff\xfe", &mebibyte[..]] {
        let response = led(key.clone(), request("x-api-key", header)).await;
        assert_eq!(words(&response), "Invalid API key.");
    }

    let proxies = TrustedProxies::networks(["10.0.0.0/8"]).expect("a network");
    let remote = RemoteUserAuthentication::header("x-remote-user", proxies, |name| async {
        Some(Identity::new(name))
    });
    let remote = remote.expect("a header name");
    for header in [b"\xff\xfe", &mebibyte[..], b"alice, admin"] {
        let mut request = request("x-remote-user", header);
        Connection::new(([10, 1, 2, 3], 80).into()).leave(request.extensions_mut());
        let response = led(remote.clone(), request).await;
        assert_eq!(words(&response), "Invalid remote user.");
        assert_eq!(response.headers()[WWW_AUTHENTICATE], "RemoteUser");
    }
}

// A header cannot hold NUL at all: what would make a store fail comes in base64 alone.
#[test]
fn no_header_holds_nul() {
    HeaderValue::from_bytes(b"Token a\0").expect_err("HTTP forbids it");
}
