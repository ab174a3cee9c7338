//! What tower demands of each service.

use std::{
    convert::Infallible,
    future::{pending, poll_fn, ready},
    task::{Context, Poll},
};

use gatefold_core::{Exception, Format, GateFuture, testing::Strict};
use gatefold_suffixes::{SuffixLayer, SuffixRequiredLayer, SuffixRequiredService, SuffixService};
use http::{Request, Response, StatusCode};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, limit::ConcurrencyLimitLayer, service_fn};

fn suffixes() -> SuffixLayer {
    SuffixLayer::new(["json"]).expect("a good name")
}

fn get(path: &str) -> Request<()> {
    Request::get(path).body(()).expect("a request")
}

async fn path_and_format(request: Request<()>) -> Result<Response<String>, Infallible> {
    let format = Format::of(request.extensions()).map_or("none", Format::as_str);
    Ok(Response::new(format!("{} {format}", request.uri())))
}

#[tokio::test]
async fn the_inner_service_sees_the_short_path_and_the_format() {
    let mut service = suffixes().layer(service_fn(path_and_format));
    for (path, seen) in [
        ("/tasks/4.json?x=1", "/tasks/4?x=1 json"),
        ("/tasks/4", "/tasks/4 none"),
        ("/tasks/4.pdf", "/tasks/4.pdf none"),
    ] {
        let answer = service.ready().await.expect("ready").call(get(path)).await;
        assert_eq!(answer.expect("an answer").body(), seen);
    }
}

#[tokio::test]
async fn the_service_that_was_polled_ready_is_called() {
    let both = ServiceBuilder::new()
        .layer(suffixes())
        .layer(SuffixRequiredLayer::new());
    let mut strict = both.clone().service(Strict::new());
    let mut limited = both
        .layer(ConcurrencyLimitLayer::new(1))
        .service(Strict::new());
    for _ in 0..3 {
        assert_eq!(status(&mut strict).await, StatusCode::OK);
        assert_eq!(status(&mut limited).await, StatusCode::OK);
    }
}

async fn status<S, B>(service: &mut S) -> StatusCode
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
{
    let ready = service.ready().await.expect("ready");
    let answer = ready.call(get("/a.json")).await.expect("an answer");
    answer.status()
}

#[tokio::test]
async fn a_future_dropped_midway_frees_its_place() {
    let never = service_fn(|_: Request<()>| pending::<Result<Response<String>, Infallible>>());
    let mut service = ServiceBuilder::new()
        .layer(suffixes())
        .layer(SuffixRequiredLayer::new())
        .concurrency_limit(1)
        .service(never);
    let future = service.ready().await.expect("ready").call(get("/a.json"));
    assert!(is_pending(&mut service).await, "the one place is taken");
    drop(future);
    assert!(!is_pending(&mut service).await, "the place is free again");
}

async fn is_pending<S: Service<Request<()>>>(service: &mut S) -> bool {
    poll_fn(|cx: &mut Context<'_>| Poll::Ready(service.poll_ready(cx).is_pending())).await
}

#[tokio::test]
async fn the_services_own_error_passes_untouched() {
    let broken = service_fn(|_: Request<()>| ready(Err::<Response<String>, _>("broken")));
    let both = ServiceBuilder::new()
        .layer(suffixes())
        .layer(SuffixRequiredLayer::new());
    let answer = both.service(broken).oneshot(get("/a.json")).await;
    assert_eq!(answer.expect_err("an error"), "broken");
}

#[tokio::test]
async fn where_a_suffix_is_required_none_is_not_found() {
    let service = SuffixRequiredLayer::new().layer(Strict::new());
    let answer = service.oneshot(get("/export")).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    let exception = answer.extensions().get::<Exception>();
    assert_eq!(exception.expect("left there").code(), "not_found");
}

#[tokio::test]
async fn the_suffix_service_needs_no_clone() {
    struct Once(Option<String>);

    impl Service<Request<()>> for Once {
        type Response = String;
        type Error = Infallible;
        type Future = std::future::Ready<Result<String, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: Request<()>) -> Self::Future {
            let word = self.0.take().unwrap_or_default();
            ready(Ok(word + request.uri().path()))
        }
    }

    let mut service = suffixes().layer(Once(Some("only ".to_owned())));
    let answer = service.call(get("/a.json")).await.expect("an answer");
    assert_eq!(answer, "only /a");
}

#[test]
fn everything_crosses_threads() {
    fn check<T: Send + Sync + Clone>() {}
    fn check_future<T: Send>() {}
    check::<SuffixLayer>();
    check::<SuffixService<Strict>>();
    check::<SuffixRequiredLayer>();
    check::<SuffixRequiredService<Strict>>();
    check_future::<GateFuture<SuffixRequiredLayer, Strict, ()>>();
}
