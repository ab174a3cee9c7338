//! An exception and what is left of its answer, put into words.

use bytes::Bytes;
use gatefold_core::{Exception, RenderContext, ReplyBody};
use http::{
    HeaderMap, HeaderValue, Method, Response, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};

use crate::{
    Answer, Detail, Form, Problem, RequestHead,
    answer::{JSON, Words},
    detail::DetailDocument,
    found::{Worded, is_bodiless},
    grpc::trailers_only,
    headers::{add, forget_the_body, vary_by_accept},
    layer::Shared,
    page::{page, text},
    panic::catch,
    problem::{PROBLEM, ProblemDocument},
};

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// Answers with the words for `exception`; `response` is the answer that they stand in for.
#[cold]
pub(crate) fn word<B: ReplyBody>(
    exception: Exception,
    response: Option<Response<B>>,
    head: &RequestHead,
    shared: &Shared,
) -> Response<B> {
    let worded = catch(|| {
        log(&exception);
        let response = response.map(|response| response.map(drop));
        let answer = shared.handler.handle(exception, head);
        write(&answer, response.unwrap_or_default(), head)
    });
    worded.unwrap_or_else(|panicked| {
        // The handler or the renderer panicked, so neither is asked again.
        log(&panicked);
        write(&panicked.into(), Response::default(), head)
    })
}

fn write<B: ReplyBody>(answer: &Answer, response: Response<()>, head: &RequestHead) -> Response<B> {
    let (mut parts, ()) = response.into_parts();
    parts.extensions.insert(Worded);
    parts.status = answer.exception.status();
    let headers = &mut parts.headers;
    add(headers, &answer.exception);
    forget_the_body(headers);
    if let Some(content_type) = head.grpc() {
        parts.status = StatusCode::OK;
        trailers_only(headers, &answer.exception, content_type);
        return Response::from_parts(parts, B::default());
    }
    if is_bodiless(parts.status) {
        return Response::from_parts(parts, B::default());
    }
    let said = match rendered(answer, parts.status, headers) {
        Some(said) => said,
        None => {
            vary_by_accept(headers);
            chosen(answer, head.form())
        }
    };
    headers.insert(CONTENT_TYPE, said.content_type);
    let body = if head.method() == Method::HEAD {
        // The length that GET would have; a server would take it from the empty body.
        headers.insert(CONTENT_LENGTH, HeaderValue::from(said.bytes.len()));
        B::default()
    } else {
        B::from_words(said.bytes)
    };
    Response::from_parts(parts, body)
}

struct Said {
    content_type: HeaderValue,
    bytes: Bytes,
}

/// What the route's own renderer makes of the data, if negotiation chose one that takes errors.
fn rendered(answer: &Answer, status: StatusCode, headers: &HeaderMap) -> Option<Said> {
    let accepted = answer.exception.accepted()?;
    let renderer = accepted.renderer();
    if !renderer.takes_errors() {
        return None;
    }
    answer.with_data(|data, json_type| {
        let context = RenderContext::new(status, headers, accepted);
        let bytes = renderer.render(&data, &context).ok()?;
        // The handler knows what its JSON is: problem details have a type of their own.
        let is_json = renderer.media_type().essence_str() == "application/json";
        let content_type = if is_json && json_type != JSON {
            json_type
        } else {
            renderer.content_type()
        };
        Some(Said {
            content_type,
            bytes,
        })
    })?
}

/// The words in the form that `Accept` chose.
fn chosen(answer: &Answer, form: Form) -> Said {
    let exception = &answer.exception;
    if let Words::Bytes {
        content_type,
        bytes,
    } = &answer.words
    {
        return Said {
            content_type: content_type.clone(),
            bytes: bytes.clone(),
        };
    }
    match (form, &answer.words) {
        (Form::Html, _) => said(HTML, page(exception)),
        (Form::Text, _) => said(TEXT, text(exception)),
        (Form::Problem, Words::Detail(_)) => {
            let problem = Problem::new();
            let document = ProblemDocument::new(exception, &problem);
            said(PROBLEM, serde_json::to_vec(&document).unwrap_or_default())
        }
        _ => {
            let json = answer.with_data(|data, json_type| Some((json_type, data.to_json().ok()?)));
            let (json_type, json) = json.flatten().unwrap_or_else(|| {
                // The handler's data cannot be serialized; a detail can.
                let document = DetailDocument::new(exception, &Detail::new());
                (JSON, serde_json::to_vec(&document).unwrap_or_default())
            });
            said(json_type, json)
        }
    }
}

fn said(content_type: HeaderValue, bytes: impl Into<Bytes>) -> Said {
    Said {
        content_type,
        bytes: bytes.into(),
    }
}

/// One event for each 5xx, with the whole chain.
#[cfg(feature = "tracing")]
fn log(exception: &Exception) {
    if exception.status().is_server_error() {
        let causes = crate::failure::chain(exception)
            .skip(1)
            .map(ToString::to_string);
        let causes: Vec<String> = causes.collect();
        tracing::error!(
            status = exception.status().as_u16(),
            code = exception.code(),
            causes = causes.join(": "),
            "a request failed inside"
        );
    }
}

#[cfg(not(feature = "tracing"))]
fn log(_: &Exception) {}
