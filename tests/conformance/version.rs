//! `accept/version_cases.jsonl`: what a reader of versions finds in its place.

use gatefold::versioning::{
    AcceptHeaderVersioning, DateVersion, HostNameVersioning, MediaTypeVersioning,
    QueryParameterVersioning, Reading, ReleaseVersion, SemanticVersion, Supported,
    UrlPathVersioning, Versioning,
};
use gatefold::{Exception, Version};
use http::{
    HeaderName, HeaderValue, Request, StatusCode, Uri,
    header::{ACCEPT, HOST},
    request::Parts,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{lines, report::Outcome};

#[derive(Deserialize)]
struct Case {
    id: String,
    op: String,
    #[serde(default)]
    header: Vec<String>,
    input: Value,
    expected: Value,
    #[serde(default)]
    note: String,
}

pub(crate) fn judge(line: &str) -> (String, Option<Outcome>) {
    let case: Case = match lines::read(line) {
        Ok(case) => case,
        Err(failed) => return failed,
    };
    let title = format!("{} {} {} {:?}", case.id, case.op, case.input, case.header);
    let outcome = match answer(&case) {
        Ok(got) => {
            // `null` and "none" both mean that nothing is said.
            let wanted = match &case.expected {
                Value::String(text) if text == "none" => Value::Null,
                wanted => wanted.clone(),
            };
            Outcome::equal(&wanted, &got)
        }
        Err(outcome) => outcome,
    };
    (title, Some(outcome))
}

fn answer(case: &Case) -> Result<Value, Outcome> {
    let input = case.input.as_str().unwrap_or_default();
    let (op, name) = case.op.split_once(':').unwrap_or((&case.op, ""));
    let bad = |error: String| Outcome::unknown(error);
    Ok(match op {
        "accept-param" => {
            let head = head("/", (ACCEPT, &case.header)).map_err(bad)?;
            said(
                AcceptHeaderVersioning::any()
                    .param(name)
                    .determine_version(&head),
            )
        }
        "query" => {
            let head = head(&format!("/?{input}"), (ACCEPT, &[])).map_err(bad)?;
            said(
                QueryParameterVersioning::any()
                    .param(name)
                    .determine_version(&head),
            )
        }
        "path" => {
            // Case matters in a path, so the reader has to know what there is.
            let template = format!("{}...", name.replace("{v}", "{version}"));
            let scheme = UrlPathVersioning::new(["v1", "v2"]).template(template);
            let scheme = scheme.map_err(|error| bad(error.to_string()))?;
            let head = head(input, (ACCEPT, &[])).map_err(bad)?;
            said(scheme.determine_version(&head))
        }
        "host" => {
            let head = head("/", (HOST, &[input.to_owned()])).map_err(bad)?;
            said(HostNameVersioning::any().determine_version(&head))
        }
        "vendor" => {
            let template = name.replace("{v}", "{version}");
            let scheme = MediaTypeVersioning::new(template, Supported::default());
            let scheme = scheme.map_err(|error| bad(error.to_string()))?;
            let line = HeaderValue::from_str(input).map_err(|error| bad(error.to_string()))?;
            read(scheme.read([&line]))
        }
        "date" => match input.parse::<DateVersion>() {
            Ok(_) => {
                let known = Supported::new(known_dates(&case.note)).floor::<DateVersion>();
                let known = known.map_err(|error| bad(error.to_string()))?;
                let found = known.find(input);
                found.map_or(json!("UNSUPPORTED"), |version| json!(version.as_str()))
            }
            Err(_) => json!("INVALID"),
        },
        "semver" => {
            let version = input.parse::<SemanticVersion>();
            version.map_or(json!("INVALID"), |version| json!(version.to_string()))
        }
        "parse" if name == "semantic-lenient" => match SemanticVersion::lenient(input) {
            Ok(version) => json!([version.major(), version.minor(), version.patch()]),
            Err(_) => json!("INVALID"),
        },
        "parse" if name == "date-or-major.minor-status" => match input.parse::<ReleaseVersion>() {
            Ok(version) => json!([
                version.date().map(|date| date.to_string()),
                version.major(),
                version.minor(),
                version.status(),
            ]),
            Err(_) => json!("INVALID"),
        },
        _ => return Err(Outcome::unknown(format!("op `{}`", case.op))),
    })
}

/// The dates in a case's note; without any, those that the vocabulary's own example knows.
fn known_dates(note: &str) -> Vec<String> {
    let words = note.split(|c: char| !c.is_ascii_digit() && c != '-');
    let dates = words.filter_map(|word| word.parse::<DateVersion>().ok());
    let dates: Vec<_> = dates.map(|date| date.to_string()).collect();
    if dates.is_empty() {
        return ["2024-04-10", "2024-06-20"].map(str::to_owned).into();
    }
    dates
}

fn read(reading: Reading<'_>) -> Value {
    match reading {
        Reading::Nothing => Value::Null,
        Reading::Default => json!("default"),
        Reading::Version(text) => json!(text),
        Reading::Ambiguous => json!("AMBIGUOUS"),
        Reading::Invalid => json!("INVALID"),
    }
}

fn head(target: &str, (name, lines): (HeaderName, &[String])) -> Result<Parts, String> {
    let mut head = Request::new(()).into_parts().0;
    head.uri = target
        .parse::<Uri>()
        .map_err(|error| format!("the target `{target}`: {error}"))?;
    for line in lines {
        let value = HeaderValue::from_str(line).map_err(|error| error.to_string())?;
        head.headers.append(&name, value);
    }
    Ok(head)
}

fn said(outcome: Result<Option<Version>, Exception>) -> Value {
    match outcome {
        Ok(Some(version)) => Value::String(version.as_str().to_owned()),
        Ok(None) => Value::Null,
        Err(exception) if is_ambiguous(&exception) => Value::String("AMBIGUOUS".to_owned()),
        Err(_) => Value::String("INVALID".to_owned()),
    }
}

fn is_ambiguous(exception: &Exception) -> bool {
    exception.status() == StatusCode::BAD_REQUEST && exception.code() == "ambiguous_version"
}
