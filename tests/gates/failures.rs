//! Every failure, as it comes about on each server where it can, in every form that a caller may
//! want: detail, problem, page, gRPC.

use std::time::Duration;

use axum::{
    Form, Json, Router,
    extract::{DefaultBodyLimit, Path, Query},
    routing::{get, post},
};
use bytes::Bytes;
use gatefold::Exception;
use gatefold::exceptions::{Detail, ExceptionLayer};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tonic::transport::server::TcpIncoming;
use tower::{BoxError, Layer, Service, ServiceBuilder, service_fn};
use tower_http::{limit::RequestBodyLimitLayer, timeout::TimeoutLayer};

use crate::failing::{
    ANSWERED, ERRORS, FOREIGN, Fact, PANIC, SECRET, THROWN, TYPED, facts, fail, thrown,
};
use crate::{
    on_hyper::serve,
    told::{Caller, FORMS},
};

fn layer() -> ExceptionLayer {
    ExceptionLayer::new(Detail::new().codes()).domain("tasks.example.org")
}

fn get_at(
    path: &str,
) -> (
    &str,
    &str,
    &'static [(&'static str, &'static str)],
    &'static str,
) {
    ("GET", path, &[], "")
}

#[tokio::test]
async fn on_hyper() {
    let caller = Caller::new(
        serve(layer().layer(service_fn(fail::<Incoming, Full<Bytes>>))).await,
        false,
    );
    for fact in facts(THROWN).chain(facts(ERRORS)).chain(facts(PANIC)) {
        caller
            .check(&fact, get_at(&format!("/{}", fact.name)))
            .await;
    }
}

/// A body that ends too early, and one that is no body: the caller can still be answered.
#[tokio::test]
async fn a_broken_body_on_hyper() {
    let reads = service_fn(|request: Request<Incoming>| async {
        let body = request.into_body().collect().await?.to_bytes();
        Ok::<_, hyper::Error>(Response::new(Full::new(body)))
    });
    let address = serve(layer().layer(reads)).await;
    for body in [
        "Content-Length: 10\r\n\r\nabc",
        "Transfer-Encoding: chunked\r\n\r\nno size\r\n",
    ] {
        for (header, wanted) in [
            ("Accept: application/json", "\"code\":\"parse_error\""),
            ("Accept: application/problem+json", "\"status\":400"),
            ("Accept: text/html", "Malformed request."),
            ("Content-Type: application/grpc", "grpc-status: 1\r\n"),
        ] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let sent = format!("POST / HTTP/1.1\r\nHost: a\r\n{header}\r\n{body}");
            stream.write_all(sent.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            let mut said = String::new();
            stream.read_to_string(&mut said).await.unwrap();
            assert!(said.contains(wanted), "{body}: {said}");
            let is_grpc = header.ends_with("grpc");
            assert_eq!(said.starts_with("HTTP/1.1 400 "), !is_grpc, "{said}");
        }
    }
}

#[derive(Deserialize)]
struct Task {
    #[expect(dead_code, reason = "it is never read successfully")]
    id: u32,
}

/// Handlers throw with `?`.
async fn throw(Path(name): Path<String>) -> Result<(), Exception> {
    thrown(&name).map_or(Ok(()), Err)?;
    if name == "panic" {
        panic!("{SECRET}");
    }
    Ok(())
}

fn router() -> Router {
    Router::new()
        .route("/throw/{name}", get(throw).post(throw))
        .route("/json", post(|_: Json<Task>| async {}))
        .route("/form", post(|_: Form<Task>| async {}))
        .route(
            "/query",
            get(|_: Query<Task>| async {}).post(|_: Query<Task>| async {}),
        )
        .route(
            "/path/{id}",
            get(|_: Path<u32>| async {}).post(|_: Path<u32>| async {}),
        )
        .route(
            "/body",
            post(|_: Bytes| async {}).layer(DefaultBodyLimit::max(3)),
        )
        .route(
            "/limit",
            post(|_: Bytes| async {}).layer(RequestBodyLimitLayer::new(3)),
        )
        .route(
            "/slow",
            post(std::future::pending::<()>).layer(TimeoutLayer::with_status_code(
                StatusCode::REQUEST_TIMEOUT,
                Duration::ZERO,
            )),
        )
        .route("/get", get(|| async {}))
}

