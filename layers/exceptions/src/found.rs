//! What in an answer is a failure that has no words yet.

use std::{
    pin::pin,
    task::{Context, Poll},
};

use bytes::Buf;
use gatefold_core::{Exception, GrpcCode};
use http::{
    HeaderMap, Response, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use http_body::Body;

use crate::{Form, RequestHead, panic::catch, status::exception_for};

/// Marks an answer that has its words, for the layers further out.
#[derive(Clone, Copy)]
pub(crate) struct Worded;

/// The longest text that is read: beyond it is not the words of a failure but a document.
const LONGEST_TEXT: u64 = 8 * 1024;

/// Finds the exception that `response` is, and takes it out.
pub(crate) fn find<B: Body + Default>(
    response: &mut Response<B>,
    head: &RequestHead,
    cx: &mut Context<'_>,
) -> Option<Exception> {
    let status = response.status();
    let extensions = response.extensions_mut();
    let exception = extensions.remove::<Exception>();
    if is_bodiless(status) || extensions.get::<Worded>().is_some() {
        return None;
    }
    #[cfg(feature = "tonic")]
    if exception.is_none()
        && let Some(grpc) = extensions.get()
    {
        let exception = crate::tonic_status::behind(grpc)?;
        // The words are told anew, with the request's id among the details.
        crate::headers::forget_grpc(response.headers_mut());
        return Some(exception);
    }
    match exception {
        Some(exception) if exception.status() == status => Some(exception),
        // Somebody between the gate and this layer knew better.
        Some(exception) if !status.is_success() => Some(exception.with_status(status)),
        Some(_) => None,
        None if status.as_u16() < 400 => None,
        None => unworded(response, head, cx),
    }
}

/// The exception that a failure stands for whose maker knows nothing of exceptions.
#[cold]
fn unworded<B: Body + Default>(
    response: &mut Response<B>,
    head: &RequestHead,
    cx: &mut Context<'_>,
) -> Option<Exception> {
    let status = response.status();
    let length = response.body().size_hint().exact();
    let exception = exception_for(status, Some(head.method()));
    let headers = response.headers();
    if !headers.contains_key(CONTENT_TYPE) {
        return (length == Some(0)).then(|| routed(exception));
    }
    if !is_plain_text(headers) {
        return None;
    }
    if length == Some(0) {
        return Some(exception);
    }
    let is_short = length.is_some_and(|length| length <= LONGEST_TEXT);
    if is_short && !headers.contains_key(CONTENT_ENCODING) {
        let body = std::mem::take(response.body_mut());
        return Some(match catch(|| read(body, cx)).ok().flatten() {
            // The text of a 5xx is for the log.
            Some(text) if status.is_server_error() => exception.with_source(text),
            Some(text) => exception.with_detail(text),
            None => exception,
        });
    }
    // A gRPC caller cannot read the text anyway.
    (status.is_server_error() || head.form() == Form::Grpc).then_some(exception)
}

/// A bare 404 is a router's: to a gRPC caller there is no such method, not no such thing.
fn routed(exception: Exception) -> Exception {
    match exception.status() {
        StatusCode::NOT_FOUND => exception.with_grpc_code(GrpcCode::Unimplemented),
        _ => exception,
    }
}

/// The text of a body that holds it in memory: it comes whole, when it is polled once.
fn read<B: Body>(body: B, cx: &mut Context<'_>) -> Option<String> {
    let length = body.size_hint().exact()?;
    let mut body = pin!(body);
    let Poll::Ready(Some(Ok(frame))) = body.as_mut().poll_frame(cx) else {
        return None;
    };
    let mut data = frame.into_data().ok()?;
    if data.remaining() as u64 != length {
        return None;
    }
    let text = String::from_utf8(data.copy_to_bytes(data.remaining()).into()).ok()?;
    let trimmed = text.trim();
    match trimmed.len() {
        0 => None,
        whole if whole == text.len() => Some(text),
        _ => Some(trimmed.to_owned()),
    }
}

fn is_plain_text(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).map_or(&[][..], |v| v.as_bytes());
    let essence = content_type.split(|byte| *byte == b';').next();
    essence.is_some_and(|essence| essence.trim_ascii().eq_ignore_ascii_case(b"text/plain"))
}

/// Statuses whose answers have no body (RFC 9110, sections 15.2, 15.3.5, 15.3.6 and 15.4.5).
pub(crate) fn is_bodiless(status: StatusCode) -> bool {
    status.is_informational()
        || matches!(
            status,
            StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
        )
}
