//! governor, `tower_governor` and axum-governor beside the throttle layer.

use std::{
    hint::black_box,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    sync::Arc,
};

use axum_governor::{PeerIp, Quota as AxumQuota};
use criterion::Criterion;
use gatefold::{
    Connection,
    throttling::{
        AnonRateThrottle, Claims, Limiter, Limits, MemoryStore, Rate, RateHeaders, Store,
        ThrottleLayer,
    },
};
use gatefold_core::Clock;
use governor::{DefaultKeyedRateLimiter, Quota};
use http::{Request, StatusCode};
use tower::{Layer, ServiceBuilder};
use tower_governor::{GovernorLayer, governor::GovernorConfigBuilder};

use crate::{
    layers::AxumBare,
    run::bench,
    support::{Body, Measure, Work, call, drive, gates::two_rates, measure, plain, served},
};

const MANY: NonZeroU32 = NonZeroU32::new(100_000_000).expect("not 0");
const ONE: NonZeroU32 = NonZeroU32::new(1).expect("not 0");
const DAY: NonZeroU32 = NonZeroU32::new(86_400).expect("not 0");

/// As many keys as there are in the uniform measures.
const KEYS: u32 = 1_000_000;

const CHECKS: &[Measure] = &[
    measure("hot/ours/one-rate", || {
        ours([Rate::per_second(MANY.get())], 1)
    }),
    measure("hot/ours/two-rates", || ours(two_rates(), 1)),
    measure("hot/ours/limiter/two-rates", || {
        limiter(two_rates(), 1, Clock::system())
    }),
    measure("hot/ours/limiter/two-rates/coarse-clock", || {
        limiter(two_rates(), 1, Clock::coarse())
    }),
    measure("hot/governor/one-rate", || theirs::<1>(1)),
    measure("hot/governor/two-limiters", || theirs::<2>(1)),
    measure("uniform/ours/one-rate", || {
        ours([Rate::per_second(MANY.get())], KEYS)
    }),
    measure("uniform/ours/two-rates", || ours(two_rates(), KEYS)),
    measure("uniform/ours/limiter/two-rates", || {
        limiter(two_rates(), KEYS, Clock::system())
    }),
    measure("uniform/governor/one-rate", || theirs::<1>(KEYS)),
    measure("uniform/governor/two-limiters", || theirs::<2>(KEYS)),
];

/// One check by address, the clock and the hash included: one key, and a million, each equally
/// often.
pub(crate) fn checks(criterion: &mut Criterion) {
    bench(criterion, "throttle/checks", CHECKS);
}

/// Addresses in a fixed order that no prefetcher guesses.
fn addresses(keys: u32) -> impl FnMut() -> IpAddr {
    let mut state = 1_u32;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Ipv4Addr::from((state >> 8) % keys).into()
    }
}

fn ours<const N: usize>(rates: [Rate; N], keys: u32) -> Work {
    let store = MemoryStore::new(1_300_000);
    let limits = Limits::new("address", rates).expect("rates");
    let clock = Clock::system();
    let mut next = addresses(keys);
    call(move || {
        let mut claims = Claims::new(*store.hasher());
        claims.lend(&limits, next(), 1);
        store.decide(&claims, clock.nanos())
    })
}

/// The check without claims and readings, as governor's is.
fn limiter<const N: usize>(rates: [Rate; N], keys: u32, clock: Clock) -> Work {
    let limits = Limits::new("address", rates).expect("rates");
    let store = Arc::new(MemoryStore::new(1_300_000));
    let limiter = Limiter::new(limits).store(store).clock(clock);
    let mut next = addresses(keys);
    call(move || limiter.check(black_box(&next())).is_ok())
}

fn theirs<const N: usize>(keys: u32) -> Work {
    let limiters: [_; N] = std::array::from_fn(|_| {
        DefaultKeyedRateLimiter::<IpAddr>::dashmap(Quota::per_second(MANY))
    });
    let mut next = addresses(keys);
    call(move || {
        let key = next();
        limiters
            .iter()
            .all(|limiter| limiter.check_key(black_box(&key)).is_ok())
    })
}

const OK: StatusCode = StatusCode::OK;
const TOO_MANY: StatusCode = StatusCode::TOO_MANY_REQUESTS;

