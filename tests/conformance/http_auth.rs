//! `auth/http_auth_cases.jsonl`: credentials as clients and attackers send them, and what a service
//! behind authentication and permissions answers.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{http_auth_service::Answered, lines, report::Outcome};

/// One line.
#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) what: String,
    pub(crate) request: Sent,
    pub(crate) config: Map<String, Value>,
    pub(crate) expect: Map<String, Value>,
    pub(crate) level: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) peer: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<String>,
}

/// Judges what is scored: MUST, POLICY and DRF.
pub(crate) fn judge(line: &str) -> (String, Option<Outcome>) {
    let case: Case = match lines::read(line) {
        Ok(case) => case,
        Err(failed) => return failed,
    };
    let config: Vec<_> = case
        .config
        .iter()
        .filter(|(key, _)| *key != "tokens")
        .collect();
    let sent = format!("{:?} {config:?}", case.request);
    let sent: String = sent.chars().take(500).collect();
    let title = format!("{} ({}) {sent}", case.id, case.what);
    if !["MUST", "POLICY", "DRF"].contains(&case.level.as_str()) {
        return (title, None);
    }
    let outcome = match crate::http_auth_service::ask(&case) {
        Ok(answered) => compared(&case, &answered),
        Err(outcome) => outcome,
    };
    (title, Some(outcome))
}

fn compared(case: &Case, got: &Answered) -> Outcome {
    match wrong(case, got) {
        Ok(wrong) if wrong.is_empty() => Outcome::Good,
        Ok(wrong) => Outcome::failed(
            format!("{:?}", case.expect),
            format!("{got:?} [{}]", wrong.join(", ")),
        ),
        Err(unknown) => Outcome::unknown(unknown),
    }
}

fn wrong(case: &Case, got: &Answered) -> Result<Vec<&'static str>, String> {
    let expect = &case.expect;
    let text = |key: &str| expect.get(key).and_then(Value::as_str);
    let mut wrong = Vec::new();
    let mut want = |good: bool, what| {
        if !good {
            wrong.push(what);
        }
    };
    let passed = got.status == 200;
    let nobody = passed && got.user.is_none();
    let refused = [401, 403].contains(&got.status);
    match text("outcome").unwrap_or_default() {
        "credentials" => {
            let wanted = text("username").zip(text("password"));
            let seen = got.credentials.as_ref();
            want(
                seen.map(|(name, password)| (name.as_str(), password.as_str())) == wanted,
                "credentials",
            );
        }
        "user" => want(passed && got.user.as_deref() == text("user"), "user"),
        "none" | "anonymous" => want(nobody, "outcome"),
        "allow" => want(passed, "outcome"),
        "reject" => want(refused, "outcome"),
        "reject_or_anonymous" => want(refused || nobody, "outcome"),
        "challenge" => want(got.status == 401, "outcome"),
        "deny_or_404" => want(refused || got.status == 404, "outcome"),
        "handled_as" => want(passed && got.method.as_deref() == text("method"), "method"),
        "error" => want(got.status >= 500, "outcome"),
        other => return Err(format!("the outcome `{other}`")),
    }
    for (key, value) in expect {
        let value_text = value.as_str();
        match key.as_str() {
            "outcome" | "username" | "password" | "user" | "method" | "match"
            | "must_not_contain" => {}
            "status" => want(value.as_u64() == Some(u64::from(got.status)), "status"),
            "code" => want(got.code.as_deref() == value_text, "code"),
            "detail" => want(got.detail.as_deref() == value_text, "detail"),
            "error" => want(got.error.as_deref() == value_text, "error"),
            "www_authenticate" if case.config.get("challenges").is_some() => {
                let all = &got.challenges;
                want(
                    all.iter().any(|one| meets(expect, one, value_text)),
                    key_of(key),
                );
            }
            "www_authenticate" | "www_authenticate_first" => {
                let first = got.challenges.first();
                let good = first.is_some_and(|one| meets(expect, one, value_text));
                want(good, key_of(key));
            }
            "www_authenticate_all" => {
                let wanted = value.as_array().into_iter().flatten();
                let wanted: Vec<_> = wanted.filter_map(Value::as_str).collect();
                want(got.challenges == wanted, key_of(key));
            }
            other => return Err(format!("the expectation `{other}`")),
        }
    }
    let forbidden = expect.get("must_not_contain").and_then(Value::as_array);
    for text in forbidden.into_iter().flatten().filter_map(Value::as_str) {
        want(!got.everything.contains(text), "must_not_contain");
    }
    Ok(wrong)
}

fn meets(expect: &Map<String, Value>, challenge: &str, wanted: Option<&str>) -> bool {
    let wanted = wanted.unwrap_or_default();
    match expect.get("match").and_then(Value::as_str) {
        Some("prefix") => challenge.starts_with(wanted),
        _ => challenge == wanted,
    }
}

fn key_of(key: &str) -> &'static str {
    match key {
        "www_authenticate_all" => "all challenges",
        _ => "challenge",
    }
}
