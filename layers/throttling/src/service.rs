use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use gatefold_core::{Clock, Decision, Exception, Gate, GateFuture, Mark, Step};
use http::{Request, Response, request::Parts};
use tower_service::Service;

use crate::{Claims, RateHeaders, Store, Throttle, Verdict, fields::Fields};

/// The service of a [`ThrottleLayer`](crate::ThrottleLayer): `S` for requests within the limits.
#[derive(Clone, Debug)]
pub struct ThrottleService<S> {
    inner: S,
    gate: ThrottleGate,
}

impl<S> ThrottleService<S> {
    pub(crate) fn new(inner: S, gate: ThrottleGate) -> Self {
        Self { inner, gate }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for ThrottleService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    ResBody: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = GateFuture<ThrottleGate, S, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        GateFuture::enter(&self.gate, &mut self.inner, request)
    }
}

/// What a layer and its services share.
#[derive(Clone)]
pub struct ThrottleGate {
    pub(crate) throttles: Arc<[Asked]>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Clock,
    pub(crate) headers: RateHeaders,
}

#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) mark: Mark,
    pub(crate) throttle: Arc<dyn Throttle>,
}

/// A verdict that was waited for, with what it is about.
pub struct Answer {
    result: Result<(Claims, Verdict), Exception>,
    counted: Counted,
}

/// Which throttles claimed something: a bit for each.
#[derive(Clone, Copy, Default)]
struct Counted(u64);

/// The header fields for the answer.
pub struct Memo(Fields);

impl Gate for ThrottleGate {
    type Memo = Memo;
    type Answer = Answer;

    fn ask(&self, head: &mut Parts) -> Step<Memo, Answer> {
        let mut claims = Claims::new(self.store.hasher().clone());
        let counted = self.collect(head, &mut claims);
        if claims.is_waiting() {
            return self.look_up(claims, counted);
        }
        match self.decide(&claims) {
            Decision::Now(Ok(verdict)) => self.settle(&claims, &verdict, counted, head),
            Decision::Now(Err(exception)) => Step::Refuse(exception),
            Decision::Later(verdict) => Step::Wait(Box::pin(async move {
                let result = verdict.await.map(|verdict| (claims, verdict));
                Answer { result, counted }
            })),
        }
    }

    fn answered(&self, answer: Answer, head: &mut Parts) -> Step<Memo, Answer> {
        match answer.result {
            Ok((claims, verdict)) => self.settle(&claims, &verdict, answer.counted, head),
            Err(exception) => Step::Refuse(exception),
        }
    }

    fn leave<B: Default>(memo: Memo, mut response: Response<B>) -> Response<B> {
        memo.0.write(response.headers_mut());
        response
    }
}

impl ThrottleGate {
    /// Asks the throttles that have not counted this request yet.
    fn collect(&self, head: &Parts, claims: &mut Claims) -> Counted {
        let mut counted = Counted::default();
        for (index, asked) in self.throttles.iter().enumerate() {
            if asked.mark.is_set(&head.extensions) {
                continue;
            }
            let before = claims.stated();
            asked.throttle.claims(head, claims);
            if claims.stated() > before {
                counted.0 |= 1 << index;
            }
        }
        counted
    }

    fn look_up(&self, claims: Claims, counted: Counted) -> Step<Memo, Answer> {
        let gate = self.clone();
        Step::Wait(Box::pin(async move {
            let result = gate.resolve_and_decide(claims).await;
            Answer { result, counted }
        }))
    }

    async fn resolve_and_decide(&self, claims: Claims) -> Result<(Claims, Verdict), Exception> {
        let claims = claims.resolve().await?;
        let verdict = match self.decide(&claims) {
            Decision::Now(verdict) => verdict?,
            Decision::Later(verdict) => verdict.await?,
        };
        Ok((claims, verdict))
    }

    /// The one step. Who claims nothing is not counted.
    fn decide(&self, claims: &Claims) -> Decision<Result<Verdict, Exception>> {
        if let Some(scope) = claims.conflict() {
            let source = format!(
                "the throttles of one layer gave the scope `{scope}` different rates for one key"
            );
            return Decision::Now(Err(Exception::internal(source)));
        }
        if claims.is_empty() {
            return Decision::Now(Ok(Verdict::new([])));
        }
        self.store.decide(claims, self.clock.monotonic())
    }

    fn settle(
        &self,
        claims: &Claims,
        verdict: &Verdict,
        counted: Counted,
        head: &mut Parts,
    ) -> Step<Memo, Answer> {
        let fields = self.headers.fields(claims, verdict, &self.clock);
        if verdict.is_admitted() {
            for (index, asked) in self.throttles.iter().enumerate() {
                if counted.0 >> index & 1 == 1 {
                    asked.mark.set(&mut head.extensions);
                }
            }
            return Step::Pass(Memo(fields));
        }
        let mut exception = Exception::throttled(verdict.wait())
            .with_problem_type(QUOTA_EXCEEDED)
            .with_member("violated-policies", violated(claims, verdict));
        if verdict.is_hopeless() {
            let words = "Request was throttled. It costs more than is ever admitted at once.";
            exception = exception.with_detail(words);
        }
        Step::Refuse(fields.add_to(exception))
    }
}

/// The problem type of draft-ietf-httpapi-ratelimit-headers-10, with the member that it defines.
const QUOTA_EXCEEDED: &str = "https://iana.org/assignments/http-problem-types#quota-exceeded";

/// The names of the policies that hold the request back, as `RateLimit-Policy` has them.
fn violated(claims: &Claims, verdict: &Verdict) -> Vec<String> {
    let names = claims.iter().flat_map(|claim| claim.limits().names());
    let held = names
        .zip(verdict.readings())
        .filter(|(_, reading)| reading.is_held());
    held.map(|(name, _)| name.trim_matches('"').to_owned())
        .collect()
}

impl fmt::Debug for ThrottleGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = self
            .throttles
            .iter()
            .flat_map(|asked| asked.throttle.limits());
        f.debug_struct("ThrottleGate")
            .field("throttles", &self.throttles.len())
            .field("limits", &limits.collect::<Vec<_>>())
            .field("headers", &self.headers)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").finish_non_exhaustive()
    }
}

impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memo").finish_non_exhaustive()
    }
}
