//! `accept/accept_cases.jsonl`: which of the offered media types an `Accept` header gets.

use gatefold::negotiation::{Offer, choose};
use serde::Deserialize;

use crate::{lines, report::Outcome};

#[derive(Deserialize)]
struct Case {
    id: String,
    accept_hex: Option<Vec<String>>,
    header_present: bool,
    available: Vec<String>,
    recommended: Option<String>,
    disputed: bool,
}

/// Judges by the recommended answer. Disputed cases are not scored.
pub(crate) fn judge(line: &str) -> (String, Option<Outcome>) {
    let case: Case = match lines::read(line) {
        Ok(case) => case,
        Err(failed) => return failed,
    };
    if case.disputed {
        return (case.id, None);
    }
    let outcome = match chosen(&case) {
        Ok(got) => Outcome::equal(&case.recommended.as_deref(), &got),
        Err(unknown) => Outcome::unknown(unknown),
    };
    let header = format!("{:?}", case.accept_hex);
    let header: String = header.chars().take(80).collect();
    let title = format!("{} hex {header} of {:?}", case.id, case.available);
    (title, Some(outcome))
}

fn chosen(case: &Case) -> Result<Option<&str>, String> {
    // What is no media type cannot be offered.
    let (names, offers): (Vec<&str>, Vec<Offer>) = case
        .available
        .iter()
        .filter_map(|name| Some((name.as_str(), Offer::new(&name.parse().ok()?))))
        .unzip();
    let hex = case
        .accept_hex
        .iter()
        .flatten()
        .filter(|_| case.header_present);
    let lines: Vec<Vec<u8>> = hex.map(|hex| unhex(hex)).collect::<Result<_, _>>()?;
    let chosen = choose(lines.iter(), &offers);
    Ok(chosen.map(|chosen| names[chosen.offer()]))
}

fn unhex(hex: &str) -> Result<Vec<u8>, String> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).map_err(|e| e.to_string())?;
            u8::from_str_radix(pair, 16).map_err(|e| e.to_string())
        })
        .collect()
}
