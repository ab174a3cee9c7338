//! The question that a rule over an object leaves open, and who asks it.

use std::{
    any::Any,
    convert::Infallible,
    error::Error,
    sync::{Arc, Mutex},
};

use gatefold_core::{Attempt, Decision, Exception, Identity, later};
use gatefold_permissions::{
    Denial, Guard, IsAdmin, IsAuthenticated, Permission, PermissionLayer, ReadOnly, Verdict, object,
};
use http::{HeaderValue, Request, Response, StatusCode, request::Parts};
use tower::{Layer, ServiceExt, service_fn};

struct Task {
    owner: &'static str,
}

const TASK: Task = Task { owner: "alice" };

fn is_owner(head: &Parts, task: &Task) -> bool {
    Identity::of(&head.extensions).is_some_and(|who| who.id() == task.owner)
}

fn request(caller: Option<&str>) -> Request<String> {
    let mut request = Request::new(String::new());
    let challenges = [HeaderValue::from_static("Token")];
    Attempt::new(Arc::new(challenges)).leave(request.extensions_mut());
    if let Some(id) = caller {
        Identity::new(id).leave(request.extensions_mut());
    }
    request
}

#[derive(Clone, Copy)]
enum Does {
    Nothing,
    AsksObject,
    AsksAnotherType,
    SaysNoObject,
    AsksAndForgetsToWait,
}

/// A handler behind `layers`, the outermost first; what it was told, and the answer.
async fn ask(
    layers: &[PermissionLayer],
    request: Request<String>,
    does: Does,
    answer: Response<String>,
) -> (Option<Result<(), Exception>>, Response<String>) {
    let told = Arc::new(Mutex::new(None));
    let heard = Arc::clone(&told);
    let answer = Arc::new(Mutex::new(Some(answer)));
    let handler = service_fn(move |request: Request<String>| {
        let (heard, answer) = (Arc::clone(&heard), Arc::clone(&answer));
        async move {
            let (head, _) = request.into_parts();
            let guard = Guard::of(&head).expect("a permission layer is there");
            let result = match does {
                Does::Nothing => None,
                Does::AsksObject => Some(guard.object(&TASK).await),
                Does::AsksAnotherType => Some(guard.object(&"a word").await),
                Does::SaysNoObject => {
                    guard.no_object();
                    None
                }
                Does::AsksAndForgetsToWait => {
                    drop(guard.object(&TASK));
                    None
                }
            };
            *heard.lock().unwrap() = result;
            Ok::<_, Infallible>(answer.lock().unwrap().take().expect("called once"))
        }
    });
    let mut service = tower::util::BoxCloneService::new(handler);
    for layer in layers.iter().rev() {
        service = tower::util::BoxCloneService::new(layer.layer(service));
    }
    let response = service.oneshot(request).await.unwrap();
    let told = told.lock().unwrap().take();
    (told, response)
}

fn ok() -> Response<String> {
    Response::new("done".to_owned())
}

fn status(told: Option<Result<(), Exception>>) -> Option<StatusCode> {
    told?.err().map(|exception| exception.status())
}

