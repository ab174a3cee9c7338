//! Compares an answer with a recorded one, by the record's own rules: a port of `replay.py`.

use std::collections::BTreeSet;

use crate::{
    record::{Record, Wanted, bytes},
    reference::{json::Json, json_parser},
};

/// An answer that was given.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    /// One character a byte.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What differs from the nearest of the good answers; nothing when the answer is good.
pub(crate) fn differences(record: &Record, got: &Got) -> Vec<String> {
    std::iter::once(&record.response)
        .chain(&record.alternatives)
        .map(|wanted| against(record, wanted, got))
        .min_by_key(Vec::len)
        .unwrap_or_default()
}

fn against(record: &Record, wanted: &Wanted, got: &Got) -> Vec<String> {
    let mut found = Vec::new();
    if wanted.status != got.status {
        found.push("status".to_owned());
    }
    match record.origin.as_str() {
        "framework" => return found,
        "drf" => {}
        other => found.push(format!("unknown origin `{other}`")),
    }
    for name in &record.compare.headers {
        if header(&wanted.headers, name) != header(&got.headers, name) {
            found.push(format!("header {name}"));
        }
    }
    match body(record, wanted, got) {
        Ok(true) => {}
        Ok(false) => found.push("body".to_owned()),
        Err(unknown) => found.push(unknown),
    }
    found
}

fn body(record: &Record, wanted: &Wanted, got: &Got) -> Result<bool, String> {
    let wanted = bytes(wanted.body.as_deref(), wanted.body_base64.as_deref())?.unwrap_or_default();
    let same = wanted == got.body;
    let value = |bytes: &[u8]| {
        let text = std::str::from_utf8(bytes).ok()?;
        json_parser::parse(text).ok()
    };
    Ok(match record.compare.body.as_str() {
        "bytes" => same,
        "opaque" => true,
        "json" => match (value(&wanted), value(&got.body)) {
            (Some(wanted), Some(got)) => same_json(&wanted, &got),
            (wanted, got) => wanted.is_none() && got.is_none() && same,
        },
        "detail_prefix" => {
            let prefix = record.compare.prefix.as_ref().and_then(|p| p.as_str());
            let prefix = prefix.ok_or("detail_prefix without a prefix")?;
            let detail = value(&got.body).and_then(|v| v.get("detail").cloned());
            matches!(detail, Some(Json::Text(text)) if text.starts_with(prefix))
        }
        "json_keys" => match (value(&wanted), value(&got.body)) {
            (Some(Json::Object(wanted)), Some(Json::Object(got))) => {
                let keys = |object: &[(String, Json)]| -> BTreeSet<String> {
                    object.iter().map(|(key, _)| key.clone()).collect()
                };
                keys(&wanted) == keys(&got)
            }
            _ => false,
        },
        other => return Err(format!("unknown compare rule `{other}`")),
    })
}

/// Equal values: the order of keys is free, 1 and 1.0 are equal, numbers and booleans are not.
pub(crate) fn same_json(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, value)| {
                    b.iter()
                        .find(|(known, _)| known == key)
                        .is_some_and(|(_, other)| same_json(value, other))
                })
        }
        (Json::List(a), Json::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_json(a, b))
        }
        (Json::Number(a), Json::Number(b)) => {
            a == b || is_float(a, b) && as_float(a) == as_float(b)
        }
        _ => a == b,
    }
}

fn is_float(a: &str, b: &str) -> bool {
    [a, b].iter().any(|text| text.contains(['.', 'e', 'E']))
}

fn as_float(text: &str) -> Option<f64> {
    text.parse().ok()
}

#[derive(Debug, PartialEq)]
enum Header {
    Set(BTreeSet<String>),
    Text(String),
}

/// All lines of a header joined; `Vary` and `Allow` as sets; `None` where there is none.
fn header(headers: &[(String, String)], name: &str) -> Option<Header> {
    let lines: Vec<&str> = headers
        .iter()
        .filter(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
        .collect();
    if lines.is_empty() {
        return None;
    }
    let joined = lines.join(", ");
    Some(match name {
        "vary" | "allow" => Header::Set(
            joined
                .split(',')
                .map(|item| item.trim().to_ascii_lowercase())
                .collect(),
        ),
        _ => Header::Text(joined),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Json {
        json_parser::parse(text).expect("good JSON")
    }

    fn recorded() -> Vec<Record> {
        let corpus = include_str!("data/drf/corpus.jsonl").lines();
        let read = |line| serde_json::from_str(line).expect("a record");
        corpus.map(read).collect()
    }

    fn as_recorded(record: &Record) -> Got {
        let wanted = &record.response;
        let body = bytes(wanted.body.as_deref(), wanted.body_base64.as_deref());
        Got {
            status: wanted.status,
            headers: wanted.headers.clone(),
            body: body.expect("good base64").unwrap_or_default(),
        }
    }

    #[test]
    fn an_answer_as_recorded_is_good_and_another_is_not() {
        for record in recorded() {
            let mut got = as_recorded(&record);
            assert_eq!(differences(&record, &got), [""; 0], "{}", record.id);
            got.status += 1;
            assert_eq!(differences(&record, &got), ["status"], "{}", record.id);
            let mut got = as_recorded(&record);
            got.headers
                .push(("X-Custom".to_owned(), "other".to_owned()));
            if record.origin == "drf" {
                let found = differences(&record, &got);
                assert_eq!(found, ["header x-custom"], "{}", record.id);
            }
        }
    }

    #[test]
    fn numbers_and_booleans_are_not_mixed_up() {
        assert!(same_json(&parsed("[1,1.0]"), &parsed("[1.0,1]")));
        assert!(!same_json(&parsed("[1]"), &parsed("[true]")));
        assert!(!same_json(
            &parsed("123456789012345678901"),
            &parsed("123456789012345678902")
        ));
    }

    #[test]
    fn the_order_of_keys_is_free_and_that_of_lists_is_not() {
        assert!(same_json(
            &parsed(r#"{"a":1,"b":2}"#),
            &parsed(r#"{"b":2,"a":1}"#)
        ));
        assert!(!same_json(&parsed("[1,2]"), &parsed("[2,1]")));
    }

    #[test]
    fn a_header_is_absent_where_it_is_absent() {
        let sent = vec![("Vary".to_owned(), "Cookie, Accept".to_owned())];
        let other = vec![("vary".to_owned(), "accept,cookie".to_owned())];
        assert_eq!(header(&sent, "vary"), header(&other, "vary"));
        assert_ne!(header(&sent, "vary"), header(&[], "vary"));
    }
}
