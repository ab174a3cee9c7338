//! What operators do with a layer: try out, allow, deny, look, correct, reload.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use gatefold_core::{Clock, Exception, Identity, ManualClock, testing::Strict};
use gatefold_throttling::{
    Caller, CallerList, Claims, Limiter, Limits, LiveLimits, Rate, Reservation, ThrottleLayer,
    UserRateThrottle,
};
use http::{Request, Response, request::Parts};
use tower::{Layer, Service, ServiceExt, service_fn};

fn request(user: &'static str) -> Request<()> {
    let mut request = Request::new(());
    Identity::new(user).leave(request.extensions_mut());
    request
}

fn still() -> Clock {
    ManualClock::new(SystemTime::UNIX_EPOCH).clock()
}

fn throttle() -> UserRateThrottle {
    UserRateThrottle::new(["2/min"]).expect("a rate")
}

async fn ask<S>(service: &S, user: &'static str) -> Response<()>
where
    S: Service<Request<()>, Response = Response<()>, Error = Infallible> + Clone,
{
    let Ok(response) = service.clone().oneshot(request(user)).await;
    response
}

#[tokio::test]
async fn shadow_mode_counts_and_reports_and_refuses_nobody() {
    let over = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&over);
    let layer = ThrottleLayer::new(throttle()).clock(still()).shadow(true);
    let layer = layer.observe(move |report| {
        if report.is_shadow() {
            assert_eq!(report.refusing().collect::<Vec<_>>(), ["user"]);
            counter.fetch_add(1, Ordering::Relaxed);
        }
    });
    let service = layer.layer(service_fn(async |_: Request<()>| Ok(Response::new(()))));
    for _ in 0..5 {
        assert_eq!(ask(&service, "a").await.status(), 200);
    }
    assert_eq!(over.load(Ordering::Relaxed), 3);
    let headers = ask(&service, "a").await;
    assert_eq!(headers.headers()["ratelimit"], "\"user\";r=0;t=30");
}

#[tokio::test]
async fn the_allowed_are_not_counted_and_the_denied_not_asked() {
    let layer = ThrottleLayer::new(throttle())
        .allow(CallerList::new().users(["robot", "both"]))
        .deny(CallerList::new().users(["mallory", "both"]));
    let service = layer.layer(Strict::new());
    for (user, status) in [("robot", 200), ("mallory", 403), ("both", 403)] {
        for _ in 0..4 {
            let Ok(response) = service.clone().oneshot(request(user)).await;
            assert_eq!(response.status(), status, "{user}");
        }
    }
    assert!(CallerList::new().networks(["10.0.0.0/33"]).is_err());
}

#[tokio::test]
async fn counts_are_looked_at_taken_given_back_and_forgotten() {
    for rate in [Rate::per_hour(10), Rate::per_hour(10).sliding()] {
        let limits = Limits::new("user", [rate, Rate::per_day(100)]).expect("rates");
        let layer = ThrottleLayer::new(UserRateThrottle::of(limits.clone())).clock(still());
        let (counts, alice) = (layer.counts(), Caller::User("alice"));
        let left = async |cost| {
            let verdict = counts.peek(&limits, alice, cost).await.expect("memory");
            let left = verdict.readings().iter().map(|reading| reading.remaining());
            (verdict.is_admitted(), left.collect::<Vec<_>>())
        };
        assert_eq!(left(10).await, (true, vec![10, 100]));
        let admitted = counts.take(&limits, alice, 7).await.expect("memory");
        assert!(admitted.is_admitted());
        assert_eq!(left(4).await, (false, vec![3, 93]));
        counts.refund(&limits, alice, 2).await.expect("memory");
        assert_eq!(left(5).await, (true, vec![5, 95]));
        counts.charge(&limits, alice, 50).await.expect("memory");
        assert_eq!(left(1).await, (false, vec![0, 45]));
        counts
            .refund(&limits, alice, u32::MAX)
            .await
            .expect("memory");
        assert_eq!(left(10).await, (true, vec![10, 100]));
        counts
            .charge(&limits, alice, u32::MAX)
            .await
            .expect("memory");
        assert_eq!(left(1).await, (false, vec![0, 0]));
        counts.reset(&limits, alice).await.expect("memory");
        assert_eq!(left(10).await, (true, vec![10, 100]));
        // Reserved, and settled in both directions.
        for (cost, rest) in [(2, 8), (9, 1)] {
            counts.reset(&limits, alice).await.expect("memory");
            let reserved = counts.reserve(&limits, alice, 5).await.expect("memory");
            reserved
                .expect("admitted")
                .settle(cost)
                .await
                .expect("memory");
            assert_eq!(left(0).await.1[0], rest);
        }
    }
}

