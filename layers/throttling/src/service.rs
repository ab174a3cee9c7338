use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use gatefold_core::{Clock, Decision, Exception, Gate, GateFuture, Mark, Step};
use http::{Request, Response, request::Parts};
use tower_service::Service;

use crate::{
    CallerList, Claims, Counts, RateHeaders, Report, Reservation, Store, Throttle, Verdict,
    fields::Fields, violated::Violated,
};

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
pub struct ThrottleGate(pub(crate) Arc<Setup>);

#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) throttles: Vec<Asked>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Clock,
    pub(crate) headers: RateHeaders,
    pub(crate) extras: Extras,
}

#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) mark: Mark,
    pub(crate) throttle: Arc<dyn Throttle>,
}

/// What few layers have.
#[derive(Clone, Default)]
pub(crate) struct Extras {
    pub(crate) shadow: bool,
    pub(crate) settling: bool,
    pub(crate) allowed: Option<CallerList>,
    pub(crate) denied: Option<CallerList>,
    pub(crate) observers: Vec<Observer>,
}

pub(crate) type Observer = Arc<dyn Fn(&Report<'_>) + Send + Sync>;

/// A verdict that was waited for, with what it is about.
pub struct Answer {
    result: Result<(Claims<'static>, Verdict), Exception>,
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
        let Setup {
            store,
            clock,
            extras,
            ..
        } = &*self.0;
        match extras.listed(head) {
            Some(Listed::Allowed) => return Step::Pass(Memo(Fields::None)),
            Some(Listed::Denied) => return Step::Refuse(Exception::permission_denied()),
            None => {}
        }
        // Read before the keys are hashed, so that the processor does both at once.
        let now = clock.nanos();
        let mut claims = Claims::new(*store.hasher());
        let counted = self.collect(head, &mut claims);
        if claims.is_waiting() {
            return self.look_up(&mut claims, counted);
        }
        match self.decide(&claims, now) {
            Decision::Now(Ok(ref verdict)) => self.settle(&claims, verdict, counted, head),
            Decision::Now(Err(exception)) => Step::Refuse(exception),
            Decision::Later(verdict) => {
                let claims = claims.owned();
                Step::Wait(Box::pin(async move {
                    let result = verdict.await.map(|verdict| (claims, verdict));
                    Answer { result, counted }
                }))
            }
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
    fn collect<'g>(&'g self, head: &Parts, claims: &mut Claims<'g>) -> Counted {
        let mut counted = Counted::default();
        for (index, asked) in self.0.throttles.iter().enumerate() {
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

    fn look_up(&self, claims: &mut Claims<'_>, counted: Counted) -> Step<Memo, Answer> {
        let gate = self.clone();
        let (mut claims, look_ups) = claims.give_look_ups();
        Step::Wait(Box::pin(async move {
            let result = match look_ups.resolve(&mut claims).await {
                Ok(()) => match gate.decide(&claims, gate.0.clock.nanos()) {
                    Decision::Now(verdict) => verdict,
                    Decision::Later(verdict) => verdict.await,
                },
                Err(exception) => Err(exception),
            };
            let result = result.map(|verdict| (claims, verdict));
            Answer { result, counted }
        }))
    }

    /// The one step. Who claims nothing is not counted.
    #[inline]
    fn decide(&self, claims: &Claims<'_>, now: u64) -> Decision<Result<Verdict, Exception>> {
        if let Some(conflict) = claims.conflict() {
            return Decision::Now(Err(Exception::internal(conflict.to_owned())));
        }
        if claims.stated() == 0 {
            return Decision::Now(Ok(Verdict::new([])));
        }
        self.0.store.decide(claims, now)
    }

    fn settle(
        &self,
        claims: &Claims<'_>,
        verdict: &Verdict,
        counted: Counted,
        head: &mut Parts,
    ) -> Step<Memo, Answer> {
        let Setup {
            throttles,
            clock,
            headers,
            extras,
            ..
        } = &*self.0;
        let admitted = verdict.is_admitted();
        if claims.stated() > 0 {
            extras.report(head, claims, verdict, admitted);
        }
        let fields = headers.fields(claims, verdict, clock);
        if admitted || extras.shadow {
            for (index, asked) in throttles.iter().enumerate() {
                if counted.0 >> index & 1 == 1 {
                    asked.mark.set(&mut head.extensions);
                }
            }
            if admitted && extras.settling && !claims.is_empty() {
                let reservation = Reservation::new(self.counts(), claims);
                head.extensions.insert(reservation);
            }
            return Step::Pass(Memo(fields));
        }
        Step::Refuse(fields.add_to(refused(claims, verdict)))
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts::new(Arc::clone(&self.0.store), self.0.clock.clone())
    }
}

/// The words, the wait, and what problem details say.
#[cold]
fn refused(claims: &Claims<'_>, verdict: &Verdict) -> Exception {
    let mut exception = Exception::throttled(verdict.wait());
    if verdict.is_hopeless() {
        let words = "Request was throttled. It costs more than is ever admitted at once.";
        exception = exception.with_detail(words);
    }
    exception
        .with_problem_type("https://iana.org/assignments/http-problem-types#quota-exceeded")
        .with_member("violated-policies", Violated::of(claims, verdict))
}

impl Extras {
    #[inline]
    fn listed(&self, head: &Parts) -> Option<Listed> {
        if self.denied.is_none() && self.allowed.is_none() {
            return None;
        }
        let is_on = |list: &Option<CallerList>| list.as_ref().is_some_and(|list| list.has(head));
        match (is_on(&self.denied), is_on(&self.allowed)) {
            (true, _) => Some(Listed::Denied),
            (false, true) => Some(Listed::Allowed),
            (false, false) => None,
        }
    }

    #[inline]
    fn report(&self, head: &Parts, claims: &Claims<'_>, verdict: &Verdict, admitted: bool) {
        if cfg!(feature = "tracing") || !self.observers.is_empty() {
            let report = Report::new(head, claims, verdict, !admitted && self.shadow);
            report.trace();
            for observer in &self.observers {
                observer(&report);
            }
        }
    }
}

enum Listed {
    Allowed,
    Denied,
}

impl fmt::Debug for ThrottleGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Setup {
            throttles,
            clock,
            headers,
            extras,
            ..
        } = &*self.0;
        let limits = throttles.iter().flat_map(|asked| asked.throttle.limits());
        f.debug_struct("ThrottleGate")
            .field("throttles", &throttles.len())
            .field("limits", &limits.collect::<Vec<_>>())
            .field("headers", headers)
            .field("clock", clock)
            .field("shadow", &extras.shadow)
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
