use std::{borrow::Cow, fmt, future::Future, sync::Arc};

use gatefold_core::{Decision, Exception, Identity, IntoDecision};
use gatefold_tokens::{Token, Tokens};
use http::{HeaderName, HeaderValue, request::Parts};

use crate::{
    Authentication, ConfigurationError, configuration_error,
    header::{Said, read},
    look_up::{Answer, Inactive, failed, look_up, stored, stored_with},
    query,
};

type Find = dyn Fn(&str) -> Decision<Answer> + Send + Sync;

const SCHEME: Cow<'static, str> = Cow::Borrowed("ApiKey");

/// Identifies a request by the key in a header of its own: `X-Api-Key: <key>`.
///
/// The function it is made of gets the key as the client sent it, and answers with its owner, with
/// `None`, which refuses the request with 401 `Invalid API key.`, or with an error of the
/// application's own. A key that stands there twice, that is no text or that is longer than 8192
/// bytes is invalid without being looked up. [`stored`](Self::stored) looks keys up in a store of
/// tokens; here a table of the application's own is asked, by the digest too:
///
/// ```
/// use gatefold_authentication::{ApiKey, AuthenticationLayer};
/// use gatefold_core::{Exception, Identity};
/// use gatefold_tokens::Digest;
///
/// # #[derive(Clone)] struct Robots;
/// # impl Robots {
/// #     async fn by_digest(&self, _: Digest) -> Result<Option<Identity>, std::io::Error> { Ok(None) }
/// # }
/// # let robots = Robots;
/// let key = ApiKey::header("x-api-key", move |key: String| {
///     let robots = robots.clone();
///     async move { robots.by_digest(Digest::of(key)).await.map_err(Exception::unavailable) }
/// })?;
/// let layer = AuthenticationLayer::new(key);
/// # Ok::<_, gatefold_authentication::ConfigurationError>(())
/// ```
///
/// How to keep keys: as [`TokenAuthentication`](crate::TokenAuthentication) says.
#[derive(Clone)]
#[must_use]
pub struct ApiKey {
    header: HeaderName,
    insecure_query: Option<Cow<'static, str>>,
    find: Arc<Find>,
    challenge: HeaderValue,
}

impl ApiKey {
    /// Reads the key from the header `name`, and asks `find` for its owner.
    ///
    /// # Errors
    ///
    /// If `name` is no header name, or holds an underscore, which proxies change or drop.
    pub fn header<F, V>(name: &str, find: V) -> Result<Self, ConfigurationError>
    where
        V: Fn(String) -> F + Send + Sync + 'static,
        F: Future + Send + 'static,
        F::Output: IntoDecision<Result<Option<Identity>, Exception>>,
    {
        Self::over(name, move |key| {
            let unknown = || Err(invalid());
            look_up(find(key.to_owned()), SCHEME, unknown, Inactive::IsRefused)
        })
    }

    /// Reads the key from the header `name`, and looks it up in a store of tokens, by its digest.
    /// The identity is as [`TokenAuthentication::stored`](crate::TokenAuthentication::stored)'s.
    ///
    /// # Errors
    ///
    /// As [`header`](Self::header).
    pub fn stored(name: &str, tokens: Tokens) -> Result<Self, ConfigurationError> {
        Self::over(name, move |key| {
            stored(&tokens, key, SCHEME, || Err(invalid()))
        })
    }

    /// Reads the key from the header `name`, looks it up in a store of tokens, and asks `find` for
    /// the owner, as [`TokenAuthentication::stored_with`](crate::TokenAuthentication::stored_with).
    ///
    /// # Errors
    ///
    /// As [`header`](Self::header).
    pub fn stored_with<F, V>(
        name: &str,
        tokens: Tokens,
        find: V,
    ) -> Result<Self, ConfigurationError>
    where
        V: Fn(Token) -> F + Send + Sync + 'static,
        F: Future + Send + 'static,
        F::Output: IntoDecision<Result<Option<Identity>, Exception>>,
    {
        let find = Arc::new(find);
        Self::over(name, move |key| {
            let find = Arc::clone(&find);
            stored_with(&tokens, key, SCHEME, || Err(invalid()), move |t| find(t))
        })
    }

