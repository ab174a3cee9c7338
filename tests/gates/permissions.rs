//! One denial in every form: JSON, problem details, gRPC; and object permissions on tonic.

use std::{convert::Infallible, future::ready};

use gatefold::authentication::{AuthenticationLayer, TokenAuthentication};
use gatefold::exceptions::{ExceptionLayer, Problem};
use gatefold::permissions::{
    Denial, Guard, HasScope, Holder, IsAdmin, IsOwner, MemoryRights, ModelPermissions, Permission,
    PermissionLayer,
};
use gatefold::{Exception, Identity};
use http::{Method, Request, Response, StatusCode, header::AUTHORIZATION};
use http_body_util::BodyExt;
use serde_json::json;
use tonic::{Code, Status, codegen::tokio_stream::Empty, transport::Server};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse,
    health_server::{Health, HealthServer},
};
use tower::{ServiceBuilder, ServiceExt, service_fn};

use crate::tonic_server::{client, listen};

fn authentication() -> AuthenticationLayer {
    let find = |key: String| ready(Ok::<_, Exception>(Some(Identity::new(key))));
    let token = TokenAuthentication::new(find).keyword("Bearer");
    AuthenticationLayer::new(token.expect("a keyword"))
}

/// A gRPC call or a plain request, by `who`.
fn request(grpc: bool, who: Option<&str>) -> Request<tonic::body::Body> {
    let mut request = Request::builder().uri("/tasks.Tasks/Remove");
    if grpc {
        request = request
            .method(Method::POST)
            .header("content-type", "application/grpc");
    }
    if let Some(who) = who {
        request = request.header(AUTHORIZATION, format!("Bearer {who}"));
    }
    request.body(tonic::body::Body::empty()).unwrap()
}

/// The answer of `permission` to `request`.
async fn refused(
    exceptions: ExceptionLayer,
    permission: PermissionLayer,
    request: Request<tonic::body::Body>,
) -> Response<tonic::body::Body> {
    let service = ServiceBuilder::new()
        .layer(exceptions)
        .layer(authentication())
        .layer(permission)
        .service(service_fn(async |_: Request<tonic::body::Body>| {
            Ok::<_, Infallible>(Response::new(tonic::body::Body::empty()))
        }));
    service.oneshot(request).await.unwrap()
}

async fn body(response: Response<tonic::body::Body>) -> serde_json::Value {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&body).unwrap()
}

