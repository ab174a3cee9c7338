//! The example `tasks`: the walk that it prints answers as it says.

use std::net::SocketAddr;

use gatefold::tokens::{JwtAlgorithm, JwtKey, JwtSigner, JwtVerifier};
use tokio::net::TcpListener;

use crate::client::Client;

#[path = "../../examples/tasks/app.rs"]
mod app;
#[path = "../../examples/tasks/store.rs"]
mod store;
#[path = "../../examples/tasks/walk.rs"]
mod walk;

const SECRET: &str = "the secret of this test, and of nothing else";

async fn serve() -> Client {
    let store = store::Store::new(["a1", "b2", "c3"].map(str::to_owned));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let key = JwtKey::hmac(JwtAlgorithm::Hs256, SECRET).unwrap();
    let service = app::app(store, JwtVerifier::new(key))
        .unwrap()
        .into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    Client::new(address)
}

#[tokio::test]
async fn the_walk_answers_as_printed() {
    let client = serve().await;
    for step in walk::walk("a1", "b2") {
        let headers: Vec<_> = step
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let answer = client
            .send(step.method, step.path, &headers, step.body)
            .await;
        assert_eq!(answer.status, step.status, "{}: {answer:?}", step.what);
        if step.status == 429 {
            assert!(!answer.header("retry-after").is_empty());
        }
        if step.status == 405 {
            assert!(answer.header("allow").contains("GET"), "{answer:?}");
        }
        if step.status >= 400 {
            let json = answer.json();
            assert!(
                json.get("detail").is_some() || json.get("title").is_some(),
                "{answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn versions_have_different_bodies() {
    let client = serve().await;
    let first = client
        .get("/tasks/2", &[("accept", "application/json; version=1")])
        .await;
    assert_eq!(first.json()["done"], true);
    assert_eq!(first.header("deprecation"), "@1793491200");
    assert_eq!(first.header("sunset"), "Mon, 01 Nov 2027 00:00:00 GMT");
    assert_eq!(
        first.header("link"),
        "<https://example.org/changes>; rel=\"deprecation\""
    );
    let second = client
        .get("/tasks/2", &[("accept", "application/json; version=2")])
        .await;
    assert_eq!(second.json()["state"], "done");
    assert_eq!(second.header("sunset"), "");
}

#[tokio::test]
async fn the_root_links_by_the_hosts_own_name() {
    let client = serve().await;
    let root = client.get("/", &[("host", "api.example.org")]).await;
    assert_eq!(root.json()["tasks"], "http://api.example.org/tasks");
    let root = client.get("/?format=json&page=2", &[("host", "a.example.org")]);
    let link = "http://a.example.org/report?format=json";
    assert_eq!(root.await.json()["report"], link);
}

#[tokio::test]
async fn a_refusal_never_says_more_than_it_should() {
    let client = serve().await;
    let wrong = client
        .get("/tasks", &[("authorization", "Token hunter2")])
        .await;
    assert!(!wrong.body.contains("hunter2"), "{wrong:?}");
    let challenges: Vec<_> = wrong.headers.get_all("www-authenticate").iter().collect();
    let basic = "Basic realm=\"api\", charset=\"UTF-8\"";
    let bearer = "Bearer realm=\"api\"";
    assert_eq!(challenges, ["Token", bearer, basic]);
}

#[tokio::test]
async fn signed_tokens_are_accepted_beside_the_others() {
    let client = serve().await;
    let signer = JwtSigner::hmac(JwtAlgorithm::Hs256, SECRET).unwrap();
    let send = async |claims: &str| {
        let bearer = format!("Bearer {}", signer.sign(claims).unwrap());
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        let body = r#"{"title":"signed"}"#;
        client.send("POST", "/tasks", &headers, body).await
    };
    let answer = send(r#"{"sub":"alice","exp":4102444800}"#).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.json()["owner"], "alice");

    let answer = send(r#"{"sub":"nobody","exp":4102444800}"#).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.json()["code"], "user_not_found");
    let challenge = r#"Bearer realm="api", error="invalid_token""#;
    assert_eq!(answer.header("www-authenticate"), challenge);

    let answer = send(r#"{"sub":"alice","exp":1}"#).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.json()["messages"][0]["message"], "Token is expired");
}
