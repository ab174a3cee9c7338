//! `endpoints.json`: who and what exists, and the configuration of each endpoint.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// The whole file.
#[derive(Debug, Deserialize)]
pub struct Config {
    pub now: u64,
    pub csrf_secret: String,
    pub endpoints: Vec<Endpoint>,
    pub users: Vec<User>,
    pub notes: Vec<Note>,
    pub object_permissions: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    pub sessions: Vec<Session>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct User {
    pub id: u64,
    pub username: String,
    pub password: String,
    pub active: bool,
    pub staff: bool,
    pub superuser: bool,
    pub perms: Vec<String>,
    pub token: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Note {
    pub id: u64,
    pub title: String,
    pub owner: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Session {
    pub key: String,
    pub user: Option<String>,
    pub expires: String,
    #[serde(default)]
    pub bad_hash: bool,
}

/// One endpoint. What the server does not know stays in `unknown`, and such an endpoint answers
/// 501 with the name of it.
#[derive(Clone, Debug, Deserialize)]
pub struct Endpoint {
    pub id: String,
    pub path: String,
    pub methods: Vec<String>,
    pub handler: String,
    #[serde(default)]
    pub authenticators: Vec<Typed>,
    #[serde(default)]
    pub permissions: Vec<Value>,
    #[serde(default)]
    pub throttles: Vec<Typed>,
    pub renderers: Vec<String>,
    pub parsers: Vec<String>,
    #[serde(default)]
    pub versioning: Option<Versioning>,
    pub negotiator: String,
    #[serde(default)]
    pub builtin: Option<String>,
    #[serde(default)]
    pub throttle_scope: Option<String>,
    /// Absent is not null: null is DRF's default.
    #[serde(default, deserialize_with = "present")]
    pub num_proxies: Option<Option<usize>>,
    #[serde(default)]
    pub suffix: Option<Suffix>,
    #[serde(default)]
    pub style: Option<String>,
    #[serde(default)]
    pub link_to: Option<String>,
    #[serde(default)]
    pub namespace: Option<String>,
    #[serde(default)]
    pub local: Option<String>,
    #[serde(default)]
    pub exception_handler: Option<String>,
    #[serde(default = "yes")]
    pub metadata: bool,
    #[serde(default = "usual_name")]
    pub name: String,
    #[serde(default = "usual_description")]
    pub description: String,
    // Of the listing endpoints: read, so that they are not unknown.
    #[serde(default)]
    pub pagination: Option<Value>,
    #[serde(default)]
    pub search_fields: Option<Value>,
    #[serde(default)]
    pub ordering_fields: Option<Value>,
    #[serde(default)]
    pub ordering: Option<Value>,
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// An authenticator or a throttle: its type and its settings.
#[derive(Clone, Debug, Deserialize)]
pub struct Typed {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(flatten)]
    pub settings: Map<String, Value>,
}

impl Typed {
    /// A setting that is a text; null and absent are the same.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.settings.get(name).and_then(Value::as_str)
    }
}

#[derive(Clone, Debug, Deserialize)]
pub struct Versioning {
    pub scheme: String,
    pub default: Option<String>,
    pub allowed: Option<Vec<String>>,
    pub param: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Suffix {
    pub required: bool,
    pub allowed: Option<Vec<String>>,
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
    pub fn allow(&self) -> String {
        const ORDER: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
        let mut allowed: Vec<&str> = ORDER.into_iter().filter(|m| self.has(m)).collect();
        if self.has("GET") {
            allowed.push("HEAD");
        }
        allowed.push("OPTIONS");
        allowed.join(", ")
    }

    /// Whether the endpoint has a handler for `method`.
    pub fn has(&self, method: &str) -> bool {
        self.methods.iter().any(|known| known == method)
    }
}
