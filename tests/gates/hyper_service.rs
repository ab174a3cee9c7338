//! The gates before a bare hyper service, over a real connection.

use std::{convert::Infallible, net::SocketAddr};

use gatefold::authentication::TokenAuthentication;
use gatefold::negotiation::{DefaultNegotiation, Rendered};
use gatefold::permissions::IsAuthenticated;
use gatefold::throttling::UserRateThrottle;
use gatefold::{Exception, Identity, Policy, Reply};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use tower::{Layer, service_fn};

use crate::{client::Client, on_hyper};

async fn whoami(request: Request<Incoming>) -> Result<Response<Rendered>, Infallible> {
    let id = Identity::of(request.extensions()).map(|identity| identity.id().to_owned());
    Ok(Reply(vec![id]).respond())
}

async fn serve() -> SocketAddr {
    let policy = Policy::new()
        .negotiation(DefaultNegotiation::default())
        .authentication(TokenAuthentication::new(|key: String| async move {
            Ok::<_, Exception>((key == "t0ken").then(|| Identity::new("ada")))
        }))
        .permission(IsAuthenticated)
        .throttle(UserRateThrottle::new(["2/min"]).unwrap())
        .unwrap();
    on_hyper::serve(policy.layer(service_fn(whoami))).await
}

#[tokio::test]
async fn every_gate_answers_on_hyper() {
    let client = Client::new(serve().await);

    let nobody = client.get("/", &[]).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    assert_eq!(nobody.header("www-authenticate"), "Token");
    assert_eq!(
        nobody.json()["detail"],
        "Authentication credentials were not provided."
    );

    let token = ("authorization", "Token t0ken");
    let ada = client.get("/", &[token]).await;
    assert_eq!(ada.status, StatusCode::OK);
    assert_eq!(ada.body, r#"["ada"]"#);
    assert_eq!(ada.header("content-type"), "application/json");

    let refused = client.get("/", &[token, ("accept", "image/png")]).await;
    assert_eq!(refused.status, StatusCode::NOT_ACCEPTABLE);

    let page = client.get("/", &[token, ("accept", "text/html")]).await;
    assert!(
        page.header("content-type").starts_with("text/html"),
        "{page:?}"
    );

    let third = client.get("/", &[token]).await;
    assert_eq!(third.status, StatusCode::TOO_MANY_REQUESTS);
    assert!((1..=30).contains(&third.seconds_to_wait()), "{third:?}");
}
