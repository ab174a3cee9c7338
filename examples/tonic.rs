//! The gates on tonic: an address throttle before the whole server, a policy before one service.
//!
//! ```text
//! cargo run --example tonic [-- --port N]
//! grpcurl -plaintext -d '{}' 127.0.0.1:8002 grpc.health.v1.Health/Check          # Unauthenticated
//! grpcurl -plaintext -H 'authorization: Token ada-token' -d '{}' \
//!     127.0.0.1:8002 grpc.health.v1.Health/Check                                 # SERVING
//! ```
//!
//! (`grpcurl` needs the health service's proto file, which tonic-health carries.)

use std::error::Error;

use gatefold::authentication::TokenAuthentication;
use gatefold::exceptions::ExceptionLayer;
use gatefold::permissions::IsAuthenticated;
use gatefold::throttling::{AnonRateThrottle, ThrottleLayer};
use gatefold::{Exception, Identity, Policy};
use tonic::{service::LayerExt as _, transport::Server};
use tower::ServiceBuilder;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let policy = Policy::new()
        .authentication(TokenAuthentication::new(|key: String| async move {
            Ok::<_, Exception>((key == "ada-token").then(|| Identity::new("ada")))
        }))
        .permission(IsAuthenticated);
    let outside = ServiceBuilder::new()
        .layer(ExceptionLayer::default())
        .layer(ThrottleLayer::new(AnonRateThrottle::new(["600/min"])?))
        .into_inner();

    let port = match std::env::args().nth(2) {
        Some(port) => port.parse()?,
        None => 8002,
    };
    let (_reporter, health) = tonic_health::server::health_reporter();
    let address = ([127, 0, 0, 1], port).into();
    println!("http://{address}");
    Server::builder()
        .layer(outside)
        .add_service(policy.named_layer(health))
        .serve(address)
        .await?;
    Ok(())
}
