//! The laws of a service, and what the layer promises beyond one request.

use std::{
    convert::Infallible,
    future::{poll_fn, ready},
    sync::Arc,
    time::{Duration, SystemTime},
};

use gatefold_core::{Decision, Exception, Identity, ManualClock, detach, later, testing::Strict};
use gatefold_throttling::{
    AnonRateThrottle, Change, Claims, KeyHasher, Limits, MemoryStore, Rate, RateHeaders,
    ScopedRateThrottle, Store, ThrottleLayer, ThrottleService, UserRateThrottle, Verdict,
};
use http::{HeaderMap, Request, Response, StatusCode, request::Parts};
use tower::{Layer, Service, ServiceExt, limit::ConcurrencyLimit, service_fn};

/// Answers later what a memory store says now.
struct Distant(MemoryStore);

impl Store for Distant {
    fn hasher(&self) -> &KeyHasher {
        self.0.hasher()
    }

    fn decide(&self, claims: &Claims<'_>, now: u64) -> Decision<Result<Verdict, Exception>> {
        let decision = self.0.decide(claims, now);
        later(async move {
            tokio::task::yield_now().await;
            match decision {
                Decision::Now(verdict) => verdict,
                Decision::Later(verdict) => verdict.await,
            }
        })
    }

    fn change(
        &self,
        claims: &Claims<'_>,
        change: Change,
        now: u64,
    ) -> Decision<Result<Verdict, Exception>> {
        let decision = self.0.change(claims, change, now);
        later(decision.wait())
    }
}

fn throttle() -> UserRateThrottle {
    UserRateThrottle::new(["2/min"]).expect("a rate")
}

/// The layer that answers now, and the one that has to wait.
fn layers() -> [ThrottleLayer; 2] {
    let distant = Distant(MemoryStore::new(100));
    [
        ThrottleLayer::new(throttle()),
        ThrottleLayer::new(throttle()).store(distant),
    ]
}

fn request(user: &'static str) -> Request<()> {
    let mut request = Request::new(());
    Identity::new(user).leave(request.extensions_mut());
    request
}

async fn answer<S, B>(service: &mut S, request: Request<()>) -> Response<B>
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
{
    let Ok(service) = service.ready().await;
    let Ok(response) = service.call(request).await;
    response
}

async fn status<S, B>(service: &mut S, request: Request<()>) -> StatusCode
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
{
    answer(service, request).await.status()
}

#[tokio::test]
async fn the_very_service_that_was_ready_is_called() {
    for layer in layers() {
        let mut service = layer.layer(ConcurrencyLimit::new(Strict::new(), 1));
        assert_eq!(status(&mut service, request("a")).await, 200);
        assert_eq!(status(&mut service, request("a")).await, 200);
        assert_eq!(status(&mut service, request("a")).await, 429);
        assert_eq!(status(&mut service, request("b")).await, 200);
    }
}

#[tokio::test]
async fn both_sides_of_a_permit_get_on_within_one_task() {
    for layer in layers() {
        let service = layer.layer(ConcurrencyLimit::new(Strict::new(), 1));
        let ask = |user| {
            let mut service = service.clone();
            async move { status(&mut service, request(user)).await }
        };
        let both = tokio::join!(ask("a"), ask("b"));
        assert_eq!(both, (StatusCode::OK, StatusCode::OK));
    }
}

#[tokio::test]
async fn a_dropped_request_frees_its_permit() {
    for layer in layers() {
        let inner = service_fn(|_: Request<()>| async {
            std::future::pending::<()>().await;
            Ok::<_, Infallible>(Response::new(()))
        });
        let mut service = layer.layer(ConcurrencyLimit::new(inner, 1));
        for _ in 0..2 {
            let Ok(ready) = service.ready().await;
            let mut answer = Box::pin(ready.call(request("a")));
            poll_fn(|cx| {
                assert!(answer.as_mut().poll(cx).is_pending());
                std::task::Poll::Ready(())
            })
            .await;
            drop(answer);
        }
    }
}

