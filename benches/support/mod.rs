//! What the measures share: a bare service, requests, and a way to drive both without a runtime.
//!
//! Included by path in the criterion targets, in `benches/counts` and in `benches/peers`, so that
//! all of them measure the same thing.

#![allow(dead_code, unreachable_pub)] // Each target that includes this uses a part of it.

pub mod gates;
pub mod parsers;
pub mod permissions;
pub mod stack;
pub mod versions;

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    hint::black_box,
    pin::pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower::{Layer, Service};

pub type Body = Full<Bytes>;

/// A thing to measure: its name, and how to set it up.
#[derive(Clone, Copy)]
pub struct Measure {
    pub name: &'static str,
    pub make: fn() -> Work,
}

/// What is done once per iteration.
pub enum Work {
    /// A request goes through a service and its answer is dropped. Making the request is not
    /// measured.
    Request {
        request: fn() -> Request<Body>,
        service: Served,
    },
    /// A call.
    Call(Box<dyn FnMut()>),
}

/// A service with its answer reduced to the status, so that all have one type.
pub type Served = Box<dyn FnMut(Request<Body>) -> StatusCode>;

pub const fn measure(name: &'static str, make: fn() -> Work) -> Measure {
    Measure { name, make }
}

/// A call, whose result is not optimised away.
pub fn call<R>(mut work: impl FnMut() -> R + 'static) -> Work {
    Work::Call(Box::new(move || {
        black_box(work());
    }))
}

/// `request` through `layer` over [`Bare`]. It panics unless the answer has `status`: a measure
/// of the yes path that is refused is worth nothing.
pub fn gate<L>(layer: L, status: StatusCode, request: fn() -> Request<Body>) -> Work
where
    L: Layer<Bare>,
    L::Service: Service<Request<Body>, Response = Response<Body>> + 'static,
{
    served(layer.layer(Bare), status, request)
}

/// `request` to `service`.
pub fn served<S, B>(mut service: S, status: StatusCode, request: fn() -> Request<Body>) -> Work
where
    S: Service<Request<Body>, Response = Response<B>> + 'static,
{
    let mut service: Served = Box::new(move |request| drive(&mut service, request).status());
    assert_eq!(service(request()), status, "the wrong path");
    Work::Request { request, service }
}

/// Polls `service` ready, calls it and polls the answer, which must need no waking.
pub fn drive<S, R>(service: &mut S, request: R) -> S::Response
where
    S: Service<R>,
{
    let mut cx = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut cx).is_ready(), "not ready");
    let future = pin!(service.call(request));
    match future.poll(&mut cx) {
        Poll::Ready(Ok(response)) => response,
        Poll::Ready(Err(_)) => panic!("a measured service answers, it does not fail"),
        Poll::Pending => panic!("a measured future is ready when it is first polled"),
    }
}

/// What `future` says when it is first polled.
pub fn at_once<F: Future>(future: F) -> F::Output {
    let mut cx = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut cx) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a measured future is ready when it is first polled"),
    }
}

/// The service behind all gates: it drops the request and answers 200 with nothing.
#[derive(Clone, Copy, Debug)]
pub struct Bare;

impl<B> Service<Request<B>> for Bare {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        drop(request);
        ready(Ok(Response::new(Body::default())))
    }
}

/// A layer that does nothing.
#[derive(Clone, Copy, Debug)]
pub struct NoOp;

impl<S> Layer<S> for NoOp {
    type Service = NoOpService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        NoOpService(inner)
    }
}

#[derive(Clone, Copy, Debug)]
pub struct NoOpService<S>(S);

impl<S: Service<R>, R> Service<R> for NoOpService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.0.call(request)
    }
}

/// A request with nothing in it.
pub fn plain() -> Request<Body> {
    Request::new(Body::default())
}

/// A request with one header.
pub fn with(name: &'static str, value: &'static str) -> Request<Body> {
    let request = Request::builder().header(name, value);
    request.body(Body::default()).expect("a request")
}

/// A request to `uri`.
pub fn to(uri: &'static str) -> Request<Body> {
    let request = Request::builder().uri(uri);
    request.body(Body::default()).expect("a request")
}
