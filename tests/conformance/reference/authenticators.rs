//! The authenticators of the table, as gatefold's.

use std::sync::Arc;

use gatefold::authentication::{
    Authentication, AuthenticationLayer, BasicAuthentication, Csrf, JwtAuthentication,
    RemoteUserAuthentication, SessionAuthentication, TokenAuthentication,
};
use gatefold::tokens::{JwtAlgorithm, JwtKey, JwtVerifier, SessionRecord};
use gatefold::{Decision, Exception, Identity, TrustedProxies};
use http::{HeaderValue, request::Parts};
use serde::Deserialize;

use super::{
    config::Typed,
    media,
    world::{Shown, World, identity},
};

/// One layer of all of an endpoint's authenticators; `None` where it has none.
pub(crate) fn layer(
    world: &Arc<World>,
    written: &[Typed],
) -> Result<Option<AuthenticationLayer>, String> {
    let mut layer: Option<AuthenticationLayer> = None;
    for one in written {
        let next = read(world, one)?;
        layer = Some(match layer {
            Some(before) => before.or(next),
            None => AuthenticationLayer::new(next),
        });
    }
    Ok(layer.map(AuthenticationLayer::drf))
}

fn read(world: &Arc<World>, written: &Typed) -> Result<Arc<dyn Authentication>, String> {
    let world = Arc::clone(world);
    Ok(match written.kind.as_str() {
        "basic" => {
            let basic = BasicAuthentication::new(move |name: String, password: String| {
                let user = world.user(&name);
                let good = user.filter(|user| user.active && user.password == password);
                async move { Ok::<_, Exception>(good.map(|user| identity(&user, "basic", None))) }
            });
            let basic = basic.drf();
            match written.text("realm") {
                Some(realm) => Arc::new(basic.realm(realm).map_err(|e| e.to_string())?),
                None => Arc::new(basic),
            }
        }
        "token" => {
            let token = TokenAuthentication::new(move |key: String| {
                let user = world.user_by_token(&key);
                // One who is not active is refused by the layer.
                let found =
                    user.map(|user| identity(&user, "token", Some(key)).with_active(user.active));
                async move { Ok::<_, Exception>(found) }
            });
            let token = token.drf();
            match written.text("keyword") {
                Some(keyword) => {
                    let keyword = keyword.to_owned();
                    Arc::new(token.keyword(keyword).map_err(|e| e.to_string())?)
                }
                None => Arc::new(token),
            }
        }
        "remote_user" => {
            // Every peer of this server is on the loopback network.
            let proxies = TrustedProxies::networks(["127.0.0.0/8"]).map_err(|e| e.to_string())?;
            let find = move |name: String| {
                let user = world.user_or_new(&name);
                let known = user.active.then(|| identity(&user, "remote_user", None));
                async move { Ok::<_, Exception>(known) }
            };
            let remote = RemoteUserAuthentication::header("x-remote-user", proxies, find);
            Arc::new(remote.map_err(|e| e.to_string())?)
        }
        "session" => {
            let csrf = Csrf::django().trusted_origin("https://trusted.example.com");
            let csrf = csrf.and_then(|csrf| csrf.trusted_origin("https://*.wild.example.com"));
            let session = SessionAuthentication::new(world.sessions())
                .drf()
                .csrf(csrf.map_err(|e| e.to_string())?);
            Arc::new(session.identity(move |session: SessionRecord| {
                let user = world.user(session.user().unwrap_or_default());
                let found =
                    user.map(|user| identity(&user, "session", None).with_active(user.active));
                async move { Ok::<_, Exception>(found) }
            }))
        }
        "key_query" => Arc::new(move |head: &Parts| key_query(&world, head)),
        "always_fail" => Arc::new(AlwaysFail {
            exception: always_fail(written),
            challenge: challenge(written.text("header"))?,
        }),
        "always_forbid" => Arc::new(AlwaysFail {
            exception: Exception::permission_denied()
                .with_detail(written.text("message").unwrap_or_default().to_owned()),
            challenge: challenge(Some("Forbid"))?,
        }),
        "always_crash" => Arc::new(|_: &Parts| {
            Err::<Option<Identity>, _>(Exception::internal("the authenticator crashed"))
        }),
        "jwt" => {
            let jwt = jwt(&world)?.look_up(move |claims: Claims| {
                let user = world.user_by_id(&claims.user_id)?;
                let known = identity(&user, "jwt", Some(claims.jti));
                Some(known.with_active(user.active))
            });
            Arc::new(jwt)
        }
        "jwt_stateless" => Arc::new(jwt(&world)?.identity(|claims: Claims| {
            let shown = Shown {
                authenticator: "jwt_stateless",
                auth: Some(claims.jti),
                name: claims.username,
            };
            Identity::new(claims.user_id.text())
                .with_admin(claims.is_staff)
                .with_claims(shown)
        })),
        // Sessions are later work.
        other => return Err(format!("authenticator `{other}`")),
    })
}

/// What the server signs its tokens with.
const SIGNING_KEY: &str = "jwt-signing-key-for-the-reference-corpus-0123456789";

fn jwt(world: &World) -> Result<JwtAuthentication, String> {
    let key = JwtKey::hmac(JwtAlgorithm::Hs256, SIGNING_KEY).map_err(|e| e.to_string())?;
    let verifier = JwtVerifier::simplejwt(key).clock(world.clock());
    Ok(JwtAuthentication::new(verifier).drf())
}

#[derive(Deserialize)]
struct Claims {
    user_id: Id,
    jti: String,
    username: Option<String>,
    #[serde(default)]
    is_staff: bool,
}

/// simplejwt writes texts, and takes numbers too.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Id {
    Number(u64),
    Text(String),
}

impl Id {
    fn text(&self) -> String {
        match self {
            Self::Number(id) => id.to_string(),
            Self::Text(id) => id.clone(),
        }
    }

    pub(crate) fn is(&self, id: u64) -> bool {
        match self {
            Self::Number(known) => *known == id,
            Self::Text(text) => text.parse() == Ok(id),
        }
    }
}

fn challenge(text: Option<&str>) -> Result<Option<HeaderValue>, String> {
    text.map(HeaderValue::from_str)
        .transpose()
        .map_err(|e| e.to_string())
}

fn always_fail(written: &Typed) -> Exception {
    let mut exception = Exception::authentication_failed();
    if let Some(message) = written.text("message") {
        exception = exception.with_detail(message.to_owned());
    }
    if let Some(code) = written.text("code") {
        exception = exception.with_code(code.to_owned());
    }
    exception
}

fn key_query(world: &World, head: &Parts) -> Result<Option<Identity>, Exception> {
    let query = head.uri.query().unwrap_or_default().as_bytes();
    let key = media::pairs(query)
        .filter(|(name, _)| name == b"key")
        .last();
    let Some((_, name)) = key.filter(|(_, name)| !name.is_empty()) else {
        return Ok(None);
    };
    match world.user(&String::from_utf8_lossy(&name)) {
        Some(user) => Ok(Some(identity(&user, "key_query", Some("query-key".into())))),
        None => Err(Exception::authentication_failed().with_detail("No such key.")),
    }
}

/// Refuses every request.
#[derive(Debug)]
struct AlwaysFail {
    exception: Exception,
    challenge: Option<HeaderValue>,
}

impl Authentication for AlwaysFail {
    fn authenticate(&self, _: &Parts) -> Decision<Result<Option<Identity>, Exception>> {
        Decision::Now(Err(self.exception.clone()))
    }

    fn challenge(&self) -> Option<HeaderValue> {
        self.challenge.clone()
    }
}
