//! What every service of this crate owes to the service inside it.

use std::{
    convert::Infallible,
    future::{pending, poll_fn},
    sync::Arc,
    task::Poll,
};

use bytes::Bytes;
use gatefold_authentication::{
    Authentication, AuthenticationLayer, AuthenticationService, BasicAuthentication,
    TokenAuthentication,
};
use gatefold_core::{Attempt, Exception, Identity, later, testing::Strict};
use http::{
    HeaderMap, Request, Response, StatusCode,
    header::{AUTHORIZATION, WWW_AUTHENTICATE},
    request::Parts,
};
use http_body_util::Full;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, limit::ConcurrencyLimitLayer, service_fn};

type Body = Full<Bytes>;

fn now() -> AuthenticationLayer {
    AuthenticationLayer::new(|head: &Parts| named(&head.headers))
}

fn waiting() -> AuthenticationLayer {
    let authentication = |head: &Parts| {
        let found = named(&head.headers);
        later(async move {
            yield_once().await;
            found
        })
    };
    AuthenticationLayer::new(|_: &Parts| later(async { None::<Identity> })).or(authentication)
}

fn named(headers: &HeaderMap) -> Result<Option<Identity>, Exception> {
    match headers.get("x-name").map(|name| name.to_str()) {
        None => Ok(None),
        Some(Ok(name)) if name != "bad" => Ok(Some(Identity::new(name))),
        Some(_) => Err(Exception::authentication_failed()),
    }
}

async fn yield_once() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

async fn ready<S>(service: &mut S) -> &mut S
where
    S: Service<Request<Body>, Error = Infallible>,
{
    service.ready().await.expect("infallible")
}

fn request(name: &str) -> Request<Body> {
    let request = Request::builder().header("x-name", name);
    request.body(Body::default()).expect("a request")
}

#[tokio::test]
async fn the_service_that_was_polled_ready_is_called() {
    for layer in [now(), waiting()] {
        let mut service = layer.layer(Strict::new());
        for _ in 0..3 {
            let service = ready(&mut service).await;
            let response = service.call(request("alice")).await.expect("infallible");
            let identity = Identity::of(response.extensions()).map(Identity::id);
            assert_eq!(identity, Some("alice"));
            assert!(Attempt::of(response.extensions()).is_some());
        }
    }
}

// Both sides are polled on one task: a clone that was not readied panics here, where a spawned one
// would hang.
#[tokio::test]
async fn two_calls_take_turns_at_a_limit_of_one() {
    for layer in [now(), waiting()] {
        let inner = service_fn(|_: Request<Body>| async {
            yield_once().await;
            Ok::<_, Infallible>(Response::new(Body::default()))
        });
        let limited = ServiceBuilder::new()
            .layer(layer)
            .layer(ConcurrencyLimitLayer::new(1))
            .service(inner);
        let (mut first, mut second) = (limited.clone(), limited);
        let one = async { first.ready().await?.call(request("a")).await };
        let two = async { second.ready().await?.call(request("b")).await };
        let (one, two) = tokio::join!(one, two);
        assert_eq!(one.expect("infallible").status(), StatusCode::OK);
        assert_eq!(two.expect("infallible").status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a_refusal_and_a_dropped_future_free_the_permit() {
    let forever = AuthenticationLayer::new(|head: &Parts| {
        let found = named(&head.headers);
        later(async move {
            if !matches!(found, Ok(Some(_))) {
                return found;
            }
            pending().await
        })
    });
    let mut service = ServiceBuilder::new()
        .layer(forever)
        .layer(ConcurrencyLimitLayer::new(1))
        .service(Strict::new());
    for _ in 0..3 {
        let service = ready(&mut service).await;
        let mut call = Box::pin(service.call(request("alice")));
        assert!(poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending())).await);
        drop(call);

        let service = ready(service).await;
        let response = service.call(request("bad")).await.expect("infallible");
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn an_error_of_the_inner_service_passes_untouched() {
    #[derive(Debug, PartialEq)]
    struct Broken(u8);
    for layer in [now(), waiting()] {
        let inner = service_fn(|_: Request<Body>| async { Err::<Response<Body>, _>(Broken(7)) });
        let error = layer.layer(inner).oneshot(request("alice")).await;
        assert_eq!(error.expect_err("broken"), Broken(7));
    }
}

#[tokio::test]
async fn a_refused_request_goes_no_further() {
    for layer in [now(), waiting()] {
        let inner = service_fn(|_: Request<Body>| async {
            panic!("it went further");
            #[allow(unreachable_code, reason = "names the type")]
            Ok::<_, Infallible>(Response::new(Body::default()))
        });
        let response = layer.layer(inner).oneshot(request("bad")).await;
        let response = response.expect("infallible");
        let exception = response.extensions().get::<Exception>().expect("left");
        assert_eq!(exception.code(), "authentication_failed");
    }
}

#[tokio::test]
async fn the_layer_is_asked_once_around_a_router_and_its_route() {
    let token = TokenAuthentication::new(|key: String| async move {
        Ok::<_, Exception>(Some(Identity::new(key)))
    });
    let layer = AuthenticationLayer::new(token);
    let mut service = ServiceBuilder::new()
        .layer(layer.clone())
        .map_request(|mut request: Request<Body>| {
            // If the inner one asked, this would be refused.
            request
                .headers_mut()
                .insert(AUTHORIZATION, "Token".parse().expect("visible"));
            request
        })
        .layer(layer)
        .service(Strict::new());
    let mut request = request("");
    request
        .headers_mut()
        .insert(AUTHORIZATION, "Token alice".parse().expect("visible"));
    let service = ready(&mut service).await;
    let response = service.call(request).await.expect("infallible");
    assert_eq!(
        Identity::of(response.extensions()).map(Identity::id),
        Some("alice")
    );
}

#[tokio::test]
async fn both_built_ins_challenge_together() {
    let basic = BasicAuthentication::new(|_, _| async { None::<Identity> });
    let token = TokenAuthentication::new(|_| async { None::<Identity> });
    let layer = AuthenticationLayer::new(basic).or(token);
    let asked = |layer: AuthenticationLayer| async move {
        let mut request = request("");
        request
            .headers_mut()
            .insert(AUTHORIZATION, "Token x".parse().expect("visible"));
        let response = layer.layer(Strict::new()).oneshot(request).await;
        let response = response.expect("infallible");
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        let challenges = response.headers().get_all(WWW_AUTHENTICATE);
        challenges.iter().cloned().collect::<Vec<_>>()
    };
    let both = ["Basic realm=\"api\", charset=\"UTF-8\"", "Token"];
    assert_eq!(asked(layer.clone()).await, both);
    assert_eq!(asked(layer.drf()).await, both[..1]);
}

#[test]
fn everything_travels_between_threads() {
    fn travels<T: Clone + Send + Sync + 'static>() {}
    travels::<AuthenticationLayer>();
    travels::<AuthenticationService<Strict>>();
    travels::<BasicAuthentication>();
    travels::<TokenAuthentication>();

    travels::<Arc<dyn Authentication>>();

    // The future holds one of the application's, which need not be `Sync`.
    fn moves<T: Send + 'static>(_: fn(&mut AuthenticationService<Strict>, Request<Body>) -> T) {}
    moves(|service, request| service.call(request));
}
