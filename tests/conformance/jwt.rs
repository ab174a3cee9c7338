//! `auth/jwt_attacks.jsonl`: tokens that a verifier must take or refuse.

use std::{
    panic::catch_unwind,
    time::{Duration, UNIX_EPOCH},
};

use gatefold::tokens::{
    JwtAlgorithm, JwtKey, JwtKeys, JwtRevocations, JwtVerifier, MemoryJwtRevocations,
};
use gatefold::{Decision, ManualClock};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{lines, report::Outcome};

#[derive(Deserialize)]
struct Case {
    id: String,
    attack: String,
    mode: String,
    expect: String,
    level: String,
    now: u64,
    token: String,
    verifier: Configured,
}

/// A verifier's configuration. A setting that is not known here fails the line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Configured {
    jwks: Value,
    algorithms: Vec<String>,
    iss: Option<Vec<String>>,
    aud: Option<Vec<String>>,
    leeway: u64,
    required: Vec<String>,
    typ: Option<Vec<String>>,
    token_type: Option<TokenType>,
    revoked_jti: Vec<String>,
    max_bytes: usize,
    reject_future_iat: bool,
    #[serde(default)]
    key_issuer: Value,
}

#[derive(Deserialize)]
struct TokenType {
    claim: String,
    value: String,
}

pub(crate) fn judge(line: &str) -> (String, Option<Outcome>) {
    let case: Case = match lines::read(line) {
        Ok(case) => case,
        Err(failed) => return failed,
    };
    let title = format!(
        "{} ({}), {} {}",
        case.id, case.attack, case.level, case.expect
    );
    let known =
        ["jwt", "jws"].contains(&&*case.mode) && ["accept", "reject"].contains(&&*case.expect);
    if !known {
        let what = format!("mode `{}` with `{}`", case.mode, case.expect);
        return (title, Some(Outcome::unknown(what)));
    }
    let Ok(decided) = catch_unwind(|| decide(&case)) else {
        return (title, Some(Outcome::failed("no panic", "a panic")));
    };
    // Nothing is wanted of an optional line but an answer.
    let good = case.level == "OPTIONAL" || decided.is_ok() == (case.expect == "accept");
    let outcome = match good {
        true => Outcome::Good,
        false => Outcome::failed(&case.expect, format!("{decided:?}")),
    };
    (title, Some(outcome))
}

fn decide(case: &Case) -> Result<(), String> {
    let verifier = verifier(case)?;
    if case.mode == "jws" {
        return verifier
            .payload(&case.token)
            .map(drop)
            .map_err(|e| e.to_string());
    }
    // Twice, so that what is remembered is judged too.
    let first = now(verifier.verify(&case.token));
    let second = now(verifier.verify(&case.token));
    assert_eq!(first, second, "{}", case.id);
    first
}

fn now(
    decision: Decision<Result<gatefold::tokens::Jwt, gatefold::tokens::JwtError>>,
) -> Result<(), String> {
    match decision {
        Decision::Now(Ok(jwt)) => jwt
            .claims::<Value>()
            .map(drop)
            .map_err(|error| error.to_string()),
        Decision::Now(Err(error)) => Err(error.to_string()),
        Decision::Later(_) => panic!("nothing has to be waited for"),
    }
}

fn verifier(case: &Case) -> Result<JwtVerifier, String> {
    let configured = &case.verifier;
    let named = |name: &String| JwtAlgorithm::of_name(name).ok_or(format!("the algorithm {name}"));
    let algorithms: Vec<_> = configured
        .algorithms
        .iter()
        .map(named)
        .collect::<Result<_, _>>()?;
    let hand = ManualClock::new(UNIX_EPOCH + Duration::from_secs(case.now));
    let mut verifier = JwtVerifier::new(keys(configured)?)
        .algorithms(algorithms)
        .leeway(Duration::from_secs(configured.leeway))
        .required(configured.required.iter().map(String::as_str))
        .longest(configured.max_bytes)
        .clock(hand.clock());
    if let Some(issuers) = &configured.iss {
        verifier = verifier.issuers(issuers.iter().map(String::as_str));
    }
    if let Some(audiences) = &configured.aud {
        verifier = verifier.audiences(audiences.iter().map(String::as_str));
    }
    if let Some(types) = &configured.typ {
        verifier = verifier.types(types.iter().map(String::as_str));
    }
    if let Some(kind) = &configured.token_type {
        verifier = verifier.token_type(kind.claim.as_str(), kind.value.as_str());
    }
    if !configured.reject_future_iat {
        verifier = verifier.future_iat();
    }
    if !configured.revoked_jti.is_empty() {
        let revocations = MemoryJwtRevocations::new();
        for id in &configured.revoked_jti {
            let far = UNIX_EPOCH + Duration::from_secs(1 << 33);
            assert!(matches!(revocations.revoke(id, far), Decision::Now(Ok(()))));
        }
        verifier = verifier.revocations(revocations);
    }
    Ok(verifier)
}

fn keys(configured: &Configured) -> Result<JwtKeys, String> {
    let Some(issuers) = configured.key_issuer.as_object() else {
        let keys = JwtKeys::jwks(&configured.jwks.to_string());
        return keys.map_err(|error| error.to_string());
    };
    let listed = configured.jwks["keys"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let mut keys = Vec::new();
    for jwk in listed {
        let key = JwtKey::jwk(&json!(jwk).to_string()).map_err(|error| error.to_string())?;
        let issuer = jwk["kid"]
            .as_str()
            .and_then(|kid| issuers.get(kid)?.as_str());
        keys.push(match issuer {
            Some(issuer) => key.issuer(issuer),
            None => key,
        });
    }
    JwtKeys::new(keys).map_err(|error| error.to_string())
}
