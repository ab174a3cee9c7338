//! Keys over TLS, from a server on this machine: which certificates are believed.

use std::{error::Error, sync::Arc};

use gatefold_core::Exception;
use gatefold_tokens::{HttpFetcher, JwksFetcher};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer},
};

const SET: &str = r#"{"keys":[]}"#;

fn certificate(name: &str) -> CertifiedKey<KeyPair> {
    generate_simple_self_signed([name.to_owned()]).expect("a certificate")
}

/// Serves the set, and where it is, with this certificate; says the port.
async fn serve(certified: &CertifiedKey<KeyPair>) -> u16 {
    let key = PrivateKeyDer::Pkcs8(certified.signing_key.serialize_der().into());
    let tls = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .expect("a key that belongs to its certificate");
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not believe the certificate goes away here.
            if let Ok(stream) = acceptor.accept(stream).await {
                let _ = answer(stream, port).await;
            }
        }
    });
    port
}

/// Answers one request and closes.
async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin, port: u16) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut first = String::new();
    stream.read_line(&mut first).await?;
    let mut line = first.clone();
    while !line.trim_end().is_empty() {
        line.clear();
        stream.read_line(&mut line).await?;
    }
    let origin = format!("https://localhost:{port}");
    let body = if first.starts_with("GET /keys ") {
        SET.to_owned()
    } else {
        format!(r#"{{"issuer":"{origin}","jwks_uri":"{origin}/keys"}}"#)
    };
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all((head + &body).as_bytes()).await?;
    stream.shutdown().await
}

fn fetcher(port: u16) -> HttpFetcher {
    HttpFetcher::new(&format!("https://localhost:{port}/keys")).expect("an address")
}

/// All that a failure says about where it comes from.
fn reasons(exception: &Exception) -> String {
    let mut reasons = String::new();
    let mut source = exception.source();
    while let Some(error) = source {
        reasons += &format!("{error}; ");
        source = error.source();
    }
    reasons
}

#[tokio::test]
async fn a_certificate_of_ones_own_root_is_believed() {
    let own = certificate("localhost");
    let port = serve(&own).await;
    let with_root = fetcher(port).roots(own.cert.pem()).expect("a root");
    assert_eq!(with_root.fetch().await.expect("fetched"), SET);
}

#[tokio::test]
async fn several_roots_stand_one_after_another_and_other_pem_is_passed_over() {
    let (own, other) = (certificate("localhost"), certificate("localhost"));
    let port = serve(&own).await;
    let bundle = other.cert.pem() + &own.signing_key.serialize_pem() + &own.cert.pem();
    let with_roots = fetcher(port).roots(bundle).expect("two roots");
    assert_eq!(with_roots.fetch().await.expect("fetched"), SET);
}

#[tokio::test]
async fn what_discovery_finds_is_fetched_with_the_same_roots() {
    let own = certificate("localhost");
    let port = serve(&own).await;
    let discovered = HttpFetcher::discover(&format!("https://localhost:{port}"));
    let discovered = discovered.expect("an address");
    assert!(discovered.fetch().await.is_err());
    let discovered = discovered.roots(own.cert.pem()).expect("a root");
    assert_eq!(discovered.fetch().await.expect("fetched"), SET);
}

#[tokio::test]
async fn without_its_root_a_certificate_is_refused() {
    let own = certificate("localhost");
    let port = serve(&own).await;
    let refused = fetcher(port).fetch().await.expect_err("nobody's root");
    assert!(reasons(&refused).contains("UnknownIssuer"), "{refused:?}");
    let insecure = HttpFetcher::insecure(&format!("https://localhost:{port}/keys"));
    let refused = insecure.expect("an address").fetch().await;
    let refused = refused.expect_err("plain HTTP is allowed, not any certificate");
    assert!(reasons(&refused).contains("UnknownIssuer"), "{refused:?}");
}

#[tokio::test]
async fn another_root_of_the_same_name_is_refused_and_the_last_roots_count_alone() {
    let (own, other) = (certificate("localhost"), certificate("localhost"));
    let port = serve(&own).await;
    let with_root = fetcher(port).roots(own.cert.pem()).expect("a root");
    let with_other = with_root.clone().roots(other.cert.pem()).expect("a root");
    let refused = with_other.fetch().await.expect_err("another's key");
    assert_eq!(refused.status(), 503);
    assert!(reasons(&refused).contains("BadSignature"), "{refused:?}");
    assert_eq!(with_root.fetch().await.expect("fetched"), SET);
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let other = certificate("login.example");
    let port = serve(&other).await;
    let with_root = fetcher(port).roots(other.cert.pem()).expect("a root");
    let refused = with_root.fetch().await.expect_err("another name");
    let reasons = reasons(&refused);
    assert!(reasons.contains("not valid for name"), "{reasons}");
}
