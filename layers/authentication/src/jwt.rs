use std::{borrow::Cow, fmt, sync::Arc};

use gatefold_core::{Decision, Exception, Identity, IntoDecision, Mark};
use gatefold_tokens::{Jwt, JwtError, JwtVerifier};
use http::{HeaderValue, request::Parts};
use serde::de::DeserializeOwned;

use crate::{
    Authentication, ConfigurationError, Csrf,
    jwt_identity::{Claims, Find, Found},
    jwt_source::{Places, Said},
    jwt_words::Words,
    look_up::Answer,
};

/// Identifies a request by a signed token (RFC 7519): `Authorization: Bearer <token>`.
///
/// Whatever is wrong with a token is a 401 in simplejwt's words, with a challenge that says
/// `error="invalid_token"` (RFC 6750, section 3.1). The identity is the token's subject, with the
/// token's scopes and its id, creation and end as the credential; [`identity`](Self::identity)
/// makes another of the claims, [`look_up`](Self::look_up) asks for the user each time.
///
/// ```
/// use gatefold_authentication::{AuthenticationLayer, JwtAuthentication};
/// use gatefold_core::Identity;
/// use gatefold_tokens::{JwtAlgorithm, JwtKey, JwtVerifier};
///
/// #[derive(serde::Deserialize)]
/// struct Claims { sub: String, staff: bool }
///
/// let key = JwtKey::hmac(JwtAlgorithm::Hs256, "0123456789abcdef0123456789abcdef")?;
/// let keys = JwtVerifier::new(key).issuers(["https://login.example"]).audiences(["tasks"]);
/// let jwt = JwtAuthentication::new(keys)
///     .from_header()
///     .or_cookie("access")
///     .roles(["realm_access", "roles"])
///     .identity(|claims: Claims| Identity::new(claims.sub).with_admin(claims.staff));
/// let layer = AuthenticationLayer::new(jwt);
/// # Ok::<_, gatefold_tokens::JwtKeyError>(())
/// ```
///
/// Tokens over 8192 bytes are refused unread.
///
/// A token that the verifier remembers answers at once: the identity lies beside it, and handing it
/// on costs no allocation beyond that of what travels.
#[derive(Clone)]
#[must_use]
pub struct JwtAuthentication(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    verifier: JwtVerifier,
    places: Places,
    csrf: Csrf,
    claims: Claims,
    realm: Cow<'static, str>,
    words: Words,
    drf: bool,
}

impl JwtAuthentication {
    /// Takes tokens that `verifier` finds good, or that these keys verify, from the header.
    pub fn new(verifier: impl Into<JwtVerifier>) -> Self {
        let (keyword, realm) = ("Bearer", "api");
        Self(Arc::new(Inner {
            verifier: verifier.into(),
            places: Places {
                header: true,
                cookie: None,
                insecure_query: None,
            },
            csrf: Csrf::new(),
            claims: Claims::new(),
            realm: Cow::Borrowed(realm),
            words: Words::new(keyword, realm, true).expect("both are words"),
            drf: false,
        }))
    }

    /// Takes tokens from `Authorization: Bearer <token>`, and from nowhere else yet.
    pub fn from_header(self) -> Self {
        self.changed(|inner| {
            inner.places = Places {
                header: true,
                cookie: None,
                insecure_query: None,
            };
        })
    }

    /// Takes tokens from this cookie, and from nowhere else yet. As with
    /// [`or_cookie`](Self::or_cookie), [`Csrf`] is asked.
    pub fn from_cookie(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.changed(|inner| {
            inner.places = Places {
                header: false,
                cookie: Some(name.into()),
                insecure_query: None,
            };
        })
    }

    /// Takes tokens from this cookie too.
    ///
    /// Browsers send cookies by themselves, so a token in one does not say who wants a change:
    /// methods that may change something go through [`Csrf`], and what another site's page sends
    /// is refused with 403. A token that comes in two places at once is refused (RFC 6750, section
    /// 2).
    pub fn or_cookie(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.changed(|inner| inner.places.cookie = Some(name.into()))
    }

    /// Guards cookies against other sites' pages in this way.
    pub fn csrf(self, csrf: Csrf) -> Self {
        self.changed(|inner| inner.csrf = csrf)
    }

    /// Takes tokens from the query too: `?parameter=<token>`.
    ///
    /// What stands in a URL is kept in histories, logs and `Referer` headers, where anybody who
    /// reads them finds the token (RFC 6750, section 5.3). It is for clients that can do nothing
    /// else.
    pub fn or_insecure_query(self, parameter: impl Into<Cow<'static, str>>) -> Self {
        self.changed(|inner| inner.places.insecure_query = Some(parameter.into()))
    }

    /// Takes another word than `Bearer` for the scheme. It is compared without case.
    ///
    /// # Errors
    ///
    /// If `keyword` is not a scheme name (RFC 9110, section 11.1).
    pub fn keyword(
        self,
        keyword: impl Into<Cow<'static, str>>,
    ) -> Result<Self, ConfigurationError> {
        let keyword = keyword.into();
        let words = Words::new(&keyword, &self.0.realm, !self.0.drf)?;
        Ok(self.changed(|inner| {
            inner.claims.scheme = keyword;
            inner.words = words;
        }))
    }

    /// Names another realm than `api` in the challenge.
    ///
    /// # Errors
    ///
    /// If a challenge cannot hold it.
    pub fn realm(self, realm: impl Into<Cow<'static, str>>) -> Result<Self, ConfigurationError> {
        let realm = realm.into();
        let words = Words::new(&self.0.claims.scheme, &realm, !self.0.drf)?;
        Ok(self.changed(|inner| {
            inner.realm = realm;
            inner.words = words;
        }))
    }

