//! An opaque token, looked up in memory, beside the same written by hand; and what a wrong password
//! costs, known or not.

#![allow(dead_code, unreachable_pub)] // Each target that includes this uses a part of it.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock, RwLock},
    time::{Duration, SystemTime},
};

use gatefold::authentication::{AuthenticationLayer, TokenAuthentication};
use gatefold_tokens::{
    Argon2Hasher, Digest, MemoryTokenStore, NewToken, PasswordCheck, Passwords, Tokens,
};
use http::{Request, StatusCode, header::AUTHORIZATION};
use tower::ServiceBuilder;

use crate::support::{Bare, Body, Measure, Work, at_once, call, gate, measure, plain, served};

pub const TOKENS: &[Measure] = &[
    measure("tokens/stored/yes", || {
        gate(stored(), StatusCode::OK, bearing)
    }),
    measure("tokens/by-hand/yes", || {
        let table = Table::new();
        let service = ServiceBuilder::new()
            .map_request(move |mut request: Request<Body>| {
                if let Some(user) = table.find(&request) {
                    request.extensions_mut().insert(user);
                }
                request
            })
            .service(Bare);
        served(service, StatusCode::OK, bearing)
    }),
    measure("tokens/digest", || {
        let secret = secret();
        call(move || Digest::of(secret))
    }),
    measure("passwords/wrong", || password(true)),
    measure("passwords/unknown", || password(false)),
];

/// Ten thousand tokens, and the one that is asked for.
fn known() -> &'static (Tokens, String) {
    static KNOWN: OnceLock<(Tokens, String)> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let tokens = Tokens::new(MemoryTokenStore::new());
        let issue = |number: usize| {
            let new = NewToken::of(format!("user-{}", number % 5000)).device("phone");
            let (secret, _) = at_once(tokens.issue(new)).expect("it fits");
            secret.reveal().to_owned()
        };
        (1..10_000).map(issue).for_each(drop);
        let last = issue(10_000);
        // The first use of a token is recorded, once a minute.
        at_once(tokens.verify(&last).wait()).expect("memory answers");
        (tokens, last)
    })
}

pub fn secret() -> &'static str {
    &known().1
}

pub fn stored() -> AuthenticationLayer {
    AuthenticationLayer::new(TokenAuthentication::stored(known().0.clone()))
}

fn bearing() -> Request<Body> {
    let mut request = plain();
    let value = format!("Token {}", secret()).try_into();
    let value = value.expect("a header value");
    request.headers_mut().insert(AUTHORIZATION, value);
    request
}

/// What somebody writes who has no such gate: the users by the digests of their tokens.
#[derive(Clone)]
pub struct Table(Arc<RwLock<HashMap<[u8; 32], User>>>);

#[derive(Clone)]
pub struct User {
    pub id: Arc<str>,
    expires: SystemTime,
}

impl Table {
    pub fn new() -> Self {
        let user = |number: usize| User {
            id: format!("user-{number}").into(),
            expires: SystemTime::now() + Duration::from_secs(24 * 60 * 60),
        };
        let others = (0..9_999).map(|number| (format!("other-{number}"), user(number)));
        let all = others.chain([(secret().to_owned(), user(9_999))]);
        let digested = all.map(|(secret, user)| (*Digest::of(secret).as_bytes(), user));
        Self(Arc::new(RwLock::new(digested.collect())))
    }

    pub fn find<B>(&self, request: &Request<B>) -> Option<User> {
        let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
        let (scheme, secret) = header.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("token") {
            return None;
        }
        let table = self.0.read().ok()?;
        let user = table.get(Digest::of(secret).as_bytes())?;
        (user.expires > SystemTime::now()).then(|| user.clone())
    }
}

/// A password that is wrong, for somebody or for nobody. It costs little here, so that what is
/// beside the hash weighs more than it does with real costs.
fn password(known: bool) -> Work {
    let hasher = Argon2Hasher::cost(64, 1, 1).expect("defined");
    let passwords = Passwords::new(hasher).expect("random");
    let hash = passwords.hash("wonderland").expect("random");
    call(move || {
        let hash = known.then_some(&*hash);
        let check = passwords.verify("looking glass", hash);
        assert_eq!(check, PasswordCheck::Wrong);
    })
}