async fn on_axum_with(router: Router) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let caller = Caller::new(listener.local_addr().unwrap(), false);
    tokio::spawn(async move { axum::serve(listener, router).await });

    for fact in facts(THROWN).chain(facts(PANIC)) {
        let path = format!("/throw/{}", fact.name);
        caller.check(&fact, get_at(&path)).await;
    }
    let json = &[("content-type", "application/json")][..];
    let form = &[("content-type", "application/x-www-form-urlencoded")][..];
    for fact in facts(TYPED) {
        let what = match fact.name {
            "no-type" => ("POST", "/json", &[][..], "{}"),
            "syntax" => ("POST", "/json", json, "{"),
            "data" => ("POST", "/json", json, r#"{"id":"x"}"#),
            _ => ("POST", "/form", form, "id=x"),
        };
        for accept in FORMS {
            caller.ask(accept, what).await.check(&fact, accept);
        }
    }
    for fact in facts(ANSWERED) {
        let what = match fact.name {
            "query" => get_at("/query?id=x"),
            "path" => get_at("/path/x"),
            "axum-limit" => ("POST", "/body", &[][..], "too long"),
            "http-limit" => ("POST", "/limit", &[][..], "too long"),
            "http-timeout" => ("POST", "/slow", &[][..], ""),
            "no-method" => ("POST", "/get", &[][..], ""),
            _ => get_at("/elsewhere"),
        };
        caller.check(&fact, what).await;
    }
}

#[tokio::test]
async fn on_axum_as_a_layer_of_the_router() {
    on_axum_with(router().layer(layer())).await;
}

#[tokio::test]
async fn on_axum_around_the_router() {
    on_axum_with(Router::new().fallback_service(layer().layer(router()))).await;
}

mod tonic_methods {
    use tonic::{Request, Response, Status};
    use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse, health_server::Health};

    use crate::failing::{SECRET, thrown};

    /// Fails as the name of the service says that is asked for.
    pub(super) struct Fails;

    #[tonic::async_trait]
    impl Health for Fails {
        async fn check(
            &self,
            request: Request<HealthCheckRequest>,
        ) -> Result<Response<HealthCheckResponse>, Status> {
            let name = request.into_inner().service;
            thrown(&name).map_or(Ok(()), Err)?;
            if name == "foreign" {
                Err(Status::from_error(SECRET.into()))?;
            }
            if name == "panic" {
                panic!("{}", SECRET);
            }
            Ok(Response::new(HealthCheckResponse::default()))
        }

        type WatchStream = std::pin::Pin<
            Box<
                dyn tonic::codegen::tokio_stream::Stream<Item = Result<HealthCheckResponse, Status>>
                    + Send,
            >,
        >;

        async fn watch(
            &self,
            _: Request<HealthCheckRequest>,
        ) -> Result<Response<Self::WatchStream>, Status> {
            Err(gatefold::Exception::not_implemented())?
        }
    }
}

/// Middleware inside the layer that fails on paths below `/fail/`.
#[derive(Clone)]
struct Failing<S>(S);

impl<S, B> Service<Request<B>> for Failing<S>
where
    S: Service<Request<B>, Response = Response<tonic::body::Body>>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(
        &mut self,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if request.uri().path().starts_with("/fail/") {
            let mut head = Request::new(());
            *head.uri_mut() = request.uri().clone();
            return Box::pin(fail(head));
        }
        let inside = self.0.call(request);
        Box::pin(async { inside.await.map_err(Into::into) })
    }
}

#[tokio::test]
async fn on_tonic() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stack = ServiceBuilder::new().layer(layer()).layer_fn(Failing);
    let server = tonic::transport::Server::builder()
        .layer(stack.into_inner())
        .add_service(tonic_health::pb::health_server::HealthServer::new(
            tonic_methods::Fails,
        ))
        .serve_with_incoming(TcpIncoming::from(listener));
    tokio::spawn(server);

    // In middleware.
    let caller = Caller::new(address, true);
    for fact in facts(THROWN).chain(facts(ERRORS)).chain(facts(PANIC)) {
        caller
            .check(&fact, get_at(&format!("/fail/{}", fact.name)))
            .await;
    }

    // In methods. A message of protobuf with one short text, behind gRPC's five bytes.
    for fact in facts(THROWN).chain(facts(PANIC)) {
        let length = u8::try_from(fact.name.len()).unwrap();
        let mut call = vec![0, 0, 0, 0, length + 2, 0x0a, length];
        call.extend_from_slice(fact.name.as_bytes());
        let call: &'static str = String::from_utf8(call).unwrap().leak();
        let what = ("POST", "/grpc.health.v1.Health/Check", &[][..], call);
        caller.check_grpc(&fact, what).await;
    }
    let call = "\0\0\0\0\u{9}\u{a}\u{7}foreign";
    let what = ("POST", "/grpc.health.v1.Health/Check", &[][..], call);
    caller.check_grpc(&Fact::read(FOREIGN), what).await;
}