#[tokio::test]
async fn the_whole_expression_is_asked_again_with_the_object() {
    let layers = [PermissionLayer::new(
        IsAuthenticated & (IsAdmin | object(is_owner)),
    )];
    let (told, response) = ask(&layers, request(Some("alice")), Does::AsksObject, ok()).await;
    assert!(matches!(told, Some(Ok(()))));
    assert_eq!(response.body(), "done");
    let (told, _) = ask(&layers, request(Some("bob")), Does::AsksObject, ok()).await;
    assert_eq!(status(told), Some(StatusCode::FORBIDDEN));
    let (told, response) = ask(&layers, request(None), Does::AsksObject, ok()).await;
    assert!(told.is_none(), "the handler is not called");
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn nobody_is_asked_for_credentials_also_by_the_guard() {
    let layers = [PermissionLayer::new(object(is_owner))];
    let (told, _) = ask(&layers, request(None), Does::AsksObject, ok()).await;
    let refusal = told.unwrap().unwrap_err();
    assert_eq!(refusal.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(refusal.headers()["www-authenticate"], "Token");
}

#[tokio::test]
async fn a_hidden_object_is_not_found() {
    let hidden = object(is_owner).because(Denial::default().hidden());
    let layers = [PermissionLayer::new(IsAdmin | hidden)];
    for caller in [None, Some("bob")] {
        let (told, _) = ask(&layers, request(caller), Does::AsksObject, ok()).await;
        assert_eq!(status(told), Some(StatusCode::NOT_FOUND));
    }
}

#[tokio::test]
async fn a_store_is_asked_about_the_object_and_its_failure_is_a_503() {
    let shared = object(|head: &Parts, task: &Task| {
        let caller = Identity::of(&head.extensions).map(|who| who.id().to_owned());
        let owner = task.owner;
        later(async move {
            match caller.as_deref() {
                Some("mallory") => Err(Exception::unavailable("the store is down")),
                caller => Ok(caller == Some(owner)),
            }
        })
    });
    let layers = [
        PermissionLayer::new(!shared.clone()),
        PermissionLayer::new(IsAuthenticated),
    ];
    let (told, _) = ask(&layers, request(Some("bob")), Does::AsksObject, ok()).await;
    assert!(matches!(told, Some(Ok(()))));
    let (told, _) = ask(&layers, request(Some("alice")), Does::AsksObject, ok()).await;
    assert_eq!(status(told), Some(StatusCode::FORBIDDEN));
    let (told, _) = ask(&layers, request(Some("mallory")), Does::AsksObject, ok()).await;
    assert_eq!(status(told), Some(StatusCode::SERVICE_UNAVAILABLE));
}

#[tokio::test]
async fn an_object_that_no_rule_knows_is_refused_and_named_in_the_log() {
    for layer in [
        PermissionLayer::new(IsAdmin | object(is_owner)),
        PermissionLayer::new(!object(is_owner)),
    ] {
        let alice = request(Some("alice"));
        let (told, _) = ask(&[layer], alice, Does::AsksAnotherType, ok()).await;
        let refusal = told.unwrap().unwrap_err();
        assert_eq!(refusal.status(), StatusCode::FORBIDDEN);
        let source = refusal.source().expect("for the log").to_string();
        assert!(
            source.contains("&str") && source.contains("object("),
            "{source}"
        );
    }
}

#[tokio::test]
async fn a_success_that_nobody_asked_about_becomes_a_500_that_names_route_and_rule() {
    let layers = [PermissionLayer::new(ReadOnly & !object(is_owner))];
    for does in [Does::Nothing, Does::AsksAndForgetsToWait] {
        let mut request = request(Some("alice"));
        gatefold_core::Route::new("/tasks/{id}").leave(request.extensions_mut());
        let (_, response) = ask(&layers, request, does, ok()).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.body(), "");
        let mistake = response.extensions().get::<Exception>().expect("left");
        let source = mistake.source().expect("for the log").to_string();
        for part in ["GET /tasks/{id}", "(ReadOnly & !object(", "Task", "200"] {
            assert!(source.contains(part), "{source}");
        }
    }
}

#[tokio::test]
async fn a_list_says_that_there_is_no_object() {
    let layers = [
        PermissionLayer::new(object(is_owner)),
        PermissionLayer::new(IsAuthenticated),
        PermissionLayer::new(IsAdmin | object(is_owner)),
    ];
    let (_, response) = ask(&layers, request(Some("bob")), Does::SaysNoObject, ok()).await;
    assert_eq!(response.body(), "done");
}

#[tokio::test]
async fn a_failure_of_the_handler_is_left_as_it_is() {
    let layers = [PermissionLayer::new(object(is_owner))];
    let answer = |status: u16, grpc: Option<&str>| {
        let mut response = Response::builder().status(status);
        if let Some(grpc) = grpc {
            response = response.header("grpc-status", grpc);
        }
        response.body(String::new()).unwrap()
    };
    for (response, becomes) in [
        (answer(404, None), 404),
        (answer(200, Some("5")), 200),
        (answer(200, Some("0")), 500),
        (answer(204, None), 500),
        (answer(303, None), 500),
        (answer(400, None), 400),
    ] {
        let (_, response) = ask(&layers, request(None), Does::Nothing, response).await;
        assert_eq!(response.status(), becomes);
    }
}

#[tokio::test]
async fn nothing_is_asked_where_the_answer_was_not_open() {
    let layers = [PermissionLayer::new(ReadOnly | object(is_owner))];
    let (_, response) = ask(&layers, request(None), Does::Nothing, ok()).await;
    assert_eq!(response.body(), "done");
}

/// As one is written in Django REST Framework: true without an object, a rule with one.
struct AllowsThenRefuses;

impl Permission for AllowsThenRefuses {
    fn has_permission(&self, _: &Parts) -> Decision<Verdict> {
        Decision::Now(Verdict::Allowed)
    }

    fn has_object_permission(&self, _: &Parts, object: &dyn Any) -> Decision<Verdict> {
        Decision::Now((!object.is::<Task>()).into())
    }
}

#[tokio::test]
async fn the_guard_asks_all_layers_whether_their_answer_was_open_or_not() {
    let allow = || PermissionLayer::new(IsAuthenticated);
    let refuse = || PermissionLayer::new(AllowsThenRefuses);
    for layers in [
        vec![refuse()],
        vec![refuse(), allow()],
        vec![allow(), refuse()],
        vec![allow(), refuse(), allow()],
        vec![refuse(), PermissionLayer::new(object(is_owner))],
    ] {
        let alice = request(Some("alice"));
        let (told, _) = ask(&layers, alice, Does::AsksObject, ok()).await;
        assert_eq!(status(told), Some(StatusCode::FORBIDDEN));
    }
}

#[test]
fn without_a_permission_layer_there_is_no_guard() {
    assert!(Guard::of(&request(None).into_parts().0).is_none());
}

#[tokio::test]
async fn a_list_is_filtered_by_the_same_rules_and_keeps_its_order() {
    let owners = ["alice", "bob", "carol", "alice", "dave"];
    let slow = object(|head: &Parts, task: &Task| {
        let caller = Identity::of(&head.extensions).map(|who| who.id().to_owned());
        let owner = task.owner;
        later(async move { caller.as_deref() == Some("alice") && owner == "carol" })
    });
    // The outer layer takes dave's away, wherever the inner one stands.
    let layers = [
        PermissionLayer::new(object(|_: &Parts, task: &Task| task.owner != "dave")),
        PermissionLayer::new(IsAdmin | object(is_owner) | slow),
    ];
    let kept = filter(
        &layers,
        request(Some("alice")),
        owners.map(|owner| Task { owner }),
    )
    .await;
    let kept: Vec<_> = kept.unwrap().iter().map(|task| task.owner).collect();
    assert_eq!(kept, ["alice", "carol", "alice"]);
    let kept = filter(
        &layers,
        request(Some("bob")),
        owners.map(|owner| Task { owner }),
    )
    .await;
    assert_eq!(kept.unwrap().len(), 1);
    let kept = filter(&layers, request(None), owners.map(|owner| Task { owner })).await;
    assert!(kept.unwrap().is_empty());
    // No rule decides on words.
    let kept = filter(&layers, request(Some("alice")), ["alice"]).await;
    assert!(kept.unwrap().is_empty());
}

#[tokio::test]
async fn a_failure_is_not_left_out_of_a_list() {
    let fails = object(|_: &Parts, task: &Task| match task.owner {
        "bob" => Err(Exception::unavailable("the store is down")),
        _ => Ok(true),
    });
    let layers = [PermissionLayer::new(fails)];
    let tasks = || ["alice", "bob"].map(|owner| Task { owner });
    let refusal = filter(&layers, request(Some("alice")), tasks()).await;
    let refusal = refusal.err().expect("a failure");
    assert_eq!(refusal.status(), StatusCode::SERVICE_UNAVAILABLE);
}

/// What is left of `items` in a handler behind `layers`. Its success is one: the question counts
/// as asked.
async fn filter<T, const N: usize>(
    layers: &[PermissionLayer],
    request: Request<String>,
    items: [T; N],
) -> Result<Vec<T>, Exception>
where
    T: Any + Send,
{
    let cell = Arc::new(Mutex::new((Some(items), None)));
    let shared = Arc::clone(&cell);
    let handler = service_fn(move |request: Request<String>| {
        let shared = Arc::clone(&shared);
        async move {
            let (head, _) = request.into_parts();
            let guard = Guard::of(&head).expect("a permission layer is there");
            let items = shared.lock().unwrap().0.take().expect("called once");
            let filtered = guard.filter(items).await;
            let status = filtered
                .as_ref()
                .map_or_else(Exception::status, |_| StatusCode::OK);
            shared.lock().unwrap().1 = Some(filtered);
            let mut response = ok();
            *response.status_mut() = status;
            Ok::<_, Infallible>(response)
        }
    });
    let mut service = tower::util::BoxCloneService::new(handler);
    for layer in layers.iter().rev() {
        service = tower::util::BoxCloneService::new(layer.layer(service));
    }
    let response = service.oneshot(request).await.unwrap();
    let filtered = cell
        .lock()
        .unwrap()
        .1
        .take()
        .expect("the handler was called");
    let status = filtered
        .as_ref()
        .map_or_else(Exception::status, |_| StatusCode::OK);
    assert_eq!(response.status(), status);
    filtered
}
