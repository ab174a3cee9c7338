use std::{
    collections::{HashMap, HashSet},
    str::FromStr,
};

use axum::{
    Router,
    extract::Path,
    routing::{delete, get},
};
use cedar_policy::{Entity, EntityUid, RestrictedExpression};
use gatefold::{
    Exception, Guard,
    permissions::{IsAdmin, PermissionLayer, rule},
};
use gatefold_policy_engines::CedarPermission;
use http::StatusCode;

use super::{ask, served};

const POLICIES: &str = include_str!("../../policies/tasks.cedar");
const SCHEMA: &str = include_str!("../../policies/tasks.cedarschema");

#[derive(Clone)]
struct Task {
    id: u64,
    owner: &'static str,
    locked: bool,
}

fn entity(task: &Task) -> Result<Entity, Box<dyn std::error::Error + Send + Sync>> {
    let owner = EntityUid::from_str(&format!("User::{:?}", task.owner))?;
    let attributes = HashMap::from([
        (
            "owner".to_owned(),
            RestrictedExpression::new_entity_uid(owner),
        ),
        (
            "locked".to_owned(),
            RestrictedExpression::new_bool(task.locked),
        ),
    ]);
    let uid = EntityUid::from_str(&format!("Task::\"{}\"", task.id))?;
    Ok(Entity::new(uid, attributes, HashSet::new())?)
}

fn tasks() -> Vec<Task> {
    let task = |id, owner, locked| Task { id, owner, locked };
    vec![
        task(1, "alice", false),
        task(2, "alice", true),
        task(3, "bob", false),
    ]
}

async fn one(Path(id): Path<u64>, guard: Guard) -> Result<String, Exception> {
    let task = tasks().into_iter().find(|task| task.id == id);
    let task = task.ok_or_else(Exception::not_found)?;
    guard.object(&task).await?;
    Ok(format!("{id}"))
}

async fn list(guard: Guard) -> Result<String, Exception> {
    let tasks = guard.filter(tasks()).await?;
    let ids: Vec<_> = tasks.iter().map(|task| task.id.to_string()).collect();
    Ok(ids.join(","))
}

fn app() -> Router {
    let cedar = CedarPermission::new(POLICIES, SCHEMA, entity).unwrap();
    let layer = PermissionLayer::new(IsAdmin | rule(cedar));
    served(
        Router::new()
            .route("/tasks", get(list).layer(layer.clone()))
            .route("/tasks/{id}", delete(one).get(one).layer(layer)),
    )
}

#[tokio::test]
async fn a_cedar_file_decides_about_objects() {
    let app = app();
    for (method, path, token, status) in [
        ("GET", "/tasks/1", Some("alice"), StatusCode::OK),
        ("DELETE", "/tasks/1", Some("alice"), StatusCode::OK),
        ("GET", "/tasks/1", Some("bob"), StatusCode::FORBIDDEN),
        ("GET", "/tasks/1", Some("bob-reviewer"), StatusCode::OK),
        (
            "DELETE",
            "/tasks/1",
            Some("bob-reviewer"),
            StatusCode::FORBIDDEN,
        ),
        ("GET", "/tasks/1", None, StatusCode::UNAUTHORIZED),
        ("GET", "/tasks/9", Some("alice"), StatusCode::NOT_FOUND),
        ("GET", "/tasks/2", Some("alice"), StatusCode::OK),
        ("DELETE", "/tasks/2", Some("alice"), StatusCode::FORBIDDEN),
    ] {
        let answer = ask(&app, method, path, token).await;
        assert_eq!(answer.0, status, "{method} {path} {token:?}: {}", answer.1);
    }
}

#[tokio::test]
async fn a_policy_that_forbids_gives_its_own_reason() {
    let (_, body) = ask(&app(), "DELETE", "/tasks/2", Some("alice")).await;
    assert_eq!(body, r#"{"detail":"The task is locked."}"#);
}

#[tokio::test]
async fn a_list_is_filtered_by_the_policies() {
    for (token, ids) in [
        ("alice", "1,2"),
        ("bob", "3"),
        ("eve-reviewer", "1,2,3"),
        ("eve", ""),
    ] {
        let answer = ask(&app(), "GET", "/tasks", Some(token)).await;
        assert_eq!(answer, (StatusCode::OK, ids.to_owned()), "{token}");
    }
}

#[test]
fn policies_that_do_not_fit_the_schema_are_an_error_at_the_start() {
    for (policies, part) in [
        (
            "permit (principal, action, resource) when { resource.size > 1 };",
            "size",
        ),
        ("permit (principal", "unexpected"),
    ] {
        let error = CedarPermission::new(policies, SCHEMA, entity).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[tokio::test]
async fn what_cedar_cannot_judge_is_a_failure_and_not_a_no() {
    let cedar = CedarPermission::new(POLICIES, SCHEMA, |_: &Task| Err("no such table".into()));
    let layer = PermissionLayer::new(!rule(cedar.unwrap()));
    let app = served(Router::new().route("/tasks/{id}", get(one).layer(layer)));
    let (status, _) = ask(&app, "GET", "/tasks/1", Some("alice")).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
}
