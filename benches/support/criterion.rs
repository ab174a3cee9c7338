//! The measures as criterion runs them.

use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};

use crate::support::{Body, Measure, Served, Work};

/// As many requests as are made beforehand and then timed in one go: enough that reading the clock
/// does not count, and few enough that they stay in the cache.
const BATCH: u64 = 64;

/// Runs `measures` as the group `name`, so that their times come from one run.
pub(crate) fn bench(criterion: &mut Criterion, name: &str, measures: &[Measure]) {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(1));
    for measure in measures {
        match (measure.make)() {
            Work::Call(mut once) => group.bench_function(measure.name, |bencher| {
                bencher.iter(&mut once);
            }),
            Work::Request {
                request,
                mut service,
            } => group.bench_function(measure.name, |bencher| {
                bencher.iter_custom(|times| timed(times, request, &mut service));
            }),
        };
    }
    group.finish();
}

fn timed(times: u64, request: fn() -> http::Request<Body>, service: &mut Served) -> Duration {
    let mut spent = Duration::ZERO;
    let mut left = times;
    while left > 0 {
        let batch = left.min(BATCH);
        let requests: Vec<_> = (0..batch).map(|_| request()).collect();
        let begin = Instant::now();
        for request in requests {
            std::hint::black_box(service(request));
        }
        spent += begin.elapsed();
        left -= batch;
    }
    spent
}
