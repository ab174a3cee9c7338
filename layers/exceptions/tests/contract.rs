//! The laws of `tower::Service`, and that no failure gets past the layer.

use std::{
    convert::Infallible,
    future::{Future, pending, poll_fn, ready},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use gatefold_core::{Exception, ReplyBody, refusal, testing::Strict};
use gatefold_exceptions::{Answer, ExceptionFuture, ExceptionLayer, ExceptionService, RequestHead};
use http::{Extensions, Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::Full;
use tower::{
    BoxError, Layer, Service, ServiceExt, limit::ConcurrencyLimit, service_fn,
    util::BoxCloneSyncService,
};

type Reply = Response<Full<Bytes>>;

fn request() -> Request<()> {
    Request::new(())
}

/// Polls once, on the task of the test.
async fn is_ready<S: Service<Request<()>>>(service: &mut S) -> bool {
    poll_fn(|cx| Poll::Ready(service.poll_ready(cx).is_ready())).await
}

async fn call<S>(service: &mut S) -> S::Response
where
    S: Service<Request<()>, Error = Infallible>,
{
    let service = service.ready().await.unwrap();
    service.call(request()).await.unwrap()
}

#[test]
fn layer_service_and_future_go_between_threads() {
    fn all<T: Clone + Send + Sync + 'static>() {}
    fn both<T: Send + Sync>() {}
    all::<ExceptionLayer>();
    all::<ExceptionService<Strict>>();
    both::<ExceptionFuture<std::future::Ready<Reply>>>();
    all::<RequestHead>();
}

/// What tonic 0.14's `Server::layer` and axum 0.8's `serve` ask of a service.
#[test]
fn servers_take_the_service() {
    fn tonics<S, B>(_: S)
    where
        S: Service<Request<tonic::body::Body>, Response = Response<B>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Into<BoxError> + Send,
        B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
    }
    fn axums<S>(_: S)
    where
        S: Service<
                Request<axum::body::Body>,
                Response = Response<axum::body::Body>,
                Error = Infallible,
                Future: Send,
            > + Clone
            + Send
            + 'static,
    {
    }
    tonics(ExceptionLayer::default().layer(Strict::new()));
    axums(ExceptionLayer::default().layer(axum::Router::new()));
}

#[tokio::test]
async fn the_instance_that_was_polled_ready_is_called() {
    let mut service = ExceptionLayer::default().layer(Strict::new());
    for _ in 0..2 {
        let answer = call(&mut service).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let mut fresh = service.clone();
        let answer = call(&mut fresh).await;
        assert_eq!(answer.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a_permit_is_held_while_inside_and_freed_with_the_answer() {
    let limited = ConcurrencyLimit::new(Strict::new(), 1);
    let mut one = ExceptionLayer::default().layer(limited);
    let mut other = one.clone();
    assert!(is_ready(&mut one).await);
    let inside = one.call(request());
    assert!(!is_ready(&mut other).await);
    inside.await.unwrap();
    assert!(is_ready(&mut other).await);
}

#[tokio::test]
async fn dropping_the_future_half_way_frees_the_permit() {
    let forever = service_fn(|_: Request<()>| pending::<Result<Reply, Infallible>>());
    let limited = ConcurrencyLimit::new(forever, 1);
    let mut one = ExceptionLayer::default().layer(limited);
    let mut other = one.clone();
    assert!(is_ready(&mut one).await);
    let mut inside = Box::pin(one.call(request()));
    let polled = poll_fn(|cx| Poll::Ready(inside.as_mut().poll(cx))).await;
    assert!(polled.is_pending());
    assert!(!is_ready(&mut other).await);
    drop(inside);
    assert!(is_ready(&mut other).await);
}

#[tokio::test]
async fn a_panic_frees_the_permit_too() {
    let panics = service_fn(|_: Request<()>| async {
        if true {
            panic!("in polling");
        }
        Ok::<Reply, Infallible>(Reply::default())
    });
    let limited = ConcurrencyLimit::new(panics, 1);
    let mut one = ExceptionLayer::default().layer(limited);
    let mut other = one.clone();
    let answer = call(&mut one).await;
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(is_ready(&mut other).await);
}

/// Where a service fails.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Place {
    PollReady,
    Call,
    Poll,
    Drop,
}

#[derive(Clone)]
struct Panics(Place);

struct PanicsInside(Place);

impl Service<Request<()>> for Panics {
    type Response = Reply;
    type Error = BoxError;
    type Future = PanicsInside;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        assert!(self.0 != Place::PollReady, "in poll_ready");
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> PanicsInside {
        assert!(self.0 != Place::Call, "in call");
        PanicsInside(self.0)
    }
}

impl Future for PanicsInside {
    type Output = Result<Reply, BoxError>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        assert!(self.0 != Place::Poll, "in polling");
        Poll::Ready(Ok(Reply::default()))
    }
}

impl Drop for PanicsInside {
    fn drop(&mut self) {
        assert!(self.0 != Place::Drop, "in drop");
    }
}

#[tokio::test]
async fn a_panic_is_a_500_wherever_it_happens() {
    for place in [Place::PollReady, Place::Call, Place::Poll, Place::Drop] {
        let service = ExceptionLayer::default().layer(Panics(place));
        let answer = service.oneshot(request()).await.unwrap();
        assert_eq!(
            answer.status(),
            StatusCode::INTERNAL_SERVER_ERROR,
            "{place:?}"
        );
    }
}

#[tokio::test]
async fn a_panic_in_the_handler_is_a_plain_500() {
    let handler =
        |exception: Exception, _: &RequestHead| -> Answer { panic!("no words for {exception}") };
    let service = ExceptionLayer::new(handler).layer(Panics(Place::Call));
    let answer = service.oneshot(request()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.headers()["content-type"], "application/json");
}

/// Words, or a body that panics when it is dropped.
#[derive(Default)]
struct Fragile {
    words: Full<Bytes>,
    breaks: bool,
}

impl Drop for Fragile {
    fn drop(&mut self) {
        assert!(!self.breaks, "in the body's drop");
    }
}

impl ReplyBody for Fragile {
    fn from_words(words: Bytes) -> Self {
        Self {
            words: Full::new(words),
            breaks: false,
        }
    }
}

impl Body for Fragile {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.words).poll_frame(cx)
    }
}

