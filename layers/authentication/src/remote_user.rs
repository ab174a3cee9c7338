use std::{borrow::Cow, fmt, future::Future, sync::Arc};

use gatefold_core::{Decision, Exception, Identity, IntoDecision, TrustedProxies};
use http::{HeaderName, HeaderValue, header::WWW_AUTHENTICATE, request::Parts};

use crate::{
    Authentication, ConfigurationError, configuration_error,
    header::{Said, read},
    look_up::{Answer, Inactive, failed, look_up},
};

type Find = dyn Fn(String) -> Decision<Answer> + Send + Sync;

/// Identifies a request by the user name that a proxy in front found out: `X-Remote-User: alice`.
///
/// The header is believed only if the peer of the connection is one of the proxies; from anybody
/// else it is not looked at. The proxies must remove the header from what clients send.
///
/// The function it is made of gets the name, and answers with the user, with `None` for one who is
/// not let in, which is nobody (the next authentication is asked, as in Django REST Framework), or
/// with an error. A user who is not active is not let in. A name that stands there twice, a list,
/// or what is no text is refused with 401 `Invalid remote user.` and the challenge `RemoteUser`.
/// Otherwise there is no challenge, as the client cannot log in here: alone in its layer, nobody is
/// refused with 403.
///
/// ```
/// use gatefold_authentication::{AuthenticationLayer, RemoteUserAuthentication};
/// use gatefold_core::{Exception, Identity, TrustedProxies};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let proxies = TrustedProxies::networks(["10.0.0.0/8"])?;
/// let remote = RemoteUserAuthentication::header("x-remote-user", proxies, |name: String| async {
///     Ok::<_, Exception>(Some(Identity::new(name)))
/// })?;
/// let layer = AuthenticationLayer::new(remote);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct RemoteUserAuthentication {
    header: HeaderName,
    proxies: TrustedProxies,
    find: Arc<Find>,
    challenge: Option<HeaderValue>,
}

impl RemoteUserAuthentication {
    /// Reads the name from the header `name`, if one of `proxies` sent it, and asks `find` for the
    /// user.
    ///
    /// # Errors
    ///
    /// If `name` is no header name, or holds an underscore: what looks to a proxy like another
    /// header, and so is let through from clients, may be the same here.
    pub fn header<F, V>(
        name: &str,
        proxies: TrustedProxies,
        find: V,
    ) -> Result<Self, ConfigurationError>
    where
        V: Fn(String) -> F + Send + Sync + 'static,
        F: Future + Send + 'static,
        F::Output: IntoDecision<Result<Option<Identity>, Exception>>,
    {
        let scheme = Cow::Borrowed("RemoteUser");
        let find = move |name| {
            let scheme = scheme.clone();
            look_up(find(name), scheme, || Ok(None), Inactive::IsUnknown)
        };
        Ok(Self {
            header: configuration_error::header(name)?,
            proxies,
            find: Arc::new(find),
            challenge: None,
        })
    }

    /// Challenges with this word, so that nobody is refused with 401 where no other authentication
    /// has a challenge: for clients who know what to do about it.
    ///
    /// # Errors
    ///
    /// If `keyword` is not a scheme name (RFC 9110, section 11.1).
    pub fn keyword(mut self, keyword: &str) -> Result<Self, ConfigurationError> {
        self.challenge = Some(configuration_error::keyword(keyword)?);
        Ok(self)
    }

    /// Whoever sent credentials that are none gets a 401, which carries a challenge in any case
    /// (RFC 9110, section 15.5.2).
    fn invalid(&self) -> Exception {
        let challenge = self.challenge.clone();
        let challenge = challenge.unwrap_or(HeaderValue::from_static("RemoteUser"));
        failed("Invalid remote user.").with_header(WWW_AUTHENTICATE, challenge)
    }
}

impl Authentication for RemoteUserAuthentication {
    fn authenticate(&self, head: &Parts) -> Decision<Result<Option<Identity>, Exception>> {
        if !self.proxies.trusts(head) {
            return Decision::Now(Ok(None));
        }
        match read(head, &self.header) {
            Said::Nothing => Decision::Now(Ok(None)),
            Said::Text(name) if !name.contains(',') => (self.find)(name.to_owned()),
            Said::Text(_) | Said::Nonsense => Decision::Now(Err(self.invalid())),
        }
    }

    fn challenge(&self) -> Option<HeaderValue> {
        self.challenge.clone()
    }
}

impl fmt::Debug for RemoteUserAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteUserAuthentication")
            .field("header", &self.header)
            .field("proxies", &self.proxies)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use gatefold_core::Connection;
    use http::Request;

    use super::*;

    const PROXY: Option<[u8; 4]> = Some([10, 1, 2, 3]);

    fn remote() -> RemoteUserAuthentication {
        let proxies = TrustedProxies::networks(["10.0.0.0/8"]).expect("a network");
        let remote = RemoteUserAuthentication::header("X-Remote-User", proxies, |name| async {
            let active = name != "frank";
            (name != "dave").then(|| Identity::new(name).with_active(active))
        });
        remote.expect("a header name")
    }

    async fn asked(
        peer: Option<[u8; 4]>,
        headers: &[(&str, &[u8])],
    ) -> Result<Option<Identity>, Exception> {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut head, ()) = request.body(()).expect("a request").into_parts();
        if let Some(peer) = peer {
            Connection::new((peer, 4711).into()).leave(&mut head.extensions);
        }
        match remote().authenticate(&head) {
            Decision::Now(answer) => answer,
            Decision::Later(answer) => answer.await,
        }
    }

    #[tokio::test]
    async fn a_proxy_is_believed() {
        let found = asked(PROXY, &[("x-remote-user", b"alice")]).await;
        let found = found.expect("good").expect("known");
        assert_eq!((found.id(), found.scheme()), ("alice", "RemoteUser"));
    }

    #[tokio::test]
    async fn nobody_else_is_listened_to() {
        for peer in [None, Some([203, 0, 113, 9])] {
            for headers in [
                &[("x-remote-user", b"alice".as_slice())][..],
                &[
                    ("x-remote-user", b"alice"),
                    ("x-forwarded-for", b"10.0.0.1"),
                ],
                &[("x-remote-user", b"a"), ("x-remote-user", b"b")],
            ] {
                assert!(asked(peer, headers).await.expect("no refusal").is_none());
            }
        }
    }

    #[tokio::test]
    async fn no_name_and_no_user_are_nobody() {
        for headers in [
            &[][..],
            &[("x-remote-user", b"".as_slice())],
            &[("x_remote_user", b"alice")],
            &[("x-forwarded-user", b"alice")],
            &[("x-remote-user", b"dave")],
            &[("x-remote-user", b"frank")],
        ] {
            assert!(asked(PROXY, headers).await.expect("no refusal").is_none());
        }
    }

    #[tokio::test]
    async fn what_is_not_one_name_is_refused() {
        let name = "x-remote-user";
        for headers in [
            &[(name, b"alice, admin".as_slice())][..],
            &[(name, b"alice"), (name, b"alice")],
            &[(name, b"\xff\xfe")],
        ] {
            let refused = asked(PROXY, headers).await.expect_err("bad");
            assert_eq!(refused.code(), "authentication_failed");
            assert_eq!(refused.headers()[WWW_AUTHENTICATE], "RemoteUser");
        }
    }

    #[test]
    fn it_challenges_only_if_it_was_told_to() {
        assert_eq!(remote().challenge(), None);
        let challenge = remote().keyword("Portal").expect("a token").challenge();
        assert_eq!(challenge.expect("told to"), "Portal");
        assert!(remote().keyword("the portal").is_err());
    }
}
