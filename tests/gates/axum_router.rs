//! The gates on axum, in every place where a layer can stand, under `axum::serve`.

use std::net::SocketAddr;

use axum::{
    Router,
    routing::{delete, get, post},
};
use gatefold::authentication::TokenAuthentication;
use gatefold::exceptions::ExceptionLayer;
use gatefold::negotiation::DefaultNegotiation;
use gatefold::permissions::{AllowAny, IsAuthenticated, Routes};
use gatefold::suffixes::SuffixLayer;
use gatefold::throttling::{AnonRateThrottle, ThrottleLayer};
use gatefold::{Exception, Format, Identity, Policy, Reply};
use http::{Method, StatusCode};
use tokio::net::TcpListener;
use tower::{Layer, ServiceBuilder};
use tower_http::cors::CorsLayer;

use crate::client::Client;

const TOKEN: (&str, &str) = ("authorization", "Token t0ken");

async fn user_for_token(key: String) -> Result<Option<Identity>, Exception> {
    Ok((key == "t0ken").then(|| Identity::new("ada")))
}

fn policy() -> Policy {
    Policy::new()
        .negotiation(DefaultNegotiation::default())
        .authentication(TokenAuthentication::new(user_for_token))
        .permission(IsAuthenticated)
}

async fn whoami(who: Identity) -> Reply<String> {
    Reply(who.id().to_owned())
}

async fn maybe(
    who: Option<Identity>,
    format: Option<Format>,
) -> Reply<(Option<String>, Option<String>)> {
    Reply((
        who.map(|who| who.id().to_owned()),
        format.map(|format| format.to_string()),
    ))
}

async fn broken() -> Result<(), Exception> {
    Err(Exception::not_found().with_detail("No such broom."))
}

async fn serve(router: Router) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    Client::new(address)
}

#[tokio::test]
async fn a_layer_on_a_route_leaves_404_alone() {
    let router = Router::new().route("/me", get(whoami).layer(policy()));
    let client = serve(router).await;
    assert_eq!(
        client.get("/me", &[]).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(client.get("/me", &[TOKEN]).await.body, "\"ada\"");
    assert_eq!(
        client.get("/elsewhere", &[]).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_route_layer_asks_before_the_method_is_looked_up() {
    let router = Router::new()
        .route("/me", get(whoami))
        .route_layer(policy());
    let client = serve(router).await;
    assert_eq!(
        client.send("PUT", "/me", &[], "").await.status,
        StatusCode::UNAUTHORIZED
    );
    let put = client.send("PUT", "/me", &[TOKEN], "").await;
    assert_eq!(put.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(put.header("allow"), "GET,HEAD");
    assert_eq!(put.json()["detail"], "Method \"PUT\" not allowed.");
    assert_eq!(
        client.get("/elsewhere", &[]).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_layer_on_the_router_covers_unknown_paths() {
    let router = Router::new().route("/me", get(whoami)).layer(policy());
    let client = serve(router).await;
    assert_eq!(
        client.get("/elsewhere", &[]).await.status,
        StatusCode::UNAUTHORIZED
    );
    let unknown = client.get("/elsewhere", &[TOKEN]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert_eq!(unknown.json()["detail"], "Not found.");
}

#[tokio::test]
async fn around_the_router_everything_stands_outside() {
    let router = Router::new()
        .route("/me", get(maybe))
        .route("/broken", get(broken));
    let service = ServiceBuilder::new()
        .layer(SuffixLayer::new(["json", "html"]).unwrap())
        .layer(policy().permission(AllowAny))
        .service(router);
    let client = serve(Router::new().fallback_service(service)).await;

    assert_eq!(client.get("/me", &[TOKEN]).await.body, r#"["ada",null]"#);
    assert_eq!(
        client.get("/me.json?x=1", &[]).await.body,
        r#"[null,"json"]"#
    );
    let page = client.get("/me.html", &[]).await;
    assert!(
        page.header("content-type").starts_with("text/html"),
        "{page:?}"
    );
    let broken = client.get("/broken", &[]).await;
    assert_eq!(broken.status, StatusCode::NOT_FOUND);
    assert_eq!(broken.json()["detail"], "No such broom.");
}

#[tokio::test]
async fn a_cors_layer_outside_lets_preflights_through() {
    let router = Router::new().route("/me", get(whoami)).layer(policy());
    let client = serve(router.layer(CorsLayer::permissive())).await;
    let preflight = [
        ("origin", "https://app.example.org"),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "authorization"),
    ];
    let answer = client.send("OPTIONS", "/me", &preflight, "").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let refused = client
        .get("/me", &[("origin", "https://app.example.org")])
        .await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.header("access-control-allow-origin"), "*");
}

#[tokio::test]
async fn a_table_knows_routes_in_nested_routers() {
    let tasks = Router::new()
        .route("/tasks", get(maybe).post(maybe))
        .route("/tasks/{id}", delete(maybe));
    let table = Routes::new(IsAuthenticated)
        .at(Method::GET, "/v1/tasks", AllowAny)
        .unwrap();
    let router = Router::new()
        .nest("/v1", tasks)
        .layer(policy().permission(table));
    let client = serve(router).await;
    assert_eq!(client.get("/v1/tasks", &[]).await.status, StatusCode::OK);
    let refused = [
        ("POST", "/v1/tasks"),
        ("DELETE", "/v1/tasks/1"),
        ("GET", "/v1//tasks"),
    ];
    for (method, path) in refused {
        let answer = client.send(method, path, &[], "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
    }
}

#[tokio::test]
async fn an_inner_gate_is_given_its_words_by_the_outer_layer() {
    let anon = ThrottleLayer::new(AnonRateThrottle::new(["1/hour"]).unwrap());
    let router = Router::new()
        .route("/me", post(maybe).layer(anon))
        .layer(ExceptionLayer::default());
    let client = serve(router).await;
    // Without an authentication layer even `Option<Identity>` is a mistake, and says so as a 500.
    assert_eq!(
        client.send("POST", "/me", &[], "").await.status,
        StatusCode::INTERNAL_SERVER_ERROR
    );
    let second = client.send("POST", "/me", &[], "").await;
    assert_eq!(second.status, StatusCode::TOO_MANY_REQUESTS);
    let seconds = second.seconds_to_wait();
    assert!((3000..=3600).contains(&seconds), "{second:?}");
    assert_eq!(
        second.json()["detail"],
        format!("Request was throttled. Expected available in {seconds} seconds.")
    );
}

#[tokio::test]
async fn a_suffix_layer_does_not_see_routes() {
    let router = Router::new().route("/files/{name}", get(maybe));
    let layer = SuffixLayer::new(["json"]).unwrap().except("/files");
    let service = layer.layer(router.layer(policy().permission(AllowAny)));
    let client = serve(Router::new().fallback_service(service)).await;
    assert_eq!(client.get("/files/a.json", &[]).await.body, "[null,null]");
}