#[tokio::test]
async fn the_services_error_passes_untouched() {
    for layer in layers() {
        let inner = service_fn(|_: Request<()>| ready(Err::<Response<()>, _>("broken")));
        let answer = layer.layer(inner).oneshot(request("a")).await;
        assert_eq!(answer.err(), Some("broken"));
    }
}

#[tokio::test]
async fn a_store_that_fails_refuses() {
    struct Away(KeyHasher);
    impl Store for Away {
        fn hasher(&self) -> &KeyHasher {
            &self.0
        }
        fn decide(&self, _: &Claims<'_>, _: u64) -> Decision<Result<Verdict, Exception>> {
            later(async { Err(Exception::unavailable("connection refused")) })
        }
        fn change(
            &self,
            claims: &Claims<'_>,
            _: Change,
            now: u64,
        ) -> Decision<Result<Verdict, Exception>> {
            self.decide(claims, now)
        }
    }
    let layer = ThrottleLayer::new(throttle()).store(Away(KeyHasher::random()));
    let mut service = layer.layer(Strict::new());
    assert_eq!(status(&mut service, request("a")).await, 503);
}

#[tokio::test]
async fn a_refusal_carries_wait_words_and_fields() {
    for layer in layers() {
        let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
        let mut service = layer.clock(clock.clock()).layer(Strict::new());
        status(&mut service, request("a")).await;
        status(&mut service, request("a")).await;
        clock.advance(Duration::from_millis(1));
        let refused = answer(&mut service, request("a")).await;
        let headers = refused.headers();
        assert_eq!(headers["retry-after"], "30");
        assert_eq!(headers["ratelimit-policy"], "\"user\";q=2;w=60");
        assert_eq!(headers["ratelimit"], "\"user\";r=0;t=30");
        let exception = refused.extensions().get::<Exception>().expect("left");
        assert_eq!(exception.wait(), Some(Duration::from_millis(29_999)));
        assert_eq!(exception.code(), "throttled");
        assert_eq!(exception.identity().map(Identity::id), Some("a"));
        // Obeying it, to the nanosecond, is enough.
        clock.advance(Duration::from_millis(29_999) - Duration::from_nanos(1));
        assert_eq!(status(&mut service, request("a")).await, 429);
        clock.advance(Duration::from_nanos(1));
        assert_eq!(status(&mut service, request("a")).await, 200);
    }
}

#[tokio::test]
async fn all_are_consumed_or_none() {
    for rates in [
        [Rate::per_hour(5), Rate::per_hour(9)],
        [Rate::per_hour(5).sliding(), Rate::per_hour(9)],
        [Rate::per_hour(5), Rate::per_hour(9).sliding()],
    ] {
        let [shared, own] = rates;
        let everybody = Limits::new("everybody", [shared]).expect("a rate");
        let total = move |_: &Parts, claims: &mut Claims<'_>| claims.add(&everybody, ());
        let layer = ThrottleLayer::new(UserRateThrottle::new([own]).expect("a rate"))
            .and(total)
            .expect("two scopes");
        let mut service = layer.layer(Strict::new());
        for _ in 0..5 {
            assert_eq!(status(&mut service, request("a")).await, 200);
        }
        // The shared count refuses a hundred times; of her own nothing is lost.
        let refused = answer(&mut service, request("a")).await;
        let first = limit(refused.headers());
        for _ in 0..100 {
            assert_eq!(status(&mut service, request("a")).await, 429);
        }
        let refused = answer(&mut service, request("a")).await;
        assert!(
            first.starts_with("\"user\";r=4, \"everybody\";r=0;t="),
            "{first}"
        );
        assert!(limit(refused.headers()).starts_with("\"user\";r=4, \"everybody\";r=0;t="));
    }
}

fn limit(headers: &HeaderMap) -> String {
    let lines = headers.get_all("ratelimit").iter();
    let lines: Vec<_> = lines.map(|line| line.to_str().expect("text")).collect();
    lines.join(" | ")
}

