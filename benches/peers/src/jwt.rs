//! `jsonwebtoken` and `tower-oauth2-resource-server`.
//!
//! Ours are measured with their cache and without, through the layer and the verifier by itself.
//! Beside them, for the scale, is a caller whom our layer knows at once.

use std::{
    hint::black_box,
    sync::LazyLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use criterion::Criterion;
use gatefold::{Decision, authentication::AuthenticationLayer};
use http::{Request, StatusCode, request::Parts};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode,
    jwk::{Jwk, JwkSet},
};
use serde::{Deserialize, Serialize};
use tower_oauth2_resource_server::{
    layer::OAuth2ResourceServerLayer, server::OAuth2ResourceServer, tenant::TenantConfiguration,
};

use crate::{
    ours::{Signed, es256, hs256, layer, verifier},
    run::bench,
    support::{Body, Measure, NoOp, Work, call, gate, gates::alice, measure, plain},
};

const OK: StatusCode = StatusCode::OK;
const REFUSED: StatusCode = StatusCode::UNAUTHORIZED;

const JWT: &[Measure] = &[
    measure("no-op", || gate(NoOp, OK, || bearing(&ES256.token))),
    measure("ours/known", || {
        let who = alice();
        let known = move |head: &Parts| {
            let bearing = head.headers.get("authorization")?;
            (bearing.len() > 7).then(|| who.clone())
        };
        gate(AuthenticationLayer::new(known), OK, || {
            bearing(&ES256.token)
        })
    }),
    measure("ours/es256/remembered", || {
        gate(layer(es256(), true), OK, || bearing(&es256().good))
    }),
    measure("ours/es256/first", || {
        gate(layer(es256(), false), OK, || bearing(&es256().good))
    }),
    measure("ours/expired", || {
        gate(layer(es256(), false), REFUSED, || bearing(&es256().expired))
    }),
    measure("ours/hs256/first", || verified(hs256())),
    measure("ours/es256/first, by itself", || verified(es256())),
    measure("tower-oauth2-resource-server/es256", || {
        gate(resource_server(), OK, || bearing(&ES256.token))
    }),
    measure("tower-oauth2-resource-server/expired", || {
        gate(resource_server(), REFUSED, || bearing(&ES256.expired))
    }),
    measure("tower-oauth2-resource-server/no-token", || {
        gate(resource_server(), REFUSED, plain)
    }),
    measure("jsonwebtoken/hs256", || {
        let key = DecodingKey::from_secret(SECRET);
        decoded(key, Algorithm::HS256, &HS256)
    }),
    measure("jsonwebtoken/es256", || {
        let key = DecodingKey::from_jwk(&ES256.jwk).expect("a key");
        decoded(key, Algorithm::ES256, &ES256.token)
    }),
];

/// A signed token to an identity: from the header on, and by itself.
pub(crate) fn jwt(criterion: &mut Criterion) {
    bench(criterion, "jwt", JWT);
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    exp: u64,
    scope: String,
}

impl Claims {
    fn expiring(at: SystemTime) -> Self {
        let exp = at.duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        Self {
            iss: "https://issuer.example".to_owned(),
            sub: "alice".to_owned(),
            aud: "tasks".to_owned(),
            exp,
            scope: "tasks:read tasks:write".to_owned(),
        }
    }
}

const DAY: Duration = Duration::from_secs(86_400);
const SECRET: &[u8] = b"a secret of the measures, and of nothing else";

/// Tokens signed with a key that is made for this run.
struct Es256 {
    jwk: Jwk,
    token: String,
    expired: String,
}

static ES256: LazyLock<Es256> = LazyLock::new(|| {
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    let key = EncodingKey::from_ec_der(key.expect("a key").as_ref());
    let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).expect("a key");
    jwk.common.key_id = Some("one".to_owned());
    let header = Header {
        kid: jwk.common.key_id.clone(),
        ..Header::new(Algorithm::ES256)
    };
    let signed = |at| encode(&header, &Claims::expiring(at), &key).expect("a token");
    Es256 {
        token: signed(SystemTime::now() + DAY),
        expired: signed(SystemTime::now() - DAY),
        jwk,
    }
});

static HS256: LazyLock<String> = LazyLock::new(|| {
    let claims = Claims::expiring(SystemTime::now() + DAY);
    let key = EncodingKey::from_secret(SECRET);
    encode(&Header::default(), &claims, &key).expect("a token")
});

fn bearing(token: &str) -> Request<Body> {
    let request = Request::builder().header("authorization", format!("Bearer {token}"));
    request.body(Body::default()).expect("a request")
}

/// A first verification and the claims, as `jsonwebtoken::decode` hands them out.
fn verified(signed: &'static Signed) -> Work {
    let verifier = verifier(signed, false);
    let token = &*signed.good;
    call(move || match verifier.verify(black_box(token)) {
        Decision::Now(Ok(jwt)) => jwt.claims::<Claims>().is_ok(),
        _ => panic!("a good token"),
    })
}

fn resource_server() -> OAuth2ResourceServerLayer<Body, Claims> {
    let keys = JwkSet {
        keys: vec![ES256.jwk.clone()],
    };
    let keys = serde_json::to_string(&keys).expect("JSON");
    let tenant = TenantConfiguration::static_builder(keys)
        .audiences(&["tasks"])
        .allowed_algorithms(&[Algorithm::ES256])
        .build()
        .expect("a tenant");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let server = OAuth2ResourceServer::<Claims>::builder()
        .add_tenant(tenant)
        .build();
    runtime.block_on(server).expect("a server").into_layer()
}

fn decoded(key: DecodingKey, algorithm: Algorithm, token: &'static str) -> Work {
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&["tasks"]);
    assert!(
        decode::<Claims>(token, &key, &validation).is_ok(),
        "a good token"
    );
    call(move || decode::<Claims>(black_box(token), &key, &validation))
}
