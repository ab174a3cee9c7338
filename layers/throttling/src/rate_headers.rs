use std::time::UNIX_EPOCH;

use gatefold_core::Clock;
use http::HeaderValue;

use crate::{Claims, Rate, Reading, Verdict, few::Few, fields::Fields};

/// Which header fields tell a client its limits, on admitted and on refused answers.
///
/// `Retry-After` (RFC 9110, section 10.2.3) stands on a refusal whatever is chosen here. Each kind
/// but [`None`](Self::None) costs an admitted request the allocations of its values and of the
/// header map's room for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RateHeaders {
    /// None.
    None,
    /// `RateLimit-Policy` and `RateLimit` as in draft-ietf-httpapi-ratelimit-headers-10: a list
    /// member for each rate. `t` is the time until more remains, which on a refusal is told for
    /// the rates that refused. Those of an inner throttle stay, and these are added.
    #[default]
    Draft,
    /// `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset` of the rate that has
    /// the least left; the reset is the second, since 1970, at which more remains. Those of an
    /// inner throttle are replaced only by fewer.
    XRateLimit,
}

impl RateHeaders {
    pub(crate) fn fields(self, claims: &Claims<'_>, verdict: &Verdict, clock: &Clock) -> Fields {
        match self {
            Self::None => Fields::None,
            Self::Draft => draft(claims, verdict).unwrap_or(Fields::None),
            Self::XRateLimit => x_rate_limit(claims, verdict, clock).unwrap_or(Fields::None),
        }
    }
}

/// One claim shares its policy's value; the other value is one allocation.
fn draft(claims: &Claims<'_>, verdict: &Verdict) -> Option<Fields> {
    let mut limits = claims.iter().map(|claim| claim.limits());
    let first = limits.next()?.policy();
    let policy = match limits.next() {
        None => first.clone(),
        Some(second) => {
            let mut joined = first.as_bytes().to_vec();
            for limits in std::iter::once(second).chain(limits) {
                joined.extend_from_slice(b", ");
                joined.extend_from_slice(limits.policy().as_bytes());
            }
            HeaderValue::try_from(joined).ok()?
        }
    };
    let mut limit: Few<u8, 256> = Few::new();
    let refused = !verdict.is_admitted();
    let names = claims.iter().flat_map(|claim| claim.limits().names());
    for (name, reading) in names.zip(verdict.readings()) {
        if !limit.is_empty() {
            limit.extend(b", ");
        }
        let (remaining, mut reset) = reading.left();
        // `Retry-After` is not to be earlier than a `t` (section 5.2 of the draft).
        if refused {
            reset = reading.wait().map_or(0, |wait| wait.as_nanos() as u64);
        }
        limit.extend(name.as_bytes());
        limit.extend(b";r=");
        push_number(&mut limit, remaining.into());
        if reset > 0 {
            limit.extend(b";t=");
            push_number(&mut limit, reset.div_ceil(1_000_000_000));
        }
    }
    let limit = HeaderValue::from_bytes(&limit).ok()?;
    Some(Fields::Draft { policy, limit })
}

fn x_rate_limit(claims: &Claims<'_>, verdict: &Verdict, clock: &Clock) -> Option<Fields> {
    let rates = claims.iter().flat_map(|claim| claim.limits().rates());
    let told = rates.zip(verdict.readings());
    // The one that holds the request back for longest, or else the one with the least left.
    let order = |(_, reading): &(&Rate, &Reading)| {
        (
            !reading.is_held(),
            reading.remaining(),
            !reading_nanos(reading),
        )
    };
    let (rate, reading) = told.min_by_key(order)?;
    let now = clock.wall().duration_since(UNIX_EPOCH).unwrap_or_default();
    Some(Fields::X {
        limit: rate.limit(),
        remaining: reading.remaining(),
        reset: seconds_up(now + reading.wait().unwrap_or(reading.reset())),
    })
}

fn reading_nanos(reading: &Reading) -> u128 {
    reading.wait().unwrap_or(reading.reset()).as_nanos()
}

fn seconds_up(duration: std::time::Duration) -> u64 {
    let up = u64::from(duration.subsec_nanos() > 0);
    duration.as_secs().saturating_add(up)
}

/// Without the machinery of `write!`, which costs more than the decision.
fn push_number(text: &mut Few<u8, 256>, mut number: u64) {
    let mut digits = [0_u8; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        // Below ten.
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text.extend(&digits[start..]);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::HeaderMap;
    use proptest::prelude::*;

    use super::*;
    use crate::{KeyHasher, Limits};

    fn claims() -> Claims<'static> {
        let mut claims = Claims::new(KeyHasher::random());
        let user = Limits::new("user", ["60/min", "1000/day"]).expect("two rates");
        let upload = Limits::new("upload", ["5/min"]).expect("a rate");
        claims.add(&user, 1);
        claims.add(&upload, 1);
        claims
    }

    fn written(headers: RateHeaders, verdict: &Verdict) -> HeaderMap {
        let mut map = HeaderMap::new();
        let clock = gatefold_core::ManualClock::new(UNIX_EPOCH).clock();
        headers.fields(&claims(), verdict, &clock).write(&mut map);
        map
    }

    #[test]
    fn every_rate_is_a_member_of_both_lists() {
        let seconds = Duration::from_secs;
        let full = Reading::new(60, Duration::ZERO);
        let verdict = Verdict::new([
            full,
            Reading::new(7, seconds(86)),
            Reading::new(4, seconds(1)),
        ]);
        let headers = written(RateHeaders::Draft, &verdict);
        assert_eq!(
            headers["ratelimit-policy"],
            "\"user-60s\";q=60;w=60, \"user-86400s\";q=1000;w=86400, \"upload\";q=5;w=60"
        );
        assert_eq!(
            headers["ratelimit"],
            "\"user-60s\";r=60, \"user-86400s\";r=7;t=86, \"upload\";r=4;t=1"
        );
        assert!(written(RateHeaders::None, &verdict).is_empty());
    }

    #[test]
    fn a_refusal_tells_the_time_of_the_rates_that_refused() {
        let held = Reading::new(0, Duration::from_secs(1)).held(Some(Duration::from_millis(2500)));
        let free = Reading::new(7, Duration::from_secs(86));
        let headers = written(RateHeaders::Draft, &Verdict::new([held, free, free]));
        assert_eq!(
            headers["ratelimit"],
            "\"user-60s\";r=0;t=3, \"user-86400s\";r=7, \"upload\";r=7"
        );
    }

    #[test]
    fn the_tightest_rate_speaks_where_only_one_can() {
        let readings = [60, 7, 4].map(|left| Reading::new(left, Duration::from_millis(1500)));
        let headers = written(RateHeaders::XRateLimit, &Verdict::new(readings));
        assert_eq!(headers["x-ratelimit-limit"], "5");
        assert_eq!(headers["x-ratelimit-remaining"], "4");
        assert_eq!(headers["x-ratelimit-reset"], "2");

        let outer = |remaining| Fields::X {
            limit: 9,
            remaining,
            reset: 9,
        };
        let mut map = headers.clone();
        outer(5).write(&mut map);
        assert_eq!(map, headers);
        outer(3).write(&mut map);
        assert_eq!(map["x-ratelimit-remaining"], "3");
    }

    proptest! {
        #[test]
        fn numbers_are_written_as_numbers(number: u64) {
            let mut text = Few::new();
            push_number(&mut text, number);
            let wanted = number.to_string();
            prop_assert_eq!(&*text, wanted.as_bytes());
        }
    }
}
