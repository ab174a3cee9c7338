//! The gates on tonic: before the whole server, and before one service.

use std::net::SocketAddr;

use gatefold::authentication::TokenAuthentication;
use gatefold::permissions::IsAuthenticated;
use gatefold::throttling::UserRateThrottle;
use gatefold::{Exception, Identity, Policy};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tonic::{
    Code, Request, Status,
    service::LayerExt as _,
    transport::{Channel, Endpoint, Server, server::TcpIncoming},
};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

fn policy() -> Policy {
    Policy::new()
        .authentication(TokenAuthentication::new(|key: String| async move {
            Ok::<_, Exception>((key == "t0ken").then(|| Identity::new("ada")))
        }))
        .permission(IsAuthenticated)
        .throttle(UserRateThrottle::new(["2/hour"]).unwrap())
        .unwrap()
}

pub(crate) async fn listen() -> (TcpIncoming, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (TcpIncoming::from(listener), address)
}

pub(crate) async fn client(address: SocketAddr) -> HealthClient<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    let connect =
        tower::service_fn(
            move |_| async move { TcpStream::connect(address).await.map(TokioIo::new) },
        );
    HealthClient::new(endpoint.connect_with_connector(connect).await.unwrap())
}

async fn check(
    client: &mut HealthClient<Channel>,
    token: Option<&'static str>,
) -> Result<(), Status> {
    let mut request = Request::new(HealthCheckRequest::default());
    if let Some(token) = token {
        request
            .metadata_mut()
            .insert("authorization", token.parse().unwrap());
    }
    client.check(request).await.map(drop)
}

async fn every_gate_answers(mut client: HealthClient<Channel>) {
    let nobody = check(&mut client, None).await.unwrap_err();
    assert_eq!(nobody.code(), Code::Unauthenticated);
    assert_eq!(
        nobody.message(),
        "Authentication credentials were not provided."
    );

    let wrong = check(&mut client, Some("Token nonsense"))
        .await
        .unwrap_err();
    assert_eq!(wrong.code(), Code::Unauthenticated);
    assert_eq!(wrong.message(), "Invalid token.");

    for _ in 0..2 {
        check(&mut client, Some("Token t0ken")).await.unwrap();
    }
    let third = check(&mut client, Some("Token t0ken")).await.unwrap_err();
    assert_eq!(third.code(), Code::ResourceExhausted);
}

#[tokio::test]
async fn before_the_whole_server() {
    let (_reporter, health) = tonic_health::server::health_reporter();
    let (incoming, address) = listen().await;
    let server = Server::builder().layer(policy()).add_service(health);
    tokio::spawn(server.serve_with_incoming(incoming));
    every_gate_answers(client(address).await).await;
}

#[tokio::test]
async fn before_one_service() {
    let (_reporter, health) = tonic_health::server::health_reporter();
    let (incoming, address) = listen().await;
    let gated = policy().named_layer(health);
    tokio::spawn(
        Server::builder()
            .add_service(gated)
            .serve_with_incoming(incoming),
    );
    every_gate_answers(client(address).await).await;
}
