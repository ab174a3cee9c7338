//! `accept/language_cases.jsonl`: which of the offered languages an `Accept-Language` header gets
//! (RFC 4647).

use gatefold::negotiation::AcceptLanguage;
use serde::Deserialize;
use serde_json::Value;

use crate::{lines, report::Outcome};

#[derive(Deserialize)]
struct Case {
    id: String,
    op: String,
    header: Option<String>,
    available: Vec<String>,
    expected: Value,
    default_range: Option<String>,
    default_tag: Option<String>,
    /// The source's function that has a default of its own compares whole tags.
    #[serde(default, deserialize_with = "present")]
    default: Option<Value>,
}

/// Tells `null` from what is not there.
fn present<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

pub(crate) fn judge(line: &str) -> (String, Option<Outcome>) {
    let case: Case = match lines::read(line) {
        Ok(case) => case,
        Err(failed) => return failed,
    };
    let languages = AcceptLanguage::read(&case.header);
    let available = &case.available;
    let name = |at: Option<usize>| at.map_or(Value::Null, |at| available[at].as_str().into());
    let outcome = match case.op.as_str() {
        "best" => {
            let chosen = match &case.default {
                Some(default) => match languages.exact(available) {
                    None => default.clone(),
                    exact => name(exact),
                },
                None => name(languages.best(available)),
            };
            Outcome::equal(&case.expected, &chosen)
        }
        "rfc4647-lookup" => Outcome::equal(&wanted(&case), &name_or_tag(&case, &languages)),
        "rfc4647-basic-filtering" => {
            let filtered = languages.filter(available).into_iter();
            let filtered: Vec<_> = filtered.map(|at| available[at].as_str()).collect();
            Outcome::equal(&case.expected, &Value::from(filtered))
        }
        other => Outcome::unknown(format!("op `{other}`")),
    };
    let title = format!("{} {:?} of {:?}", case.id, case.header, case.available);
    (title, Some(outcome))
}

/// What is neither offered nor the default tag is the caller's last resort: nothing was found.
fn wanted(case: &Case) -> Value {
    let known = case.available.iter().chain(&case.default_tag);
    let mut known = known.map(String::as_str);
    match &case.expected {
        Value::String(tag) if known.any(|name| name == tag) => Value::from(tag.as_str()),
        _ => Value::Null,
    }
}

fn name_or_tag(case: &Case, languages: &AcceptLanguage<'_>) -> Value {
    let found = match &case.default_range {
        Some(range) => languages.lookup_or(&case.available, range),
        None => languages.lookup(&case.available),
    };
    if let Some(at) = found {
        return case.available[at].as_str().into();
    }
    let tag = case.default_tag.as_deref();
    tag.filter(|tag| !languages.refuses(tag)).into()
}
