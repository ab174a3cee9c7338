use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes, BytesMut};
use gatefold_core::{Exception, refusal, take_ready};
use http::{Request, Response, request::Parts};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::CsrfField;

pin_project! {
    /// A request at a [`CsrfFormLayer`](crate::CsrfFormLayer): its body is being read, or it is
    /// inside.
    ///
    /// A body that is read costs a box for the request, one for the body and its bytes; any other
    /// nothing.
    pub struct CsrfFormFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S, B>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, B>
    where
        S: Service<Request<B>>,
    {
        Reading { reading: Option<Box<Reading<S, B>>> },
        Inside { #[pin] future: S::Future },
        Refused { response: Option<S::Response> },
    }
}

struct Reading<S, B> {
    service: S,
    head: Parts,
    body: Pin<Box<B>>,
    read: BytesMut,
    limit: usize,
}

impl<S, B, ResBody> CsrfFormFuture<S, B>
where
    S: Service<Request<B>, Response = Response<ResBody>> + Clone,
    B: Body,
    ResBody: Default,
{
    pub(crate) fn pass(future: S::Future) -> Self {
        Self {
            state: State::Inside { future },
        }
    }

    pub(crate) fn read(service: &mut S, head: Parts, body: B, limit: usize) -> Self {
        let state = match body.size_hint().lower() > limit as u64 {
            true => refuse(Exception::payload_too_large(), &head),
            false => State::Reading {
                reading: Some(Box::new(Reading {
                    service: take_ready(service),
                    head,
                    body: Box::pin(body),
                    read: BytesMut::new(),
                    limit,
                })),
            },
        };
        Self { state }
    }
}

fn refuse<S, B, ResBody>(exception: Exception, head: &Parts) -> State<S, B>
where
    S: Service<Request<B>, Response = Response<ResBody>>,
    ResBody: Default,
{
    State::Refused {
        response: Some(refusal(exception, &head.extensions)),
    }
}

impl<S, B: Body> Reading<S, B> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Exception>> {
        while let Some(frame) = ready!(self.body.as_mut().poll_frame(cx)) {
            let Ok(frame) = frame else {
                let detail = "The body ended too early.";
                return Poll::Ready(Err(Exception::parse_error().with_detail(detail)));
            };
            // Trailers say nothing that a form is made of.
            let Ok(mut data) = frame.into_data() else {
                continue;
            };
            if data.remaining() > self.limit - self.read.len() {
                return Poll::Ready(Err(Exception::payload_too_large()));
            }
            let data = data.copy_to_bytes(data.remaining());
            self.read.extend_from_slice(&data);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S, B, ResBody> Future for CsrfFormFuture<S, B>
where
    S: Service<Request<B>, Response = Response<ResBody>>,
    B: Body + From<Bytes>,
    ResBody: Default,
{
    type Output = Result<Response<ResBody>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProj::Inside { future } => return future.poll(cx),
                StateProj::Refused { response } => {
                    let response = response.take().expect("polled after completion");
                    return Poll::Ready(Ok(response));
                }
                StateProj::Reading { reading } => {
                    let place = reading.as_mut().expect("polled after completion");
                    let read = ready!(place.poll(cx));
                    let done = reading.take().expect("just seen");
                    match read {
                        Ok(()) => enter(*done),
                        Err(exception) => refuse(exception, &done.head),
                    }
                }
            };
            state.set(next);
        }
    }
}

fn enter<S, B>(reading: Reading<S, B>) -> State<S, B>
where
    S: Service<Request<B>>,
    B: From<Bytes>,
{
    let Reading {
        mut service,
        mut head,
        read,
        ..
    } = reading;
    // As Django's QueryDict: the last one counts.
    let fields = form_urlencoded::parse(&read);
    let field = fields
        .filter(|(name, _)| name == "csrfmiddlewaretoken")
        .last();
    if let Some((_, value)) = field {
        CsrfField::new(&*value).leave(&mut head.extensions);
    }
    State::Inside {
        future: service.call(Request::from_parts(head, B::from(read.freeze()))),
    }
}

impl<S, B> fmt::Debug for CsrfFormFuture<S, B>
where
    S: Service<Request<B>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsrfFormFuture").finish_non_exhaustive()
    }
}
