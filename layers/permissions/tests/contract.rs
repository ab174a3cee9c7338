//! The laws of a tower service.

use std::{
    convert::Infallible,
    future::{Future, pending, poll_fn},
    pin::pin,
    task::{Context, Poll, Waker},
};

use gatefold_core::{later, testing::Strict};
use gatefold_permissions::{
    AllowAny, DenyAll, Guard, Permission, PermissionLayer, PermissionService,
};
use http::{Request, Response, StatusCode, request::Parts};
use tower::{Layer, Service, ServiceExt, limit::ConcurrencyLimit, service_fn};

fn slow(_: &Parts) -> gatefold_core::Decision<bool> {
    later(async {
        let mut woken = false;
        poll_fn(|cx| {
            if std::mem::replace(&mut woken, true) {
                return Poll::Ready(true);
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await
    })
}

/// Names the request's type, which `Strict` leaves open.
async fn ready<S>(service: &mut S) -> &mut S
where
    S: Service<Request<()>, Error: std::fmt::Debug>,
{
    service.ready().await.unwrap()
}

fn layers() -> [PermissionLayer; 3] {
    [
        PermissionLayer::new(AllowAny),
        PermissionLayer::new(slow),
        PermissionLayer::new(slow.and(slow)),
    ]
}

#[tokio::test]
async fn the_very_service_that_was_ready_is_called() {
    for layer in layers() {
        let mut service = layer.layer(Strict::new());
        for _ in 0..2 {
            let ready = ready(&mut service).await;
            let response = ready.call(Request::new(())).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK);
        }
    }
}

#[tokio::test]
async fn the_reserved_place_is_used_and_given_back() {
    for layer in layers() {
        let limited = ConcurrencyLimit::new(Strict::new(), 1);
        let mut service = layer.layer(limited);
        let mut other = service.clone();
        for _ in 0..2 {
            let first = ready(&mut service).await.call(Request::new(()));
            let second = async {
                let ready = ready(&mut other).await;
                ready.call(Request::new(())).await.unwrap()
            };
            // Both on one task: if the first held no place, or two, this would not end.
            let (first, second) = tokio::join!(first, second);
            assert_eq!(first.unwrap().status(), StatusCode::OK);
            assert_eq!(second.status(), StatusCode::OK);
        }
    }
}

#[tokio::test]
async fn dropping_the_future_gives_the_place_back() {
    let never = |_: &Parts| later(pending::<bool>());
    for layer in [PermissionLayer::new(never), PermissionLayer::new(AllowAny)] {
        let endless = service_fn(|_: Request<()>| pending::<Result<Response<()>, Infallible>>());
        let mut service = layer.layer(ConcurrencyLimit::new(endless, 1));
        let mut other = service.clone();
        let mut cx = Context::from_waker(Waker::noop());
        {
            let mut inside = pin!(ready(&mut service).await.call(Request::new(())));
            assert!(inside.as_mut().poll(&mut cx).is_pending());
            assert!(other.poll_ready(&mut cx).is_pending());
        }
        // Where the gate waits, the fresh clone that was left behind reserves nothing by itself.
        assert!(other.poll_ready(&mut cx).is_ready());
    }
}

#[tokio::test]
async fn a_refused_request_does_not_reach_the_service() {
    let refuse = |_: &Parts| later(async { false });
    for layer in [PermissionLayer::new(DenyAll), PermissionLayer::new(refuse)] {
        let service = layer.layer(service_fn(async |_: Request<()>| {
            panic!("called") as Result<Response<()>, Infallible>
        }));
        let response = service.oneshot(Request::new(())).await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn the_error_of_the_service_passes_untouched() {
    #[derive(Debug, PartialEq)]
    struct Broken(u8);
    for layer in layers() {
        let service = layer.layer(service_fn(async |_: Request<()>| {
            Err::<Response<()>, _>(Broken(7))
        }));
        assert_eq!(
            service.oneshot(Request::new(())).await.unwrap_err(),
            Broken(7)
        );
    }
}

#[test]
fn everything_can_be_sent_and_shared() {
    fn is_send<T: Send>(_: &T) {}
    fn is_clone_send_sync<T: Clone + Send + Sync + 'static>() {}
    is_clone_send_sync::<PermissionLayer>();
    is_clone_send_sync::<PermissionService<Strict>>();
    is_clone_send_sync::<Guard>();
    let mut service = PermissionLayer::new(slow).layer(Strict::new());
    let mut cx = Context::from_waker(Waker::noop());
    assert!(Service::<Request<()>>::poll_ready(&mut service, &mut cx).is_ready());
    is_send(&service.call(Request::new(())));
    // The future about an object borrows neither the guard nor the object, which need not be Sync.
    fn about(guard: &Guard) -> impl Future + Send + 'static {
        guard.object(&std::cell::Cell::new(1))
    }
    let _ = about;
    // Nor does the one about a list.
    fn about_all(guard: &Guard) -> impl Future + Send + 'static {
        guard.filter([std::cell::Cell::new(1)])
    }
    let _ = about_all;
}
