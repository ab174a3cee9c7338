//! `accept/language_cases.jsonl`: which of the offered languages an `Accept-Language` header gets
//! (RFC 4647).

use serde::Deserialize;

use crate::{lines, report::Outcome};

#[derive(Deserialize)]
struct Case {
    id: String,
    op: String,
    header: Option<String>,
    available: Vec<String>,
}

pub(crate) fn judge(line: &str) -> (String, Option<Outcome>) {
    let case: Case = match lines::read(line) {
        Ok(case) => case,
        Err(failed) => return failed,
    };
    let outcome = match case.op.as_str() {
        "best" | "rfc4647-lookup" | "rfc4647-basic-filtering" => {
            Outcome::not_built("choosing by Accept-Language")
        }
        other => Outcome::unknown(format!("op `{other}`")),
    };
    let title = format!("{} {:?} of {:?}", case.id, case.header, case.available);
    (title, Some(outcome))
}
