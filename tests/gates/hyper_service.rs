//! The gates before a bare hyper service, over a real connection.

use std::{convert::Infallible, net::SocketAddr};

use gatefold::authentication::TokenAuthentication;
use gatefold::negotiation::{DefaultNegotiation, Rendered};
use gatefold::permissions::IsAuthenticated;
use gatefold::throttling::UserRateThrottle;
use gatefold::{Connection, Exception, Identity, Policy, Reply};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::net::TcpListener;
use tower::{Layer, service_fn};

use crate::client::Client;

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
    let service = policy.layer(service_fn(whoami));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, peer) = listener.accept().await.unwrap();
            let service = service.clone();
            let with_peer =
                tower::util::MapRequest::new(service, move |mut request: Request<Incoming>| {
                    Connection::new(peer).leave(request.extensions_mut());
                    request
                });
            tokio::spawn(async move {
                let service = TowerToHyperService::new(with_peer);
                let server = auto::Builder::new(TokioExecutor::new());
                let _ = server.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    address
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
