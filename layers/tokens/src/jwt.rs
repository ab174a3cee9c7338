use std::{
    any::Any,
    fmt,
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use gatefold_core::{Credential, Mark};
use serde::de::DeserializeOwned;

use crate::{JwtError, JwtErrorKind, jwt_payload::Payload};

/// A verified token: what it claims holds. A clone is a reference count.
#[derive(Clone)]
pub struct Jwt(pub(crate) Arc<Verified>);

pub(crate) struct Verified {
    pub(crate) payload: Box<[u8]>,
    pub(crate) user: Option<Box<str>>,
    pub(crate) id: Option<Box<str>>,
    pub(crate) exp: Option<f64>,
    pub(crate) nbf: Option<f64>,
    pub(crate) iat: Option<f64>,
    pub(crate) epoch: Option<u64>,
    pub(crate) keys_epoch: u64,
    pub(crate) at: f64,
    kept: OnceLock<(Mark, Box<dyn Any + Send + Sync>)>,
}

impl Verified {
    pub(crate) fn new(claims: &Payload<'_>, keys_epoch: u64, at: f64) -> Self {
        Self {
            payload: Box::default(),
            user: claims.user.as_deref().map(Into::into),
            id: claims.jti.as_deref().map(Into::into),
            exp: claims.exp,
            nbf: claims.nbf,
            iat: claims.iat,
            epoch: claims.epoch,
            keys_epoch,
            at,
            kept: OnceLock::new(),
        }
    }
}

impl Jwt {
    /// Who the token is about: the claim `sub`, or another that the verifier names. A number comes
    /// as its digits.
    pub fn user(&self) -> Option<&str> {
        self.0.user.as_deref()
    }

    /// The token's id, `jti`.
    pub fn id(&self) -> Option<&str> {
        self.0.id.as_deref()
    }

    /// When the token was made, `iat`.
    pub fn issued(&self) -> Option<SystemTime> {
        self.0.iat.and_then(moment)
    }

    /// When the token ends, `exp`.
    pub fn expires(&self) -> Option<SystemTime> {
        self.0.exp.and_then(moment)
    }

    /// The claims, in a type of the application's own or as [`JwtClaims`](crate::JwtClaims).
    ///
    /// # Errors
    ///
    /// If they do not fit the type.
    pub fn claims<C: DeserializeOwned>(&self) -> Result<C, JwtError> {
        serde_json::from_slice(&self.0.payload).map_err(|_| JwtErrorKind::Malformed.into())
    }

    /// What is known of the credential. Without a `jti` there is nothing to name it by.
    pub fn credential(&self) -> Option<Credential> {
        let mut credential = Credential::new(self.id()?);
        if let Some(issued) = self.issued() {
            credential = credential.with_created(issued);
        }
        if let Some(expires) = self.expires() {
            credential = credential.with_expires(expires);
        }
        Some(credential)
    }

    /// What `owner` has [kept](Self::keep) beside the claims.
    pub fn kept<T: Any>(&self, owner: Mark) -> Option<&T> {
        let (mark, kept) = self.0.kept.get()?;
        (*mark == owner).then(|| kept.downcast_ref())?
    }

    /// Keeps what `owner` has made of the claims beside them, for as long as the token is
    /// remembered. The first owner's stays.
    pub fn keep<T: Any + Send + Sync>(&self, owner: Mark, made: T) {
        let _ = self.0.kept.set((owner, Box::new(made)));
    }
}

/// Seconds since 1970 as a moment; `None` where a clock cannot show it.
fn moment(seconds: f64) -> Option<SystemTime> {
    match Duration::try_from_secs_f64(seconds) {
        Ok(since) => UNIX_EPOCH.checked_add(since),
        Err(_) => UNIX_EPOCH.checked_sub(Duration::try_from_secs_f64(-seconds).ok()?),
    }
}

/// The moment as seconds since 1970.
pub(crate) fn seconds(moment: SystemTime) -> f64 {
    match moment.duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    }
}

// Claims may hold what is nobody's business.
impl fmt::Debug for Jwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwt")
            .field("user", &self.user())
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}
