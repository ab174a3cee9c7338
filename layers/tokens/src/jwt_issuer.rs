use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use gatefold_core::{Clock, Exception};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{JwtKeyError, JwtSigner, UserEpochs, jwt::seconds, random};

/// Makes pairs of tokens: a short-lived one that opens doors, and a long-lived one to get new ones
/// with. Claims, names and lifetimes are simplejwt's.
///
/// ```
/// use gatefold_tokens::{JwtAlgorithm, JwtIssuer, JwtKey, JwtSigner, JwtVerifier};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let secret = "0123456789abcdef0123456789abcdef";
/// let issuer = JwtIssuer::new(JwtSigner::hmac(JwtAlgorithm::Hs256, secret)?);
/// let pair = issuer.pair("42").await?;
///
/// let verifier = JwtVerifier::simplejwt(JwtKey::hmac(JwtAlgorithm::Hs256, secret)?);
/// assert_eq!(verifier.verify(pair.access()).wait().await?.user(), Some("42"));
/// assert!(verifier.verify(pair.refresh()).wait().await.is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct JwtIssuer {
    signer: JwtSigner,
    access: Duration,
    refresh: Duration,
    user: Box<str>,
    common: Map<String, Value>,
    epochs: Option<Arc<dyn UserEpochs>>,
    clock: Clock,
}

impl JwtIssuer {
    /// Signs with `signer`: an access token for 5 minutes, a refresh token for a day.
    pub fn new(signer: JwtSigner) -> Self {
        Self {
            signer,
            access: Duration::from_secs(5 * 60),
            refresh: Duration::from_secs(24 * 60 * 60),
            user: "user_id".into(),
            common: Map::new(),
            epochs: None,
            clock: Clock::system(),
        }
    }

    /// Makes access tokens for another time.
    pub fn access_lifetime(mut self, lifetime: Duration) -> Self {
        self.access = lifetime;
        self
    }

    /// Makes refresh tokens for another time.
    pub fn refresh_lifetime(mut self, lifetime: Duration) -> Self {
        self.refresh = lifetime;
        self
    }

    /// Writes the user into another claim than `user_id`: `sub`.
    pub fn user_claim(mut self, claim: impl Into<Box<str>>) -> Self {
        self.user = claim.into();
        self
    }

    /// Writes this claim into every token: `iss`, `aud`.
    ///
    /// # Errors
    ///
    /// If `value` does not serialize.
    pub fn claim(
        mut self,
        name: impl Into<String>,
        value: impl Serialize,
    ) -> Result<Self, JwtKeyError> {
        let value = serde_json::to_value(value).map_err(|_| crate::jwt_key::unreadable("claim"))?;
        self.common.insert(name.into(), value);
        Ok(self)
    }

    /// Writes the user's epoch into the claim `epoch`, so that
    /// [`JwtVerifier::user_epochs`](crate::JwtVerifier::user_epochs) can call all of a user's
    /// tokens back.
    pub fn user_epochs(mut self, epochs: impl UserEpochs) -> Self {
        self.epochs = Some(Arc::new(epochs));
        self
    }

    /// Takes the time from `clock`.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// A pair for this user.
    ///
    /// # Errors
    ///
    /// If there is no randomness, or the store of epochs is away.
    pub async fn pair(&self, user: &str) -> Result<JwtPair, Exception> {
        self.pair_with(user, ()).await
    }

    /// A pair for this user with further claims in both: what `claims` serializes to as an object.
    /// They do not replace those that the issuer writes.
    ///
    /// # Errors
    ///
    /// As [`pair`](Self::pair), and if `claims` is neither an object nor nothing.
    pub async fn pair_with(
        &self,
        user: &str,
        claims: impl Serialize,
    ) -> Result<JwtPair, Exception> {
        let further = match serde_json::to_value(claims).map_err(Exception::internal)? {
            Value::Object(claims) => claims,
            Value::Null => Map::new(),
            _ => return Err(Exception::internal("claims are an object")),
        };
        let epoch = match &self.epochs {
            Some(epochs) => Some(epochs.epoch(user).wait().await?),
            None => None,
        };
        let now = self.clock.wall();
        Ok(JwtPair {
            access: self.token("access", self.access, user, &further, epoch, now)?,
            refresh: self.token("refresh", self.refresh, user, &further, epoch, now)?,
        })
    }

    fn token(
        &self,
        kind: &str,
        lifetime: Duration,
        user: &str,
        further: &Map<String, Value>,
        epoch: Option<u64>,
        now: SystemTime,
    ) -> Result<String, Exception> {
        let now = seconds(now).floor() as i64;
        let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        let mut id = [0; 16];
        random::fill(&mut id)?;
        // A UUID of version 4, as hexadecimal digits.
        id[6] = id[6] & 0x0f | 0x40;
        id[8] = id[8] & 0x3f | 0x80;
        let mut claims = further.clone();
        claims.extend(self.common.clone());
        claims.insert("token_type".to_owned(), json!(kind));
        claims.insert("exp".to_owned(), json!(now.saturating_add(lifetime)));
        claims.insert("iat".to_owned(), json!(now));
        claims.insert(
            "jti".to_owned(),
            json!(format!("{:032x}", u128::from_be_bytes(id))),
        );
        claims.insert(self.user.clone().into_string(), json!(user));
        if let Some(epoch) = epoch {
            claims.insert("epoch".to_owned(), json!(epoch));
        }
        self.signer.sign(Value::Object(claims).to_string())
    }
}

impl fmt::Debug for JwtIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtIssuer")
            .field("signer", &self.signer)
            .field("access", &self.access)
            .field("refresh", &self.refresh)
            .finish_non_exhaustive()
    }
}

/// An access token and a refresh token. Both are secrets.
#[derive(Clone)]
pub struct JwtPair {
    access: String,
    refresh: String,
}

impl JwtPair {
    /// The token that opens doors.
    pub fn access(&self) -> &str {
        &self.access
    }

    /// The token that new ones are got with.
    pub fn refresh(&self) -> &str {
        &self.refresh
    }
}

impl fmt::Debug for JwtPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtPair").finish_non_exhaustive()
    }
}
