//! Several authentications in one layer, and several layers on one path.

use std::{
    convert::Infallible,
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use gatefold_authentication::{Authentication, AuthenticationLayer};
use gatefold_core::{Attempt, Decision, Exception, Identity, Outward, later, testing::Strict};
use http::{
    Extensions, HeaderValue, Request, Response, StatusCode, header::WWW_AUTHENTICATE,
    request::Parts,
};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};

type Answer = Result<Option<Identity>, Exception>;
type Body = Full<Bytes>;

/// An authentication that always answers the same.
#[derive(Clone, Copy)]
struct Fixed(fn() -> Decision<Answer>, Option<&'static str>);

impl Authentication for Fixed {
    fn authenticate(&self, _: &Parts) -> Decision<Answer> {
        self.0()
    }

    fn challenge(&self) -> Option<HeaderValue> {
        self.1.map(HeaderValue::from_static)
    }
}

fn nothing() -> Decision<Answer> {
    Decision::Now(Ok(None))
}

fn nothing_later() -> Decision<Answer> {
    later(async { Ok(None) })
}

fn alice() -> Decision<Answer> {
    Decision::Now(Ok(Some(Identity::new("alice"))))
}

fn alice_later() -> Decision<Answer> {
    later(async { Ok(Some(Identity::new("alice"))) })
}

fn bad() -> Decision<Answer> {
    Decision::Now(Err(Exception::authentication_failed()))
}

fn bad_later() -> Decision<Answer> {
    later(async { Err(Exception::authentication_failed()) })
}

fn away() -> Decision<Answer> {
    later(async { Err(Exception::unavailable("store")) })
}

fn never() -> Decision<Answer> {
    panic!("it was asked")
}

fn layer(chain: &[Fixed]) -> AuthenticationLayer {
    let [first, rest @ ..] = chain else {
        panic!("at least one")
    };
    let first = AuthenticationLayer::new(*first);
    rest.iter().fold(first, |layer, next| layer.or(*next))
}

/// What the layer answers, over a service that hands on what the gates left.
async fn led(layer: &AuthenticationLayer) -> Response<Body> {
    led_with(layer, Request::default()).await
}

async fn led_with(layer: &AuthenticationLayer, request: Request<Body>) -> Response<Body> {
    let response = layer.layer(Strict::new()).oneshot(request).await;
    response.expect("infallible")
}

/// A request that goes on inward from where `response` shows it to have arrived.
fn further_in(response: Response<Body>) -> Request<Body> {
    assert_eq!(response.status(), StatusCode::OK);
    let mut request = Request::default();
    *request.extensions_mut() = response.into_parts().0.extensions;
    request
}

fn caller(response: &Response<Body>) -> Option<&str> {
    assert_eq!(response.status(), StatusCode::OK);
    Identity::of(response.extensions()).map(Identity::id)
}

fn challenges(response: &Response<Body>) -> Vec<&HeaderValue> {
    let headers = response.headers().get_all(WWW_AUTHENTICATE);
    let sent: Vec<_> = headers.iter().collect();
    let exception = exception(response);
    let meant = exception.headers().get_all(WWW_AUTHENTICATE);
    assert_eq!(sent, meant.iter().collect::<Vec<_>>(), "out of step");
    assert_eq!(response.status(), exception.status(), "out of step");
    sent
}

fn exception(response: &Response<Body>) -> &Exception {
    let exception = response.extensions().get();
    exception.expect("a refusal carries its exception")
}

#[tokio::test]
async fn the_first_that_knows_ends_the_search() {
    let never = Fixed(never, None);
    for chain in [
        &[Fixed(alice, None), never][..],
        &[Fixed(alice_later, None), never],
        &[Fixed(nothing, None), Fixed(alice, None), never],
        &[Fixed(nothing_later, None), Fixed(alice, None), never],
        &[
            Fixed(nothing_later, None),
            Fixed(nothing, None),
            Fixed(alice_later, None),
            never,
        ],
        &[
            Fixed(nothing_later, None),
            Fixed(nothing_later, None),
            Fixed(alice_later, None),
        ],
    ] {
        assert_eq!(caller(&led(&layer(chain)).await), Some("alice"));
    }
}

#[tokio::test]
async fn nobody_passes_as_nobody() {
    for chain in [
        &[Fixed(nothing, None)][..],
        &[Fixed(nothing_later, None)],
        &[
            Fixed(nothing, None),
            Fixed(nothing_later, None),
            Fixed(nothing, Some("A")),
        ],
    ] {
        let response = led(&layer(chain)).await;
        assert_eq!(caller(&response), None);
        let attempt = Attempt::of(response.extensions()).expect("left");
        assert!(attempt.failure().is_none());
    }
}

#[tokio::test]
async fn a_failure_ends_the_search() {
    for chain in [
        &[Fixed(bad, Some("A")), Fixed(never, Some("B"))][..],
        &[Fixed(bad_later, Some("A")), Fixed(never, Some("B"))],
        &[
            Fixed(nothing_later, Some("A")),
            Fixed(bad, Some("B")),
            Fixed(never, None),
        ],
    ] {
        let response = led(&layer(chain)).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(challenges(&response), ["A", "B"]);
        assert_eq!(exception(&response).code(), "authentication_failed");
    }
}

#[tokio::test]
async fn equal_and_empty_challenges_are_left_out() {
    let response = led(&layer(&[
        Fixed(nothing, Some("A")),
        Fixed(nothing, Some("")),
        Fixed(nothing, Some("A")),
        Fixed(bad, Some("B")),
    ]))
    .await;
    assert_eq!(challenges(&response), ["A", "B"]);
}

#[tokio::test]
async fn where_nothing_can_be_asked_for_bad_credentials_are_a_403() {
    for challenge in [None, Some("")] {
        let response = led(&layer(&[Fixed(bad, challenge)])).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert!(challenges(&response).is_empty());
        assert_eq!(exception(&response).code(), "authentication_failed");
    }
}

#[tokio::test]
async fn the_preset_challenges_with_the_first_alone() {
    let chain = [Fixed(nothing, Some("A")), Fixed(bad, Some("B"))];
    let response = led(&layer(&chain).drf()).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(challenges(&response), ["A"]);

    let chain = [Fixed(nothing, None), Fixed(bad, Some("B"))];
    let response = led(&layer(&chain).drf()).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert!(challenges(&response).is_empty());

    // Set before the second was added, it is the same.
    let response = led(&layer(&chain[..1]).drf().or(chain[1])).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_authentications_own_challenge_is_the_only_one() {
    let own = |_: &Parts| {
        let own = HeaderValue::from_static("Bearer error=\"invalid_token\"");
        let exception = Exception::authentication_failed().with_header(WWW_AUTHENTICATE, own);
        Err::<Option<Identity>, _>(exception)
    };
    let response = led(&layer(&[Fixed(nothing, Some("A"))]).or(own)).await;
    assert_eq!(challenges(&response), ["Bearer error=\"invalid_token\""]);
}

#[tokio::test]
async fn a_broken_store_is_never_nobody() {
    let eager = layer(&[Fixed(away, Some("A")), Fixed(never, None)]);
    for layer in [eager.clone(), eager.recording()] {
        let response = led(&layer).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(challenges(&response).is_empty());
    }
}

#[tokio::test]
async fn a_recorded_failure_passes_as_nobody() {
    for bad in [bad, bad_later] {
        let outer = led(&layer(&[Fixed(alice, None)])).await;
        let recording = layer(&[Fixed(bad, Some("A"))]).recording();
        let response = led_with(&recording, further_in(outer)).await;
        assert_eq!(caller(&response), None);
        let refusal = Attempt::of(response.extensions()).expect("left").refusal();
        assert_eq!(refusal.code(), "authentication_failed");
        assert_eq!(refusal.headers()[WWW_AUTHENTICATE], "A");
    }
}

#[tokio::test]
async fn what_another_authentication_left_is_replaced() {
    let outer = layer(&[Fixed(alice, Some("Outer"))]);
    let response = led(&outer).await;
    let inner = layer(&[Fixed(nothing, Some("Inner"))]);
    let response = led_with(&inner, further_in(response)).await;
    assert_eq!(caller(&response), None);
    let attempt = Attempt::of(response.extensions()).expect("left");
    assert_eq!(attempt.challenges(), ["Inner"]);

    let refusing = layer(&[Fixed(bad, None)]);
    let response = led_with(&refusing, further_in(led(&outer).await)).await;
    assert!(exception(&response).identity().is_none());
}

#[tokio::test]
async fn the_same_layer_is_asked_once_on_one_path() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let counting = AuthenticationLayer::new(move |_: &Parts| {
        counted.fetch_add(1, Ordering::Relaxed);
        Some(Identity::new("alice"))
    });
    let count = || asked.load(Ordering::Relaxed);

    let response = led(&counting).await;
    let response = led_with(&counting.clone(), further_in(response)).await;
    assert_eq!((caller(&response), count()), (Some("alice"), 1));

    // A changed one asks again.
    let changed = counting.clone().or(Fixed(never, None));
    let response = led_with(&changed, further_in(response)).await;
    assert_eq!((caller(&response), count()), (Some("alice"), 2));

    // Where another one came between, what it left is not this one's.
    let between = layer(&[Fixed(nothing, None)]);
    let response = led_with(&between, further_in(response)).await;
    let response = led_with(&counting, further_in(response)).await;
    assert_eq!((caller(&response), count()), (Some("alice"), 3));

    // A request of its own is asked about on its own.
    let mut request = further_in(response);
    gatefold_core::detach(request.extensions_mut());
    led_with(&counting, request).await;
    assert_eq!(count(), 4);
}

#[tokio::test]
async fn whoever_reads_on_the_way_out_sees_the_caller() {
    let mut request = Request::default();
    let outward = Outward::leave(request.extensions_mut());
    led_with(&layer(&[Fixed(alice_later, None)]), request).await;
    assert_eq!(outward.identity().map(Identity::id), Some("alice"));
}

/// What comes out of the layer where the handler answers `response`.
async fn answered(layer: AuthenticationLayer, response: Response<Body>) -> Response<Body> {
    let handler = service_fn(|_: Request<Body>| ready(Ok::<_, Infallible>(response.clone())));
    let answer = layer.layer(handler).oneshot(Request::default()).await;
    answer.expect("infallible")
}

fn failed(exception: Exception) -> Response<Body> {
    gatefold_core::refusal(exception, &Extensions::new())
}

#[tokio::test]
async fn a_401_of_the_handler_gets_the_challenges() {
    let two = || layer(&[Fixed(nothing, Some("A")), Fixed(alice_later, Some("B"))]);
    let unauthorized = || failed(Exception::not_authenticated());
    let response = answered(two(), unauthorized()).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(challenges(&response), ["A", "B"]);

    let response = answered(two().drf(), unauthorized()).await;
    assert_eq!(challenges(&response), ["A"]);

    let response = answered(layer(&[Fixed(nothing, None)]), unauthorized()).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert!(challenges(&response).is_empty());
    assert_eq!(exception(&response).code(), "not_authenticated");
}

#[tokio::test]
async fn layers_within_layers_challenge_once() {
    let near = layer(&[Fixed(nothing, Some("Inner"))]);
    let far = layer(&[Fixed(nothing, Some("Outer"))]);
    for outer in [far, near.clone()] {
        let handler = service_fn(|_: Request<Body>| {
            ready(Ok::<_, Infallible>(failed(Exception::not_authenticated())))
        });
        let both = outer.layer(near.layer(handler));
        let response = both.oneshot(Request::default()).await.expect("infallible");
        assert_eq!(challenges(&response), ["Inner"]);
    }
}

#[tokio::test]
async fn other_answers_of_the_handler_are_untouched() {
    let layer = || layer(&[Fixed(nothing, Some("A"))]);
    let own = HeaderValue::from_static("Own");
    let own = Exception::not_authenticated().with_header(WWW_AUTHENTICATE, own);
    assert_eq!(challenges(&answered(layer(), failed(own)).await), ["Own"]);

    let response = answered(layer(), failed(Exception::not_found())).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert!(challenges(&response).is_empty());

    // Without an exception the answer is the handler's own affair.
    let mut bare = Response::new(Body::default());
    *bare.status_mut() = StatusCode::UNAUTHORIZED;
    let response = answered(layer(), bare).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(response.headers().is_empty());

    // And so it is where somebody gave the answer another status on purpose.
    let mut changed = failed(Exception::permission_denied());
    *changed.status_mut() = StatusCode::UNAUTHORIZED;
    let response = answered(layer(), changed).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(exception(&response).status(), StatusCode::FORBIDDEN);
}
