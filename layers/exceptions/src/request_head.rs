use http::{
    HeaderMap, HeaderValue, Method, Request, Uri,
    header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderName},
};

use crate::Form;

/// What is known of the request when its failure is put into words.
///
/// It is fixed and small: method and form always; the URI, the language and the request's id only
/// for a handler that [wants them](crate::ExceptionHandler::wants_head).
#[derive(Clone, Debug)]
pub struct RequestHead {
    method: Method,
    talk: Talk,
    more: Option<More>,
}

/// How the caller talks.
#[derive(Clone, Debug)]
enum Talk {
    Known(Form),
    /// gRPC, and the content type of the answer.
    Grpc(&'static str),
    /// An `Accept` of one line, which is read only if something fails: the bytes of a short one,
    /// another reference to a long one.
    Short([u8; SHORT], u8),
    Long(HeaderValue),
}

#[derive(Clone, Debug)]
struct More {
    uri: Uri,
    language: Option<HeaderValue>,
    request_id: Option<HeaderValue>,
}

/// The longest `Accept` that is kept in place: up to here the head grows no longer.
const SHORT: usize = 46;

impl RequestHead {
    pub(crate) fn read<B>(request: &Request<B>, wants_more: bool) -> Self {
        let headers = request.headers();
        let more = wants_more.then(|| More {
            uri: request.uri().clone(),
            language: headers.get(ACCEPT_LANGUAGE).cloned(),
            request_id: headers
                .get(HeaderName::from_static("x-request-id"))
                .cloned(),
        });
        Self {
            method: request.method().clone(),
            talk: talk(request.method(), headers),
            more,
        }
    }

    /// The request's method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The form that wins for the caller's `Accept`, or gRPC.
    pub fn form(&self) -> Form {
        match &self.talk {
            Talk::Known(form) => *form,
            Talk::Grpc(_) => Form::Grpc,
            Talk::Short(bytes, length) => {
                Form::accepted(std::iter::once(&bytes[..usize::from(*length)]))
            }
            Talk::Long(accept) => Form::accepted(std::iter::once(accept.as_bytes())),
        }
    }

    /// The URI as the layer saw it, if the handler wants it.
    pub fn uri(&self) -> Option<&Uri> {
        Some(&self.more.as_ref()?.uri)
    }

    /// The first line of `Accept-Language`, if the handler wants it and the caller sent it.
    pub fn language(&self) -> Option<&HeaderValue> {
        self.more.as_ref()?.language.as_ref()
    }

    /// The header `X-Request-Id`, if the handler wants it and the caller sent it.
    pub fn request_id(&self) -> Option<&HeaderValue> {
        self.more.as_ref()?.request_id.as_ref()
    }

    /// The content type of an answer to a gRPC call.
    pub(crate) fn grpc(&self) -> Option<&'static str> {
        match &self.talk {
            Talk::Grpc(content_type) => Some(content_type),
            Talk::Known(_) | Talk::Short(..) | Talk::Long(_) => None,
        }
    }
}

fn talk(method: &Method, headers: &HeaderMap) -> Talk {
    // Every gRPC call is a POST; nobody else pays for the look.
    if method == Method::POST
        && let Some(content_type) = headers.get(CONTENT_TYPE)
        && let Some(answer) = grpc(content_type.as_bytes())
    {
        return Talk::Grpc(answer);
    }
    let all = headers.get_all(ACCEPT);
    let mut lines = all.iter();
    match (lines.next(), lines.next()) {
        (None, _) => Talk::Known(Form::Json),
        (Some(line), None) if line == "*/*" => Talk::Known(Form::Json),
        (Some(line), None) => unread(line),
        _ => Talk::Known(Form::accepted(all.iter().map(HeaderValue::as_bytes))),
    }
}

fn unread(accept: &HeaderValue) -> Talk {
    let mut bytes = [0; SHORT];
    match bytes.get_mut(..accept.len()) {
        Some(place) => {
            place.copy_from_slice(accept.as_bytes());
            Talk::Short(bytes, accept.len() as u8)
        }
        None => Talk::Long(accept.clone()),
    }
}

/// The content type that answers a call of this one, if it is gRPC's or gRPC-Web's.
fn grpc(content_type: &[u8]) -> Option<&'static str> {
    const GRPC: &[u8] = b"application/grpc";
    let (begin, rest) = content_type.split_at_checked(GRPC.len())?;
    if !begin.eq_ignore_ascii_case(GRPC) {
        return None;
    }
    let is = |word: &[u8]| {
        rest.split_at_checked(word.len())
            .is_some_and(|(begin, rest)| {
                begin.eq_ignore_ascii_case(word) && matches!(rest, [] | [b'+' | b';' | b' ', ..])
            })
    };
    match () {
        () if is(b"") => Some("application/grpc"),
        () if is(b"-web-text") => Some("application/grpc-web-text"),
        () if is(b"-web") => Some("application/grpc-web"),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grpc_is_known_by_its_content_type() {
        for (content_type, answer) in [
            ("application/grpc", Some("application/grpc")),
            ("Application/gRPC+proto", Some("application/grpc")),
            ("application/grpc; charset=utf-8", Some("application/grpc")),
            ("application/grpc-web+proto", Some("application/grpc-web")),
            (
                "application/grpc-web-text",
                Some("application/grpc-web-text"),
            ),
            ("application/grpcurl", None),
            ("application/json", None),
        ] {
            assert_eq!(grpc(content_type.as_bytes()), answer, "{content_type}");
        }
    }

    #[test]
    fn a_call_is_a_post() {
        let form = |method| {
            let request = Request::builder().method(method);
            let request = request.header(CONTENT_TYPE, "application/grpc");
            RequestHead::read(&request.body(()).unwrap(), false).form()
        };
        assert_eq!(form(Method::POST), Form::Grpc);
        assert_eq!(form(Method::GET), Form::Json);
    }

    #[test]
    fn short_and_long_ones_are_read_alike_when_something_fails() {
        let html = "image/avif;q=0.1,text/html;q=0.9,image/png;q=0";
        assert_eq!(html.len(), SHORT);
        for accept in ["text/html", html, &format!("{html}.1")] {
            let request = Request::get("/").header(ACCEPT, accept).body(()).unwrap();
            let head = RequestHead::read(&request, false);
            let is_short = matches!(head.talk, Talk::Short(..));
            assert_eq!(is_short, accept.len() <= SHORT);
            assert_eq!(head.form(), Form::Html, "{accept}");
            assert!(head.uri().is_none());
        }
    }

    #[test]
    fn all_lines_of_an_accept_count() {
        let request = Request::get("/")
            .header(ACCEPT, "image/avif;q=0.1,image/webp;q=0.1,image/png;q=0.1")
            .header(ACCEPT, "text/html")
            .body(())
            .unwrap();
        assert_eq!(RequestHead::read(&request, false).form(), Form::Html);
    }
}
