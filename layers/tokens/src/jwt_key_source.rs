use std::{fmt, sync::Arc};

#[cfg(feature = "jwks")]
use crate::Jwks;
use crate::{JwtKey, JwtKeys};

/// Where a verifier has its keys from: a [`JwtKey`], [`JwtKeys`], or `Jwks` (feature `jwks`).
#[derive(Clone)]
pub struct JwtKeySource(pub(crate) Source);

#[derive(Clone)]
pub(crate) enum Source {
    Fixed(Arc<Current>),
    #[cfg(feature = "jwks")]
    Fetched(Jwks),
}

/// Keys, and a number that moves when one of them leaves or changes.
#[derive(Debug)]
pub(crate) struct Current {
    pub(crate) keys: JwtKeys,
    pub(crate) epoch: u64,
}

impl From<JwtKeys> for JwtKeySource {
    fn from(keys: JwtKeys) -> Self {
        Self(Source::Fixed(Arc::new(Current { keys, epoch: 0 })))
    }
}

impl From<JwtKey> for JwtKeySource {
    fn from(key: JwtKey) -> Self {
        Self::from(JwtKeys::unchecked(vec![key]))
    }
}

#[cfg(feature = "jwks")]
impl From<Jwks> for JwtKeySource {
    fn from(jwks: Jwks) -> Self {
        Self(Source::Fetched(jwks))
    }
}

impl fmt::Debug for JwtKeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Fixed(current) => current.keys.fmt(f),
            #[cfg(feature = "jwks")]
            Source::Fetched(jwks) => jwks.fmt(f),
        }
    }
}
