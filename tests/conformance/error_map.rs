//! `accept/error_map.jsonl`: what a failure becomes as detail, as problem, as page and as gRPC
//! status, and the tables between HTTP statuses and gRPC codes.

use axum::body::Body;
use gatefold::exceptions::{ExceptionLayer, GrpcCode};
use http::{
    HeaderMap, Request, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::Value;
use tower::{Layer, ServiceExt};

use crate::{failures, lines, report::Outcome};

#[derive(Deserialize)]
struct Case {
    id: String,
    op: String,
    kind: String,
    http_status: u16,
    grpc_code: String,
    #[serde(default)]
    drf_code: String,
    #[serde(default)]
    drf_detail: String,
    #[serde(default)]
    must_keep_headers: String,
}

pub(crate) fn judge(line: &str) -> (String, Option<Outcome>) {
    let case: Case = match lines::read(line) {
        Ok(case) => case,
        Err(failed) => return failed,
    };
    let title = format!("{} {} {}", case.id, case.op, case.kind);
    let outcome = match case.op.as_str() {
        "failure" => failure(&case),
        "table" => table(&case),
        other => Outcome::unknown(format!("op `{other}`")),
    };
    (title, Some(outcome))
}

fn table(case: &Case) -> Outcome {
    let Ok(status) = StatusCode::from_u16(case.http_status) else {
        return Outcome::unknown("this status");
    };
    let Some(code) = GrpcCode::from_name(&case.grpc_code) else {
        return Outcome::unknown(format!("the code `{}`", case.grpc_code));
    };
    if case.kind.starts_with("gRPC client inference") {
        Outcome::equal(&code, &GrpcCode::inferred_from(status))
    } else if case.kind.starts_with("google.rpc.Code") {
        Outcome::equal(&status, &code.http_status())
    } else {
        Outcome::unknown(format!("the table `{}`", case.kind))
    }
}

fn failure(case: &Case) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be built");
    runtime.block_on(async {
        let mut wrong = Vec::new();
        for form in [
            "application/json",
            "application/problem+json",
            "text/html",
            "grpc",
        ] {
            match said(&case.kind, form).await {
                Some(said) => wrong.extend(said.check(case, form)),
                None => return Outcome::unknown(format!("the failure `{}`", case.kind)),
            }
        }
        match wrong.is_empty() {
            true => Outcome::Good,
            false => Outcome::failed(
                format!(
                    "{} {} {:?} {}",
                    case.http_status, case.drf_code, case.drf_detail, case.grpc_code
                ),
                wrong.join("; "),
            ),
        }
    })
}

/// One answer.
struct Said {
    status: u16,
    headers: HeaderMap,
    body: String,
}

/// What a caller who accepts `form` is told of a failure of this kind.
async fn said(kind: &str, form: &str) -> Option<Said> {
    let failing = failures::service(failures::of(kind).await?);
    let mut request = Request::post("/").body(Body::empty()).ok()?;
    let headers = request.headers_mut();
    match form {
        "grpc" => headers.insert(CONTENT_TYPE, "application/grpc".parse().ok()?),
        accept => headers.insert(ACCEPT, accept.parse().ok()?),
    };
    let answer = ExceptionLayer::default()
        .layer(failing)
        .oneshot(request)
        .await;
    let (head, body) = match answer {
        Ok(response) => response.into_parts(),
        Err(never) => match never {},
    };
    let body = body.collect().await.ok()?.to_bytes();
    Some(Said {
        status: head.status.as_u16(),
        headers: head.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

impl Said {
    /// What is wrong with it.
    fn check(&self, case: &Case, form: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut want = |good: bool, what: String| {
            if !good {
                wrong.push(format!("{form}: {what}"));
            }
        };
        let text = |name: &str| {
            let value = self.headers.get(name);
            value
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        let leaks = format!("{} {:?}", self.body, self.headers).contains("hunter2");
        want(!leaks, "a secret leaves".to_owned());
        let kept = case.must_keep_headers.split(',').map(str::trim);
        for name in kept.filter(|name| !name.is_empty() && form != "grpc") {
            want(self.headers.contains_key(name), format!("no {name}"));
        }
        if form == "grpc" {
            let code = GrpcCode::from_name(&case.grpc_code).map(GrpcCode::number);
            want(self.status == 200, format!("status {}", self.status));
            want(
                Some(text("grpc-status").to_owned()) == code.map(|code| code.to_string()),
                format!("grpc-status {}", text("grpc-status")),
            );
            want(self.body.is_empty(), format!("body {}", self.body));
            return wrong;
        }
        want(
            self.status == case.http_status,
            format!("status {}", self.status),
        );
        want(
            text("content-type").starts_with(form),
            format!("type {}", text("content-type")),
        );
        want(
            fits(&case.drf_detail, &self.words(form)),
            format!("body {}", self.body),
        );
        if form == "application/problem+json" {
            let problem: Value = serde_json::from_str(&self.body).unwrap_or_default();
            want(
                problem["code"] == case.drf_code.as_str() && problem["status"] == case.http_status,
                format!("problem {problem}"),
            );
        }
        wrong
    }

    /// The words that are said, without what stands around them.
    fn words(&self, form: &str) -> String {
        if form == "text/html" {
            let page = self.body.replace("&quot;", "\"").replace("&#39;", "'");
            return page
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&amp;", "&");
        }
        let value: Value = serde_json::from_str(&self.body).unwrap_or_default();
        let detail = value.get("detail").or_else(|| value.get(0));
        let errors = value.get("errors").map(Value::to_string);
        detail
            .and_then(Value::as_str)
            .map(|detail| format!("{detail} {}", errors.clone().unwrap_or_default()))
            .or(errors)
            .unwrap_or_default()
    }
}

/// Whether the words are in `said`. `{name}` stands for anything, and so does `...` at the end.
fn fits(wanted: &str, said: &str) -> bool {
    let mut rest = said;
    let wanted = wanted.trim_end_matches("...");
    for piece in wanted.split(['{', '}']).step_by(2) {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}
