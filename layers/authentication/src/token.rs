use std::{borrow::Cow, fmt, future::Future, sync::Arc};

use gatefold_core::{Decision, Exception, Identity, IntoDecision};
use gatefold_tokens::{Token, Tokens};
use http::{HeaderValue, request::Parts};

use crate::{
    Authentication, ConfigurationError,
    authorization::{Authorization, has_control, read},
    configuration_error,
    look_up::{Answer, Inactive, failed, look_up, stored, stored_with},
};

type Find = dyn Fn(&str, &Cow<'static, str>) -> Decision<Answer> + Send + Sync;

/// Identifies a request by the key in `Authorization: Token <key>`.
///
/// The function it is made of gets the key as the client sent it, and answers with its user, with
/// `None`, which refuses the request with 401 `Invalid token.`, or with an error of the
/// application's own. An identity that is [not active](Identity::with_active) is refused with 401
/// `User inactive or deleted.`. Keys over 8192 bytes are invalid without being looked up.
///
/// ```
/// use gatefold_authentication::{AuthenticationLayer, TokenAuthentication};
/// use gatefold_core::{Exception, Identity};
///
/// # #[derive(Clone)] struct Users;
/// # struct User { name: String, active: bool }
/// # impl Users {
/// #     async fn by_key(&self, _: &str) -> Result<Option<User>, std::io::Error> { Ok(None) }
/// # }
/// # let users = Users;
/// let token = TokenAuthentication::new(move |key: String| {
///     let users = users.clone();
///     async move {
///         let user = users.by_key(&key).await.map_err(Exception::unavailable)?;
///         let identity = |user: User| Identity::new(user.name).with_active(user.active);
///         Ok::<_, Exception>(user.map(identity))
///     }
/// });
/// let layer = AuthenticationLayer::new(token.keyword("Bearer")?);
/// # Ok::<_, gatefold_authentication::ConfigurationError>(())
/// ```
///
/// # Keys
///
/// [`stored`](Self::stored) does all of this: make them of at least 128 random bits, store a
/// [digest](gatefold_tokens::Digest) and look up by the digest. Then a stolen table opens nothing,
/// and the time of a look-up says nothing about other keys. Compare a key in the clear in constant
/// time or not at all.
#[derive(Clone)]
#[must_use]
pub struct TokenAuthentication {
    find: Arc<Find>,
    keyword: Cow<'static, str>,
    challenge: HeaderValue,
    drf: bool,
}

impl TokenAuthentication {
    /// Asks `find` for the user with this key.
    pub fn new<F, V>(find: V) -> Self
    where
        V: Fn(String) -> F + Send + Sync + 'static,
        F: Future + Send + 'static,
        F::Output: IntoDecision<Result<Option<Identity>, Exception>>,
    {
        Self::over(move |key, keyword| {
            let found = find(key.to_owned());
            let unknown = || Err(invalid());
            look_up(found, keyword.clone(), unknown, Inactive::IsRefused)
        })
    }

    /// Looks keys up in a store of tokens, by their digests. The identity is the token's user id,
    /// its scopes and its credential: id, device, creation and end.
    ///
    /// A token that a store in memory knows costs no allocation beyond that of what travels.
    ///
    /// ```
    /// use gatefold_authentication::{AuthenticationLayer, TokenAuthentication};
    /// use gatefold_tokens::{MemoryTokenStore, Tokens};
    ///
    /// let tokens = Tokens::new(MemoryTokenStore::new());
    /// let layer = AuthenticationLayer::new(TokenAuthentication::stored(tokens.clone()));
    /// ```
    pub fn stored(tokens: Tokens) -> Self {
        Self::over(move |key, keyword| stored(&tokens, key, keyword.clone(), || Err(invalid())))
    }

    /// Looks keys up in a store of tokens, and asks `find` for the user of each good one.
    ///
    /// A user who is `None`, or [not active](Identity::with_active), is refused with 401
    /// `User inactive or deleted.`. The identity gets the token's credential, unless it brings one,
    /// and the token's scopes, if it has any.
    pub fn stored_with<F, V>(tokens: Tokens, find: V) -> Self
    where
        V: Fn(Token) -> F + Send + Sync + 'static,
        F: Future + Send + 'static,
        F::Output: IntoDecision<Result<Option<Identity>, Exception>>,
    {
        let find = Arc::new(find);
        Self::over(move |key, keyword| {
            let find = Arc::clone(&find);
            let unknown = || Err(invalid());
            stored_with(&tokens, key, keyword.clone(), unknown, move |t| find(t))
        })
    }

    fn over(
        find: impl Fn(&str, &Cow<'static, str>) -> Decision<Answer> + Send + Sync + 'static,
    ) -> Self {
        Self {
            find: Arc::new(find),
            keyword: Cow::Borrowed("Token"),
            challenge: HeaderValue::from_static("Token"),
            drf: false,
        }
    }

    /// Takes another word than `Token` for the scheme. It is compared without case, and it is the
    /// challenge. A word that is not `'static` is copied for each identity.
    ///
    /// # Errors
    ///
    /// If `keyword` is not a scheme name (RFC 9110, section 11.1).
    pub fn keyword(
        mut self,
        keyword: impl Into<Cow<'static, str>>,
    ) -> Result<Self, ConfigurationError> {
        let keyword = keyword.into();
        self.challenge = configuration_error::keyword(&keyword)?;
        self.keyword = keyword;
        Ok(self)
    }

    /// Reads credentials as Django REST Framework does: after a tab as well as after a space.
    pub fn drf(mut self) -> Self {
        self.drf = true;
        self
    }
}

impl Authentication for TokenAuthentication {
    fn authenticate(&self, head: &Parts) -> Decision<Result<Option<Identity>, Exception>> {
        let refused = match read(head, &self.keyword, self.drf) {
            Authorization::Other => return Decision::Now(Ok(None)),
            Authorization::Word(word) => match std::str::from_utf8(word) {
                Ok(key) if has_control(key) => invalid(),
                Ok(key) => return (self.find)(key, &self.keyword),
                Err(_) => failed(
                    "Invalid token header. Token string should not contain invalid characters.",
                ),
            },
            Authorization::Bare => failed("Invalid token header. No credentials provided."),
            Authorization::Several => {
                failed("Invalid token header. Token string should not contain spaces.")
            }
            Authorization::Long => invalid(),
        };
        Decision::Now(Err(refused))
    }

    fn challenge(&self) -> Option<HeaderValue> {
        Some(self.challenge.clone())
    }
}

fn invalid() -> Exception {
    failed("Invalid token.")
}

impl fmt::Debug for TokenAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenAuthentication")
            .field("keyword", &self.keyword)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http::{Request, StatusCode, header::AUTHORIZATION};
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b";

    fn one_key() -> TokenAuthentication {
        TokenAuthentication::new(|key: String| async move {
            Ok::<_, Exception>((key == KEY).then(|| Identity::new("user")))
        })
    }

    fn head(header: HeaderValue) -> Parts {
        let mut request = Request::new(());
        request.headers_mut().insert(AUTHORIZATION, header);
        request.into_parts().0
    }

    async fn asked(token: &TokenAuthentication, header: &[u8]) -> Result<Option<Identity>, String> {
        let value = HeaderValue::from_bytes(header).expect("a header value");
        let answer = match token.authenticate(&head(value)) {
            Decision::Now(answer) => answer,
            Decision::Later(answer) => answer.await,
        };
        answer.map_err(|exception| {
            assert_eq!(exception.code(), "authentication_failed");
            exception.detail().text().unwrap_or_default().to_owned()
        })
    }

    #[tokio::test]
    async fn a_known_key_is_its_user() {
        for keyword in ["Token", "token", "TOKEN", "Token   "] {
            let found = asked(&one_key(), format!("{keyword} {KEY}").as_bytes()).await;
            let found = found.expect("good").expect("known");
            assert_eq!((found.id(), found.scheme()), ("user", "Token"));
        }
    }

    #[tokio::test]
    async fn bad_keys_are_refused_in_django_rest_frameworks_words() {
        let spaces = "Invalid token header. Token string should not contain spaces.";
        let long = format!("Token {}", "a".repeat(1024 * 1024));
        for (header, words) in [
            ("Token", "Invalid token header. No credentials provided."),
            ("Token foo bar", spaces),
            ("Token foo, Token bar", spaces),
            ("Token nope", "Invalid token."),
            (&format!("Token {}", KEY.to_uppercase()), "Invalid token."),
            (&format!("Token {KEY}0"), "Invalid token."),
            (&format!("Token \"{KEY}\""), "Invalid token."),
            ("Token \u{b8}", "Invalid token."),
            ("Token a\u{85}", "Invalid token."),
            (&long, "Invalid token."),
        ] {
            let refused = asked(&one_key(), header.as_bytes()).await;
            assert_eq!(refused.expect_err(header), words);
        }
        assert_eq!(
            asked(&one_key(), b"Token \xff\xfe")
                .await
                .expect_err("no text"),
            "Invalid token header. Token string should not contain invalid characters."
        );
    }

    #[test]
    fn what_no_store_should_see_is_not_looked_up() {
        let long = "a".repeat(8 * 1024 + 1);
        for key in ["a\u{85}", &long] {
            let header = HeaderValue::from_bytes(format!("Token {key}").as_bytes());
            let head = head(header.expect("a header value"));
            let answer = one_key().authenticate(&head);
            assert!(matches!(answer, Decision::Now(Err(_))), "{answer:?}");
        }
    }

    #[tokio::test]
    async fn the_keyword_is_scheme_and_challenge() {
        let bearer = one_key().keyword("Bearer").expect("a token");
        assert_eq!(bearer.challenge().expect("always"), "Bearer");
        let found = asked(&bearer, format!("bearer {KEY}").as_bytes()).await;
        assert_eq!(found.expect("good").expect("known").scheme(), "Bearer");
        let found = asked(&bearer, format!("Token {KEY}").as_bytes()).await;
        assert!(found.expect("not mine").is_none());
        assert!(one_key().keyword("My Token").is_err());
    }

    #[tokio::test]
    async fn a_broken_store_is_not_an_unknown_key() {
        let token = TokenAuthentication::new(|_: String| async {
            Err::<Option<Identity>, _>(Exception::unavailable("connection refused"))
        });
        let head = head(HeaderValue::from_static("Token abc"));
        let Decision::Later(answer) = token.authenticate(&head) else {
            panic!("it was not looked up")
        };
        let refused = answer.await.expect_err("broken");
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    }

    proptest! {
        #[test]
        fn any_header_is_another_scheme_refused_or_looked_up(
            bytes in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            let line = [b"Token ", &bytes[..]].concat();
            if let Ok(header) = HeaderValue::from_bytes(&line) {
                match one_key().authenticate(&head(header)) {
                    Decision::Now(Ok(found)) => prop_assert!(found.is_none()),
                    Decision::Now(Err(refused)) => {
                        prop_assert_eq!(refused.code(), "authentication_failed");
                    }
                    Decision::Later(_) => prop_assert!(std::str::from_utf8(&bytes).is_ok()),
                }
            }
        }
    }
}