    /// Makes the identity of the claims alone.
    ///
    /// It is made once for a token that is remembered, so it must be nothing that can change
    /// meanwhile; that is for [`look_up`](Self::look_up). Claims that do not fit the type refuse
    /// the token. An identity without scopes gets the token's.
    pub fn identity<C, I, F>(self, make: F) -> Self
    where
        C: DeserializeOwned + 'static,
        I: Into<Identity>,
        F: Fn(C) -> I + Send + Sync + 'static,
    {
        let find: Arc<Find> = Arc::new(move |jwt: &Jwt| {
            let claims = jwt.claims()?;
            Ok(Found::Made(make(claims).into()))
        });
        self.changed(|inner| inner.claims.find = find)
    }

    /// Asks for the user of the claims, each time: at once, or by
    /// [`later`](gatefold_core::later).
    ///
    /// `None` is told `User not found`, and a user who is [not active](Identity::with_active)
    /// `User is inactive`.
    ///
    /// ```
    /// use gatefold_authentication::JwtAuthentication;
    /// use gatefold_core::{Exception, Identity, later};
    /// use gatefold_tokens::{JwtAlgorithm, JwtKey, JwtVerifier};
    ///
    /// # #[derive(Clone)] struct Users;
    /// # impl Users {
    /// #     async fn by_id(&self, _: u64) -> Result<Option<Identity>, std::io::Error> { Ok(None) }
    /// # }
    /// # let users = Users;
    /// #[derive(serde::Deserialize)]
    /// struct Claims { user_id: u64 }
    ///
    /// let key = JwtKey::hmac(JwtAlgorithm::Hs256, "0123456789abcdef0123456789abcdef")?;
    /// let jwt = JwtAuthentication::new(JwtVerifier::simplejwt(key)).look_up(move |claims: Claims| {
    ///     let users = users.clone();
    ///     later(async move { users.by_id(claims.user_id).await.map_err(Exception::unavailable) })
    /// });
    /// # Ok::<_, gatefold_tokens::JwtKeyError>(())
    /// ```
    pub fn look_up<C, R, F>(self, find: F) -> Self
    where
        C: DeserializeOwned + 'static,
        R: IntoDecision<Result<Option<Identity>, Exception>>,
        F: Fn(C) -> R + Send + Sync + 'static,
    {
        let find: Arc<Find> = Arc::new(move |jwt: &Jwt| {
            let claims = jwt.claims()?;
            Ok(Found::Asked(find(claims).into_decision()))
        });
        self.changed(|inner| inner.claims.find = find)
    }

    /// Takes roles from this claim, or from one further in: `["realm_access", "roles"]`. A list of
    /// texts is as many roles, a text is one. An identity that has roles keeps them.
    pub fn roles<I>(self, path: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Box<str>>,
    {
        let path = path.into_iter().map(Into::into).collect();
        self.changed(|inner| inner.claims.roles = Some(path))
    }

    /// Reads and answers as simplejwt does: the scheme's case counts, and challenges do not say
    /// what was wrong. Give it [`JwtVerifier::simplejwt`], which reads the claims so.
    pub fn drf(self) -> Self {
        self.changed(|inner| {
            inner.drf = true;
            let words = Words::new(&inner.claims.scheme, &inner.realm, false);
            inner.words = words.expect("both were words before");
        })
    }

    // What a changed authentication makes of a token is not what the unchanged one made.
    fn changed(self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.0);
        change(&mut inner);
        inner.claims.mark = Mark::new();
        Self(Arc::new(inner))
    }
}

impl Inner {
    fn verified(&self, verdict: Result<Jwt, JwtError>) -> Decision<Answer> {
        let answer = verdict.and_then(|jwt| self.claims.of(&jwt, &self.words));
        match answer {
            Ok(decision) => decision,
            Err(error) => Decision::Now(Err(self.words.refused(&error))),
        }
    }
}

impl Authentication for JwtAuthentication {
    fn authenticate(&self, head: &Parts) -> Decision<Result<Option<Identity>, Exception>> {
        let inner = &self.0;
        let words = &inner.words;
        let token = match inner.places.read(head, &inner.claims.scheme, inner.drf) {
            Said::Nothing => return Decision::Now(Ok(None)),
            Said::Token(token) => token,
            Said::Cookie(token) => match inner.csrf.check(head) {
                Ok(()) => Cow::Borrowed(token),
                Err(forged) => return Decision::Now(Err(forged)),
            },
            Said::Header => return Decision::Now(Err(words.bad_header())),
            Said::Several => return Decision::Now(Err(words.several())),
            Said::Nonsense => {
                let malformed = JwtError::from(gatefold_tokens::JwtErrorKind::Malformed);
                return Decision::Now(Err(words.refused(&malformed)));
            }
        };
        match inner.verifier.verify(&token) {
            Decision::Now(verdict) => inner.verified(verdict),
            Decision::Later(verdict) => {
                let inner = Arc::clone(inner);
                gatefold_core::later(async move { inner.verified(verdict.await).wait().await })
            }
        }
    }

    fn reads_cookies(&self) -> bool {
        self.0.places.cookie.is_some()
    }

    fn challenge(&self) -> Option<HeaderValue> {
        Some(self.0.words.challenge.clone())
    }
}

impl fmt::Debug for JwtAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtAuthentication")
            .field("verifier", &self.0.verifier)
            .field("places", &self.0.places)
            .field("challenge", &self.0.words.challenge)
            .finish_non_exhaustive()
    }
}
