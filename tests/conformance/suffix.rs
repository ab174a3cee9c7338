//! `accept/suffix_cases.jsonl`: what the suffix layer makes of a raw path.

use gatefold::suffixes::SuffixLayer;
use http::Uri;
use serde::Deserialize;

use crate::{lines, report::Outcome};

#[derive(Deserialize)]
struct Case {
    id: String,
    op: String,
    input: String,
    expected: (String, Option<String>),
}

pub(crate) fn judge(line: &str) -> (String, Option<Outcome>) {
    let case: Case = match lines::read(line) {
        Ok(case) => case,
        Err(failed) => return failed,
    };
    let input: String = case.input.chars().take(80).collect();
    let title = format!("{} {input}", case.id);
    if case.op != "suffix" {
        return (title, Some(Outcome::unknown(format!("op `{}`", case.op))));
    }
    let outcome = match rewritten(&case.input) {
        Ok(got) => Outcome::equal(&case.expected, &got),
        Err(unknown) => Outcome::unknown(unknown),
    };
    (title, Some(outcome))
}

/// The formats json, html and yaml are on.
fn rewritten(input: &str) -> Result<(String, Option<String>), String> {
    let layer = SuffixLayer::new(["json", "html", "yaml"]).map_err(|e| e.to_string())?;
    let uri: Uri = input.parse().map_err(|e| format!("the target: {e}"))?;
    Ok(match layer.rewrite(&uri) {
        Some((uri, format)) => (uri.to_string(), Some(format.to_string())),
        None => (input.to_owned(), None),
    })
}
