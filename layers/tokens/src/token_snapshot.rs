use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::{Digest, Token};

/// The tokens of a [`MemoryTokenStore`](crate::MemoryTokenStore), to be written to a file and read
/// again at the next start.
///
/// ```
/// use gatefold_tokens::{MemoryTokenStore, TokenSnapshot};
///
/// let store = MemoryTokenStore::new();
/// let written = serde_json::to_string(&store.snapshot())?;
///
/// let read: TokenSnapshot = serde_json::from_str(&written)?;
/// MemoryTokenStore::new().load(read)?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenSnapshot {
    tokens: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Row {
    digest: Digest,
    id: String,
    user: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scopes: Vec<String>,
    created: SystemTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<SystemTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used: Option<SystemTime>,
}

impl TokenSnapshot {
    pub(crate) fn new(tokens: impl Iterator<Item = (Digest, Token)>) -> Self {
        let row = |(digest, token): (Digest, Token)| Row {
            digest,
            id: token.id().to_owned(),
            user: token.user().to_owned(),
            device: token.device().map(str::to_owned),
            scopes: token.scopes().map(str::to_owned).collect(),
            created: token.created(),
            expires: token.expires(),
            used: token.used(),
        };
        let mut tokens: Vec<_> = tokens.map(row).collect();
        // Lists keep the order in which tokens were made, and equal stores write equal files.
        tokens.sort_by_key(|row| (row.created, row.digest));
        Self { tokens }
    }

    pub(crate) fn into_tokens(self) -> impl Iterator<Item = (Digest, Token)> {
        self.tokens.into_iter().map(|row| {
            let mut token = Token::new(row.id, row.user, row.created).with_scopes(row.scopes);
            if let Some(device) = row.device {
                token = token.with_device(device);
            }
            if let Some(expires) = row.expires {
                token = token.with_expires(expires);
            }
            if let Some(used) = row.used {
                token = token.with_used(used);
            }
            (row.digest, token)
        })
    }
}
