use gatefold_core::Exception;
use http::{
    HeaderValue, Method, Request, Uri,
    header::{ACCEPT, ACCEPT_LANGUAGE},
};

use crate::{
    Form, grpc::answer_type, kept::Kept, layer::Shared, local::is_local, request_id::RequestId,
};

/// What is known of the request when its failure is put into words.
///
/// It is fixed and small: method, form and id always; the URI and the language only for a handler
/// that [wants them](crate::ExceptionHandler::wants_head).
#[derive(Clone, Debug)]
pub struct RequestHead {
    /// In one place, so that there is one place to look at when the head is dropped.
    notes: Option<Notes>,
    method: Known,
}

/// What some requests have.
#[derive(Clone, Debug)]
struct Notes {
    talk: Talk,
    id: RequestId,
    more: Option<Box<More>>,
}

/// How the caller talks.
#[derive(Clone, Debug)]
enum Talk {
    Known(Form),
    /// gRPC, and the content type of the answer.
    Grpc(&'static str),
    /// An `Accept` of one line, which is read only if something fails.
    Accepts(Kept),
}

/// What few requests have and few handlers want. It is boxed because the head is copied, with the
/// future that it is in, several times on the way of each request.
#[derive(Clone, Debug, Default)]
struct More {
    method: Method,
    uri: Option<Uri>,
    language: Option<HeaderValue>,
    shows_causes: bool,
    /// The failure of a request that never got inside.
    failed: Option<Exception>,
}

/// A method in a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Known {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
    /// It is with the rest.
    Other,
}

impl Known {
    fn of(method: &Method) -> Self {
        match *method {
            Method::GET => Self::Get,
            Method::HEAD => Self::Head,
            Method::POST => Self::Post,
            Method::PUT => Self::Put,
            Method::PATCH => Self::Patch,
            Method::DELETE => Self::Delete,
            Method::OPTIONS => Self::Options,
            _ => Self::Other,
        }
    }
}

impl RequestHead {
    /// Nothing of the request is in it yet: [`read`](Self::read) follows, in the head's own place.
    #[inline]
    pub(crate) const fn unread() -> Self {
        Self {
            notes: None,
            method: Known::Get,
        }
    }

    fn note(&mut self) -> &mut Notes {
        self.notes.get_or_insert(Notes {
            talk: Talk::Known(Form::Json),
            id: RequestId::Unknown,
            more: None,
        })
    }

    #[inline(always)]
    pub(crate) fn read<B>(&mut self, request: &Request<B>, shared: &Shared) {
        self.method = Known::of(request.method());
        if self.method == Known::Other || shared.is_curious {
            self.read_more(request, shared);
        }
        if !request.headers().is_empty() {
            self.read_headers(request);
        }
    }

    #[cold]
    fn read_more<B>(&mut self, request: &Request<B>, shared: &Shared) {
        let mut more = More::default();
        if self.method == Known::Other {
            more.method = request.method().clone();
        }
        if shared.handler.wants_head() {
            more.uri = Some(request.uri().clone());
            more.language = request.headers().get(ACCEPT_LANGUAGE).cloned();
        }
        more.shows_causes = shared.shows_causes && is_local(request);
        self.note().more = Some(Box::new(more));
    }

    /// One walk over the headers: a look-up costs as much as five steps of it, and there would be
    /// four.
    #[inline(never)]
    fn read_headers<B>(&mut self, request: &Request<B>) {
        let mut accepted = false;
        for (name, value) in request.headers() {
            match name.as_str() {
                // Lines of one name stand together.
                "accept" if std::mem::replace(&mut accepted, true) => self.accept_all(request),
                "accept" => self.accept(value),
                // Every gRPC call is a POST.
                "content-type" if self.method == Known::Post => {
                    if let Some(answer) = answer_type(value.as_bytes()) {
                        self.note().talk = Talk::Grpc(answer);
                    }
                }
                "x-request-id" => self.id_mut().name(value),
                "traceparent" => self.id_mut().trace(value),
                _ => {}
            }
        }
    }

    fn accept(&mut self, line: &HeaderValue) {
        let is_json = matches!(line.as_bytes(), b"*/*" | b"application/json");
        if !is_json && !matches!(self.talk(), Talk::Grpc(_)) {
            self.note().talk = Talk::Accepts(Kept::of(line));
        }
    }

    #[cold]
    fn accept_all<B>(&mut self, request: &Request<B>) {
        if !matches!(self.talk(), Talk::Grpc(_)) {
            let lines = request.headers().get_all(ACCEPT);
            let form = Form::accepted(lines.iter().map(HeaderValue::as_bytes));
            self.note().talk = Talk::Known(form);
        }
    }

    fn talk(&self) -> &Talk {
        const JSON: &Talk = &Talk::Known(Form::Json);
        self.notes.as_ref().map_or(JSON, |notes| &notes.talk)
    }

