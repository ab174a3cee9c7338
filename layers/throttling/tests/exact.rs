//! Exactly as many as the rate says, whatever happens at the same time.

use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, SystemTime},
};

use gatefold_core::{Clock, Identity, ManualClock, testing::Strict};
use gatefold_throttling::{
    Claims, Limiter, Limits, MemoryStore, Rate, ThrottleLayer, UserRateThrottle,
};
use http::{Request, StatusCode, request::Parts};
use tower::{Layer, ServiceExt};

/// A layer that counts each user and all of them, at a clock that stands still.
fn layer(rates: [Rate; 2], clock: Clock) -> ThrottleLayer {
    let user = Limits::new("user", [rates[0], Rate::per_day(100_000)]).expect("rates");
    let all = Limits::new("all", [rates[1]]).expect("a rate");
    let both = move |head: &Parts, claims: &mut Claims<'_>| {
        let id = Identity::of(&head.extensions).map(Identity::id);
        claims.add(&user, id);
        claims.add(&all, ());
    };
    ThrottleLayer::new(both)
        .clock(clock)
        .store(MemoryStore::new(1000))
}

fn admitted(layer: &ThrottleLayer, user: &'static str) -> bool {
    let mut request = Request::new(());
    Identity::new(user).leave(request.extensions_mut());
    let answer = layer.layer(Strict::new()).oneshot(request);
    let answer = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(answer);
    answer.expect("never fails").status() == StatusCode::OK
}

/// How many of 400 requests eight threads get through, as two users in turn.
fn admitted_by_eight(layer: &ThrottleLayer, users: [&'static str; 2]) -> usize {
    let (count, start) = (AtomicUsize::new(0), Barrier::new(8));
    thread::scope(|scope| {
        for user in users.repeat(4) {
            let (count, start) = (&count, &start);
            scope.spawn(move || {
                start.wait();
                for _ in 0..50 {
                    count.fetch_add(admitted(layer, user).into(), Ordering::Relaxed);
                }
            });
        }
    });
    count.into_inner()
}

#[test]
fn eight_threads_are_admitted_exactly_as_often_as_one() {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    for rates in [
        [Rate::per_hour(60), Rate::per_hour(1000)],
        [Rate::per_hour(1000), Rate::per_hour(60)],
        [Rate::per_hour(60).sliding(), Rate::per_hour(1000)],
        [Rate::per_hour(1000), Rate::per_hour(60).sliding()],
    ] {
        let shared = rates[0].limit() > rates[1].limit();
        let users = if shared { ["a", "b"] } else { ["b", "b"] };
        for _ in 0..10 {
            let layer = layer(rates, clock.clock());
            assert_eq!(admitted_by_eight(&layer, users), 60, "{rates:?}");
        }
    }
}

#[test]
fn so_they_are_where_one_key_is_all_that_is_claimed() {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    for _ in 0..20 {
        let rates = [Rate::per_hour(60), Rate::per_day(100)];
        let layer = ThrottleLayer::new(UserRateThrottle::new(rates).expect("rates"));
        let layer = layer.clock(clock.clock());
        assert_eq!(admitted_by_eight(&layer, ["a", "a"]), 60);
        assert_eq!(admitted_by_eight(&layer, ["a", "b"]), 60);
    }
}

#[test]
fn a_flood_of_keys_sets_no_exhausted_client_free() {
    let limits = Limits::new("user", [Rate::per_hour(5)]).expect("a rate");
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    let layer = ThrottleLayer::new(move |head: &Parts, claims: &mut Claims<'_>| {
        claims.add(&limits, head.uri.path());
    })
    .clock(clock.clock())
    .store(MemoryStore::new(1000));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let ask = |path: String| {
        let request = Request::builder().uri(path).body(()).expect("a path");
        let answer = layer.layer(Strict::new()).oneshot(request);
        runtime.block_on(answer).expect("never fails").status()
    };
    for victim in 0..100 {
        for _ in 0..5 {
            assert_eq!(ask(format!("/victim/{victim}")), 200);
        }
    }
    for stranger in 0..20_000 {
        assert_eq!(ask(format!("/stranger/{stranger}")), 200);
    }
    for victim in 0..100 {
        assert_eq!(ask(format!("/victim/{victim}")), 429, "{victim}");
    }
    clock.advance(Duration::from_secs(3600));
    assert_eq!(ask("/victim/0".into()), 200);
}

#[test]
fn eight_threads_are_admitted_exactly_in_a_thousand_of_a_thousand_trials() {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    let limits = Limits::new("t", [Rate::per_hour(60), Rate::per_day(1000)]).expect("rates");
    let limiter = Limiter::new(limits).clock(clock.clock());
    let (admitted, start) = (AtomicUsize::new(0), Barrier::new(8));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                // A key for each trial, and each trial begun by all at once.
                for trial in 0..1000 {
                    start.wait();
                    let count = (0..20).filter(|_| limiter.check(&trial).is_ok()).count();
                    admitted.fetch_add(count, Ordering::Relaxed);
                    if start.wait().is_leader() {
                        assert_eq!(admitted.swap(0, Ordering::Relaxed), 60, "trial {trial}");
                    }
                }
            });
        }
    });
}

#[test]
fn exhausted_clients_stay_so_under_ten_times_as_many_keys_as_there_is_room_for() {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
    let limits = Limits::new("t", [Rate::per_hour(60), Rate::per_day(1000)]).expect("rates");
    let store = Arc::new(MemoryStore::new(20_000));
    let limiter = Limiter::new(limits).store(store).clock(clock.clock());
    for victim in 0_u64..1000 {
        limiter.check_cost(&victim, 60).expect("the first time");
    }
    for stranger in 0_u64..200_000 {
        limiter.check(&(stranger + (1 << 40))).expect("a new key");
        let victim = stranger % 1000;
        assert!(limiter.check(&victim).is_err(), "{victim} after {stranger}");
    }
}
