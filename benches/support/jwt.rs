//! A signed token that is remembered, one that comes for the first time, and one that has ended.

#![allow(dead_code, unreachable_pub)] // Each target that includes this uses a part of it.

use std::{
    sync::OnceLock,
    time::{SystemTime, UNIX_EPOCH},
};

use gatefold::authentication::{AuthenticationLayer, JwtAuthentication};
use gatefold_tokens::{JwtAlgorithm, JwtKey, JwtSigner, JwtVerifier};
use http::{Request, StatusCode, header::AUTHORIZATION};

use crate::support::{Body, Measure, gate, measure, plain};

pub const JWT: &[Measure] = &[
    measure("jwt/es256/remembered", || {
        gate(layer(es256(), true), StatusCode::OK, || {
            bearing(&es256().good)
        })
    }),
    measure("jwt/hs256/first", || {
        gate(layer(hs256(), false), StatusCode::OK, || {
            bearing(&hs256().good)
        })
    }),
    measure("jwt/es256/expired", || {
        let refused = StatusCode::UNAUTHORIZED;
        gate(layer(es256(), false), refused, || bearing(&es256().expired))
    }),
];

/// A key that is made for this run, and tokens of it.
pub struct Signed {
    pub key: JwtKey,
    pub good: String,
    pub expired: String,
}

impl Signed {
    fn new(signer: &JwtSigner, key: JwtKey) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.expect("after 1970").as_secs();
        let token = |exp: u64| {
            let claims = format!(
                r#"{{"iss":"https://issuer.example","sub":"alice","aud":"tasks","exp":{exp},"scope":"tasks:read tasks:write"}}"#
            );
            signer.sign(claims).expect("a token")
        };
        Self {
            key,
            good: token(now + 86_400),
            expired: token(now - 86_400),
        }
    }
}

pub fn es256() -> &'static Signed {
    static ES256: OnceLock<Signed> = OnceLock::new();
    ES256.get_or_init(|| {
        let signer = JwtSigner::generate(JwtAlgorithm::Es256).expect("random");
        let signer = signer.kid("one");
        let key = JwtKey::jwk(&signer.jwk().expect("public")).expect("a key");
        Signed::new(&signer, key)
    })
}

pub fn hs256() -> &'static Signed {
    static HS256: OnceLock<Signed> = OnceLock::new();
    HS256.get_or_init(|| {
        let secret = "a secret of the measures, and of nothing else";
        let signer = JwtSigner::hmac(JwtAlgorithm::Hs256, secret).expect("long");
        let key = JwtKey::hmac(JwtAlgorithm::Hs256, secret).expect("long");
        Signed::new(&signer, key)
    })
}

pub fn verifier(signed: &Signed, remembers: bool) -> JwtVerifier {
    let verifier = JwtVerifier::new(signed.key.clone()).audiences(["tasks"]);
    match remembers {
        true => verifier,
        false => verifier.cache(0),
    }
}

pub fn layer(signed: &Signed, remembers: bool) -> AuthenticationLayer {
    AuthenticationLayer::new(JwtAuthentication::new(verifier(signed, remembers)))
}

pub fn bearing(token: &str) -> Request<Body> {
    let mut request = plain();
    let value = format!("Bearer {token}").try_into();
    let value = value.expect("a header value");
    request.headers_mut().insert(AUTHORIZATION, value);
    request
}
