//! Finding a request's version, in each place, and the service for it.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    hint::black_box,
    sync::Arc,
    task::{Context, Poll},
};

use gatefold::{
    Accepted, Version,
    negotiation::NegotiationLayer,
    versioning::{
        AcceptHeaderVersioning, Dispatch, GrpcPackageVersioning, HeaderVersioning,
        HostNameVersioning, MediaTypeVersioning, NamespaceVersioning, QueryParameterVersioning,
        UrlPathVersioning, Versioning,
    },
};
use http::{HeaderName, Request, Response, StatusCode};
use tower::{Layer, Service, service_fn};

use super::{Bare, Body, Measure, Work, call, drive, measure, plain, to, with};

/// Each names the second of two versions. A request's other headers are not there: how long it
/// takes to find one among them is the header map's.
pub const VERSIONS: &[Measure] = &[
    measure("versions/default", || {
        let scheme = HostNameVersioning::new(TWO).default_version("1");
        call(move || black_box(&scheme).missing_version())
    }),
    measure("versions/path", || {
        determined(UrlPathVersioning::new(["v1", "v2"]), || to("/v2/tasks/4"))
    }),
    measure("versions/namespace", || {
        let scheme = NamespaceVersioning::new(TWO).namespace("1", "/old");
        determined(scheme.namespace("2", "/new"), || to("/new/tasks/4"))
    }),
    measure("versions/host", || {
        determined(HostNameVersioning::new(["v1", "v2"]), || {
            with("host", "v2.example.org")
        })
    }),
    measure("versions/header", || {
        let name = HeaderName::from_static("x-api-version");
        determined(HeaderVersioning::new(name, TWO), || {
            with("x-api-version", "2")
        })
    }),
    measure("versions/query", || {
        determined(QueryParameterVersioning::new(TWO), || {
            to("/tasks?page=3&version=2")
        })
    }),
    measure("versions/accept", || {
        determined(AcceptHeaderVersioning::new(TWO), || with("accept", ACCEPT))
    }),
    measure("versions/accept/negotiated", || {
        determined(AcceptHeaderVersioning::new(TWO), || negotiated(ACCEPT))
    }),
    measure("versions/media-type", || {
        let template = "application/vnd.example.{version}+json";
        let scheme = MediaTypeVersioning::new(template, ["v1", "v2"]);
        determined(scheme.expect("a template"), || {
            with("accept", "application/vnd.example.v2+json")
        })
    }),
    measure("versions/grpc-package", || {
        let scheme = GrpcPackageVersioning::new("example.tasks", ["v1", "v2"]);
        determined(scheme, || {
            let mut request = with("content-type", "application/grpc");
            *request.uri_mut() = "/example.tasks.v2.Tasks/List".parse().expect("a path");
            request
        })
    }),
    measure("versions/dispatch/bare", || cloned(Stateful::new())),
    measure("versions/dispatch/ten", || {
        cloned(Dispatch::new(TEN.map(|v| (v, Stateful::new()))))
    }),
];

const TWO: [&str; 2] = ["1", "2"];
const ACCEPT: &str = "application/json; version=2";

pub const TEN: [&str; 10] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"];

/// The bare service with something in it, as real ones have: in a box its clone is an allocation.
#[derive(Clone, Debug)]
pub struct Stateful {
    bare: Bare,
    state: Arc<str>,
}

impl Stateful {
    pub fn new() -> Self {
        Self {
            bare: Bare,
            state: "state".into(),
        }
    }
}

impl Service<Request<Body>> for Stateful {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        black_box(&self.state);
        self.bare.call(request)
    }
}

fn determined(scheme: impl Versioning, request: fn() -> Request<Body>) -> Work {
    let (head, _) = request().into_parts();
    let scheme: Arc<dyn Versioning> = Arc::new(scheme);
    let found = scheme.determine_version(&head);
    assert!(matches!(found, Ok(Some(_))), "no version: {found:?}");
    call(move || black_box(&scheme).determine_version(black_box(&head)))
}

fn negotiated(accept: &'static str) -> Request<Body> {
    let seen = |request: Request<Body>| {
        let mut response = Response::new(Body::default());
        *response.extensions_mut() = request.into_parts().0.extensions;
        ready(Ok::<_, Infallible>(response))
    };
    let mut service = NegotiationLayer::default().layer(service_fn(seen));
    let answer = drive(&mut service, with("accept", accept));
    let accepted = Accepted::of(answer.extensions()).cloned();
    let mut request = with("accept", accept);
    accepted.expect("a form").leave(request.extensions_mut());
    request
}

/// `service` as a server of connections uses it: a clone for each request, for the last of ten
/// versions.
pub fn cloned<S, B>(service: S) -> Work
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + 'static,
{
    let mut service: super::Served =
        Box::new(move |request| drive(&mut service.clone(), request).status());
    assert_eq!(service(last()), StatusCode::OK, "the wrong path");
    Work::Request {
        request: last,
        service,
    }
}

fn last() -> Request<Body> {
    let mut request = plain();
    Version::new("10").leave(request.extensions_mut());
    request
}
