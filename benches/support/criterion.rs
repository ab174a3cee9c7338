//! The measures as criterion runs them.

use criterion::{BatchSize, Criterion, Throughput};

use crate::support::{Measure, Work};

/// Runs `measures` as the group `name`, so that their times come from one run.
pub fn bench(criterion: &mut Criterion, name: &str, measures: &[Measure]) {
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
                bencher.iter_batched(request, &mut service, BatchSize::SmallInput);
            }),
        };
    }
    group.finish();
}
