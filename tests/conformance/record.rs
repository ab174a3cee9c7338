//! One recorded exchange.

use serde::Deserialize;
use serde_json::Value;

/// A line of `drf/corpus.jsonl`.
#[derive(Clone, Debug, Deserialize)]
pub struct Record {
    pub id: String,
    pub area: String,
    pub group: String,
    #[serde(default)]
    pub seq: Option<String>,
    pub at: f64,
    pub peer: String,
    #[serde(default)]
    pub note: String,
    pub origin: String,
    #[serde(default)]
    pub quirks: Vec<String>,
    pub request: Sent,
    pub response: Wanted,
    #[serde(default)]
    pub alternatives: Vec<Wanted>,
    pub compare: Compare,
}

/// The request as it went over the wire.
#[derive(Clone, Debug, Deserialize)]
pub struct Sent {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    #[serde(default)]
    pub body: Option<String>,
    #[serde(default)]
    pub body_base64: Option<String>,
}

/// An answer that is good.
#[derive(Clone, Debug, Deserialize)]
pub struct Wanted {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    #[serde(default)]
    pub body: Option<String>,
    #[serde(default)]
    pub body_base64: Option<String>,
}

/// How to judge.
#[derive(Clone, Debug, Deserialize)]
pub struct Compare {
    pub body: String,
    pub headers: Vec<String>,
    #[serde(default)]
    pub prefix: Option<Value>,
}

/// The bytes of a body that is given as text or in base64.
pub fn bytes(text: Option<&str>, base64: Option<&str>) -> Result<Option<Vec<u8>>, String> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    match base64 {
        Some(encoded) => STANDARD
            .decode(encoded)
            .map(Some)
            .map_err(|error| format!("body_base64: {error}")),
        None => Ok(text.map(|text| text.as_bytes().to_vec())),
    }
}
