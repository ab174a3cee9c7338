//! The service of one line of `http_auth_cases.jsonl`, built as its configuration says.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use gatefold::authentication::{
    Authentication, AuthenticationLayer, BasicAuthentication, Csrf, JwtAuthentication,
    RemoteUserAuthentication, SessionAuthentication, TokenAuthentication,
};
use gatefold::exceptions::{Detail, ExceptionLayer};
use gatefold::permissions::{
    AllowAny, DenyAll, IsAdmin, IsAuthenticated, IsAuthenticatedOrReadOnly, Permission,
    PermissionLayer, Routes,
};
use gatefold::tokens::{Digest, MemorySessionStore, SessionRecord, SessionStore, Sessions};
use gatefold::tokens::{JwtAlgorithm, JwtKey, JwtSigner};
use gatefold::{Connection, Exception, Identity, TrustedProxies};
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri, header::WWW_AUTHENTICATE};
use http_body_util::{BodyExt, Full};
use serde_json::{Map, Value, json};
use tower::{BoxError, Layer, ServiceExt, service_fn, util::BoxCloneSyncService};

use crate::{http_auth::Case, report::Outcome};

type Config = Map<String, Value>;
type Service = BoxCloneSyncService<Request<Bytes>, Response<Full<Bytes>>, BoxError>;
type Seen = Arc<Mutex<Option<(String, String)>>>;

/// What came back, and what the parser saw.
#[derive(Debug, Default)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) user: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) detail: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) challenges: Vec<String>,
    pub(crate) credentials: Option<(String, String)>,
    pub(crate) everything: String,
}

/// Sends the line's request to the line's service.
pub(crate) fn ask(case: &Case) -> Result<Answered, Outcome> {
    let seen = Seen::default();
    let service = service(&Arc::new(case.config.clone()), &seen)?;
    let request = request(case).map_err(Outcome::unknown)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(Outcome::unknown)?;
    let layer = ExceptionLayer::new(Detail::new().codes());
    let (head, body) = runtime.block_on(async {
        let response = match layer.layer(service).oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (head, body) = response.into_parts();
        (
            head,
            body.collect()
                .await
                .map(|body| body.to_bytes())
                .unwrap_or_default(),
        )
    });
    let challenges: Vec<String> = head
        .headers
        .get_all(WWW_AUTHENTICATE)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect();
    let said: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |key: &str| said[key].as_str().map(str::to_owned);
    Ok(Answered {
        status: head.status.as_u16(),
        user: text("user"),
        method: text("method"),
        code: text("code"),
        detail: text("detail"),
        error: challenges.iter().find_map(|challenge| {
            let (_, rest) = challenge.split_once("error=\"")?;
            Some(rest.split_once('"')?.0.to_owned())
        }),
        everything: format!("{} {challenges:?}", String::from_utf8_lossy(&body)),
        challenges,
        credentials: seen.lock().unwrap_or_else(PoisonError::into_inner).take(),
    })
}

const SECRET: &str = "the secret of the cases' tokens, of 32 bytes and more";

/// What `{VALID}` stands for: a token of `user`.
fn valid() -> Result<String, String> {
    let signer = JwtSigner::hmac(JwtAlgorithm::Hs256, SECRET).map_err(|e| e.to_string())?;
    let claims = r#"{"sub":"user","exp":4102444800}"#;
    signer.sign(claims).map_err(|e| e.to_string())
}

fn request(case: &Case) -> Result<Request<Bytes>, String> {
    let sent = &case.request;
    let body = sent.body.clone().unwrap_or_default();
    let mut request = Request::new(Bytes::from(body));
    *request.method_mut() =
        Method::from_bytes(sent.method.as_bytes()).map_err(|e| format!("the method: {e}"))?;
    let valid = valid()?;
    *request.uri_mut() = sent
        .path
        .replace("{VALID}", &valid)
        .parse::<Uri>()
        .map_err(|e| format!("the target: {e}"))?;
    for (name, value) in &sent.headers {
        let name = HeaderName::try_from(name.as_str()).map_err(|e| e.to_string())?;
        let bytes: Vec<u8> = filled(value)
            .replace("{VALID}", &valid)
            .chars()
            .map(|c| c as u8)
            .collect();
        let value = HeaderValue::from_bytes(&bytes).map_err(|e| e.to_string())?;
        request.headers_mut().append(name, value);
    }
    let peer: IpAddr = sent.peer.parse().map_err(|e| format!("the peer: {e}"))?;
    let https = case.config.get("https") == Some(&Value::Bool(true));
    Connection::new(SocketAddr::new(peer, 0))
        .https(https)
        .leave(request.extensions_mut());
    Ok(request)
}