#[tokio::test]
async fn one_denial_has_the_same_words_and_code_in_json_in_problem_details_and_in_grpc() {
    let layer = || {
        let why = Denial::new("Ask an administrator.").with_code("not_admin");
        let rule = IsAdmin.because(why) | HasScope::new("tasks:remove");
        PermissionLayer::new(rule)
    };
    let detail = ExceptionLayer::default;
    let problem = || ExceptionLayer::new(Problem::new());
    let ada = || Some("ada");

    // Of the two reasons the one that names a scope is told, and which scope is missing.
    let json = refused(detail(), layer(), request(false, ada())).await;
    assert_eq!(json.status(), StatusCode::FORBIDDEN);
    let challenge = r#"Bearer error="insufficient_scope", scope="tasks:remove""#;
    assert_eq!(json.headers()["www-authenticate"], challenge);

    let only = || {
        let why = Denial::new("Ask an administrator.").with_code("not_admin");
        PermissionLayer::new(IsAdmin.because(why))
    };
    let json = refused(detail(), only(), request(false, ada())).await;
    assert_eq!(json.status(), StatusCode::FORBIDDEN);
    assert_eq!(body(json).await, json!({"detail": "Ask an administrator."}));

    let told = refused(problem(), only(), request(false, ada())).await;
    assert_eq!(told.headers()["content-type"], "application/problem+json");
    let told = body(told).await;
    assert_eq!(told["status"], 403);
    assert_eq!(told["detail"], "Ask an administrator.");
    assert_eq!(told["code"], "not_admin");

    for (who, code, words) in [
        (ada(), Code::PermissionDenied, "Ask an administrator."),
        (
            None,
            Code::Unauthenticated,
            "Authentication credentials were not provided.",
        ),
    ] {
        let answer = refused(detail(), only(), request(true, who)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let status = Status::from_header_map(answer.headers()).expect("trailers only");
        assert_eq!(status.code(), code);
        assert_eq!(status.message(), words);
    }

    let nobody = refused(detail(), only(), request(false, None)).await;
    assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(nobody.headers()["www-authenticate"], "Bearer");
}

#[tokio::test]
async fn a_method_outside_the_map_is_a_405_that_names_the_methods() {
    let rights = MemoryRights::new();
    rights.grant(Holder::User("ada"), "view_task");
    let layer = || PermissionLayer::new(ModelPermissions::new("task", rights.clone()));
    for (method, who, status) in [
        (Method::GET, Some("ada"), StatusCode::OK),
        (Method::POST, Some("ada"), StatusCode::FORBIDDEN),
        (Method::TRACE, Some("ada"), StatusCode::METHOD_NOT_ALLOWED),
        (Method::TRACE, None, StatusCode::UNAUTHORIZED),
    ] {
        let mut request = request(false, who);
        *request.method_mut() = method.clone();
        let answer = refused(ExceptionLayer::default(), layer(), request).await;
        assert_eq!(answer.status(), status, "{method} {who:?}");
        let allow = answer.headers().get_all("allow").iter().count();
        assert_eq!(allow, usize::from(status == StatusCode::METHOD_NOT_ALLOWED));
    }
}

struct Task {
    owner: &'static str,
}

/// A health service of which everything is ada's, and which may forget to ask.
struct Owned {
    asks: bool,
}

#[tonic::async_trait]
impl Health for Owned {
    async fn check(
        &self,
        request: tonic::Request<HealthCheckRequest>,
    ) -> Result<tonic::Response<HealthCheckResponse>, Status> {
        if self.asks {
            let guard = Guard::of_call(&request)?;
            guard.object(&Task { owner: "ada" }).await?;
        }
        Ok(tonic::Response::new(HealthCheckResponse::default()))
    }

    type WatchStream = Empty<Result<HealthCheckResponse, Status>>;

    async fn watch(
        &self,
        _: tonic::Request<HealthCheckRequest>,
    ) -> Result<tonic::Response<Self::WatchStream>, Status> {
        Err(Exception::method_not_allowed(&Method::POST).into())
    }
}

/// What a caller of the service is told.
async fn called(asks: bool, who: &str) -> Result<(), (Code, String)> {
    let gates = ServiceBuilder::new()
        .layer(ExceptionLayer::default())
        .layer(authentication())
        .layer(PermissionLayer::new(IsOwner::new(|task: &Task| task.owner)))
        .into_inner();
    let (incoming, address) = listen().await;
    let server = Server::builder()
        .layer(gates)
        .add_service(HealthServer::new(Owned { asks }));
    tokio::spawn(server.serve_with_incoming(incoming));
    let mut request = tonic::Request::new(HealthCheckRequest::default());
    let key = format!("Bearer {who}").parse().unwrap();
    request.metadata_mut().insert("authorization", key);
    let answer = client(address).await.check(request).await;
    answer
        .map(drop)
        .map_err(|status| (status.code(), status.message().to_owned()))
}

#[tokio::test]
async fn a_method_of_tonic_asks_its_guard_and_is_found_out_if_it_does_not() {
    assert_eq!(called(true, "ada").await, Ok(()));
    let words = "You do not have permission to perform this action.";
    let refused = (Code::PermissionDenied, words.to_owned());
    assert_eq!(called(true, "bob").await, Err(refused));
    let (code, _) = called(false, "ada").await.unwrap_err();
    assert_eq!(code, Code::Internal);
}
