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
    detail::detail_json,
    found::{Worded, is_bodiless},
    grpc::trailers_only,
    headers::{add, forget_grpc, forget_the_body, vary_by_accept},
    layer::Shared,
    log::{causes, log},
    page::{page, text},
    panic::catch,
    problem::{PROBLEM, ProblemDocument},
    request_id::X_REQUEST_ID,
    told::Told,
};

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// Puts the words for `exception` into `response`, the answer that they stand in for.
#[cold]
pub(crate) fn word<B: ReplyBody>(
    exception: Exception,
    response: &mut Response<B>,
    head: &mut RequestHead,
    shared: &Shared,
) {
    let worded = catch(|| {
        let mut told = Told::default();
        if exception.status().is_server_error() {
            told = tell(&exception, response.headers_mut(), head);
        }
        let answer = shared.handler.handle(exception, head);
        if told.request_id.is_none() && answer.exception.status().is_server_error() {
            told = tell(&answer.exception, response.headers_mut(), head);
        }
        write(&answer, &told, response, head, shared);
    });
    if let Err(panicked) = worded {
        // The handler or the renderer panicked, so neither is asked again. What it left may panic too.
        let before = std::mem::take(response);
        let dropped = catch(|| drop(before));
        drop(dropped);
        let told = tell(&panicked, response.headers_mut(), head);
        write(&panicked.into(), &told, response, head, shared);
    }
}

/// Logs something that broke inside, and says where in the log it is.
fn tell(exception: &Exception, headers: &mut HeaderMap, head: &mut RequestHead) -> Told {
    head.id_mut().settle(headers.get(&X_REQUEST_ID));
    let id = head.request_id().unwrap_or_default();
    log(exception, id);
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(&X_REQUEST_ID, id);
    }
    Told {
        request_id: Some(id.to_owned()),
        causes: if head.shows_causes() {
            causes(exception)
        } else {
            Vec::new()
        },
    }
}

fn write<B: ReplyBody>(
    answer: &Answer,
    told: &Told,
    response: &mut Response<B>,
    head: &RequestHead,
    shared: &Shared,
) {
    let status = answer.exception.status();
    *response.status_mut() = status;
    *response.body_mut() = B::default();
    let headers = response.headers_mut();
    if !headers.is_empty() {
        forget_the_body(headers);
    }
    add(headers, &answer.exception);
    if let Some(content_type) = head.grpc() {
        trailers_only(
            headers,
            &answer.exception,
            told,
            &shared.domain,
            content_type,
        );
        *response.status_mut() = StatusCode::OK;
        return;
    }
    if !headers.is_empty() {
        forget_grpc(headers);
    }
    if is_bodiless(status) {
        return;
    }
    let said = match rendered(answer, told, status, headers) {
        Some(said) => said,
        None => {
            if !matches!(answer.words, Words::Bytes { .. }) {
                vary_by_accept(headers);
            }
            chosen(answer, told, head.form())
        }
    };
    // Any other type tells a layer further out by itself that there are words already.
    let is_text = said.content_type.as_bytes().starts_with(b"text/plain");
    headers.insert(CONTENT_TYPE, said.content_type);
    if head.method() == Method::HEAD {
        // The length that GET would have; a server would take it from the empty body.
        headers.insert(CONTENT_LENGTH, HeaderValue::from(said.bytes.len()));
    } else {
        *response.body_mut() = B::from_words(said.bytes);
    }
    if is_text {
        response.extensions_mut().insert(Worded);
    }
}

struct Said {
    content_type: HeaderValue,
    bytes: Bytes,
}

/// What the route's own renderer makes of the data, if negotiation chose one that takes errors.
fn rendered(answer: &Answer, told: &Told, status: StatusCode, headers: &HeaderMap) -> Option<Said> {
    let accepted = answer.exception.accepted()?;
    let renderer = accepted.renderer();
    if !renderer.takes_errors() {
        return None;
    }
    answer.with_data(told, |data, json_type| {
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
fn chosen(answer: &Answer, told: &Told, form: Form) -> Said {
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
        (Form::Html, _) => said(HTML, page(exception, told)),
        (Form::Text, _) => said(TEXT, text(exception, told)),
        (Form::Problem, Words::Detail(_)) => {
            let problem = Problem::new();
            let document = ProblemDocument::new(exception, &problem, told);
            said(PROBLEM, serde_json::to_vec(&document).unwrap_or_default())
        }
        (_, Words::Detail(detail)) => said(JSON, detail_json(exception, detail, told)),
        _ => {
            let json = answer.with_data(told, |data, json_type| {
                Some((json_type, data.to_json().ok()?))
            });
            let (json_type, json) = json.flatten().unwrap_or_else(|| {
                // The handler's data cannot be serialized; a detail can.
                (JSON, detail_json(exception, &Detail::new(), told))
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
