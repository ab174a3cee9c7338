//! Each gate, over the bare service, on the paths it can take.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    net::SocketAddr,
    sync::LazyLock,
    task::{Context, Poll},
};

use bytes::Bytes;
use gatefold::{
    Connection, Exception, Identity, Reply,
    authentication::{AuthenticationLayer, BasicAuthentication, TokenAuthentication},
    exceptions::{ExceptionLayer, Problem},
    negotiation::{DefaultNegotiation, NegotiationLayer, Rendered},
    permissions::{
        HasRole, HasScope, IsAdmin, IsAuthenticated, Permission, PermissionLayer, ReadOnly, Routes,
    },
    suffixes::SuffixLayer,
    throttling::{AnonRateThrottle, Rate, RateHeaders, ThrottleLayer, UserRateThrottle},
    versioning::{
        AcceptHeaderVersioning, HeaderVersioning, QueryParameterVersioning, UrlPathVersioning,
        VersioningLayer,
    },
};
use gatefold_core::{Decision, Gate, GateFuture, Step, refusal};
use http::{HeaderName, Method, Request, Response, StatusCode, request::Parts};
use http_body_util::BodyExt;
use tower::{Layer, Service, service_fn};

use super::{
    Bare, Body, Measure, NoOp, Work, at_once, call, gate, measure, plain, served, to, with,
};

pub const CHROME: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,\
     image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7";

const OK: StatusCode = StatusCode::OK;

