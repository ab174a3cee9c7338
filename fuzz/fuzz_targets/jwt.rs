//! Any token, any claims under a good signature, any key set: a 401, or an identity that the claims
//! name, and never a panic.
#![no_main]

use std::sync::LazyLock;

use gatefold::Decision;
use gatefold::authentication::{Authentication, JwtAuthentication};
use gatefold::tokens::{JwtAlgorithm, JwtClaims, JwtKey, JwtKeys, JwtSigner, JwtVerifier};
use http::{
    HeaderValue, Request, StatusCode,
    header::{AUTHORIZATION, COOKIE},
};
use libfuzzer_sys::fuzz_target;

const SECRET: &str = "a secret of the fuzz target, and of nothing else";

static WAYS: LazyLock<[JwtAuthentication; 2]> = LazyLock::new(|| {
    let key = || JwtKey::hmac(JwtAlgorithm::Hs256, SECRET).expect("long");
    [
        JwtAuthentication::new(JwtVerifier::new(key())).or_cookie("access"),
        JwtAuthentication::new(JwtVerifier::simplejwt(key())).drf(),
    ]
});
static SIGNER: LazyLock<JwtSigner> =
    LazyLock::new(|| JwtSigner::hmac(JwtAlgorithm::Hs256, SECRET).expect("long"));

fuzz_target!(|data: &[u8]| {
    let Some((way, data)) = data.split_first() else {
        return;
    };
    let (line, signed) = match way % 4 {
        0 => ([b"Bearer ", data].concat(), false),
        1 => (data.to_vec(), false),
        2 => {
            let token = SIGNER.sign(data).expect("HMAC does not fail");
            (format!("Bearer {token}").into_bytes(), true)
        }
        _ => {
            if let Ok(set) = std::str::from_utf8(data) {
                let _ = JwtKeys::jwks(set);
                let _ = JwtKey::jwk(set);
            }
            return;
        }
    };
    let Ok(value) = HeaderValue::from_bytes(&line) else {
        return;
    };
    for name in [AUTHORIZATION, COOKIE] {
        let mut request = Request::new(());
        request.headers_mut().insert(name, value.clone());
        let (head, ()) = request.into_parts();
        for jwt in &*WAYS {
            match jwt.authenticate(&head) {
                Decision::Now(Ok(None)) => {}
                Decision::Now(Ok(Some(identity))) => {
                    assert!(signed, "nothing signed it");
                    let claims: JwtClaims = serde_json::from_slice(data).expect("read before");
                    let known = claims.text("sub").or(claims.text("user_id"));
                    assert!(
                        known.is_none_or(|user| user == identity.id())
                            || claims.text("user_id").is_some()
                    );
                }
                Decision::Now(Err(refused)) => {
                    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
                }
                Decision::Later(_) => panic!("nothing has to be waited for"),
            }
        }
    }
});