const SESSION: &str = "session00000000000000000000000000000000user";
const INACTIVE: &str = "session0000000000000000000000000000inactive";
const CSRF: &str = "abcdefghijklmnopqrstuvwxyzABCDEF";

/// Puts what this runner's service knows in the place of names. The mask is of the letter `b`
/// alone, so each letter of the cipher is the one after the secret's.
fn filled(value: &str) -> String {
    let masked = format!("{}bcdefghijklmnopqrstuvwxyzABCDEFG", "b".repeat(32));
    value
        .replace("{SESSION}", SESSION)
        .replace("{INACTIVE}", INACTIVE)
        .replace("{CSRF}", CSRF)
        .replace("{CSRF_MASKED}", &masked)
}

/// Two sessions, one of a user who is not active; or none.
fn session(config: &Config) -> Result<SessionAuthentication, Outcome> {
    let text = |key: &str| config.get(key).and_then(Value::as_str);
    let store = MemorySessionStore::new();
    if text("session") != Some("absent") {
        let now = std::time::SystemTime::now();
        for (id, user) in [(SESSION, "user"), (INACTIVE, "inactive")] {
            let end = now + std::time::Duration::from_secs(60);
            let session = SessionRecord::new(user, now, end).with_user(user, 0);
            drop(store.insert(Digest::of(id), session));
        }
    }
    let mut csrf = match text("csrf") {
        Some("django") => Csrf::django(),
        Some("fetch-metadata") | None => Csrf::new(),
        Some(other) => return Err(Outcome::unknown(format!("the check `{other}`"))),
    };
    let origins = config.get("trusted_origins").and_then(Value::as_array);
    for origin in origins.into_iter().flatten().filter_map(Value::as_str) {
        csrf = csrf.trusted_origin(origin).map_err(Outcome::unknown)?;
    }
    let name = text("cookie_name").unwrap_or("sessionid").to_owned();
    let session = SessionAuthentication::new(Sessions::new(store)).csrf(csrf);
    let session = session.identity(|session: SessionRecord| async move {
        let user = session.user().unwrap_or_default().to_owned();
        let active = user != "inactive";
        Some(Identity::new(user).with_active(active))
    });
    session.cookie(name).map_err(Outcome::unknown)
}

/// What this runner can set up, and what gatefold cannot do yet.
const KNOWN: [&str; 17] = [
    "authenticators",
    "keyword",
    "realm",
    "users",
    "tokens",
    "permission",
    "routes",
    "user",
    "header",
    "trusted_peers",
    "https",
    "challenges",
    "note",
    "cookie_name",
    "session",
    "csrf",
    "trusted_origins",
];
const LATER: [&str; 1] = ["query_token"];

fn service(config: &Arc<Config>, seen: &Seen) -> Result<Service, Outcome> {
    let names = config.get("authenticators").and_then(Value::as_array);
    let jwt = names.is_some_and(|names| names.contains(&Value::from("jwt")));
    for key in config.keys() {
        match key.as_str() {
            "cookie_name" | "query_token" if jwt => {}
            key if KNOWN.contains(&key) || key == "store" => {}
            key if LATER.contains(&key) => return Err(Outcome::not_built(key)),
            key => return Err(Outcome::unknown(format!("the setting `{key}`"))),
        }
    }
    let mut service = Service::new(service_fn(|request: Request<Bytes>| async move {
        let user = Identity::of(request.extensions()).map(Identity::id);
        let said = json!({"user": user, "method": request.method().as_str()});
        Ok::<_, BoxError>(Response::new(Full::from(said.to_string())))
    }));
    if let Some(permission) = config.get("permission").and_then(Value::as_str) {
        service = Service::new(PermissionLayer::new(named(permission)?).layer(service));
    }
    if let Some(routes) = config.get("routes").and_then(Value::as_object) {
        service = Service::new(PermissionLayer::new(table(routes)?).layer(service));
        let user = config
            .get("user")
            .and_then(Value::as_str)
            .map(str::to_owned);
        let forced = AuthenticationLayer::new(move |_: &http::request::Parts| {
            user.clone().map(Identity::new)
        });
        service = Service::new(forced.layer(service));
    }
    let mut layer: Option<AuthenticationLayer> = None;
    for name in config
        .get("authenticators")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let next = authenticator(name.as_str().unwrap_or_default(), config, seen)?;
        layer = Some(match layer {
            Some(before) => before.or(next),
            None => AuthenticationLayer::new(next),
        });
    }
    Ok(match layer {
        Some(layer) => Service::new(layer.layer(service)),
        None => service,
    })
}

