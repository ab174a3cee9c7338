//! A reverse proxy on plain hyper behind all gates: its body is hyper's `Incoming`, which holds no
//! words and has no default, so it is wrapped at the service.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use bytes::Bytes;
use gatefold::authentication::TokenAuthentication;
use gatefold::exceptions::{ExceptionLayer, Problem};
use gatefold::negotiation::DefaultNegotiation;
use gatefold::permissions::IsAuthenticated;
use gatefold::throttling::UserRateThrottle;
use gatefold::versioning::HeaderVersioning;
use gatefold::{Exception, Identity, Policy, Version, Wrapped};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};
use tower::{Layer, service_fn};

use crate::{client::Client, on_hyper::serve};

const SECRET: &str = "hunter2";

/// What stands behind the proxy.
async fn upstream(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let text = |status, body: &str| {
        let response = Response::builder().status(status);
        let response = response.header("content-type", "text/plain");
        Ok(response.body(Full::from(body.to_owned())).unwrap())
    };
    match head.uri.path() {
        "/echo" => {
            let caller = &head.headers["x-caller"];
            let sent = body.collect().await.unwrap().to_bytes();
            let response = Response::builder().header("x-caller", caller);
            Ok(response.body(Full::new(sent)).unwrap())
        }
        "/broken" => text(500, SECRET),
        "/lost" => text(404, "nothing here"),
        "/own" => Ok(Response::builder()
            .status(409)
            .header("content-type", "application/json")
            .body(Full::from(r#"{"mine":true}"#))
            .unwrap()),
        _ => panic!("the upstream goes away"),
    }
}

/// Hands requests on to `upstream`, with the caller's id.
async fn forward(
    client: legacy::Client<HttpConnector, Incoming>,
    upstream: SocketAddr,
    mut request: Request<Incoming>,
) -> Result<Response<Wrapped<Incoming>>, legacy::Error> {
    let extensions = request.extensions();
    let caller = Identity::of(extensions).map_or("nobody", Identity::id);
    let caller = HeaderValue::from_str(caller).unwrap();
    assert_eq!(Version::of(extensions).map(Version::as_str), Some("1"));
    request.headers_mut().insert("x-caller", caller);
    let path = request.uri().path().to_owned();
    *request.uri_mut() = Uri::try_from(format!("http://{upstream}{path}")).unwrap();
    *request.version_mut() = http::Version::HTTP_11;
    let response = client.request(request).await?;
    Ok(response.map(Wrapped::from))
}

fn policy() -> Policy {
    let words = ExceptionLayer::new(Problem::new())
        .map_error::<legacy::Error>(|error| Exception::bad_gateway(error.to_string()));
    let name = HeaderName::from_static("x-api-version");
    Policy::new()
        .exception_layer(words)
        .negotiation(DefaultNegotiation::default())
        .versioning(HeaderVersioning::new(name, ["1", "2"]).default_version("1"))
        .authentication(TokenAuthentication::new(|key: String| async move {
            Ok::<_, Exception>((key == "t0ken").then(|| Identity::new("ada")))
        }))
        .permission(IsAuthenticated)
        .throttle(UserRateThrottle::new(["6/min"]).unwrap())
        .unwrap()
}

async fn proxied() -> Client {
    let behind = serve(service_fn(upstream)).await;
    let client = legacy::Client::builder(TokioExecutor::new())
        .pool_idle_timeout(Duration::ZERO)
        .build_http();
    let proxy = service_fn(move |request| forward(client.clone(), behind, request));
    Client::new(serve(policy().layer(proxy)).await)
}

const TOKEN: (&str, &str) = ("authorization", "Token t0ken");

#[tokio::test]
async fn a_reverse_proxy_stands_behind_all_gates() {
    let client = proxied().await;

    let nobody = client.get("/echo", &[]).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    assert_eq!(nobody.header("www-authenticate"), "Token");
    assert_eq!(nobody.json()["code"], "not_authenticated");
    let form = client.get("/echo", &[TOKEN, ("accept", "image/png")]).await;
    assert_eq!(form.status, StatusCode::NOT_ACCEPTABLE);
    let version = client.get("/echo", &[TOKEN, ("x-api-version", "9")]).await;
    assert_eq!(version.status, StatusCode::NOT_FOUND);

    // What passes is the upstream's own.
    let echo = client.send("POST", "/echo", &[TOKEN], "words").await;
    assert_eq!((echo.status, &*echo.body), (StatusCode::OK, "words"));
    assert_eq!(echo.header("x-caller"), "ada");
    let own = client.get("/own", &[TOKEN]).await;
    assert_eq!((own.status.as_u16(), &*own.body), (409, r#"{"mine":true}"#));

    let lost = client.get("/lost", &[TOKEN]).await;
    assert_eq!(lost.status, StatusCode::NOT_FOUND);
    assert_eq!(lost.header("content-type"), "application/problem+json");

    // Nothing of what broke behind it gets out.
    let broken = client.get("/broken", &[TOKEN]).await;
    assert_eq!(broken.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!broken.body.contains(SECRET), "{broken:?}");
    assert_eq!(broken.json()["request_id"], broken.header("x-request-id"));
    let id = ("x-request-id", "a-1");
    let gone = client.get("/gone", &[TOKEN, id]).await;
    assert_eq!(gone.status, StatusCode::BAD_GATEWAY, "{gone:?}");
    assert_eq!(gone.json()["request_id"], "a-1");
    assert_eq!(gone.header("x-request-id"), "a-1");
    assert_eq!(gone.json()["code"], "bad_gateway");

    client.get("/own", &[TOKEN]).await;
    let throttled = client.get("/echo", &[TOKEN]).await;
    assert_eq!(throttled.status, StatusCode::TOO_MANY_REQUESTS);
    let problem = throttled.json();
    let kind = "https://iana.org/assignments/http-problem-types#quota-exceeded";
    assert_eq!(problem["type"], kind);
    assert_eq!(problem["violated-policies"], serde_json::json!(["user"]));
}
