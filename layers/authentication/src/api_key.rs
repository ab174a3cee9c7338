use std::{borrow::Cow, fmt, future::Future, sync::Arc};

use gatefold_core::{Decision, Exception, Identity, IntoDecision};
use http::{HeaderName, HeaderValue, request::Parts};

use crate::{
    Authentication, ConfigurationError, configuration_error,
    header::{Said, read},
    look_up::{Answer, failed, look_up},
};

type Find = dyn Fn(String) -> Decision<Answer> + Send + Sync;

/// Identifies a request by the key in a header of its own: `X-Api-Key: <key>`.
///
/// The function it is made of gets the key as the client sent it, and answers with its owner, with
/// `None`, which refuses the request with 401 `Invalid API key.`, or with an error of the
/// application's own. A key that stands there twice, that is no text or that is longer than 8192
/// bytes is invalid without being looked up.
///
/// ```
/// use gatefold_authentication::{ApiKey, AuthenticationLayer};
/// use gatefold_core::{Exception, Identity};
///
/// let key = ApiKey::header("x-api-key", |key: String| async move {
///     Ok::<_, Exception>((key == "s3cret").then(|| Identity::new("robot")))
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
        let scheme = Cow::Borrowed("ApiKey");
        let find = move |key| look_up(find(key), scheme.clone(), || Err(invalid()));
        Ok(Self {
            header: configuration_error::header(name)?,
            find: Arc::new(find),
            challenge: HeaderValue::from_static("ApiKey"),
        })
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
        match read(head, &self.header) {
            Said::Nothing => Decision::Now(Ok(None)),
            Said::Nonsense => Decision::Now(Err(invalid())),
            Said::Text(key) => (self.find)(key.to_owned()),
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
