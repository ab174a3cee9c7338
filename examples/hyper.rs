//! The gates before a bare hyper service.
//!
//! ```text
//! cargo run --example hyper [-- --port N]
//! curl -i 'http://127.0.0.1:8001/hello'                                   # 401
//! curl -i -H 'Authorization: Token ada-token' 'http://127.0.0.1:8001/hello'  # 200
//! curl -i -X DELETE -H 'Authorization: Token ada-token' 'http://127.0.0.1:8001/hello'  # 403
//! ```

use std::{convert::Infallible, error::Error};

use gatefold::authentication::TokenAuthentication;
use gatefold::negotiation::{DefaultNegotiation, Rendered};
use gatefold::permissions::{IsAdmin, IsAuthenticated, ReadOnly};
use gatefold::throttling::UserRateThrottle;
use gatefold::{Connection, Exception, Identity, Policy, Reply};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use serde::Serialize;
use tokio::net::TcpListener;
use tower::{ServiceBuilder, service_fn};

#[derive(Serialize)]
struct Hello {
    hello: String,
    path: String,
}

async fn hello(request: Request<Incoming>) -> Result<Response<Rendered>, Infallible> {
    let name = Identity::of(request.extensions()).map_or("nobody", Identity::id);
    let data = Hello {
        hello: name.to_owned(),
        path: request.uri().path().to_owned(),
    };
    Ok(Reply(data).respond())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let policy = Policy::new()
        .negotiation(DefaultNegotiation::default())
        .authentication(TokenAuthentication::new(|key: String| async move {
            Ok::<_, Exception>((key == "ada-token").then(|| Identity::new("ada")))
        }))
        .permission(IsAuthenticated & (ReadOnly | IsAdmin))
        .throttle(UserRateThrottle::new(["10/min"])?)?;

    let port = match std::env::args().nth(2) {
        Some(port) => port.parse()?,
        None => 8001,
    };
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    let server = auto::Builder::new(TokioExecutor::new());
    loop {
        let (stream, peer) = listener.accept().await?;
        // The gates stand once; what a connection adds is its peer's address.
        let service = ServiceBuilder::new()
            .map_request(move |mut request: Request<Incoming>| {
                Connection::new(peer).leave(request.extensions_mut());
                request
            })
            .layer(policy.clone())
            .service(service_fn(hello));
        let server = server.clone();
        tokio::spawn(async move {
            let service = TowerToHyperService::new(service);
            if let Err(error) = server.serve_connection(TokioIo::new(stream), service).await {
                eprintln!("{peer}: {error}");
            }
        });
    }
}