#[tokio::test]
async fn a_body_that_panics_after_the_handler_did_is_a_500_too() {
    let refuses = service_fn(|_: Request<()>| async {
        let mut refused: Response<Fragile> = refusal(Exception::not_found(), &Extensions::new());
        refused.body_mut().breaks = true;
        Ok::<_, BoxError>(refused)
    });
    let panics =
        |exception: Exception, _: &RequestHead| -> Answer { panic!("no words for {exception}") };
    for layer in [ExceptionLayer::new(panics), ExceptionLayer::default()] {
        let answer = layer.layer(refuses).oneshot(request()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}

#[tokio::test]
async fn an_error_of_a_call_is_answered() {
    let fails = service_fn(|_: Request<()>| ready(Err::<Reply, BoxError>("secret".into())));
    let service = ExceptionLayer::default().layer(fails);
    let answer = service.oneshot(request()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

/// Fails the first time that it is asked whether it is ready.
#[derive(Clone)]
struct FailsOnce {
    failed: bool,
}

impl Service<Request<()>> for FailsOnce {
    type Response = Reply;
    type Error = BoxError;
    type Future = std::future::Ready<Result<Reply, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        if std::mem::replace(&mut self.failed, true) {
            Poll::Ready(Ok(()))
        } else {
            Poll::Ready(Err("not today".into()))
        }
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        assert!(self.failed);
        ready(Ok(Reply::default()))
    }
}

#[tokio::test]
async fn an_error_of_poll_ready_is_answered_by_the_next_call_of_that_instance() {
    let mut service = ExceptionLayer::default().layer(FailsOnce { failed: false });
    assert!(is_ready(&mut service).await);
    // Asked again it does not ask the service again.
    assert!(is_ready(&mut service).await);
    let mut clone = service.clone();
    let answer = call(&mut clone).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let answer = service.call(request()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let answer = call(&mut service).await;
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_is_in_the_request_reaches_the_service_and_nothing_more() {
    let mut request = request();
    request.extensions_mut().insert(7u8);
    let service = ExceptionLayer::default().layer(Strict::new());
    let answer = service.oneshot(request).await.unwrap();
    assert_eq!(answer.extensions().len(), 1);
    assert_eq!(answer.extensions().get(), Some(&7u8));
}

#[tokio::test]
async fn the_service_boxes_and_goes_under_axum_without_an_error_handler() {
    let fails = service_fn(|_: Request<axum::body::Body>| async {
        Err::<Response<axum::body::Body>, BoxError>("secret".into())
    });
    let service = BoxCloneSyncService::new(ExceptionLayer::default().layer(fails));
    let app: axum::Router = axum::Router::new().route_service("/", service);
    let request = Request::new(axum::body::Body::empty());
    let answer = app.oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
}
