//! The server of `ENDPOINTS.md`, built from gatefold's layers by `endpoints.json`.
//!
//! What Django itself answers (no route, unknown host, a broken handler's 500) is this module's
//! own; what its pipeline answers comes from the layers, with their presets for Django REST
//! Framework.

pub(crate) mod answer;
pub(crate) mod authenticators;
pub(crate) mod call;
pub(crate) mod cases;
pub(crate) mod charset;
pub(crate) mod config;
pub(crate) mod handlers;
pub(crate) mod hosts;
pub(crate) mod json;
pub(crate) mod json_parser;
pub(crate) mod links;
pub(crate) mod media;
pub(crate) mod multipart;
pub(crate) mod notes;
pub(crate) mod parse;
pub(crate) mod paths;
pub(crate) mod permissions;
pub(crate) mod render;
pub(crate) mod routes;
pub(crate) mod stack;
pub(crate) mod throttles;
pub(crate) mod versions;
pub(crate) mod world;

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use gatefold::{Connection, Route};
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, Uri,
    header::{ALLOW, HOST},
};
use http_body_util::BodyExt;
use tower::ServiceExt;

use self::{
    answer::Framework,
    call::{Place, latin1},
    config::{Config, Endpoint},
    routes::{Match, Routes},
    stack::Stack,
    world::World,
};

/// The whole server.
pub(crate) struct Reference {
    config: Arc<Config>,
    endpoints: Vec<Arc<Endpoint>>,
    routes: Routes,
    state: Mutex<State>,
}

/// Made anew by each reset. Endpoints are built when they are first asked for.
struct State {
    world: Arc<World>,
    stacks: HashMap<(usize, String, bool), Result<Stack, Vec<String>>>,
}

impl State {
    fn new(config: &Arc<Config>) -> Self {
        Self {
            world: Arc::new(World::new(Arc::clone(config))),
            stacks: HashMap::new(),
        }
    }
}

impl Reference {
    /// Builds the server from the text of `endpoints.json`.
    pub(crate) fn new(endpoints: &str) -> Result<Self, String> {
        let config: Config =
            serde_json::from_str(endpoints).map_err(|error| format!("endpoints.json: {error}"))?;
        let (routes, _unknown) = Routes::new(&config);
        let config = Arc::new(config);
        Ok(Self {
            endpoints: config.endpoints.iter().cloned().map(Arc::new).collect(),
            routes,
            state: Mutex::new(State::new(&config)),
            config,
        })
    }

    /// Goes back to the fixtures.
    pub(crate) fn reset(&self) {
        *self.state() = State::new(&self.config);
    }

    /// Sets the clock to so many seconds after the corpus's beginning.
    pub(crate) fn set_clock(&self, at: f64) {
        self.state().world.set_clock(at);
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers one request from `peer`.
    pub(crate) async fn answer(&self, request: Request<Bytes>, peer: IpAddr) -> Response<Bytes> {
        let is_head = request.method().as_str().eq_ignore_ascii_case("HEAD");
        let answer = self.route(request, peer).await;
        match is_head {
            true => answer.map(|_| Bytes::new()),
            false => answer,
        }
    }

    async fn route(&self, request: Request<Bytes>, peer: IpAddr) -> Response<Bytes> {
        let (mut head, body) = request.into_parts();
        head.headers = joined(&head.headers);
        // Django knows no letter case in methods.
        let method = head.method.as_str().to_ascii_uppercase();
        head.method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
        let host = head.headers.get(HOST).map(latin1).unwrap_or_default();
        if !hosts::is_served(&host) {
            return answer::bad_request();
        }
        let path = decoded(head.uri.path());
        let Some(hit) = self.routes.find(&path) else {
            return answer::no_route();
        };
        let stack = match self.stack(&hit) {
            Ok(stack) => stack,
            Err(missing) => return answer::not_built(&missing),
        };
        let endpoint = Arc::clone(&self.endpoints[hit.endpoint]);
        let view = hit.view;
        head.uri = plain(&head.uri, &path);
        let https = head
            .headers
            .get("x-forwarded-proto")
            .is_some_and(|proto| proto == "https");
        Connection::new(SocketAddr::new(peer, 0))
            .https(https)
            .leave(&mut head.extensions);
        Route::new(hit.template.as_str()).leave(&mut head.extensions);
        head.extensions.insert(Arc::new(hit));
        let answer = stack.oneshot(Request::from_parts(head, body)).await;
        let response = match answer {
            Ok(response) => response,
            Err(never) => match never {},
        };
        finish(response, &endpoint, view).await
    }

    fn stack(&self, hit: &Match) -> Result<Stack, Vec<String>> {
        let mut state = self.state();
        let place = Place {
            world: Arc::clone(&state.world),
            endpoint: Arc::clone(&self.endpoints[hit.endpoint]),
        };
        let key = (
            hit.endpoint,
            hit.view.to_owned(),
            hit.found.format.is_some(),
        );
        let stack = state.stacks.entry(key);
        stack.or_insert_with(|| stack::build(&place, hit)).clone()
    }
}

/// What the pipeline adds to each of its answers, and the body in one piece.
async fn finish(
    response: Response<gatefold::negotiation::Rendered>,
    endpoint: &Endpoint,
    view: &str,
) -> Response<Bytes> {
    let (mut head, body) = response.into_parts();
    if head.extensions.get::<Framework>().is_none()
        && let Ok(allow) = HeaderValue::from_str(&allow(endpoint, view))
    {
        head.headers.insert(ALLOW, allow);
    }
    match body.collect().await {
        Ok(body) => Response::from_parts(head, body.to_bytes()),
        Err(_) => answer::server_error(),
    }
}

fn allow(endpoint: &Endpoint, view: &str) -> String {
    let methods = match view {
        "list" => "GET, POST, HEAD, OPTIONS",
        "detail" => "GET, DELETE, HEAD, OPTIONS",
        "root" => "GET, HEAD, OPTIONS",
        _ => return endpoint.allow(),
    };
    methods.to_owned()
}

/// Repeated headers are one, with a comma between.
fn joined(headers: &HeaderMap) -> HeaderMap {
    let mut joined = HeaderMap::with_capacity(headers.len());
    for name in headers.keys() {
        let lines: Vec<_> = headers
            .get_all(name)
            .iter()
            .map(HeaderValue::as_bytes)
            .collect();
        if let Ok(value) = HeaderValue::from_bytes(&lines.join(&b","[..])) {
            joined.insert(name, value);
        }
    }
    joined
}

fn decoded(path: &str) -> String {
    String::from_utf8_lossy(&media::percent_decode(path.as_bytes())).into_owned()
}

/// The target with its path in the plainest form: only what has to be encoded is.
fn plain(uri: &Uri, path: &str) -> Uri {
    let mut target = media::path_encode(path);
    if let Some(query) = uri.query() {
        target.push('?');
        target.push_str(query);
    }
    target.parse().unwrap_or_else(|_| uri.clone())
}
