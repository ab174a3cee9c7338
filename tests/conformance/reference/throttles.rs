//! The throttles of the table, as gatefold's: DRF's log is a sliding rate.

use std::{sync::Arc, time::Duration};

use gatefold::throttling::{
    AnonRateThrottle, Claims, Limits, Rate, RateHeaders, ScopedRateThrottle, Throttle,
    ThrottleLayer, UserRateThrottle,
};
use gatefold::{Exception, TrustedProxies};
use http::request::Parts;
use serde_json::Value;

use super::{
    config::{Endpoint, Typed},
    world::World,
};

/// Why there is no layer of an endpoint's throttles.
#[derive(Debug)]
pub(crate) enum Mistake {
    /// The server does not know it.
    Unknown(String),
    /// gatefold refuses the setting, which DRF finds out at the first request.
    Setting(String),
}

/// One layer of all of an endpoint's throttles; `None` where it has none that counts.
pub(crate) fn layer(world: &World, endpoint: &Endpoint) -> Result<Option<ThrottleLayer>, Mistake> {
    let mut all: Vec<Arc<dyn Throttle>> = Vec::new();
    for written in &endpoint.throttles {
        all.extend(read(endpoint, written)?);
    }
    all.extend(fixed(&endpoint.throttles));
    let mut all = all.into_iter();
    let Some(first) = all.next() else {
        return Ok(None);
    };
    let mut layer = ThrottleLayer::new(first);
    for next in all {
        layer = layer
            .and(next)
            .map_err(|error| Mistake::Setting(error.to_string()))?;
    }
    Ok(Some(
        layer
            .store(world.store())
            .clock(world.clock())
            .headers(RateHeaders::None),
    ))
}

fn read(endpoint: &Endpoint, written: &Typed) -> Result<Option<Arc<dyn Throttle>>, Mistake> {
    let unknown = |what: String| Mistake::Unknown(what);
    let setting = |error: gatefold::throttling::RateError| Mistake::Setting(error.to_string());
    let scope = written.text("scope").unwrap_or_default();
    let rate = match written.settings.get("rate") {
        // No rate, no throttle.
        Some(Value::Null) => return Ok(None),
        Some(rate) => rate.as_str().map(sliding),
        None => None,
    };
    let rate = rate.ok_or_else(|| unknown(format!("throttle `{}`", written.kind)));
    let proxies = proxies(endpoint);
    Ok(Some(match written.kind.as_str() {
        "anon" => {
            let throttle = AnonRateThrottle::new([rate??]).map_err(setting)?;
            Arc::new(throttle.scope(scope).map_err(setting)?.proxies(proxies))
        }
        "user" => {
            let throttle = UserRateThrottle::new([rate??]).map_err(setting)?;
            Arc::new(throttle.scope(scope).map_err(setting)?.proxies(proxies))
        }
        "scoped" => {
            let Some(scope) = endpoint.throttle_scope.as_deref() else {
                return Ok(None);
            };
            let rate = match written
                .settings
                .get("rates")
                .and_then(|rates| rates.get(scope))
            {
                Some(Value::Null) => return Ok(None),
                Some(Value::String(rate)) => sliding(rate)?,
                _ => return Err(Mistake::Setting(format!("no rate for `{scope}`"))),
            };
            let throttle = ScopedRateThrottle::new(scope, [rate]).map_err(setting)?;
            Arc::new(throttle.proxies(proxies))
        }
        "client_header" => {
            let limits = Limits::new(scope, [rate??]).map_err(setting)?;
            Arc::new(move |head: &Parts, claims: &mut Claims<'_>| {
                if let Some(client) = head.headers.get("x-client") {
                    claims.add(&limits, client.as_bytes());
                }
            })
        }
        "fixed" => return Ok(None),
        other => return Err(unknown(format!("throttle `{other}`"))),
    }))
}

fn sliding(rate: &str) -> Result<Rate, Mistake> {
    match rate.parse::<Rate>() {
        Ok(rate) => Ok(rate.sliding()),
        Err(error) => Err(Mistake::Setting(error.to_string())),
    }
}

/// DRF's `NUM_PROXIES`; its default, which believes everybody, is not to be had.
fn proxies(endpoint: &Endpoint) -> TrustedProxies {
    match endpoint.num_proxies {
        Some(Some(count)) => TrustedProxies::count(count).drf(),
        Some(None) | None => TrustedProxies::none(),
    }
}

/// All throttles that always say the same are one: it refuses with the largest known wait.
fn fixed(throttles: &[Typed]) -> Option<Arc<dyn Throttle>> {
    let denies = |throttle: &&Typed| {
        throttle.kind == "fixed" && throttle.settings.get("allow") == Some(&Value::Bool(false))
    };
    let mut denying = throttles.iter().filter(denies).peekable();
    denying.peek()?;
    let waits = denying.filter_map(|throttle| throttle.settings.get("wait")?.as_f64());
    let wait = waits.reduce(f64::max).map(Duration::from_secs_f64);
    Some(Arc::new(move |_: &Parts, claims: &mut Claims<'_>| {
        claims.later(move |_| async move { Err(Exception::throttled(wait)) });
    }))
}