#[tokio::test]
async fn a_handler_says_what_a_request_has_cost() {
    let limits = UserRateThrottle::new(["10/min"]).expect("a rate");
    let layer = ThrottleLayer::new(limits).clock(still()).settling();
    let service = layer.layer(service_fn(async |request: Request<()>| {
        let reservation = Reservation::of(request.extensions()).expect("left");
        reservation.settle(6).await.expect("memory");
        Ok(Response::new(()))
    }));
    for remaining in ["r=9;", "r=3;"] {
        let response = ask(&service, "a").await;
        let field = response.headers()["ratelimit"].to_str().expect("text");
        assert!(field.contains(remaining), "{field}");
    }
}

#[tokio::test]
async fn a_reload_keeps_what_was_counted() {
    let live = LiveLimits::new(Limits::new("user", ["2/min"]).expect("a rate"));
    let layer = ThrottleLayer::new(UserRateThrottle::live(live.clone())).clock(still());
    let service = layer.layer(service_fn(async |_: Request<()>| Ok(Response::new(()))));
    ask(&service, "a").await;
    ask(&service, "a").await;
    assert_eq!(ask(&service, "a").await.status(), 429);
    live.replace(["4/2min"]).expect("a rate");
    // Sixty seconds are used of the hundred and twenty.
    for status in [200, 200, 429] {
        assert_eq!(ask(&service, "a").await.status(), status);
    }
    assert!(live.replace(["nonsense"]).is_err());
    assert_eq!(ask(&service, "b").await.status(), 200);
}

#[tokio::test]
async fn a_request_costs_what_the_closure_says() {
    let throttle = throttle().cost(|head: &Parts| if head.uri.path() == "/export" { 2 } else { 1 });
    let service = ThrottleLayer::new(throttle)
        .clock(still())
        .layer(Strict::new());
    let export = Request::builder()
        .uri("/export")
        .body(())
        .expect("a request");
    let Ok(first) = service.clone().oneshot(export.clone()).await;
    let Ok(second) = service.clone().oneshot(export).await;
    assert_eq!([first.status(), second.status()], [200, 429]);
}

#[tokio::test]
async fn somebody_elses_limiter_is_asked_last_and_costs_nothing_where_it_refuses() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let other = move |_: &Parts, claims: &mut Claims<'_>| {
        let counter = Arc::clone(&counter);
        claims.last(move || match counter.fetch_add(1, Ordering::Relaxed) {
            0 => Err(std::time::Duration::from_secs(7)),
            _ => Ok(()),
        });
    };
    let layer = ThrottleLayer::new(throttle()).and(other).expect("two");
    let service = layer.clock(still()).layer(Strict::new());
    let ask = async || {
        let Ok(response) = service.clone().oneshot(request("a")).await;
        response
    };
    let refused = ask().await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "7");
    assert_eq!(refused.headers()["ratelimit"], "\"user\";r=2");
    assert_eq!(ask().await.status(), 200);
    assert_eq!(ask().await.status(), 200);
    // Over the own limit it is not asked.
    assert_eq!(ask().await.status(), 429);
    assert_eq!(asked.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_refusal_names_the_policies_for_problem_details() {
    let rates = UserRateThrottle::new(["1/min", "9/h"]).expect("rates");
    let service = ThrottleLayer::new(rates).layer(Strict::new());
    let Ok(_) = service.clone().oneshot(request("a")).await;
    let Ok(refused) = service.clone().oneshot(request("a")).await;
    let exception = refused.extensions().get::<Exception>().expect("left");
    assert!(
        exception
            .problem_type()
            .is_some_and(|uri| uri.ends_with("#quota-exceeded"))
    );
    let members: Vec<_> = exception.members().collect();
    let (name, data) = &members[0];
    assert_eq!(*name, "violated-policies");
    assert_eq!(data.to_json().expect("serializes"), b"[\"user-60s\"]");
}

#[test]
fn a_limiter_needs_no_request() {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    let limits = Limits::new("jobs", ["2/s", "3/min"]).expect("rates");
    let limiter = Limiter::new(limits).clock(clock.clock());
    assert!(limiter.check("a").is_ok() && limiter.check("a").is_ok());
    let wait = limiter.check("a").expect_err("two a second").wait();
    assert_eq!(wait, Some(std::time::Duration::from_millis(500)));
    assert_eq!(
        limiter.check_cost("a", 4).expect_err("too many").wait(),
        None
    );
    assert!(limiter.check("b").is_ok());
}
