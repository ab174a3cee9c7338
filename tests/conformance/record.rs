//! One recorded exchange.

use serde::Deserialize;
use serde_json::Value;

/// A line of `drf/corpus.jsonl`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) area: String,
    #[serde(default)]
    pub(crate) group: String,
    #[serde(default)]
    pub(crate) seq: Option<String>,
    pub(crate) at: f64,
    pub(crate) peer: String,
    #[serde(default)]
    pub(crate) note: String,
    pub(crate) origin: String,
    #[serde(default)]
    pub(crate) quirks: Vec<String>,
    pub(crate) request: Sent,
    pub(crate) response: Wanted,
    #[serde(default)]
    pub(crate) alternatives: Vec<Wanted>,
    pub(crate) compare: Compare,
}

/// The request as it went over the wire.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    #[serde(default)]
    pub(crate) body: Option<String>,
    #[serde(default)]
    pub(crate) body_base64: Option<String>,
}

/// An answer that is good.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Wanted {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    #[serde(default)]
    pub(crate) body: Option<String>,
    #[serde(default)]
    pub(crate) body_base64: Option<String>,
}

/// How to judge.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Compare {
    pub(crate) body: String,
    pub(crate) headers: Vec<String>,
    #[serde(default)]
    pub(crate) prefix: Option<Value>,
}

/// The bytes of a body that is given as text or in base64.
pub(crate) fn bytes(text: Option<&str>, base64: Option<&str>) -> Result<Option<Vec<u8>>, String> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    match base64 {
        Some(encoded) => STANDARD
            .decode(encoded)
            .map(Some)
            .map_err(|error| format!("body_base64: {error}")),
        None => Ok(text.map(|text| text.as_bytes().to_vec())),
    }
}
