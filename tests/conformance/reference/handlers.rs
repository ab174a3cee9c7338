//! The handlers of the table.

use gatefold::{Accepted, Identity, Version};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::{
    answer::{Answer, framework},
    call::Call,
    cases::{self, Raised},
    json::Json,
    links, notes, parse, render,
    world::Shown,
};

/// Answers a request that all gates have let through.
pub(crate) async fn handle(call: &Call) -> Answer {
    let endpoint = &call.place.endpoint;
    if let Some(builtin) = endpoint.builtin.as_deref() {
        return match builtin {
            "notes_generic" => notes::generic(call),
            "notes_router" => notes::router(call),
            // Issuing tokens and listing are later work.
            other => Answer::not_built(&format!("handler `{other}`")),
        };
    }
    match call.method() {
        "OPTIONS" if endpoint.metadata => metadata(call),
        method if !endpoint.has(method) => call.not_allowed(),
        _ => named(call).await,
    }
}

async fn named(call: &Call) -> Answer {
    match call.place.endpoint.handler.as_str() {
        "ok" => Answer::ok(Json::object([
            ("message", Json::text("ok")),
            ("method", Json::text(call.head.method.as_str())),
        ])),
        "whoami" => whoami(call),
        "echo" => match call.data() {
            Ok(data) => Answer::ok(Json::object([
                ("method", Json::text(call.head.method.as_str())),
                ("data", data),
            ])),
            Err(exception) => exception.into(),
        },
        "negotiated" => negotiated(call),
        "item" => item(call),
        "version" => Answer::ok(Json::object([("version", version(call))])),
        "link" => links::link(call),
        "note" => notes::note(call).await,
        "raise_case" => raise(call),
        "codes" => codes(call, "codes", false),
        "full" => codes(call, "full", true),
        other => fixed(other),
    }
}

/// The handlers that always say the same.
fn fixed(handler: &str) -> Answer {
    let a1 = || Json::object([("a", Json::number(1))]);
    match handler {
        "unicode" => Answer::ok(Json::object([
            (
                "text",
                Json::text("héllo ☃ \u{2028}\u{2029} <b>&\"'\t\u{1}"),
            ),
            ("n", Json::number("1.5")),
            ("big", Json::number("12345678901234567890")),
            ("none", Json::Null),
            (
                "list",
                Json::List(vec![Json::Bool(true), Json::Bool(false)]),
            ),
        ])),
        "unicode_text" => Answer::ok(Json::object([("text", Json::text("héllo"))])),
        "nan" => Answer::ok(Json::object([("x", Json::number("NaN"))])),
        "null" => Answer::ok(Json::Null),
        "empty_dict" => Answer::ok(Json::Object(Vec::new())),
        "no_content" => Answer::no_content(),
        "created" => with_headers(
            StatusCode::CREATED,
            Json::object([("id", Json::number(99))]),
            &[("location", "/things/99/")],
        ),
        "content_type" => with_headers(
            StatusCode::OK,
            a1(),
            &[("content-type", "application/problem+json")],
        ),
        "headers" => with_headers(
            StatusCode::OK,
            a1(),
            &[
                ("vary", "Cookie"),
                ("allow", "NOTHING"),
                ("x-custom", "yes"),
                ("link", "</x>; rel=\"next\""),
            ],
        ),
        "html_text" => Answer::ok(Json::text("<h1>Hi</h1>")),
        "plain_http" => {
            let words = "plain http response".to_owned();
            let mut response = framework(StatusCode::OK, "text/plain", words);
            // The pipeline's `Allow` and `Vary` are added to this one.
            response.extensions_mut().clear();
            Answer::Raw(response)
        }
        "returns_none" => Answer::Crash("the handler returned nothing".to_owned()),
        other => Answer::not_built(&format!("handler `{other}`")),
    }
}

fn with_headers(
    status: StatusCode,
    data: Json,
    headers: &[(&'static str, &'static str)],
) -> Answer {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        })
        .collect();
    Answer::Data {
        status,
        headers,
        data,
    }
}

fn whoami(call: &Call) -> Answer {
    let identity = Identity::of(&call.head.extensions);
    let shown = identity.and_then(Identity::claims::<Shown>);
    let text = |text: Option<&str>| text.map_or(Json::Null, Json::text);
    Answer::ok(Json::object([
        ("user", text(shown.and_then(|s| s.name.as_deref()))),
        ("auth", text(shown.and_then(|s| s.auth.as_deref()))),
        ("authenticator", text(shown.map(|s| s.authenticator))),
    ]))
}

fn negotiated(call: &Call) -> Answer {
    let Some(accepted) = Accepted::of(&call.head.extensions) else {
        return Answer::Crash("nothing was negotiated".to_owned());
    };
    Answer::ok(Json::object([
        ("format", Json::text(accepted.renderer().format())),
        ("media_type", Json::text(accepted.as_written())),
    ]))
}

fn item(call: &Call) -> Answer {
    let args = call.hit.found.captured.iter();
    let args = args.map(|(name, value, is_number)| {
        let value = if *is_number {
            let digits = value.trim_start_matches('0');
            Json::number(if digits.is_empty() { "0" } else { digits })
        } else {
            Json::text(value.as_str())
        };
        (name.clone(), value)
    });
    Answer::ok(Json::object([
        ("format", format(call)),
        ("args", Json::Object(args.collect())),
    ]))
}

/// The format of the renderer that was chosen.
pub(crate) fn format(call: &Call) -> Json {
    let accepted = Accepted::of(&call.head.extensions);
    accepted.map_or(Json::Null, |a| Json::text(a.renderer().format()))
}

fn version(call: &Call) -> Json {
    Version::of(&call.head.extensions).map_or(Json::Null, |v| Json::text(v.as_str()))
}

fn raise(call: &Call) -> Answer {
    match cases::raise(call.parameter("case").unwrap_or_default()) {
        Raised::Exception(exception) => exception.into(),
        Raised::Unknown(what) => Answer::Crash(what),
        Raised::Suspicious => Answer::Raw(super::answer::bad_request()),
    }
}

/// Only the pipeline's own errors have codes.
fn codes(call: &Call, key: &str, full: bool) -> Answer {
    let case = call.parameter("case").unwrap_or_default();
    match cases::raise(case) {
        Raised::Exception(exception) if cases::is_unknown(&exception) => exception.into(),
        Raised::Exception(exception)
            if !case.starts_with("http404") && !case.starts_with("django-") =>
        {
            Answer::ok(Json::object([(key, cases::codes(&exception, full))]))
        }
        _ => Answer::Crash(format!("`{case}` has no codes")),
    }
}

/// What OPTIONS says.
pub(crate) fn metadata(call: &Call) -> Answer {
    let endpoint = &call.place.endpoint;
    Answer::ok(describe(call, &endpoint.name, &endpoint.description))
}

pub(crate) fn describe(call: &Call, name: &str, description: &str) -> Json {
    let endpoint = &call.place.endpoint;
    let renders = endpoint.renderers.iter().filter_map(|r| render::written(r));
    let parses = endpoint.parsers.iter().filter_map(|p| parse::media_type(p));
    Json::object([
        ("name", Json::text(name)),
        ("description", Json::text(description)),
        ("renders", Json::List(renders.map(Json::Text).collect())),
        ("parses", Json::List(parses.map(Json::text).collect())),
    ])
}
