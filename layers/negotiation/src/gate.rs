use std::{convert::Infallible, fmt, sync::Arc};

use gatefold_core::{Exception, Gate, Outward, Step, is_grpc, refusal};
use http::{
    Extensions, HeaderMap, HeaderValue, Method, Response, StatusCode,
    header::{CONTENT_TYPE, VARY},
    request::Parts,
    response,
};

use crate::{
    Negotiation, Parsers,
    asked::Asked,
    choice::{BoxError, Choice},
    deferred::{Deferred, Form},
    reply::JSON,
};

/// Asks a negotiation on the way in, renders on the way out.
#[derive(Clone)]
pub struct NegotiationGate {
    negotiation: Arc<dyn Negotiation>,
    parsers: Option<Parsers>,
}

impl NegotiationGate {
    pub(crate) fn new(negotiation: Arc<dyn Negotiation>, parsers: Option<Parsers>) -> Self {
        Self {
            negotiation,
            parsers,
        }
    }
}

impl fmt::Debug for NegotiationGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NegotiationGate").finish_non_exhaustive()
    }
}

/// What was selected for a request, until its answer comes.
#[derive(Debug)]
pub struct Selected {
    asked: Asked,
    varies: bool,
    is_head: bool,
}

impl Gate for NegotiationGate {
    type Memo = Option<Selected>;
    type Answer = Infallible;

    fn ask(&self, head: &mut Parts) -> Step<Self::Memo, Infallible> {
        if is_grpc(&head.headers) {
            return Step::Pass(None);
        }
        let (outcome, varies) = self.negotiation.select(head).into_parts();
        let accepted = match outcome {
            Ok(accepted) => accepted,
            Err(exception) if varies => return Step::Refuse(exception.with_header(VARY, ACCEPT)),
            Err(exception) => return Step::Refuse(exception),
        };
        if let Some(parsers) = &self.parsers {
            head.extensions.insert(parsers.clone());
        }
        Step::Pass(Some(Selected {
            asked: Asked::keep(accepted, head, &self.negotiation),
            varies,
            is_head: head.method == Method::HEAD,
        }))
    }

    fn answered(&self, answer: Infallible, _: &mut Parts) -> Step<Self::Memo, Infallible> {
        match answer {}
    }

    fn leave<B: Default>(memo: Self::Memo, response: Response<B>) -> Response<B> {
        let Some(selected) = memo else {
            return response;
        };
        let (mut head, mut body) = response.into_parts();
        if let Some(exception) = head.extensions.remove::<Exception>() {
            head.extensions.insert(selected.complete(exception));
        }
        let varies = selected.varies;
        if let Some(choice) = head.extensions.remove::<Choice>() {
            if let Err(error) = selected.render(&choice, &mut head) {
                let exception = selected.complete(Exception::internal(error));
                (head, body) = refusal(exception, &Extensions::new()).into_parts();
            }
        } else if let Some(deferred) = head.extensions.remove::<Deferred>() {
            selected.put_off(&deferred, &mut head);
        }
        if varies {
            vary(&mut head.headers);
        }
        Response::from_parts(head, body)
    }
}

impl Selected {
    /// What was found out goes along with an exception that does not know it.
    fn complete(&self, mut exception: Exception) -> Exception {
        if exception.accepted().is_none() {
            exception = exception.with_accepted(self.asked.accepted.clone());
        }
        let identity = self.asked.outward.as_ref().and_then(Outward::identity);
        if let (None, Some(identity)) = (exception.identity(), identity) {
            exception = exception.with_identity(identity.clone());
        }
        exception
    }

    fn render(&self, choice: &Choice, head: &mut response::Parts) -> Result<(), BoxError> {
        let renderer = self.asked.accepted.renderer();
        if has_no_content(head.status) {
            choice.discard();
            head.headers.remove(CONTENT_TYPE);
            return Ok(());
        }
        let content_type = renderer.content_type();
        if self.is_head {
            choice.discard();
            set_content_type(&mut head.headers, content_type);
            return Ok(());
        }
        if choice.has_lost_its_body() {
            return Ok(());
        }
        let context = self.asked.context(head.status, &head.headers);
        match choice.render(&**renderer, &context) {
            // Somebody has begun to read the body, as JSON, and its type says so.
            None => {}
            Some(Err(error)) => return Err(error),
            Some(Ok(0)) if !has_charset(&content_type) => {
                head.headers.remove(CONTENT_TYPE);
            }
            Some(Ok(_)) => set_content_type(&mut head.headers, content_type),
        }
        Ok(())
    }

    /// Chooses the form of what is rendered while the body is read.
    fn put_off(self, deferred: &Deferred, head: &mut response::Parts) {
        if has_no_content(head.status) {
            deferred.discard();
            head.headers.remove(CONTENT_TYPE);
            return;
        }
        let is_head = self.is_head;
        let form = Form::new(self.asked, head.status, head.headers.clone());
        if let Some(content_type) = deferred.choose(form) {
            set_content_type(&mut head.headers, content_type);
        }
        if is_head {
            deferred.discard();
        }
    }
}

const ACCEPT: HeaderValue = HeaderValue::from_static("Accept");

/// RFC 9110, sections 15.2, 15.3.5 and 15.4.5; a 304 describes what the client has.
fn has_no_content(status: StatusCode) -> bool {
    status.is_informational() || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

/// The handler's own type stays.
fn set_content_type(headers: &mut HeaderMap, content_type: HeaderValue) {
    match headers.get_mut(CONTENT_TYPE) {
        Some(given) if *given != JSON => {}
        Some(given) => *given = content_type,
        None => {
            headers.insert(CONTENT_TYPE, content_type);
        }
    }
}

/// No text is a text; no bytes are no picture and no JSON, so they have no type.
fn has_charset(content_type: &HeaderValue) -> bool {
    memchr::memmem::find(content_type.as_bytes(), b"charset=").is_some()
}

/// Adds `Accept` to `Vary`, in one line where there is one line.
fn vary(headers: &mut HeaderMap) {
    let mut lines = headers.get_all(VARY).iter();
    let (first, more) = (lines.next(), lines.next());
    let Some(first) = first else {
        headers.insert(VARY, ACCEPT);
        return;
    };
    let names = headers.get_all(VARY).iter().flat_map(|line| {
        let names = line.as_bytes().split(|byte| *byte == b',');
        names.map(<[u8]>::trim_ascii)
    });
    let mut named = names.filter(|name| *name == b"*" || name.eq_ignore_ascii_case(b"accept"));
    if named.next().is_some() {
        return;
    }
    drop(named);
    let joined = [first.as_bytes(), b", Accept"].concat();
    match (more, HeaderValue::try_from(joined)) {
        (None, Ok(joined)) => headers.insert(VARY, joined).map(drop).unwrap_or_default(),
        _ => {
            headers.append(VARY, ACCEPT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varied(lines: &[&'static str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(VARY, HeaderValue::from_static(line));
        }
        vary(&mut headers);
        let lines = headers.get_all(VARY).iter();
        lines
            .map(|line| line.to_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn accept_is_named_in_vary_once() {
        assert_eq!(varied(&[]), ["Accept"]);
        assert_eq!(varied(&["Cookie"]), ["Cookie, Accept"]);
        assert_eq!(varied(&["Cookie, accept"]), ["Cookie, accept"]);
        assert_eq!(varied(&["*"]), ["*"]);
        assert_eq!(varied(&["Cookie", "Host"]), ["Cookie", "Host", "Accept"]);
        assert_eq!(varied(&["Accept-Language"]), ["Accept-Language, Accept"]);
    }
}
