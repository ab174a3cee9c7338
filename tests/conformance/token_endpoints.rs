//! `auth/token_endpoints.jsonl`: what the endpoints answer that issue, refresh and revoke tokens.

use serde::Deserialize;

use crate::{lines, report::Outcome};

#[derive(Deserialize)]
struct Case {
    name: String,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    url: String,
}

pub(crate) fn judge(line: &str) -> (String, Option<Outcome>) {
    let case: Case = match lines::read(line) {
        Ok(case) => case,
        Err(failed) => return failed,
    };
    // The first line holds the claims and is no case.
    let Some(method) = case.method else {
        return (case.name, None);
    };
    let title = format!("{}: {method} {}", case.name, case.url);
    (title, Some(Outcome::not_built("token endpoints")))
}
