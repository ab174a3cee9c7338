//! `auth/jwt_attacks.jsonl`: tokens that a verifier must take or refuse.

use serde::Deserialize;

use crate::{lines, report::Outcome};

#[derive(Deserialize)]
struct Case {
    id: String,
    attack: String,
    mode: String,
    expect: String,
    level: String,
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
    let outcome = match (case.mode.as_str(), case.expect.as_str()) {
        ("jwt" | "jws", "accept" | "reject") => Outcome::not_built("verifying signed tokens"),
        (mode, expect) => Outcome::unknown(format!("mode `{mode}` with `{expect}`")),
    };
    (title, Some(outcome))
}