pub const GATES: &[Measure] = &[
    measure("bare/plain", || served(Bare, OK, plain)),
    measure("bare/one-header", || {
        served(Bare, OK, || with("accept", "application/json"))
    }),
    measure("bare/identified", || served(Bare, OK, identified)),
    measure("no-op", || gate(NoOp, OK, plain)),
    measure("no-op/eight-headers", || gate(NoOp, OK, eight_headers)),
    measure("core/gate", || gate(GateLayer(Open), OK, plain)),
    measure("core/gate-waits", || gate(GateLayer(Waits), OK, plain)),
    measure("core/leave-identity", || {
        let who = alice();
        call(move || {
            let mut request = plain();
            who.clone().leave(request.extensions_mut());
            request
        })
    }),
    measure("authentication/nobody", || gate(token(), OK, plain)),
    measure("authentication/now", || {
        let who = alice();
        let badge = move |head: &Parts| {
            head.headers.get("x-badge").filter(|badge| *badge == "17")?;
            Some(who.clone())
        };
        gate(AuthenticationLayer::new(badge), OK, || {
            with("x-badge", "17")
        })
    }),
    measure("authentication/token/yes", || {
        gate(token(), OK, || {
            with("authorization", "Token s3cret-s3cret-s3cret")
        })
    }),
    measure("authentication/token/no", || {
        let refused = StatusCode::UNAUTHORIZED;
        gate(token(), refused, || with("authorization", "Token guessed"))
    }),
    measure("authentication/basic/yes", || {
        let alice = alice();
        let basic = BasicAuthentication::new(move |_name: String, password: String| {
            let found = (password == "wonderland").then(|| alice.clone());
            async move { Ok::<_, Exception>(found) }
        });
        let layer = AuthenticationLayer::new(basic);
        gate(layer, OK, || {
            with("authorization", "Basic YWxpY2U6d29uZGVybGFuZA==")
        })
    }),
    measure("permissions/one/yes", || {
        gate(PermissionLayer::new(IsAuthenticated), OK, identified)
    }),
    measure("permissions/one/no", || {
        let refused = StatusCode::FORBIDDEN;
        gate(PermissionLayer::new(IsAuthenticated), refused, plain)
    }),
    measure("permissions/five/yes", || {
        gate(PermissionLayer::new(five()), OK, identified)
    }),
    measure("permissions/five/no", || {
        let refused = StatusCode::FORBIDDEN;
        gate(PermissionLayer::new(five()), refused, plain)
    }),
    measure("permissions/routes/yes", || {
        let routes = Routes::new(IsAdmin)
            .at(Method::GET, "/v1/public", IsAuthenticated)
            .and_then(|routes| routes.at(Method::DELETE, "/v1/tasks/{id}", IsAdmin))
            .and_then(|routes| routes.at(Method::GET, "/v1/tasks/{id}", IsAuthenticated))
            .expect("routes");
        gate(PermissionLayer::new(routes), OK, || {
            let mut request = to("/v1/tasks/4");
            alice().leave(request.extensions_mut());
            request
        })
    }),
    measure("throttling/one-rate/yes", || {
        gate(by_user([Rate::per_second(ENDLESS)]), OK, identified)
    }),
    measure("throttling/two-rates/yes", || {
        gate(by_user(two_rates()), OK, identified)
    }),
    measure("throttling/two-rates/yes/no-headers", || {
        gate(
            by_user(two_rates()).headers(RateHeaders::None),
            OK,
            identified,
        )
    }),
    measure("throttling/two-rates/yes/by-address", || {
        let throttle = AnonRateThrottle::new(two_rates()).expect("rates");
        let layer = ThrottleLayer::new(throttle).headers(RateHeaders::None);
        gate(layer, OK, || {
            let mut request = plain();
            let peer = SocketAddr::from(([192, 0, 2, 1], 80));
            Connection::new(peer).leave(request.extensions_mut());
            request
        })
    }),
    measure("throttling/two-rates/no", || {
        let layer = by_user([Rate::per_day(1), Rate::per_day(2)]).headers(RateHeaders::None);
        exhausted(&layer)
    }),
    measure("throttling/two-rates/no/headers", || {
        exhausted(&by_user([Rate::per_day(1), Rate::per_day(2)]))
    }),
    measure("negotiation/none", || {
        gate(NegotiationLayer::default(), OK, plain)
    }),
    measure("negotiation/json", || {
        gate(NegotiationLayer::default(), OK, || {
            with("accept", "application/json")
        })
    }),
    measure("negotiation/chrome", || {
        gate(NegotiationLayer::default(), OK, || with("accept", CHROME))
    }),
    measure("negotiation/no", || {
        let refused = StatusCode::NOT_ACCEPTABLE;
        gate(NegotiationLayer::default(), refused, || {
            with("accept", "image/png")
        })
    }),
    measure("negotiation/reply/bare", || replied(NoOp)),
    measure("negotiation/reply", || {
        replied(NegotiationLayer::new(DefaultNegotiation::default()))
    }),
    measure("suffixes/hit", || {
        gate(suffixes(), OK, || to("/tasks/4.json"))
    }),
    measure("suffixes/miss", || gate(suffixes(), OK, || to("/tasks/4"))),
    measure("versioning/accept/yes", || {
        let layer = VersioningLayer::new(AcceptHeaderVersioning::new(["1.0", "2.0"]));
        gate(layer, OK, || with("accept", ACCEPT_TWO))
    }),
    measure("versioning/accept/no", || {
        let layer = VersioningLayer::new(AcceptHeaderVersioning::new(["1.0", "1.1"]));
        gate(layer, StatusCode::NOT_ACCEPTABLE, || {
            with("accept", ACCEPT_TWO)
        })
    }),
    measure("versioning/header/yes", || {
        let name = HeaderName::from_static("x-api-version");
        let layer = VersioningLayer::new(HeaderVersioning::new(name, ["1", "2"]));
        gate(layer, OK, || with("x-api-version", "2"))
    }),
    measure("versioning/path/yes", || {
        let versions = UrlPathVersioning::new(["v1", "v2"]).template("/{version}");
        let layer = VersioningLayer::new(versions.expect("a template"));
        gate(layer, OK, || to("/v2/tasks/4"))
    }),
    measure("versioning/query/yes", || {
        let layer = VersioningLayer::new(QueryParameterVersioning::new(["1", "2"]));
        gate(layer, OK, || to("/tasks?page=3&version=2"))
    }),
    measure("exceptions/success", || {
        gate(ExceptionLayer::default(), OK, plain)
    }),
    measure("exceptions/success/eight-headers", || {
        gate(ExceptionLayer::default(), OK, eight_headers)
    }),
    measure("exceptions/refusal/detail", || {
        refused(&ExceptionLayer::default(), plain)
    }),
    measure("exceptions/refusal/problem", || {
        refused(&ExceptionLayer::new(Problem::new()), plain)
    }),
    measure("exceptions/refusal/page", || {
        refused(&ExceptionLayer::default(), || with("accept", CHROME))
    }),
    measure("exceptions/refusal/grpc", || {
        let answered = ExceptionLayer::default().layer(Refuses);
        served(answered, OK, || {
            let mut request = with("content-type", "application/grpc");
            *request.method_mut() = Method::POST;
            request
        })
    }),
];

const ENDLESS: u32 = 100_000_000;
const ACCEPT_TWO: &str = "application/json; version=2.0";

pub fn two_rates() -> [Rate; 2] {
    [Rate::per_second(ENDLESS), Rate::per_day(u32::MAX)]
}

/// An identity as a cache hands it out: a clone is a few reference counts.
pub fn alice() -> Identity {
    static ALICE: LazyLock<Identity> = LazyLock::new(|| {
        Identity::new("alice")
            .with_scopes(["tasks:read", "tasks:write"])
            .with_roles(["editor"])
    });
    ALICE.clone()
}

