//! What tower demands of the service, and what the layer promises beside.

use std::{
    convert::Infallible,
    future::{pending, poll_fn, ready},
    sync::Arc,
    task::{Context, Poll},
};

use gatefold_core::{Exception, GateFuture, Version, testing::Strict};
use gatefold_versioning::{
    HeaderVersioning, QueryParameterVersioning, UrlPathVersioning, Versioning, VersioningLayer,
    VersioningService,
};
use http::{HeaderName, Request, Response, StatusCode, header::VARY};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, limit::ConcurrencyLimitLayer, service_fn};

fn query() -> VersioningLayer {
    VersioningLayer::new(QueryParameterVersioning::new(["1", "2"]))
}

fn header() -> HeaderVersioning {
    HeaderVersioning::new(HeaderName::from_static("x-api-version"), ["1", "2"])
}

fn get(path: &str) -> Request<()> {
    Request::get(path).body(()).expect("a request")
}

#[tokio::test]
async fn the_inner_service_sees_the_version() {
    let answer = query().layer(Strict::new()).oneshot(get("/?version=2"));
    let answer = answer.await.expect("an answer");
    let version = Version::of(answer.extensions()).map(Version::as_str);
    assert_eq!(version, Some("2"));
}

#[tokio::test]
async fn a_refusal_is_an_answer_with_an_exception() {
    let answer = query().layer(Strict::new()).oneshot(get("/?version=3"));
    let answer = answer.await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(answer.headers()["api-supported-versions"], "1, 2");
    let exception = answer.extensions().get::<Exception>().expect("left there");
    let detail = "Invalid version in query parameter.";
    assert_eq!(exception.detail().text(), Some(detail));
}

#[tokio::test]
async fn a_header_that_was_read_is_named_in_every_answer() {
    let service = VersioningLayer::new(header()).layer(Strict::new());
    for (value, status) in [("2", StatusCode::OK), ("3", StatusCode::NOT_FOUND)] {
        let mut request = get("/");
        let name = HeaderName::from_static("x-api-version");
        request
            .headers_mut()
            .insert(name, value.parse().expect("a value"));
        let answer = service.clone().oneshot(request).await.expect("an answer");
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers()[VARY], "x-api-version");
    }
}

#[tokio::test]
async fn a_grpc_request_is_asked_for_its_metadata_only() {
    let layer = VersioningLayer::new(UrlPathVersioning::new(["v1"]));
    let request = |version: Option<&str>| {
        let request = Request::post("/pkg.Tasks/List").header("content-type", "application/grpc");
        let request = match version {
            Some(version) => request.header("x-api-version", version),
            None => request,
        };
        request.body(()).expect("a request")
    };
    let answer = layer.layer(Strict::new()).oneshot(request(None)).await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(Version::of(answer.extensions()).is_none());

    let with_metadata = layer.and(header().default_version("1"));
    for (sent, seen) in [(None, "1"), (Some("2"), "2")] {
        let service = with_metadata.layer(Strict::new());
        let answer = service.oneshot(request(sent)).await.expect("an answer");
        let version = Version::of(answer.extensions()).map(Version::as_str);
        assert_eq!(version, Some(seen));
        assert!(!answer.headers().contains_key(VARY));
    }
}

#[tokio::test]
async fn a_shared_scheme_of_unknown_type_is_a_scheme() {
    let scheme: Arc<dyn Versioning> = Arc::new(header().default_version("1"));
    let service = VersioningLayer::new(scheme).layer(Strict::new());
    let answer = service.oneshot(get("/")).await.expect("an answer");
    let version = Version::of(answer.extensions()).map(Version::as_str);
    assert_eq!(version, Some("1"));
    assert_eq!(answer.headers()[VARY], "x-api-version");
}

#[tokio::test]
async fn the_service_that_was_polled_ready_is_called() {
    let mut strict = query().layer(Strict::new());
    let mut limited = ServiceBuilder::new()
        .layer(query())
        .layer(ConcurrencyLimitLayer::new(1))
        .service(Strict::new());
    for _ in 0..3 {
        assert_eq!(status(&mut strict, "/?version=1").await, StatusCode::OK);
        assert_eq!(status(&mut limited, "/?version=1").await, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_refusal_leaves_the_service_usable() {
    let mut limited = ServiceBuilder::new()
        .layer(query())
        .layer(ConcurrencyLimitLayer::new(1))
        .service(Strict::new());
    for _ in 0..3 {
        assert_eq!(status(&mut limited, "/").await, StatusCode::NOT_FOUND);
    }
    assert_eq!(status(&mut limited, "/?version=1").await, StatusCode::OK);
}

async fn status<S, B>(service: &mut S, path: &str) -> StatusCode
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
{
    let ready = service.ready().await.expect("ready");
    let answer = ready.call(get(path)).await.expect("an answer");
    answer.status()
}

#[tokio::test]
async fn a_future_dropped_midway_frees_its_place() {
    let never = service_fn(|_: Request<()>| pending::<Result<Response<String>, Infallible>>());
    let mut service = ServiceBuilder::new()
        .layer(query())
        .concurrency_limit(1)
        .service(never);
    let future = service
        .ready()
        .await
        .expect("ready")
        .call(get("/?version=1"));
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
    let answer = query().layer(broken).oneshot(get("/?version=1")).await;
    assert_eq!(answer.expect_err("an error"), "broken");
}

#[test]
fn everything_crosses_threads() {
    fn check<T: Send + Sync + Clone>() {}
    fn check_future<T: Send>() {}
    check::<VersioningLayer>();
    check::<VersioningService<Strict>>();
    check_future::<GateFuture<VersioningLayer, Strict, ()>>();
}