    /// Keeps a failure until there is somebody to tell.
    pub(crate) fn fail(&mut self, exception: Exception) {
        let more = self.note().more.get_or_insert_default();
        more.failed = Some(exception);
    }

    pub(crate) fn take_failure(&mut self) -> Option<Exception> {
        self.notes.as_mut()?.more.as_mut()?.failed.take()
    }

    fn more(&self) -> Option<&More> {
        self.notes.as_ref()?.more.as_deref()
    }

    /// The request's method.
    pub fn method(&self) -> &Method {
        match (self.method, self.more()) {
            (Known::Other, Some(more)) => &more.method,
            (Known::Get | Known::Other, _) => &Method::GET,
            (Known::Head, _) => &Method::HEAD,
            (Known::Post, _) => &Method::POST,
            (Known::Put, _) => &Method::PUT,
            (Known::Patch, _) => &Method::PATCH,
            (Known::Delete, _) => &Method::DELETE,
            (Known::Options, _) => &Method::OPTIONS,
        }
    }

    /// The form that wins for the caller's `Accept`, or gRPC.
    pub fn form(&self) -> Form {
        match self.talk() {
            Talk::Known(form) => *form,
            Talk::Grpc(_) => Form::Grpc,
            Talk::Accepts(accept) => Form::accepted(std::iter::once(accept.as_bytes())),
        }
    }

    /// The URI as the layer saw it, if the handler wants it.
    pub fn uri(&self) -> Option<&Uri> {
        self.more()?.uri.as_ref()
    }

    /// The first line of `Accept-Language`, if the handler wants it and the caller sent it.
    pub fn language(&self) -> Option<&HeaderValue> {
        self.more()?.language.as_ref()
    }

    /// The id of the request: its `X-Request-Id`, or else the trace's in its `traceparent`. A 5xx
    /// always has one, made here if need be.
    pub fn request_id(&self) -> Option<&str> {
        self.notes.as_ref()?.id.as_str()
    }

    pub(crate) fn id_mut(&mut self) -> &mut RequestId {
        &mut self.note().id
    }

    /// Whether the causes may be shown: asked for, and the caller is on this machine.
    pub(crate) fn shows_causes(&self) -> bool {
        self.more().is_some_and(|more| more.shows_causes)
    }

    /// The content type of an answer to a gRPC call.
    pub(crate) fn grpc(&self) -> Option<&'static str> {
        match self.talk() {
            Talk::Grpc(content_type) => Some(content_type),
            Talk::Known(_) | Talk::Accepts(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::header::CONTENT_TYPE;

    use super::*;
    use crate::ExceptionLayer;

    fn read(request: http::request::Builder) -> RequestHead {
        let request = request.body(()).unwrap();
        let mut head = RequestHead::unread();
        head.read(&request, ExceptionLayer::default().shared());
        head
    }

    #[test]
    fn a_call_is_a_post() {
        let form = |method| {
            let request = Request::builder().method(method);
            read(request.header(CONTENT_TYPE, "application/grpc")).form()
        };
        assert_eq!(form(Method::POST), Form::Grpc);
        assert_eq!(form(Method::GET), Form::Json);
        // Whatever the order of the headers.
        for accept_first in [true, false] {
            let mut request = Request::post("/");
            if accept_first {
                request = request.header(ACCEPT, "text/html");
            }
            request = request.header(CONTENT_TYPE, "application/grpc");
            if !accept_first {
                request = request.header(ACCEPT, "text/html");
            }
            assert_eq!(read(request).form(), Form::Grpc);
        }
    }

    #[test]
    fn accept_is_read_when_something_fails() {
        for accept in [
            "text/html",
            "image/avif;q=0.1,text/html;q=0.9,image/png;q=0,*/*;q=0.1",
        ] {
            let head = read(Request::get("/").header(ACCEPT, accept));
            assert!(matches!(head.talk(), Talk::Accepts(_)));
            assert_eq!(head.form(), Form::Html, "{accept}");
            assert!(head.uri().is_none());
        }
    }

    #[test]
    fn all_lines_of_an_accept_count() {
        for lines in [
            [
                "image/avif;q=0.1,image/webp;q=0.1,image/png;q=0.1",
                "text/html",
            ],
            ["*/*;q=0.1", "text/html"],
            ["*/*", "text/html"],
            ["text/html", "*/*"],
        ] {
            let request = Request::get("/").header(ACCEPT, lines[0]);
            assert_eq!(read(request.header(ACCEPT, lines[1])).form(), Form::Html);
        }
    }

    #[test]
    fn every_method_is_kept() {
        for method in [
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PURGE",
        ] {
            let head = read(Request::builder().method(method));
            assert_eq!(head.method().as_str(), method);
        }
    }
}
