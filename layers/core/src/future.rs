use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{Gate, Later, Step, refusal, take_ready};

pin_project! {
    /// A request at a gate: waiting for its decision, inside, or refused.
    ///
    /// It boxes nothing while the gate decides at once. Where the gate waits, the request, the
    /// ready service and the gate wait in one box, so that the future stays small.
    pub struct GateFuture<G, S, ReqBody>
    where
        G: Gate,
        S: Service<Request<ReqBody>>,
    {
        #[pin]
        state: State<G, S, ReqBody>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<G, S, ReqBody>
    where
        G: Gate,
        S: Service<Request<ReqBody>>,
    {
        Waiting { waiting: Option<Box<Waiting<G, S, ReqBody>>> },
        Inside { #[pin] future: S::Future, memo: Option<G::Memo> },
        Refused { response: Option<S::Response> },
    }
}

struct Waiting<G: Gate, S, ReqBody> {
    gate: G,
    service: S,
    request: Request<ReqBody>,
    answer: Later<G::Answer>,
}

impl<G, S, ReqBody, ResBody> GateFuture<G, S, ReqBody>
where
    G: Gate,
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    ResBody: Default,
{
    /// Leads `request` to `gate`, before `service`, which has been polled ready.
    ///
    /// If the gate decides at once, `service` itself is called; if it waits, `service` is taken
    /// along and a fresh clone left behind.
    pub fn enter(gate: &G, service: &mut S, request: Request<ReqBody>) -> Self {
        let (mut head, body) = request.into_parts();
        let state = match gate.ask(&mut head) {
            Step::Pass(memo) => State::Inside {
                future: service.call(Request::from_parts(head, body)),
                memo: Some(memo),
            },
            Step::Refuse(exception) => State::Refused {
                response: Some(refusal(exception, &head.extensions)),
            },
            Step::Wait(answer) => State::Waiting {
                waiting: Some(Box::new(Waiting {
                    gate: gate.clone(),
                    service: take_ready(service),
                    request: Request::from_parts(head, body),
                    answer,
                })),
            },
        };
        Self { state }
    }
}

impl<G, S, ReqBody, ResBody> Future for GateFuture<G, S, ReqBody>
where
    G: Gate,
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: Default,
{
    type Output = Result<Response<ResBody>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProj::Inside { future, memo } => {
                    let response = ready!(future.poll(cx))?;
                    let memo = memo.take().expect("polled after completion");
                    return Poll::Ready(Ok(G::leave(memo, response)));
                }
                StateProj::Refused { response } => {
                    let response = response.take().expect("polled after completion");
                    return Poll::Ready(Ok(response));
                }
                StateProj::Waiting { waiting } => {
                    let place = waiting.as_mut().expect("polled after completion");
                    let answer = ready!(place.answer.as_mut().poll(cx));
                    let waited = waiting.take().expect("just seen");
                    proceed(*waited, answer)
                }
            };
            state.set(next);
        }
    }
}

fn proceed<G, S, ReqBody, ResBody>(
    waiting: Waiting<G, S, ReqBody>,
    answer: G::Answer,
) -> State<G, S, ReqBody>
where
    G: Gate,
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: Default,
{
    let Waiting {
        gate,
        mut service,
        request,
        ..
    } = waiting;
    let (mut head, body) = request.into_parts();
    match gate.answered(answer, &mut head) {
        Step::Pass(memo) => State::Inside {
            future: service.call(Request::from_parts(head, body)),
            memo: Some(memo),
        },
        Step::Refuse(exception) => State::Refused {
            response: Some(refusal(exception, &head.extensions)),
        },
        Step::Wait(answer) => State::Waiting {
            waiting: Some(Box::new(Waiting {
                gate,
                service,
                request: Request::from_parts(head, body),
                answer,
            })),
        },
    }
}

impl<G, S, ReqBody> fmt::Debug for GateFuture<G, S, ReqBody>
where
    G: Gate,
    S: Service<Request<ReqBody>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GateFuture").finish_non_exhaustive()
    }
}
