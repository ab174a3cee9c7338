//! `accept/encoding_cases.jsonl`: which of the offered codings an `Accept-Encoding` header gets.

use gatefold::negotiation::choose_encoding;
use serde::Deserialize;

use crate::{lines, report::Outcome};

#[derive(Deserialize)]
struct Case {
    id: String,
    op: String,
    header: Option<String>,
    available: Vec<String>,
    expected: Option<String>,
}

pub(crate) fn judge(line: &str) -> (String, Option<Outcome>) {
    let case: Case = match lines::read(line) {
        Ok(case) => case,
        Err(failed) => return failed,
    };
    let outcome = match case.op.as_str() {
        "best" => {
            let chosen = choose_encoding(&case.header, &case.available);
            let chosen = chosen.map(|at| &case.available[at]);
            Outcome::equal(&case.expected.as_ref(), &chosen)
        }
        other => Outcome::unknown(format!("op `{other}`")),
    };
    let title = format!("{} {:?} of {:?}", case.id, case.header, case.available);
    (title, Some(outcome))
}
