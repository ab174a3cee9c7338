//! The routes, and the gates before each.

use std::error::Error;

use axum::{
    Router,
    extract::{Path, State},
    routing::get,
};
use gatefold::authentication::{BasicAuthentication, JwtAuthentication, TokenAuthentication};
use gatefold::exceptions::ExceptionLayer;
use gatefold::negotiation::{DefaultNegotiation, Parsed};
use gatefold::permissions::{
    AllowAny, IsAdmin, IsAuthenticated, IsAuthenticatedOrReadOnly, IsOwner, ReadOnly,
};
use gatefold::suffixes::SuffixLayer;
use gatefold::throttling::{AnonRateThrottle, ScopedRateThrottle, UserRateThrottle};
use gatefold::tokens::JwtVerifier;
use gatefold::versioning::{AcceptHeaderVersioning, LifeCycle, RouteTable, Stage};
use gatefold::{ErrorDetail, Exception, Guard, Identity, Policy, Reply, Version};
use http::{StatusCode, header::LOCATION, request::Parts};
use serde::{Deserialize, Serialize};
use tower::Layer;

use super::store::{Draft, Store, Task, TaskV1, TaskV2, User};

/// The whole service: the router behind its gates, and the suffixes around it.
pub(crate) fn app(store: Store, signed: JwtVerifier) -> Result<Router, Box<dyn Error>> {
    let (by_token, by_password, by_name) = (store.clone(), store.clone(), store.clone());

    // The first version will end.
    let ending = Stage::new()
        .deprecated("2026-11-01")?
        .sunset("2027-11-01")?
        .link("deprecation", "https://example.org/changes")?;
    let versions = AcceptHeaderVersioning::new(["1", "2"]).default_version("1");
    let versions = LifeCycle::new(versions).stage("1", ending)?;

    // What holds for most routes.
    let api = Policy::new()
        .negotiation(DefaultNegotiation::default())
        .versioning(versions)
        .authentication(TokenAuthentication::new(move |token: String| {
            let user = by_token.user_by_token(&token);
            async move { Ok::<_, Exception>(user) }
        }))
        // Asked for each time, so that whoever is gone is refused before the token ends.
        .authentication(
            JwtAuthentication::new(signed)
                .look_up(move |claims: Claims| by_name.user_by_name(&claims.sub)),
        )
        .authentication(BasicAuthentication::new(
            move |name: String, password: String| {
                let user = by_password.user_by_password(&name, &password);
                async move { Ok::<_, Exception>(user) }
            },
        ))
        .permission(IsAuthenticatedOrReadOnly)
        .throttle(AnonRateThrottle::new(["60/min"])?)?
        .throttle(UserRateThrottle::new(["60/min", "1000/day"])?)?;

    // What differs, route by route.
    let open = api.clone().permission(AllowAny);
    let is_owner = IsOwner::new(|task: &Task| &task.owner);
    let owned = api.clone().permission(ReadOnly | IsAdmin | is_owner);
    let report = api
        .clone()
        .permission(IsAuthenticated)
        .throttle(ScopedRateThrottle::new("report", ["2/min"])?)?;

    let routes = RouteTable::new([("tasks", "/tasks"), ("report", "/report")])?;
    let routes = routes.carry("format");
    let root = move |head: Parts| root(head, routes.clone());

    let router = Router::new()
        .route("/", get(root).layer(open))
        .route("/tasks", get(list).post(create).layer(api))
        .route(
            "/tasks/{id}",
            get(retrieve)
                .put(update)
                .patch(partial_update)
                .delete(remove)
                .layer(owned),
        )
        .route("/report", get(summary).layer(report))
        // What no route answers gets words too.
        .layer(ExceptionLayer::default())
        .with_state(store);
    // A suffix is cut off before the router looks at the path, so its layer stands around it.
    let suffixes = SuffixLayer::new(["json", "html"])?;
    Ok(Router::new().fallback_service(suffixes.layer(router)))
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
}

