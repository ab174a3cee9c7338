use std::{fmt, sync::Arc, time::Duration};

use gatefold_core::{Clock, Decision, later};

#[cfg(feature = "jwks")]
use crate::jwks_look::Look;
use crate::{
    Jwt, JwtAlgorithm, JwtError, JwtErrorKind as Kind, JwtKeySource, JwtRevocations, UserEpochs,
    jwt::seconds,
    jwt_cache::{FRESH, JwtCache},
    jwt_check,
    jwt_key_source::{Current, Source},
    jwt_rules::Rules,
};

type Verdict = Result<Jwt, JwtError>;

/// Verifies signed tokens (RFC 7519) as RFC 8725 wants it done.
///
/// A token holds if its algorithm is its key's, its signature is good, `exp` is there and lies
/// ahead, `nbf` and `iat` do not, and `iss`, `aud`, `sub` and `jti` are of their types and the
/// wanted ones. A token for an audience is refused by a verifier that names none (RFC 7519, section
/// 4.1.3). Padding, unused bits in base64, members that stand there twice and `crit` are refused.
///
/// ```
/// use gatefold_tokens::{JwtAlgorithm, JwtErrorKind, JwtKey, JwtSigner, JwtVerifier};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let secret = "0123456789abcdef0123456789abcdef";
/// let verifier = JwtVerifier::new(JwtKey::hmac(JwtAlgorithm::Hs256, secret)?)
///     .issuers(["https://login.example"])
///     .audiences(["tasks"]);
///
/// let signer = JwtSigner::hmac(JwtAlgorithm::Hs256, secret)?;
/// let claims = r#"{"iss":"https://login.example","aud":"tasks","sub":"alice","exp":4102444800}"#;
/// let token = signer.sign(claims)?;
/// assert_eq!(verifier.verify(&token).wait().await?.user(), Some("alice"));
///
/// let changed = token.replace('.', ".e");
/// let refused = verifier.verify(&changed).wait().await.expect_err("changed");
/// assert_eq!(refused.kind(), JwtErrorKind::Malformed);
/// # Ok(())
/// # }
/// ```
///
/// A token that was verified is remembered for at most five minutes, under a keyed digest; each
/// time it comes again, its times, revocation, its user's epoch and the keys are asked again.
#[derive(Clone)]
#[must_use]
pub struct JwtVerifier(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    keys: JwtKeySource,
    rules: Rules,
    cache: Option<JwtCache>,
    cache_bytes: u64,
    revocations: Option<Arc<dyn JwtRevocations>>,
    epochs: Option<Arc<dyn UserEpochs>>,
    clock: Clock,
}

enum Attempt {
    Known(Verdict),
    // The keys have to be fetched first.
    #[cfg(feature = "jwks")]
    Wait(gatefold_core::Later<()>),
}

impl JwtVerifier {
    /// Verifies with these keys.
    pub fn new(keys: impl Into<JwtKeySource>) -> Self {
        let cache_bytes = 16 * 1024 * 1024;
        Self(Arc::new(Inner {
            keys: keys.into(),
            rules: Rules::new(),
            cache: JwtCache::new(cache_bytes),
            cache_bytes,
            revocations: None,
            epochs: None,
            clock: Clock::system(),
        }))
    }

    /// Verifies the access tokens of `djangorestframework-simplejwt` and says what it says:
    /// `token_type` is `access`, `exp` and `jti` are required, the user stands in `user_id`, an
    /// `aud` is not looked at, and what is wrong with the claims is said only if the signature is
    /// good.
    pub fn simplejwt(keys: impl Into<JwtKeySource>) -> Self {
        Self::new(keys)
            .token_type("token_type", "access")
            .required(["exp", "jti"])
            .user_claim("user_id")
            .changed(|inner| {
                inner.rules.any_audience = true;
                inner.rules.signature_first = true;
            })
    }

    /// Allows these algorithms alone. Without it, all that the keys serve.
    pub fn algorithms(self, algorithms: impl IntoIterator<Item = JwtAlgorithm>) -> Self {
        self.changed(|inner| inner.rules.algorithms = Some(algorithms.into_iter().collect()))
    }

