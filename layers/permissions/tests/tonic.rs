//! On tonic: the guard of a call.
#![cfg(feature = "tonic")]

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use gatefold_core::{Exception, Identity};
use gatefold_permissions::{AllowAny, Guard, IsOwner, Permission, PermissionLayer, object};
use http::{Method, Request, Response, StatusCode, Version, request::Parts};
use tower::{Layer, ServiceExt, service_fn};

struct Task {
    owner: &'static str,
}

fn call(who: &str) -> Request<()> {
    let request = Request::builder()
        .method(Method::POST)
        .version(Version::HTTP_2)
        .uri("http://tasks.example/tasks.Tasks/Remove")
        .header("content-type", "application/grpc+proto")
        .header("x-pass", "yes");
    let mut request = request.body(()).unwrap();
    Identity::new(who).leave(request.extensions_mut());
    request
}

/// What the guard of a tonic handler behind `layers` says of a task.
async fn ask(layers: &[PermissionLayer], request: Request<()>) -> Result<(), Exception> {
    let told = Arc::new(Mutex::new(None));
    let heard = Arc::clone(&told);
    let handler = service_fn(move |request: Request<()>| {
        let heard = Arc::clone(&heard);
        async move {
            // As tonic's server does.
            let request = tonic::Request::from_http(request);
            let answer = match Guard::of_call(&request) {
                Ok(guard) => guard.object(&Task { owner: "alice" }).await,
                Err(exception) => Err(exception),
            };
            *heard.lock().unwrap() = Some(answer);
            Ok::<_, Infallible>(Response::new(()))
        }
    });
    let mut service = tower::util::BoxCloneService::new(handler);
    for layer in layers.iter().rev() {
        service = tower::util::BoxCloneService::new(layer.layer(service));
    }
    service.oneshot(request).await.unwrap();
    told.lock().unwrap().take().expect("the handler was called")
}

#[tokio::test]
async fn the_rules_see_the_call_as_it_came() {
    let as_it_came = object(|head: &Parts, _: &Task| {
        head.method == Method::POST
            && head.version == Version::HTTP_2
            && head.uri == "http://tasks.example/tasks.Tasks/Remove"
            && head.headers["x-pass"] == "yes"
    });
    let owner = || IsOwner::new(|task: &Task| task.owner);
    for layers in [
        vec![PermissionLayer::new(as_it_came.clone().and(owner()))],
        vec![
            PermissionLayer::new(AllowAny),
            PermissionLayer::new(as_it_came.and(owner())),
        ],
        vec![
            PermissionLayer::new(owner()),
            PermissionLayer::new(AllowAny),
        ],
    ] {
        ask(&layers, call("alice")).await.unwrap();
        let refusal = ask(&layers, call("bob")).await.unwrap_err();
        assert_eq!(refusal.status(), StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn the_guard_is_there_also_where_the_answer_was_not_open() {
    ask(&[PermissionLayer::new(AllowAny)], call("alice"))
        .await
        .unwrap();
}

#[tokio::test]
async fn without_a_permission_layer_the_answer_is_a_500() {
    let refusal = ask(&[], call("alice")).await.unwrap_err();
    assert_eq!(refusal.status(), StatusCode::INTERNAL_SERVER_ERROR);
}