const LAYERS: &[Measure] = &[
    measure("bare", || served(AxumBare, OK, from_peer)),
    measure("ours/two-rates", || {
        served(
            layer(two_rates(), RateHeaders::None).layer(AxumBare),
            OK,
            from_peer,
        )
    }),
    measure("ours/two-rates/headers", || {
        served(
            layer(two_rates(), RateHeaders::Draft).layer(AxumBare),
            OK,
            from_peer,
        )
    }),
    measure("ours/refused", || {
        let rates = [Rate::per_day(1), Rate::per_day(2)];
        let mut service = layer(rates, RateHeaders::None).layer(AxumBare);
        drive(&mut service, from_peer());
        served(service, TOO_MANY, from_peer)
    }),
    measure("ours/refused/headers", || {
        let rates = [Rate::per_day(1), Rate::per_day(2)];
        let mut service = layer(rates, RateHeaders::Draft).layer(AxumBare);
        drive(&mut service, from_peer());
        served(service, TOO_MANY, from_peer)
    }),
    measure("tower_governor/one-rate", || {
        let mut config = GovernorConfigBuilder::default();
        let config = config.per_nanosecond(1).burst_size(MANY.get());
        let config = Arc::new(config.finish().expect("a configuration"));
        served(GovernorLayer::new(config).layer(AxumBare), OK, from_peer)
    }),
    measure("tower_governor/two-layers", || {
        let config = || {
            let mut config = GovernorConfigBuilder::default();
            let config = config.per_nanosecond(1).burst_size(MANY.get());
            GovernorLayer::new(Arc::new(config.finish().expect("a configuration")))
        };
        let two = ServiceBuilder::new().layer(config()).layer(config());
        served(two.service(AxumBare), OK, from_peer)
    }),
    measure("tower_governor/one-rate/headers", || {
        let mut config = GovernorConfigBuilder::default();
        let config = config.per_nanosecond(1).burst_size(MANY.get());
        let config = Arc::new(config.use_headers().finish().expect("a configuration"));
        served(GovernorLayer::new(config).layer(AxumBare), OK, from_peer)
    }),
    measure("tower_governor/refused", || {
        let mut config = GovernorConfigBuilder::default();
        let config = config.per_second(86_400).burst_size(ONE.get());
        let config = Arc::new(config.finish().expect("a configuration"));
        let mut service = GovernorLayer::new(config).layer(AxumBare);
        drive(&mut service, from_peer());
        served(service, TOO_MANY, from_peer)
    }),
    // axum-governor has no form without header fields.
    measure("axum-governor/one-rate/headers", || {
        let config = axum_config().quota_default(AxumQuota::requests_per_second(MANY));
        served(axum_layer(config).layer(AxumBare), OK, from_peer)
    }),
    measure("axum-governor/two-rates/headers", || {
        let second = AxumQuota::requests_per_minute(MANY);
        let config = axum_config()
            .quota_default(AxumQuota::requests_per_second(MANY))
            .stack("minute", PeerIp::default(), second);
        served(axum_layer(config).layer(AxumBare), OK, from_peer)
    }),
    measure("axum-governor/refused/headers", || {
        let config = axum_config().quota_default(AxumQuota::seconds_per_request(DAY));
        let mut service = axum_layer(config).layer(AxumBare);
        drive(&mut service, from_peer());
        served(service, TOO_MANY, from_peer)
    }),
];

/// The layers over a bare service, by peer address: admitted, with header fields, and refused.
pub(crate) fn layers(criterion: &mut Criterion) {
    bench(criterion, "throttle/layers", LAYERS);
}

fn layer<const N: usize>(rates: [Rate; N], headers: RateHeaders) -> ThrottleLayer {
    ThrottleLayer::new(AnonRateThrottle::new(rates).expect("rates")).headers(headers)
}

type AxumConfig = axum_governor::GovernorConfigBuilder<IpAddr>;

fn axum_config() -> AxumConfig {
    axum_governor::GovernorConfigBuilder::default()
        .with_extractor(PeerIp::default())
        .expect_connect_info()
}

/// Its sweeper needs tokio, which is not there: nothing runs beside the measure.
fn axum_layer(config: AxumConfig) -> axum_governor::GovernorLayer<IpAddr> {
    axum_governor::GovernorLayer::new(config.finish().expect("a configuration"))
}

/// A request whose peer is known to all.
fn from_peer() -> Request<Body> {
    let mut request = plain();
    let peer = SocketAddr::from(([192, 0, 2, 1], 80));
    request
        .extensions_mut()
        .insert(axum::extract::ConnectInfo(peer));
    Connection::new(peer).leave(request.extensions_mut());
    request
}
