//! The laws of a tower service, kept by `GateFuture` for every gate.

use std::{convert::Infallible, future::poll_fn, task::Poll};

use bytes::Bytes;
use gatefold_core::{Exception, Gate, GateFuture, Step, testing::Strict};
use http::{Request, Response, StatusCode, request::Parts};
use http_body_util::Full;
use tower::{Service, ServiceExt, limit::ConcurrencyLimit, service_fn};

type Body = Full<Bytes>;

/// Waits `times` times, then decides.
#[derive(Clone, Copy, Debug)]
struct Slow {
    times: usize,
    admits: bool,
}

impl Slow {
    fn step(self, left: usize) -> Step<&'static str, usize> {
        match (left, self.admits) {
            (0, true) => Step::Pass("memo"),
            (0, false) => Step::Refuse(Exception::permission_denied()),
            (left, _) => Step::Wait(Box::pin(async move {
                tokio::task::yield_now().await;
                left - 1
            })),
        }
    }
}

impl Gate for Slow {
    type Memo = &'static str;
    type Answer = usize;

    fn ask(&self, _: &mut Parts) -> Step<&'static str, usize> {
        self.step(self.times)
    }

    fn answered(&self, left: usize, _: &mut Parts) -> Step<&'static str, usize> {
        self.step(left)
    }

    fn leave<B: Default>(memo: &'static str, mut response: Response<B>) -> Response<B> {
        response.extensions_mut().insert(memo);
        response
    }
}

const GATES: [Slow; 4] = [
    Slow {
        times: 0,
        admits: true,
    },
    Slow {
        times: 2,
        admits: true,
    },
    Slow {
        times: 0,
        admits: false,
    },
    Slow {
        times: 2,
        admits: false,
    },
];

#[tokio::test]
async fn the_service_that_was_polled_ready_is_called() {
    for gate in GATES {
        let mut service = ConcurrencyLimit::new(Strict::new(), 1);
        for _ in 0..3 {
            poll_fn(|cx| Service::<Request<()>>::poll_ready(&mut service, cx))
                .await
                .unwrap();
            let response = GateFuture::enter(&gate, &mut service, Request::new(()))
                .await
                .unwrap();
            let expected = if gate.admits {
                StatusCode::OK
            } else {
                StatusCode::FORBIDDEN
            };
            assert_eq!(response.status(), expected, "{gate:?}");
            assert_eq!(
                response.extensions().get::<&str>().is_some(),
                gate.admits,
                "{gate:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_dropped_future_gives_its_permit_back() {
    let gate = Slow {
        times: 1,
        admits: true,
    };
    let mut service = ConcurrencyLimit::new(Strict::new(), 1);
    poll_fn(|cx| Service::<Request<()>>::poll_ready(&mut service, cx))
        .await
        .unwrap();
    let waiting = GateFuture::enter(&gate, &mut service, Request::new(()));
    // The permit is taken along: nobody else gets in.
    let full = poll_fn(|cx| {
        Poll::Ready(Service::<Request<()>>::poll_ready(&mut service, cx).is_pending())
    })
    .await;
    assert!(full);
    drop(waiting);
    poll_fn(|cx| Service::<Request<()>>::poll_ready(&mut service, cx))
        .await
        .unwrap();
}

#[tokio::test]
async fn an_error_of_the_service_passes_untouched() {
    let inner = service_fn(|_: Request<()>| async { Err::<Response<Body>, _>("broken") });
    for gate in [GATES[0], GATES[1]] {
        let mut service = inner;
        let error = GateFuture::enter(&gate, &mut service, Request::new(()))
            .await
            .unwrap_err();
        assert_eq!(error, "broken");
    }
}

#[tokio::test]
async fn a_refused_request_never_reaches_the_service() {
    let inner =
        service_fn(|_: Request<()>| async { Err::<Response<Body>, _>("the service was called") });
    for gate in [GATES[2], GATES[3]] {
        let mut service = inner;
        let response = GateFuture::enter(&gate, service.ready().await.unwrap(), Request::new(()));
        assert_eq!(response.await.unwrap().status(), StatusCode::FORBIDDEN);
    }
}

#[test]
fn the_future_may_move_between_threads() {
    fn assert_send<T: Send>(_: &T) {}
    let mut service =
        service_fn(|_: Request<()>| async { Ok::<_, Infallible>(Response::<Body>::default()) });
    assert_send(&GateFuture::enter(
        &GATES[1],
        &mut service,
        Request::new(()),
    ));
}
