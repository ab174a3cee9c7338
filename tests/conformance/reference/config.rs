//! `endpoints.json`: who and what exists, and the configuration of each endpoint.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// The whole file.
#[derive(Debug, Deserialize)]
pub(crate) struct Config {
    pub(crate) now: u64,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) users: Vec<User>,
    pub(crate) notes: Vec<Note>,
    pub(crate) object_permissions: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    pub(crate) sessions: Vec<Kept>,
}

/// A session that is there when the server starts.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Kept {
    pub(crate) key: String,
    /// Absent: a user who does not exist.
    pub(crate) user: Option<String>,
    pub(crate) expires: String,
    /// Whether the user's password has been changed since.
    #[serde(default)]
    pub(crate) bad_hash: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) active: bool,
    pub(crate) staff: bool,
    pub(crate) superuser: bool,
    pub(crate) perms: Vec<String>,
    pub(crate) token: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Note {
    pub(crate) id: u64,
    pub(crate) title: String,
    pub(crate) owner: String,
}

/// One endpoint. What the server does not know stays in `unknown`, and such an endpoint answers
/// 501 with the name of it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Endpoint {
    pub(crate) id: String,
    pub(crate) path: String,
    pub(crate) methods: Vec<String>,
    pub(crate) handler: String,
    #[serde(default)]
    pub(crate) authenticators: Vec<Typed>,
    #[serde(default)]
    pub(crate) permissions: Vec<Value>,
    #[serde(default)]
    pub(crate) throttles: Vec<Typed>,
    pub(crate) renderers: Vec<String>,
    pub(crate) parsers: Vec<String>,
    #[serde(default)]
    pub(crate) versioning: Option<Versioning>,
    pub(crate) negotiator: String,
    #[serde(default)]
    pub(crate) builtin: Option<String>,
    #[serde(default)]
    pub(crate) throttle_scope: Option<String>,
    /// Absent is not null: null is DRF's default.
    #[serde(default, deserialize_with = "present")]
    pub(crate) num_proxies: Option<Option<usize>>,
    #[serde(default)]
    pub(crate) suffix: Option<Suffix>,
    #[serde(default)]
    pub(crate) style: Option<String>,
    #[serde(default)]
    pub(crate) link_to: Option<String>,
    #[serde(default)]
    pub(crate) namespace: Option<String>,
    #[serde(default)]
    pub(crate) local: Option<String>,
    #[serde(default)]
    pub(crate) exception_handler: Option<String>,
    #[serde(default = "yes")]
    pub(crate) metadata: bool,
    #[serde(default = "usual_name")]
    pub(crate) name: String,
    #[serde(default = "usual_description")]
    pub(crate) description: String,
    #[serde(flatten)]
    pub(crate) unknown: Map<String, Value>,
}

/// An authenticator or a throttle: its type and its settings.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Typed {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(flatten)]
    pub(crate) settings: Map<String, Value>,
}

impl Typed {
    /// One without settings.
    pub(crate) fn plain(kind: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            settings: Map::new(),
        }
    }

    /// A setting that is a text; null and absent are the same.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.settings.get(name).and_then(Value::as_str)
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Versioning {
    pub(crate) scheme: String,
    pub(crate) default: Option<String>,
    pub(crate) allowed: Option<Vec<String>>,
    pub(crate) param: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Suffix {
    pub(crate) required: bool,
    pub(crate) allowed: Option<Vec<String>>,
}

fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<usize>>, D::Error> {
    Option::<usize>::deserialize(from).map(Some)
}

fn yes() -> bool {
    true
}

fn usual_name() -> String {
    "Reference Endpoint".to_owned()
}

fn usual_description() -> String {
    "One endpoint of the reference server.".to_owned()
}

impl Endpoint {
    /// What OPTIONS and `Allow` list: the methods in DRF's order, HEAD with GET, OPTIONS always.
    pub(crate) fn allow(&self) -> String {
        const ORDER: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
        let mut allowed: Vec<&str> = ORDER.into_iter().filter(|m| self.has(m)).collect();
        if self.has("GET") {
            allowed.push("HEAD");
        }
        allowed.push("OPTIONS");
        allowed.join(", ")
    }

    /// Whether the endpoint has a handler for `method`.
    pub(crate) fn has(&self, method: &str) -> bool {
        self.methods.iter().any(|known| known == method)
    }
}
