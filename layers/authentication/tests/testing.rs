//! What tests of gated services get: forced callers, and requests.

use std::convert::Infallible;

use bytes::Bytes;
use gatefold_authentication::{
    AuthenticationLayer, BasicAuthentication, RemoteUserAuthentication, TokenAuthentication,
    testing::{ForceAuthenticationLayer, RequestFactory},
};
use gatefold_core::{Attempt, Exception, Identity, TrustedProxies, testing::Strict};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, limit::ConcurrencyLimitLayer, service_fn};

type Body = Full<Bytes>;

fn refusing() -> AuthenticationLayer {
    let token = TokenAuthentication::new(|_| async { None::<Identity> });
    AuthenticationLayer::new(token)
}

async fn ready<S>(service: &mut S) -> &mut S
where
    S: Service<Request<Body>, Error = Infallible>,
{
    service.ready().await.expect("infallible")
}

fn caller(response: &Response<Body>) -> Option<&str> {
    assert_eq!(response.status(), StatusCode::OK);
    Identity::of(response.extensions()).map(Identity::id)
}

#[tokio::test]
async fn a_forced_caller_passes_every_layer_further_in() {
    let bad = RequestFactory::new().token("Token", "bad");
    for (force, expected) in [
        (
            ForceAuthenticationLayer::new(Identity::new("alice")),
            Some("alice"),
        ),
        (ForceAuthenticationLayer::nobody(), None),
    ] {
        let service = ServiceBuilder::new()
            .layer(force)
            .layer(refusing())
            .layer(refusing().recording())
            .service(Strict::new());
        for request in [bad.get::<Body>("/"), RequestFactory::new().get::<Body>("/")] {
            let response = service.clone().oneshot(request).await.expect("infallible");
            assert_eq!(caller(&response), expected);
            let attempt = Attempt::of(response.extensions()).expect("the layer's");
            assert_eq!(attempt.challenges(), ["Token"]);
        }
    }
}

#[tokio::test]
async fn nobody_is_forced_from_further_in() {
    let force = ForceAuthenticationLayer::new(Identity::new("alice"));
    let service = ServiceBuilder::new().layer(refusing()).layer(force);
    let service = service.service(Strict::new());
    let request = RequestFactory::new().token("Token", "bad").get::<Body>("/");
    let response: Response<Body> = service.oneshot(request).await.expect("infallible");
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn without_an_authentication_layer_the_caller_is_there_too() {
    let force = ForceAuthenticationLayer::new(Identity::new("alice"));
    let request = RequestFactory::new().get::<Body>("/");
    let response = force.layer(Strict::new()).oneshot(request).await;
    assert_eq!(caller(&response.expect("infallible")), Some("alice"));

    let request = RequestFactory::new()
        .force(Identity::new("bob"))
        .get::<Body>("/");
    let response = refusing().layer(Strict::new()).oneshot(request).await;
    assert_eq!(caller(&response.expect("infallible")), Some("bob"));
}

#[tokio::test]
async fn forcing_keeps_the_services_contract() {
    let force = ForceAuthenticationLayer::new(Identity::new("alice"));
    let mut service = ServiceBuilder::new()
        .layer(force.clone())
        .layer(ConcurrencyLimitLayer::new(1))
        .service(Strict::new());
    for _ in 0..3 {
        let service = ready(&mut service).await;
        drop(service.call(Request::new(Body::default())));
        let service = ready(service).await;
        let response = service.call(Request::new(Body::default())).await;
        assert_eq!(caller(&response.expect("infallible")), Some("alice"));
    }
    let broken = service_fn(|_: Request<Body>| async { Err::<Response<Body>, _>(7) });
    let error = force.layer(broken).oneshot(Request::default()).await;
    assert_eq!(error.expect_err("broken"), 7);
}

#[tokio::test]
async fn a_factorys_requests_say_what_was_set() {
    let basic = BasicAuthentication::new(|name: String, password: String| async move {
        Some(Identity::new(format!("{name}:{password}")))
    });
    let proxies = TrustedProxies::networks(["10.0.0.0/8"]).expect("a network");
    let remote = RemoteUserAuthentication::header("x-remote-user", proxies, |name| async {
        Ok::<_, Exception>(Some(Identity::new(name)))
    });
    let layer = AuthenticationLayer::new(basic).or(remote.expect("a header name"));
    let api = RequestFactory::new();
    let behind = api
        .clone()
        .peer([10, 1, 2, 3])
        .header("x-remote-user", "carol");
    for (request, expected) in [
        (api.clone().get::<Body>("/"), None),
        (
            api.clone().basic("alice", "a:b").get::<Body>("/"),
            Some("alice:a:b"),
        ),
        (
            api.clone()
                .token("A", "b")
                .basic("alice", "c")
                .get::<Body>("/"),
            Some("alice:c"),
        ),
        (behind.get::<Body>("/"), Some("carol")),
    ] {
        let response = layer.layer(Strict::new()).oneshot(request).await;
        assert_eq!(caller(&response.expect("infallible")), expected);
    }

    let api = api.header("x-a", "1").header("x-a", "2");
    for (request, method) in [
        (api.post::<Body>("/t?a=b", "text/plain", "x"), Method::POST),
        (api.put("/t?a=b", "text/plain", "x"), Method::PUT),
        (api.patch("/t?a=b", "text/plain", "x"), Method::PATCH),
    ] {
        assert_eq!(*request.method(), method);
        assert_eq!(request.uri(), "/t?a=b");
        assert_eq!(request.headers()["content-type"], "text/plain");
        let sent: Vec<_> = request.headers().get_all("x-a").iter().collect();
        assert_eq!(sent, ["1", "2"]);
    }
    assert_eq!(*api.delete::<Body>("/").method(), Method::DELETE);
    assert_eq!(
        *api.request(Method::OPTIONS, "/", ()).method(),
        Method::OPTIONS
    );
}

#[test]
fn everything_travels_between_threads() {
    fn travels<T: Clone + Send + Sync + 'static>() {}
    travels::<ForceAuthenticationLayer>();
    travels::<RequestFactory>();
    travels::<gatefold_authentication::testing::ForceAuthenticationService<Strict>>();
}