/// A task in the form of the version that was asked for.
#[derive(Serialize)]
#[serde(untagged)]
enum Shown {
    V1(TaskV1),
    V2(TaskV2),
}

impl Shown {
    fn new(task: Task, version: &Version) -> Self {
        match version.as_str() {
            "2" => Self::V2(task.into()),
            _ => Self::V1(task.into()),
        }
    }
}

#[derive(Serialize)]
struct Root {
    tasks: String,
    report: String,
}

async fn root(head: Parts, routes: RouteTable) -> Result<Reply<Root>, Exception> {
    Ok(Reply(Root {
        tasks: routes.reverse(&head, "tasks").url()?,
        report: routes.reverse(&head, "report").url()?,
    }))
}

async fn list(State(store): State<Store>, version: Version) -> Reply<Vec<Shown>> {
    let tasks = store.list().into_iter();
    Reply(tasks.map(|task| Shown::new(task, &version)).collect())
}

async fn create(
    State(store): State<Store>,
    version: Version,
    who: Identity,
    Parsed(draft): Parsed<Draft>,
) -> Result<(StatusCode, [(http::HeaderName, String); 1], Reply<Shown>), Exception> {
    let title = required(draft.title)?;
    let task = store
        .add(who.id(), title, draft.done.unwrap_or(false))
        .ok_or_else(|| Exception::unavailable("the store is full"))?;
    let location = [(LOCATION, format!("/tasks/{}", task.id))];
    Ok((
        StatusCode::CREATED,
        location,
        Reply(Shown::new(task, &version)),
    ))
}

async fn retrieve(
    State(store): State<Store>,
    Path(id): Path<u64>,
    version: Version,
    guard: Guard,
) -> Result<Reply<Shown>, Exception> {
    let task = find(&store, id)?;
    guard.object(&task).await?;
    Ok(Reply(Shown::new(task, &version)))
}

async fn update(
    State(store): State<Store>,
    Path(id): Path<u64>,
    version: Version,
    guard: Guard,
    Parsed(draft): Parsed<Draft>,
) -> Result<Reply<Shown>, Exception> {
    let mut task = find(&store, id)?;
    guard.object(&task).await?;
    task.title = required(draft.title)?;
    task.done = draft.done.unwrap_or(false);
    Ok(Reply(Shown::new(store.put(task), &version)))
}

async fn partial_update(
    State(store): State<Store>,
    Path(id): Path<u64>,
    version: Version,
    guard: Guard,
    Parsed(draft): Parsed<Draft>,
) -> Result<Reply<Shown>, Exception> {
    let mut task = find(&store, id)?;
    guard.object(&task).await?;
    task.title = draft.title.unwrap_or(task.title);
    task.done = draft.done.unwrap_or(task.done);
    Ok(Reply(Shown::new(store.put(task), &version)))
}

async fn remove(
    State(store): State<Store>,
    Path(id): Path<u64>,
    guard: Guard,
) -> Result<StatusCode, Exception> {
    let task = find(&store, id)?;
    guard.object(&task).await?;
    store.remove(id);
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize)]
struct Summary {
    tasks: usize,
    done: usize,
    users: Vec<&'static str>,
}

async fn summary(State(store): State<Store>) -> Reply<Summary> {
    let tasks = store.list();
    Reply(Summary {
        tasks: tasks.len(),
        done: tasks.iter().filter(|task| task.done).count(),
        users: store
            .users()
            .iter()
            .map(|User { name, .. }| *name)
            .collect(),
    })
}

fn find(store: &Store, id: u64) -> Result<Task, Exception> {
    store.find(id).ok_or_else(Exception::not_found)
}

fn required(title: Option<String>) -> Result<String, Exception> {
    let complaint = match title {
        Some(title) if !title.trim().is_empty() => return Ok(title),
        Some(_) => "This field may not be blank.",
        None => "This field is required.",
    };
    Err(Exception::validation(ErrorDetail::fields([(
        "title",
        vec![complaint],
    )])))
}