/// What a program sends that has a trace.
fn eight_headers() -> Request<Body> {
    let headers = [
        ("host", "api.example.org"),
        ("user-agent", "client/1.0"),
        ("accept", "application/json, text/plain"),
        ("accept-encoding", "gzip"),
        ("accept-language", "en"),
        ("authorization", "Token t0ken"),
        ("x-request-id", "2f9e3c52-7a55-4f0c-9d6a-0b6f8e1c7d10"),
        (
            "traceparent",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ),
    ];
    let mut request = plain();
    for (name, value) in headers {
        let value = http::HeaderValue::from_static(value);
        request.headers_mut().insert(name, value);
    }
    request
}

/// A request that authentication has passed.
pub fn identified() -> Request<Body> {
    let mut request = plain();
    alice().leave(request.extensions_mut());
    request
}

fn token() -> AuthenticationLayer {
    let alice = alice();
    AuthenticationLayer::new(TokenAuthentication::new(move |key: String| {
        let found = (key == "s3cret-s3cret-s3cret").then(|| alice.clone());
        async move { Ok::<_, Exception>(found) }
    }))
}

/// Five atoms, of which all but one have to be looked at.
pub fn five() -> impl Permission {
    IsAuthenticated & (IsAdmin | HasScope::new("tasks:write")) & (ReadOnly | !HasRole::new("guest"))
}

pub fn by_user<const N: usize>(rates: [Rate; N]) -> ThrottleLayer {
    ThrottleLayer::new(UserRateThrottle::new(rates).expect("rates"))
}

fn exhausted(layer: &ThrottleLayer) -> Work {
    let mut service = layer.layer(Bare);
    super::drive(&mut service, identified());
    served(service, StatusCode::TOO_MANY_REQUESTS, identified)
}

pub fn suffixes() -> SuffixLayer {
    SuffixLayer::new(["json", "html"]).expect("formats")
}

/// A gate that lets everything through.
#[derive(Clone, Copy, Debug)]
struct Open;

impl Gate for Open {
    type Memo = ();
    type Answer = ();

    fn ask(&self, _: &mut Parts) -> Step<(), ()> {
        Step::Pass(())
    }

    fn answered(&self, (): (), _: &mut Parts) -> Step<(), ()> {
        Step::Pass(())
    }
}

/// A gate that waits for a future that is ready at once.
#[derive(Clone, Copy, Debug)]
struct Waits;

impl Gate for Waits {
    type Memo = ();
    type Answer = ();

    fn ask(&self, _: &mut Parts) -> Step<(), ()> {
        match gatefold::later(async {}) {
            Decision::Now(()) => Step::Pass(()),
            Decision::Later(later) => Step::Wait(later),
        }
    }

    fn answered(&self, (): (), _: &mut Parts) -> Step<(), ()> {
        Step::Pass(())
    }
}

#[derive(Clone, Copy, Debug)]
struct GateLayer<G>(G);

impl<S, G: Gate> Layer<S> for GateLayer<G> {
    type Service = Gated<S, G>;

    fn layer(&self, inner: S) -> Self::Service {
        Gated {
            inner,
            gate: self.0.clone(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Gated<S, G> {
    inner: S,
    gate: G,
}

impl<S, G> Service<Request<Body>> for Gated<S, G>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone,
    G: Gate,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = GateFuture<G, S, Body>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        GateFuture::enter(&self.gate, &mut self.inner, request)
    }
}

/// A service that refuses, as a gate does.
#[derive(Clone, Copy, Debug)]
struct Refuses;

impl Service<Request<Body>> for Refuses {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let exception = Exception::permission_denied();
        ready(Ok(refusal(exception, request.extensions())))
    }
}

fn refused(layer: &ExceptionLayer, request: fn() -> Request<Body>) -> Work {
    served(layer.layer(Refuses), StatusCode::FORBIDDEN, request)
}

/// A small task through `layer` as a handler's `Reply`, its body read.
fn replied<L, S>(layer: L) -> Work
where
    L: Layer<Replies, Service = S>,
    S: Service<Request<Body>, Response = Response<Rendered>> + 'static,
{
    let mut service = layer.layer(Replies);
    let service = service_fn(move |request: Request<Body>| {
        let response = super::drive(&mut service, request);
        let (head, body) = response.into_parts();
        let bytes = match at_once(body.collect()) {
            Ok(collected) => collected.to_bytes(),
            Err(_) => Bytes::new(),
        };
        assert!(!bytes.is_empty(), "nothing was rendered");
        let response = Response::from_parts(head, Body::new(bytes));
        ready(Ok::<_, Infallible>(response))
    });
    served(service, OK, || with("accept", "application/json"))
}

/// A handler that returns a small task.
#[derive(Clone, Copy, Debug)]
struct Replies;

#[derive(serde::Serialize)]
struct Task {
    id: u64,
    title: &'static str,
    done: bool,
}

impl Service<Request<Body>> for Replies {
    type Response = Response<Rendered>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Rendered>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        let task = Task {
            id: 4,
            title: "milk",
            done: false,
        };
        ready(Ok(Reply(task).respond()))
    }
}
