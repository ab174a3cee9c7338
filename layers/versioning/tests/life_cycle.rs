//! A version's end, as clients and owners are told of it.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use gatefold_core::{Exception, Identity, ManualClock, Version, testing::Strict};
use gatefold_versioning::{
    GrpcPackageVersioning, HeaderVersioning, LifeCycle, QueryParameterVersioning, Stage,
    VersioningLayer,
};
use http::{HeaderName, Request, Response, StatusCode, header::VARY};
use tower::{Layer, ServiceExt, service_fn};

type Used = Arc<Mutex<Vec<String>>>;

/// Version 1 is deprecated since the second day of 1970 and ends with the third.
fn versions(hand: &ManualClock, used: &Used) -> LifeCycle {
    let stage = Stage::new()
        .deprecated("1970-01-02")
        .and_then(|stage| stage.sunset("1970-01-03"))
        .and_then(|stage| stage.link("successor-version", "/?version=2"));
    let used = Arc::clone(used);
    let life = LifeCycle::new(QueryParameterVersioning::new(["1", "2"]).default_version("1"));
    let life = life.stage("1", stage.expect("a stage"));
    life.expect("a version that there is")
        .gone_after_sunset()
        .clock(hand.clock())
        .on_use(move |usage| {
            let who = usage.identity().map_or("nobody", Identity::id);
            let path = usage.path();
            let program = usage.user_agent().unwrap_or("?");
            let line = format!(
                "{} {who} {path} {program} {}",
                usage.version(),
                usage.status()
            );
            used.lock().expect("a lock").push(line);
        })
}

fn get(target: &str) -> Request<()> {
    let request = Request::get(target).header("user-agent", "client/3");
    request.body(()).expect("a request")
}

#[tokio::test]
async fn a_use_is_told_with_the_caller_whom_an_inner_gate_found() {
    let (hand, used) = (ManualClock::new(SystemTime::UNIX_EPOCH), Used::default());
    let identified = service_fn(|mut request: Request<()>| async move {
        Identity::new("ada").leave(request.extensions_mut());
        Ok::<_, Infallible>(Response::new(()))
    });
    let service = VersioningLayer::new(versions(&hand, &used)).layer(identified);
    let ask = |target: &str| service.clone().oneshot(get(target));

    // The header announces what is still to come; it is no use of a deprecated version yet.
    let answer = ask("/?version=1").await.expect("an answer");
    assert_eq!(answer.headers()["deprecation"], "@86400");
    assert!(used.lock().expect("a lock").is_empty());

    hand.advance(Duration::from_secs(86_400));
    let answer = ask("/tasks?token=s3cret").await.expect("an answer");
    assert_eq!(answer.headers()["sunset"], "Sat, 03 Jan 1970 00:00:00 GMT");
    let link = "</?version=2>; rel=\"successor-version\"";
    assert_eq!(answer.headers()["link"], link);
    let newer = ask("/?version=2").await.expect("an answer");
    assert!(newer.headers().is_empty());
    assert_eq!(
        *used.lock().expect("a lock"),
        ["1 ada /tasks client/3 200 OK"]
    );
}

#[tokio::test]
async fn after_its_sunset_a_version_is_gone_wherever_it_was_named() {
    let (hand, used) = (ManualClock::new(SystemTime::UNIX_EPOCH), Used::default());
    hand.advance(Duration::from_secs(2 * 86_400));
    let header = HeaderVersioning::new(HeaderName::from_static("x-api-version"), ["1", "2"]);
    let layer = VersioningLayer::new(versions(&hand, &used)).and(header);
    let mut request = get("/");
    let one = "1".parse().expect("a value");
    request.headers_mut().insert("x-api-version", one);
    let answer = layer.layer(Strict::new()).oneshot(request).await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), StatusCode::GONE);
    assert_eq!(answer.headers()["api-supported-versions"], "2");
    assert_eq!(answer.headers()["deprecation"], "@86400");
    assert_eq!(answer.headers()[VARY], "x-api-version");
    assert!(answer.extensions().get::<Exception>().is_some());
    assert_eq!(
        *used.lock().expect("a lock"),
        ["1 nobody / client/3 410 Gone"]
    );
}

#[tokio::test]
async fn a_grpc_version_by_package_has_a_life_too() {
    let hand = ManualClock::new(SystemTime::UNIX_EPOCH);
    let scheme = GrpcPackageVersioning::new("example.tasks", ["v1", "v2"]);
    let stage = Stage::new().sunset("1970-01-02").expect("a date");
    let life = LifeCycle::new(scheme)
        .stage("v1", stage)
        .expect("a version");
    let life = life.gone_after_sunset().clock(hand.clock());
    let service = VersioningLayer::new(life).layer(Strict::new());
    let call = |path: &str| {
        let request = Request::post(path).header("content-type", "application/grpc");
        let request = request.body(()).expect("a request");
        service.clone().oneshot(request)
    };
    let answer = call("/example.tasks.v1.Tasks/List")
        .await
        .expect("an answer");
    let version = Version::of(answer.extensions()).map(Version::as_str);
    assert_eq!(version, Some("v1"));
    assert_eq!(answer.headers()["sunset"], "Fri, 02 Jan 1970 00:00:00 GMT");
    assert!(!answer.headers().contains_key(VARY));
    hand.advance(Duration::from_secs(86_400));
    let gone = call("/example.tasks.v1.Tasks/List")
        .await
        .expect("an answer");
    assert_eq!(gone.status(), StatusCode::GONE);
    let health = call("/grpc.health.v1.Health/Check")
        .await
        .expect("an answer");
    assert_eq!(health.status(), StatusCode::OK);
}