fn named(name: &str) -> Result<Arc<dyn Permission>, Outcome> {
    Ok(match name {
        "AllowAny" => Arc::new(AllowAny),
        "IsAuthenticated" => Arc::new(IsAuthenticated),
        "IsAdminUser" => Arc::new(IsAdmin),
        "IsAuthenticatedOrReadOnly" => Arc::new(IsAuthenticatedOrReadOnly),
        other => return Err(Outcome::unknown(format!("the permission `{other}`"))),
    })
}

/// A path outside the table gets the fallback, which lets nobody in.
fn table(written: &Config) -> Result<Routes, Outcome> {
    let mut routes = Routes::new(DenyAll);
    for (route, permission) in written {
        let (method, pattern) = route.split_once(' ').unwrap_or(("GET", route));
        let method = Method::from_bytes(method.as_bytes()).map_err(Outcome::unknown)?;
        let permission = named(permission.as_str().unwrap_or_default())?;
        routes = routes
            .at(method, pattern, permission)
            .map_err(Outcome::unknown)?;
    }
    Ok(routes)
}

fn authenticator(
    name: &str,
    config: &Arc<Config>,
    seen: &Seen,
) -> Result<Arc<dyn Authentication>, Outcome> {
    let text = |key: &str| config.get(key).and_then(Value::as_str);
    let away = text("store") == Some("error");
    let store = move || match away {
        true => Err(Exception::unavailable("the store is away")),
        false => Ok(()),
    };
    let own = Arc::clone(config);
    Ok(match name {
        "basic" => {
            let seen = Arc::clone(seen);
            let basic = BasicAuthentication::new(move |name: String, password: String| {
                let users = own.get("users").and_then(Value::as_object);
                let good = users.is_none_or(|users| {
                    users.get(&name).and_then(Value::as_str) == Some(&password)
                });
                let pair = (name.clone(), password);
                *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(pair);
                async move { store().map(|()| good.then(|| Identity::new(name))) }
            });
            match text("realm") {
                Some(realm) => Arc::new(basic.realm(realm).map_err(Outcome::unknown)?),
                None => Arc::new(basic),
            }
        }
        "token" => {
            let token = TokenAuthentication::new(move |key: String| {
                let found = own
                    .get("tokens")
                    .and_then(|tokens| tokens.get(&key))
                    .cloned();
                async move { store().and_then(|()| owner(found)) }
            });
            let keyword = text("keyword").unwrap_or("Token").to_owned();
            Arc::new(token.keyword(keyword).map_err(Outcome::unknown)?)
        }
        "remote_user" => {
            let peers = config.get("trusted_peers").and_then(Value::as_array);
            let peers = peers.into_iter().flatten().filter_map(Value::as_str);
            let proxies = TrustedProxies::networks(peers).map_err(Outcome::unknown)?;
            let header = text("header").unwrap_or("X-Remote-User");
            let find = move |name: String| {
                let users = own.get("users").and_then(Value::as_array);
                let known = users.is_none_or(|users| users.contains(&Value::from(&*name)));
                async move { store().map(|()| known.then(|| Identity::new(name))) }
            };
            let remote = RemoteUserAuthentication::header(header, proxies, find);
            Arc::new(remote.map_err(Outcome::unknown)?)
        }
        "jwt" => {
            let key = JwtKey::hmac(JwtAlgorithm::Hs256, SECRET).map_err(Outcome::unknown)?;
            let mut jwt = JwtAuthentication::new(key).from_header();
            if let Some(name) = text("cookie_name") {
                jwt = jwt.or_cookie(name.to_owned());
            }
            if config.get("query_token") == Some(&Value::Bool(true)) {
                jwt = jwt.or_insecure_query("access_token");
            }
            if let Some(realm) = text("realm") {
                jwt = jwt.realm(realm.to_owned()).map_err(Outcome::unknown)?;
            }
            Arc::new(jwt)
        }
        "session" => Arc::new(session(config)?),
        other => return Err(Outcome::unknown(format!("the authenticator `{other}`"))),
    })
}

fn owner(found: Option<Value>) -> Result<Option<Identity>, Exception> {
    let Some(found) = found else { return Ok(None) };
    if found["expired"] == true {
        return Ok(None);
    }
    if found["active"] == false {
        let refusal = Exception::authentication_failed();
        return Err(refusal.with_detail("User inactive or deleted."));
    }
    Ok(found["user"]
        .as_str()
        .map(|user| Identity::new(user.to_owned())))
}
