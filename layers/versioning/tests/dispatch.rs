//! What `Dispatch` promises: the chosen service alone is awaited, and it was polled ready.

use std::{
    convert::Infallible,
    future::{Ready, pending, poll_fn, ready},
    task::{Context, Poll},
};

use gatefold_core::{Exception, Version, testing::Strict};
use gatefold_versioning::{Dispatch, DispatchFuture, QueryParameterVersioning, VersioningLayer};
use http::{Request, Response, StatusCode};
use tower::{
    Layer, Service, ServiceBuilder, ServiceExt,
    limit::{ConcurrencyLimit, ConcurrencyLimitLayer},
    service_fn,
};

fn request(version: Option<&str>) -> Request<()> {
    let mut request = Request::new(());
    if let Some(version) = version {
        Version::new(version).leave(request.extensions_mut());
    }
    request
}

/// Ready or never ready.
#[derive(Clone, Debug)]
struct Door {
    open: bool,
}

impl Service<Request<()>> for Door {
    type Response = Response<String>;
    type Error = &'static str;
    type Future = Ready<Result<Response<String>, &'static str>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        match self.open {
            true => Poll::Ready(Ok(())),
            false => Poll::Pending,
        }
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Err("its own error"))
    }
}

#[tokio::test]
async fn a_version_that_is_never_ready_holds_up_no_other() {
    let mut dispatch = Dispatch::new([("1", Door { open: false }), ("2", Door { open: true })]);
    let answer = dispatch
        .ready()
        .await
        .expect("always ready")
        .call(request(Some("2")));
    assert_eq!(answer.await.expect_err("its own"), "its own error");
    let mut closed = Box::pin(dispatch.call(request(Some("1"))));
    assert!(poll_fn(|cx| Poll::Ready(closed.as_mut().poll(cx).is_pending())).await);
}

#[tokio::test]
async fn the_chosen_service_was_polled_ready() {
    let limited = || {
        ServiceBuilder::new()
            .layer(ConcurrencyLimitLayer::new(1))
            .service(Strict::new())
    };
    let mut dispatch = Dispatch::new([("1", limited()), ("2", limited())]);
    for version in ["1", "2", "1", "1"] {
        let ready = ServiceExt::<Request<()>>::ready(&mut dispatch).await;
        let ready = ready.expect("always ready");
        let answer = ready.call(request(Some(version))).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a_future_dropped_midway_frees_its_place() {
    let never = service_fn(|_: Request<()>| pending::<Result<Response<String>, Infallible>>());
    let mut dispatch = Dispatch::new([("1", ConcurrencyLimit::new(never, 1))]);
    let is_inside = async |future: &mut std::pin::Pin<Box<DispatchFuture<_, _>>>| {
        poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await
    };
    let mut first = Box::pin(dispatch.call(request(Some("1"))));
    assert!(is_inside(&mut first).await);
    let mut second = Box::pin(dispatch.call(request(Some("1"))));
    assert!(is_inside(&mut second).await);
    drop((first, second));
    let mut third = Box::pin(dispatch.call(request(Some("1"))));
    assert!(is_inside(&mut third).await, "the place is free again");
}

#[tokio::test]
async fn what_no_entry_is_for_is_refused_or_led_elsewhere() {
    let dispatch = Dispatch::new([("1", Strict::new())]);
    for version in [None, Some("2")] {
        let answer = dispatch.clone().oneshot(request(version)).await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        assert_eq!(answer.headers()["api-supported-versions"], "1");
        assert!(answer.extensions().get::<Exception>().is_some());
    }
    let dispatch = dispatch.otherwise(Strict::new());
    let answer = dispatch.oneshot(request(None)).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn behind_the_layer_each_version_has_its_service() {
    let says = |text: &'static str| {
        tower::util::BoxCloneSyncService::new(service_fn(move |_: Request<()>| {
            ready(Ok::<_, Infallible>(Response::new(text)))
        }))
    };
    let layer = VersioningLayer::new(QueryParameterVersioning::new(["1", "2"]));
    let service = layer.layer(Dispatch::new([("1", says("old")), ("2", says("new"))]));
    for (version, said) in [("1", "old"), ("2", "new")] {
        let request = Request::get(format!("/?version={version}")).body(());
        let answer = service.clone().oneshot(request.expect("a request")).await;
        assert_eq!(answer.expect("an answer").into_body(), said);
    }
}

#[test]
fn everything_crosses_threads() {
    fn check<T: Send + Sync + Clone>() {}
    fn check_future<T: Send>() {}
    check::<Dispatch<Strict>>();
    check_future::<DispatchFuture<Strict, ()>>();
}
