use std::fmt;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// A token's claims as they are, where an application has no type for them.
///
/// ```
/// use gatefold_tokens::JwtClaims;
///
/// let claims: JwtClaims = serde_json::from_str(
///     r#"{"sub": "alice", "scope": "tasks:read tasks:write", "realm_access": {"roles": ["editor"]}}"#,
/// )?;
/// assert_eq!(claims.text("sub"), Some("alice"));
/// assert_eq!(claims.scopes(), ["tasks:read", "tasks:write"]);
/// assert_eq!(claims.list(&["realm_access", "roles"]), ["editor"]);
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Clone, Deserialize, Serialize)]
#[serde(transparent)]
pub struct JwtClaims(Map<String, Value>);

impl JwtClaims {
    /// A claim that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// A claim, or a member of one further in, in a type of the application's own. What does not
    /// fit the type is not there.
    pub fn at<T: DeserializeOwned>(&self, path: &[impl AsRef<str>]) -> Option<T> {
        T::deserialize(self.value(path)?).ok()
    }

    /// The texts of a claim that is a list, or the one that it is. What is no text is left out.
    pub fn list(&self, path: &[impl AsRef<str>]) -> Vec<&str> {
        match self.value(path) {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// What the token was granted: the words of `scope` (RFC 8693, section 4.2), or of `scp`, and
    /// either of them as a list.
    pub fn scopes(&self) -> Vec<&str> {
        let claim = self.0.get("scope").or_else(|| self.0.get("scp"));
        match claim {
            Some(Value::String(words)) => {
                words.split(' ').filter(|word| !word.is_empty()).collect()
            }
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    fn value(&self, path: &[impl AsRef<str>]) -> Option<&Value> {
        let (first, further) = path.split_first()?;
        let first = self.0.get(first.as_ref())?;
        further
            .iter()
            .try_fold(first, |value, name| value.get(name.as_ref()))
    }
}

impl fmt::Debug for JwtClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtClaims").finish_non_exhaustive()
    }
}
