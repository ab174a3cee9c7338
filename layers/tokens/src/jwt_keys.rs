use crate::{
    JwtAlgorithm, JwtKey, JwtKeyError, JwtKeyErrorKind as Kind, jwt_jwk, jwt_key::unreadable,
};

/// Keys that stay as they are, of which a token's `kid` chooses.
///
/// Keys that an identity provider changes are [`Jwks`](crate::Jwks) (feature `jwks`).
#[derive(Clone, Debug)]
#[must_use]
pub struct JwtKeys {
    pub(crate) keys: Vec<JwtKey>,
}

/// So many keys are tried for a token that names none: each try is work that anybody can ask for.
const TRIES: usize = 4;

impl JwtKeys {
    /// These keys.
    ///
    /// # Errors
    ///
    /// If there is none, or two of one kind have the same `kid`.
    pub fn new(keys: impl IntoIterator<Item = JwtKey>) -> Result<Self, JwtKeyError> {
        let keys: Vec<JwtKey> = keys.into_iter().collect();
        if keys.is_empty() {
            return Err(JwtKeyError::new(Kind::Empty, "there is no key"));
        }
        for (at, key) in keys.iter().enumerate() {
            let same = |other: &JwtKey| key.kid == other.kid && key.family == other.family;
            if let Some(kid) = &key.kid
                && keys[..at].iter().any(same)
            {
                let about = format!("two keys of one kind have the kid {kid:?}");
                return Err(JwtKeyError::new(Kind::DuplicateKid, about));
            }
        }
        Ok(Self { keys })
    }

    /// The keys of a JWK Set (RFC 7517, section 5) that can be used; others are left out.
    ///
    /// # Errors
    ///
    /// If it is no JWK Set, or no key of it can be used.
    pub fn jwks(text: &str) -> Result<Self, JwtKeyError> {
        if text.len() > 1024 * 1024 {
            return Err(unreadable("JWK Set"));
        }
        Self::new(jwt_jwk::keys(text.as_bytes(), true)?)
    }

    pub(crate) fn unchecked(keys: Vec<JwtKey>) -> Self {
        Self { keys }
    }

    /// Keys that a token with this header may have been signed with: those of its `kid`, and those
    /// without a name.
    pub(crate) fn candidates<'a>(
        &'a self,
        kid: Option<&'a str>,
        algorithm: JwtAlgorithm,
    ) -> impl Iterator<Item = &'a JwtKey> {
        let named = move |key: &&JwtKey| match (kid, &key.kid) {
            (Some(wanted), Some(kid)) => wanted == &**kid,
            _ => true,
        };
        let fits = move |key: &&JwtKey| key.serves(algorithm);
        self.keys.iter().filter(named).filter(fits).take(TRIES)
    }

    /// Whether all of `before` are still there, unchanged.
    #[cfg(feature = "jwks")]
    pub(crate) fn keep(&self, before: &Self) -> bool {
        let there = |key: &JwtKey| self.keys.iter().any(|now| now.is(key));
        before.keys.iter().all(there)
    }
}
