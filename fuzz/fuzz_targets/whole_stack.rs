//! Any headers through all gates: an answer, never a panic, never a 500.
#![no_main]

use std::{
    convert::Infallible,
    future::{Ready, ready},
    pin::pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use gatefold::authentication::{BasicAuthentication, TokenAuthentication};
use gatefold::negotiation::DefaultNegotiation;
use gatefold::permissions::{IsAuthenticated, ReadOnly};
use gatefold::throttling::AnonRateThrottle;
use gatefold::versioning::{AcceptHeaderVersioning, QueryParameterVersioning};
use gatefold::{Exception, Identity, Policy};
use http::{Request, Response};
use http_body_util::Full;
use libfuzzer_sys::fuzz_target;
use tower::{Layer, ServiceExt, service_fn};

fn handler(_: Request<()>) -> Ready<Result<Response<Full<Bytes>>, Infallible>> {
    ready(Ok(Response::default()))
}

fuzz_target!(|input: (&str, Vec<(&str, &[u8])>)| {
    let (uri, headers) = input;
    let mut request = Request::builder().uri(uri);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let Ok(request) = request.body(()) else {
        return;
    };
    let policy = Policy::new()
        .negotiation(DefaultNegotiation::default())
        .versioning(AcceptHeaderVersioning::new(["1", "2"]).default_version("1"))
        .authentication(TokenAuthentication::new(|key: String| async move {
            Ok::<_, Exception>((key == "t0ken").then(|| Identity::new("ada")))
        }))
        .authentication(BasicAuthentication::new(|name: String, _: String| async move {
            Ok::<_, Exception>(Some(Identity::new(name)))
        }))
        .permission(IsAuthenticated | ReadOnly)
        .throttle(AnonRateThrottle::new(["60/min"]).expect("a rate"))
        .expect("one throttle");
    let queries = Policy::new().versioning(QueryParameterVersioning::new(["1", "2"]));
    let answer = policy.layer(queries.layer(service_fn(handler))).oneshot(request);
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(Ok(response)) = pin!(answer).poll(&mut cx) else {
        panic!("nothing here waits")
    };
    assert!(!response.status().is_server_error());
});