    /// Wants `iss` to be one of these, exactly.
    pub fn issuers<I>(self, issuers: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Box<str>>,
    {
        self.changed(|inner| inner.rules.issuers = texts(issuers))
    }

    /// Wants one of these to be `aud`, or in it.
    pub fn audiences<I>(self, audiences: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Box<str>>,
    {
        self.changed(|inner| {
            inner.rules.audiences = texts(audiences);
            inner.rules.any_audience = false;
        })
    }

    /// Wants these claims to be there. Without it, `exp`; name it too, or tokens never end.
    pub fn required<I>(self, claims: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Box<str>>,
    {
        self.changed(|inner| inner.rules.required = texts(claims))
    }

    /// Wants the header's `typ` to be one of these media types: `at+jwt` (RFC 9068, section 4).
    pub fn types<I>(self, types: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Box<str>>,
    {
        self.changed(|inner| inner.rules.types = texts(types))
    }

    /// Wants the claim to be this text, so that a token for one thing is none for another.
    pub fn token_type(self, claim: impl Into<Box<str>>, value: impl Into<Box<str>>) -> Self {
        self.changed(|inner| inner.rules.token_type = Some((claim.into(), value.into())))
    }

    /// Takes the user from another claim than `sub`.
    pub fn user_claim(self, claim: impl Into<Box<str>>) -> Self {
        self.changed(|inner| inner.rules.user = claim.into())
    }

    /// Lets clocks differ by so much. Without it, by nothing.
    pub fn leeway(self, leeway: Duration) -> Self {
        self.changed(|inner| inner.rules.leeway = leeway.as_secs_f64())
    }

    /// Does not mind tokens that say they were made later than now.
    pub fn future_iat(self) -> Self {
        self.changed(|inner| inner.rules.future_iat = true)
    }

    /// Reads tokens up to so many bytes. Without it, 16 KiB.
    pub fn longest(self, bytes: usize) -> Self {
        self.changed(|inner| inner.rules.longest = bytes)
    }

    /// Refuses tokens that have been called back by their id. Tokens without `jti` are refused.
    pub fn revocations(self, revocations: impl JwtRevocations) -> Self {
        self.changed(|inner| inner.revocations = Some(Arc::new(revocations)))
    }

    /// Refuses tokens of an earlier epoch of their user. The epoch stands in the claim `epoch`, as
    /// [`JwtIssuer::user_epochs`](crate::JwtIssuer::user_epochs) writes it; without it a token is
    /// refused.
    pub fn user_epochs(self, epochs: impl UserEpochs) -> Self {
        self.changed(|inner| inner.epochs = Some(Arc::new(epochs)))
    }

    /// Remembers verified tokens up to so many bytes; 0 remembers none. Without it, 16 MiB.
    pub fn cache(self, bytes: u64) -> Self {
        self.changed(|inner| inner.cache_bytes = bytes)
    }

    /// Takes the time from `clock`.
    pub fn clock(self, clock: Clock) -> Self {
        self.changed(|inner| inner.clock = clock)
    }

    // A changed verifier remembers nothing of what the unchanged one found.
    fn changed(self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.0);
        change(&mut inner);
        inner.cache = match inner.cache_bytes {
            0 => None,
            bytes => JwtCache::new(bytes),
        };
        Self(Arc::new(inner))
    }

    /// Verifies a token. The answer is there at once unless keys have to be fetched, or a store of
    /// revocations or epochs has to be waited for.
    pub fn verify(&self, token: &str) -> Decision<Verdict> {
        match self.attempt(token, false) {
            Attempt::Known(Ok(jwt)) => self.called_back(jwt),
            Attempt::Known(refused) => Decision::Now(refused),
            #[cfg(feature = "jwks")]
            Attempt::Wait(fetched) => {
                let (this, token) = (self.clone(), token.to_owned());
                later(async move {
                    fetched.await;
                    match this.attempt(&token, true) {
                        Attempt::Known(Ok(jwt)) => this.called_back(jwt).wait().await,
                        Attempt::Known(refused) => refused,
                        Attempt::Wait(_) => Err(Kind::Unavailable.into()),
                    }
                })
            }
        }
    }

    /// Verifies the signature of a JWS and nothing else, and hands out its payload.
    ///
    /// # Errors
    ///
    /// If the signature is not good, or there are no keys yet: none are fetched for it.
    pub fn payload(&self, token: &str) -> Result<Vec<u8>, JwtError> {
        if token.len() > self.0.rules.longest {
            return Err(Kind::TooLong.into());
        }
        let current = match &self.0.keys.0 {
            Source::Fixed(current) => Arc::clone(current),
            #[cfg(feature = "jwks")]
            Source::Fetched(jwks) => match jwks.look(true) {
                Look::Keys(current) => current,
                _ => return Err(Kind::Unavailable.into()),
            },
        };
        jwt_check::payload(token, &self.0.rules, &current.keys).map_err(JwtError::new)
    }

    #[cfg_attr(
        not(feature = "jwks"),
        expect(unused_variables, reason = "nothing waits")
    )]
    fn attempt(&self, token: &str, waited: bool) -> Attempt {
        if token.len() > self.0.rules.longest {
            return Attempt::Known(Err(Kind::TooLong.into()));
        }
        match &self.0.keys.0 {
            Source::Fixed(current) => {
                Attempt::Known(self.with(current, token).map_err(JwtError::new))
            }
            #[cfg(feature = "jwks")]
            Source::Fetched(jwks) => match jwks.look(waited) {
                Look::Wait(fetched) => Attempt::Wait(fetched),
                Look::Nothing => Attempt::Known(Err(Kind::Unavailable.into())),
                Look::Keys(current) => match self.with(&current, token) {
                    Err(Kind::Key) if !waited => match jwks.unknown_key(&current) {
                        Some(fetched) => Attempt::Wait(fetched),
                        None => Attempt::Known(Err(Kind::Key.into())),
                    },
                    verdict => Attempt::Known(verdict.map_err(JwtError::new)),
                },
            },
        }
    }

    fn with(&self, current: &Current, token: &str) -> Result<Jwt, Kind> {
        let Inner { rules, cache, .. } = &*self.0;
        let now = seconds(self.0.clock.wall());
        let digest = cache.as_ref().map(|cache| (cache, cache.digest(token)));
        if let Some((cache, digest)) = digest
            && let Some(jwt) = cache.find(digest)
        {
            if jwt.0.keys_epoch == current.epoch && (0.0..FRESH).contains(&(now - jwt.0.at)) {
                return rules.times(jwt.0.exp, jwt.0.nbf, now).map(|()| jwt);
            }
            cache.forget(digest);
        }
        let jwt = Jwt(Arc::new(jwt_check::token(token, rules, current, now)?));
        if self.0.revocations.is_some() && jwt.id().is_none() {
            return Err(Kind::NoId);
        }
        if let Some((cache, digest)) = digest {
            cache.remember(digest, jwt.clone());
        }
        Ok(jwt)
    }

    /// Asks whether the token, or all of its user, has been called back since it was signed.
    fn called_back(&self, jwt: Jwt) -> Decision<Verdict> {
        let id = self.0.revocations.as_ref().zip(jwt.id());
        let revoked = id.map(|(revocations, id)| revocations.is_revoked(id));
        let user = self.0.epochs.as_ref().zip(jwt.user());
        let epoch = user.map(|(epochs, user)| match epochs.epoch(user) {
            Decision::Now(epoch) => Decision::Now(epoch.map(Some)),
            waiting @ Decision::Later(_) => waiting.map(|epoch| epoch.map(Some)),
        });
        let answers = (
            revoked.unwrap_or(Decision::Now(Ok(false))),
            epoch.unwrap_or(Decision::Now(Ok(None))),
        );
        let nobody = self.0.epochs.is_some() && jwt.user().is_none();
        let judge = move |revoked, epoch: Option<u64>| {
            let over = epoch.is_some() && epoch != jwt.0.epoch;
            match revoked || over || nobody {
                true => Err(Kind::Revoked.into()),
                false => Ok(jwt),
            }
        };
        let away = JwtError::unavailable;
        match answers {
            (Decision::Now(Ok(revoked)), Decision::Now(Ok(epoch))) => {
                Decision::Now(judge(revoked, epoch))
            }
            (Decision::Now(Err(error)), _) | (_, Decision::Now(Err(error))) => {
                Decision::Now(Err(away(error)))
            }
            (revoked, epoch) => later(async move {
                let revoked = revoked.wait().await.map_err(away)?;
                let epoch = epoch.wait().await.map_err(away)?;
                judge(revoked, epoch)
            }),
        }
    }
}

fn texts<I>(texts: I) -> Vec<Box<str>>
where
    I: IntoIterator,
    I::Item: Into<Box<str>>,
{
    texts.into_iter().map(Into::into).collect()
}

impl fmt::Debug for JwtVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtVerifier")
            .field("keys", &self.0.keys)
            .field("rules", &self.0.rules)
            .finish_non_exhaustive()
    }
}

impl<K: Into<JwtKeySource>> From<K> for JwtVerifier {
    fn from(keys: K) -> Self {
        Self::new(keys)
    }
}
