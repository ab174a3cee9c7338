//! What does an opaque token cost that a store in memory knows, and what does the same cost written
//! by hand: axum's `from_fn`, a digest, a map?
//!
//! `tokens/..` are counted too; `opaque/..` are over axum's body, both over the same service. Real
//! password hashes take some 14 ms each: what is measured here has its cost turned down.

#[path = "support/criterion.rs"]
mod run;
mod support;
#[path = "support/tokens.rs"]
mod tokens;

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use gatefold::Identity;
use http::header::AUTHORIZATION;
use support::drive;
use tokens::Table;
use tower::{Layer, service_fn};

fn counted(criterion: &mut Criterion) {
    run::bench(criterion, "tokens", tokens::TOKENS);
}

fn bearing() -> Request {
    let request = Request::builder().header(AUTHORIZATION, format!("Token {}", tokens::secret()));
    request.body(Body::empty()).expect("a request")
}

/// What somebody writes who has no such gate.
async fn by_hand(State(table): State<Table>, mut request: Request, next: Next) -> Response {
    if let Some(user) = table.find(&request) {
        request.extensions_mut().insert(user);
    }
    next.run(request).await
}

fn opaque(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("opaque");
    let inner = service_fn(|request: Request| async move {
        assert!(Identity::of(request.extensions()).is_some());
        Ok::<_, std::convert::Infallible>(Response::new(Body::empty()))
    });
    let mut service = tokens::stored().layer(inner);
    group.bench_function("stored", |bencher| {
        bencher.iter_batched(bearing, |r| drive(&mut service, r), BatchSize::SmallInput);
    });
    let inner = service_fn(|request: Request| async move {
        assert!(request.extensions().get::<tokens::User>().is_some());
        Ok::<_, std::convert::Infallible>(Response::new(Body::empty()))
    });
    let mut service = from_fn_with_state(Table::new(), by_hand).layer(inner);
    group.bench_function("from-fn", |bencher| {
        bencher.iter_batched(bearing, |r| drive(&mut service, r), BatchSize::SmallInput);
    });
    group.finish();
}

criterion_group!(benches, counted, opaque);
criterion_main!(benches);