    fn over(
        name: &str,
        find: impl Fn(&str) -> Decision<Answer> + Send + Sync + 'static,
    ) -> Result<Self, ConfigurationError> {
        Ok(Self {
            header: configuration_error::header(name)?,
            insecure_query: None,
            find: Arc::new(find),
            challenge: HeaderValue::from_static("ApiKey"),
        })
    }

    /// Reads the key from the query too, `?parameter=<key>`, where the header is not there.
    ///
    /// What stands in a URL is kept in histories, logs and `Referer` headers, where anybody who
    /// reads them finds the key (RFC 6750, section 5.3). It is for clients that can do nothing else.
    /// A key that stands in both places, or twice in the query, is refused.
    pub fn insecure_query(mut self, parameter: impl Into<Cow<'static, str>>) -> Self {
        self.insecure_query = Some(parameter.into());
        self
    }

    /// Takes another word than `ApiKey` for the challenge. There is no registered scheme for keys
    /// in headers of their own, and a 401 must carry some challenge (RFC 9110, section 15.5.2).
    ///
    /// # Errors
    ///
    /// If `keyword` is not a scheme name (RFC 9110, section 11.1).
    pub fn keyword(mut self, keyword: &str) -> Result<Self, ConfigurationError> {
        self.challenge = configuration_error::keyword(keyword)?;
        Ok(self)
    }
}

impl Authentication for ApiKey {
    fn authenticate(&self, head: &Parts) -> Decision<Result<Option<Identity>, Exception>> {
        let header = read(head, &self.header);
        let query = match &self.insecure_query {
            Some(parameter) => query::read(head, parameter),
            None => query::Said::Nothing,
        };
        match (header, query) {
            (Said::Nothing, query::Said::Nothing) => Decision::Now(Ok(None)),
            (Said::Text(key), query::Said::Nothing) => (self.find)(key),
            (Said::Nothing, query::Said::Text(key)) => (self.find)(&key),
            _ => Decision::Now(Err(invalid())),
        }
    }

    fn challenge(&self) -> Option<HeaderValue> {
        Some(self.challenge.clone())
    }
}

fn invalid() -> Exception {
    failed("Invalid API key.")
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("header", &self.header)
            .field("insecure_query", &self.insecure_query)
            .field("challenge", &self.challenge)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn one_key() -> ApiKey {
        let key = ApiKey::header("X-Api-Key", |key: String| async move {
            (key == "s3cret").then(|| Identity::new("robot"))
        });
        key.expect("a header name")
    }

    async fn asked(headers: &[(&str, &[u8])]) -> Result<Option<Identity>, Exception> {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).expect("a request").into_parts();
        match one_key().authenticate(&head) {
            Decision::Now(answer) => answer,
            Decision::Later(answer) => answer.await,
        }
    }

    #[tokio::test]
    async fn a_known_key_is_its_owner() {
        let found = asked(&[("x-api-key", b"s3cret")]).await.expect("good");
        let found = found.expect("known");
        assert_eq!((found.id(), found.scheme()), ("robot", "ApiKey"));
    }

    #[tokio::test]
    async fn no_key_is_not_mine() {
        for headers in [
            &[][..],
            &[("x-api-key", b"".as_slice())],
            &[("x_api_key", b"s3cret")],
            &[("authorization", b"ApiKey s3cret")],
        ] {
            assert!(asked(headers).await.expect("no refusal").is_none());
        }
    }

    #[tokio::test]
    async fn any_other_key_is_invalid() {
        let key = "x-api-key";
        let long = vec![b'a'; 1024 * 1024];
        for headers in [
            &[(key, b"guessed".as_slice())][..],
            &[(key, b"S3CRET")],
            &[(key, b"s3cret, s3cret")],
            &[(key, b"s3cret"), (key, b"s3cret")],
            &[(key, b"\xff")],
            &[(key, &long)],
        ] {
            let refused = asked(headers).await.expect_err("bad");
            assert_eq!(refused.code(), "authentication_failed");
            assert_eq!(refused.detail().text(), Some("Invalid API key."));
        }
    }

    #[test]
    fn the_challenge_is_a_keyword() {
        let challenge = |key: ApiKey| key.challenge().expect("always");
        assert_eq!(challenge(one_key()), "ApiKey");
        assert_eq!(challenge(one_key().keyword("Key").expect("a token")), "Key");
        assert!(one_key().keyword("my key").is_err());
    }
}
