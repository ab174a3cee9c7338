//! The server whose answers the conformance cases compare with Django REST Framework's, over
//! sockets.
//!
//! ```text
//! cargo run --example drf_reference -- --port 8080
//! curl -i -H 'Authorization: Token 1111111111aaaaaaaaaa1111111111aaaaaaaaaa' \
//!     http://127.0.0.1:8080/authn/token/
//! ```
//!
//! Its endpoints, users and notes are those of `tests/conformance/data/drf/ENDPOINTS.md`; another
//! table is read with `--endpoints FILE`. Two headers control it and are taken off before any gate
//! sees the request: `X-Ref-Reset: 1` goes back to the fixtures, `X-Ref-Clock: 59.5` sets the clock
//! to so many seconds after the corpus's beginning.

#[path = "../tests/conformance/reference/mod.rs"]
mod reference;

use std::{
    convert::Infallible,
    error::Error,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use reference::Reference;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port: u16 = match argument("--port") {
        Some(port) => port.parse()?,
        None => 8080,
    };
    let endpoints = match argument("--endpoints") {
        Some(file) => std::fs::read_to_string(file)?,
        None => include_str!("../tests/conformance/data/drf/endpoints.json").to_owned(),
    };
    let server = Arc::new(Reference::new(&endpoints)?);
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port))).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (stream, peer) = listener.accept().await?;
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(&server, request, peer.ip()));
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                eprintln!("{peer}: {error}");
            }
        });
    }
}

/// The value after an argument's name.
fn argument(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|given| given != name);
    arguments.nth(1)
}

async fn answer(
    server: &Reference,
    request: Request<Incoming>,
    peer: IpAddr,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (mut head, body) = request.into_parts();
    // The fixtures first: a reset sets the clock back to its beginning.
    if head.headers.remove("x-ref-reset").is_some() {
        server.reset();
    }
    let at = head.headers.remove("x-ref-clock");
    if let Some(at) = at.and_then(|at| at.to_str().ok()?.parse().ok()) {
        server.set_clock(at);
    }
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Ok(reference::answer::bad_request().map(Full::new)),
    };
    let request = Request::from_parts(head, body);
    Ok(server.answer(request, peer).await.map(Full::new))
}