#[tokio::test]
async fn the_same_throttle_counts_a_request_once_on_a_path() {
    for layer in layers() {
        let outer = layer.clone();
        let mut service = outer.layer(layer.clone().layer(Strict::new()));
        assert_eq!(status(&mut service, request("a")).await, 200);
        assert_eq!(status(&mut service, request("a")).await, 200);
        assert_eq!(status(&mut service, request("a")).await, 429);
    }
    // Also where a clone of the throttle stands in a layer of its own, beside another one.
    let user = throttle();
    let inner = ThrottleLayer::new(user.clone())
        .and(ScopedRateThrottle::new("tasks", ["9/min"]).expect("a rate"))
        .expect("two scopes");
    let mut service = ThrottleLayer::new(user).layer(inner.layer(Strict::new()));
    let admitted = answer(&mut service, request("a")).await;
    assert_eq!(
        limit(admitted.headers()),
        "\"tasks\";r=8;t=7 | \"user\";r=1;t=30"
    );
}

#[tokio::test]
async fn the_same_throttle_twice_in_a_layer_is_there_once() {
    let user = throttle();
    let layer = ThrottleLayer::new(user.clone())
        .and(user)
        .expect("the same");
    let admitted = answer(&mut layer.layer(Strict::new()), request("a")).await;
    assert_eq!(limit(admitted.headers()), "\"user\";r=1;t=30");
}

#[test]
fn two_throttles_that_would_count_in_one_place_are_an_error() {
    let other = UserRateThrottle::new(["9/min"]).expect("a rate");
    let error = ThrottleLayer::new(throttle())
        .and(other.clone())
        .expect_err("two rates");
    assert!(error.to_string().contains("scope `user`"), "{error}");
    let burst = other.scope("burst").expect("a scope");
    assert!(ThrottleLayer::new(throttle()).and(burst).is_ok());
}

#[tokio::test]
async fn another_scope_of_the_same_kind_counts_by_itself() {
    let burst = throttle().scope("burst").expect("a scope");
    let mut service =
        ThrottleLayer::new(throttle()).layer(ThrottleLayer::new(burst).layer(Strict::new()));
    let admitted = answer(&mut service, request("a")).await;
    assert_eq!(
        limit(admitted.headers()),
        "\"burst\";r=1;t=30 | \"user\";r=1;t=30"
    );
}

#[tokio::test]
async fn a_retry_inside_is_one_request_and_a_detached_part_another() {
    let layer = ThrottleLayer::new(throttle());
    let tell = service_fn(|request: Request<()>| {
        let mut response = Response::new(());
        *response.extensions_mut() = request.into_parts().0.extensions;
        ready(Ok::<_, Infallible>(response))
    });
    let mut service = layer.layer(tell);
    let response = answer(&mut service, request("a")).await;
    let mut again = Request::new(());
    *again.extensions_mut() = response.extensions().clone();
    for _ in 0..5 {
        assert_eq!(status(&mut service, again.clone()).await, 200);
    }
    let mut part = again.clone();
    detach(part.extensions_mut());
    Identity::new("a").leave(part.extensions_mut());
    assert_eq!(status(&mut service, part.clone()).await, 200);
    assert_eq!(status(&mut service, part).await, 429);
}

#[tokio::test]
async fn clones_share_counts_and_so_do_layers_with_one_store() {
    let store = Arc::new(MemoryStore::new(100));
    let layer = ThrottleLayer::new(throttle()).store(Arc::clone(&store));
    let mut one = layer.clone().layer(Strict::new());
    let mut two = layer.headers(RateHeaders::None).layer(Strict::new());
    let mut three = ThrottleLayer::new(throttle())
        .store(store)
        .layer(Strict::new());
    assert_eq!(status(&mut one, request("a")).await, 200);
    assert_eq!(status(&mut two, request("a")).await, 200);
    assert_eq!(status(&mut three, request("a")).await, 429);
}

