//! What every gate promises to the services around it.

use std::{
    convert::Infallible,
    future::{Future, pending, poll_fn},
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use gatefold_core::testing::Strict;
use gatefold_negotiation::{DefaultNegotiation, Negotiation, NegotiationLayer, NegotiationService};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower::{Layer, Service, ServiceExt, limit::ConcurrencyLimit, service_fn};

type Answer = Response<Full<Bytes>>;

fn layer() -> NegotiationLayer {
    NegotiationLayer::new(DefaultNegotiation::default())
}

fn ask(accept: &str) -> Request<()> {
    let request = Request::builder().header("accept", accept);
    request.body(()).expect("a request")
}

#[tokio::test]
async fn the_service_that_was_polled_ready_is_called() {
    let mut service = layer().layer(Strict::new());
    for accept in ["text/html", "image/png", "*/*"] {
        let ready = ServiceExt::<Request<()>>::ready(&mut service)
            .await
            .unwrap();
        ready.call(ask(accept)).await.unwrap();
    }
}

#[tokio::test]
async fn a_limit_of_one_is_not_exceeded_and_not_leaked() {
    let answer = service_fn(|_: Request<()>| async { Ok::<_, Infallible>(Answer::default()) });
    let mut service = layer().layer(ConcurrencyLimit::new(answer, 1));
    for accept in ["text/html", "image/png", "*/*", "image/png", "*/*"] {
        let ready = ServiceExt::<Request<()>>::ready(&mut service)
            .await
            .unwrap();
        ready.call(ask(accept)).await.unwrap();
    }
}

#[tokio::test]
async fn a_dropped_future_frees_its_place() {
    let never = service_fn(|_: Request<()>| pending::<Result<Answer, Infallible>>());
    let mut service = layer().layer(ConcurrencyLimit::new(never, 1));
    ServiceExt::<Request<()>>::ready(&mut service)
        .await
        .unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    {
        let mut call = pin!(service.call(ask("*/*")));
        assert!(call.as_mut().poll(&mut cx).is_pending());
    }
    let ready = poll_fn(|cx| Poll::Ready(Service::<Request<()>>::poll_ready(&mut service, cx)));
    assert!(ready.await.is_ready());
}

#[tokio::test]
async fn the_services_error_passes_untouched() {
    let fails = service_fn(|_: Request<()>| async { Err::<Answer, _>("broken inside") });
    let outcome = layer().layer(fails).oneshot(ask("*/*")).await;
    assert_eq!(outcome.unwrap_err(), "broken inside");
}

#[tokio::test]
async fn grpc_is_never_negotiated() {
    let mut request = ask("image/png");
    let grpc = "application/grpc+proto".parse().unwrap();
    request.headers_mut().insert("content-type", grpc);
    let response = layer().layer(Strict::new()).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.headers().get("vary").is_none());
}

#[test]
fn layer_service_and_future_go_between_threads() {
    fn shared<T: Send + Sync>() {}
    fn sent<T: Send>() {}
    fn cloned<T: Clone + std::fmt::Debug>() {}
    shared::<NegotiationLayer>();
    cloned::<NegotiationLayer>();
    shared::<NegotiationService<Strict>>();
    cloned::<NegotiationService<Strict>>();
    // Not `Sync`: it may hold what a gate waits for, which need only be `Send`.
    sent::<<NegotiationService<Strict> as Service<Request<()>>>::Future>();
}

#[test]
fn a_shared_negotiation_is_a_negotiation() {
    let shared: Arc<dyn Negotiation> = Arc::new(DefaultNegotiation::default());
    let _ = NegotiationLayer::new(Arc::clone(&shared));
    let _ = NegotiationLayer::new(shared);
}