#[tokio::test]
async fn a_tier_is_looked_up_before_the_one_step() {
    let free = Limits::new("tier", ["1/min"]).expect("a rate");
    let paid = Limits::new("tier", ["3/min"]).expect("a rate");
    let tiers = move |head: &Parts, claims: &mut Claims<'_>| {
        let user = Identity::of(&head.extensions).map(|user| user.id().to_owned());
        let (free, paid) = (free.clone(), paid.clone());
        claims.later(|mut claims| async move {
            tokio::task::yield_now().await;
            match user.as_deref() {
                Some("broken") => return Err(Exception::unavailable("no database")),
                Some("free") => claims.add(&free, "free"),
                Some(user) => claims.add(&paid, user),
                None => {}
            }
            Ok(claims)
        });
    };
    let mut service = ThrottleLayer::new(tiers).layer(ConcurrencyLimit::new(Strict::new(), 1));
    for (user, answers) in [
        ("free", [200, 429, 429, 429]),
        ("paid", [200, 200, 200, 429]),
        ("broken", [503; 4]),
    ] {
        for answer in answers {
            assert_eq!(status(&mut service, request(user)).await, answer, "{user}");
        }
    }
    assert_eq!(status(&mut service, Request::new(())).await, 200);
}

#[tokio::test]
async fn a_closure_that_gives_a_scope_two_rates_is_a_mistake_of_the_service() {
    let few = Limits::new("calls", ["1/min"]).expect("a rate");
    let many = Limits::new("calls", ["2/min"]).expect("a rate");
    let layer = ThrottleLayer::new(move |_: &Parts, claims: &mut Claims<'_>| {
        claims.add(&few, "key");
        claims.add(&many, "key");
    });
    assert_eq!(
        status(&mut layer.layer(Strict::new()), request("a")).await,
        500
    );
}

#[tokio::test]
async fn the_same_claim_twice_costs_both() {
    let limits = Limits::new("calls", ["4/min"]).expect("a rate");
    let layer = ThrottleLayer::new(move |_: &Parts, claims: &mut Claims<'_>| {
        claims.add(&limits, "key");
        claims.add_with_cost(&limits, "key", 2);
    });
    let mut service = layer.layer(Strict::new());
    assert_eq!(status(&mut service, request("a")).await, 200);
    assert_eq!(status(&mut service, request("a")).await, 429);
}

#[tokio::test]
async fn what_can_never_be_admitted_gets_no_date() {
    let limits = Limits::new("calls", ["4/min"]).expect("a rate");
    let layer = ThrottleLayer::new(move |_: &Parts, claims: &mut Claims<'_>| {
        claims.add_with_cost(&limits, "key", 5);
    });
    let Ok(refused) = layer.layer(Strict::new()).oneshot(request("a")).await;
    assert_eq!(refused.status(), 429);
    assert!(!refused.headers().contains_key("retry-after"));
    let exception = refused.extensions().get::<Exception>().expect("left");
    let words = exception.detail().text().expect("one message");
    assert!(words.contains("more than is ever admitted"), "{words}");
    assert_eq!(limit(refused.headers()), "\"calls\";r=4");
}

#[tokio::test]
async fn authenticated_callers_are_not_anonymous() {
    let layer = ThrottleLayer::new(AnonRateThrottle::new(["1/min"]).expect("a rate"));
    let mut service = layer.layer(Strict::new());
    for _ in 0..3 {
        assert_eq!(status(&mut service, request("a")).await, 200);
    }
    assert_eq!(status(&mut service, Request::new(())).await, 200);
    assert_eq!(status(&mut service, Request::new(())).await, 429);
}

#[test]
fn layer_service_and_future_are_what_servers_need() {
    fn shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    fn sent<T: Send + 'static>(_: &T) {}
    let layer = ThrottleLayer::new(throttle());
    shared(&layer);
    let mut service: ThrottleService<Strict> = layer.layer(Strict::new());
    shared(&service);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(Service::<Request<()>>::poll_ready(&mut service, &mut cx).is_ready());
    sent(&service.call(request("a")));
}
