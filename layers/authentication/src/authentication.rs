use std::sync::Arc;

use gatefold_core::{Decision, Exception, Identity, IntoDecision};
use http::{HeaderValue, request::Parts};

/// Says who sends a request, by its head.
///
/// There are three answers:
///
/// * `Ok(None)`: these credentials are not mine, or there are none. The next one is asked.
/// * `Ok(Some(identity))`: this is who it is. Nobody else is asked.
/// * `Err(exception)`: these credentials are mine and they are bad ([`authentication_failed`]), or
///   they could not be looked up ([`unavailable`]). Nobody else is asked.
///
/// It identifies and never demands: whether nobody may pass is for permissions to say.
///
/// A closure over the head is an authentication without a challenge. It returns an
/// `Option<impl Into<Identity>>` or a `Result` of that, at once or by [`later`]; what a future uses
/// is taken out of the head before it begins. `Arc<dyn Authentication>` is one too.
///
/// ```
/// use gatefold_authentication::Authentication;
/// use gatefold_core::{Exception, Identity, later};
/// use http::request::Parts;
///
/// async fn owner_of(_badge: String) -> Result<Option<Identity>, Exception> {
///     Ok(Some(Identity::new("42")))
/// }
///
/// fn badge() -> impl Authentication {
///     |head: &Parts| {
///         let badge = head.headers.get("x-badge").and_then(|badge| badge.to_str().ok());
///         let badge = badge.map(str::to_owned);
///         later(async move {
///             match badge {
///                 Some(badge) => owner_of(badge).await,
///                 None => Ok(None),
///             }
///         })
///     }
/// }
/// # let _ = badge();
/// ```
///
/// [`authentication_failed`]: Exception::authentication_failed
/// [`unavailable`]: Exception::unavailable
/// [`later`]: gatefold_core::later
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot tell who sends a request",
    label = "not an `Authentication`",
    note = "a closure `|head: &Parts| ..` can, if it returns `Option<I>`, `Result<Option<I>, E>` or `later(async move {{ .. }})` of these, where `I: Into<Identity>` and `E: Into<Exception>`",
    note = "the future owns what it uses: copy it out of the head before `async move`; an `async fn(&Parts)` or `async |head|` borrows the head and cannot work"
)]
pub trait Authentication: Send + Sync + 'static {
    /// Looks at a request's head and says who sent it.
    fn authenticate(&self, head: &Parts) -> Decision<Result<Option<Identity>, Exception>>;

    /// How to ask for credentials of this kind (RFC 9110, section 11.6.1): `Basic realm="api"`.
    ///
    /// The layer asks once, when it is built. Without a challenge there can be no 401.
    fn challenge(&self) -> Option<HeaderValue> {
        None
    }

    /// Whether it looks at the request's cookies. Wherever it was asked, the layer then says that
    /// the answer varies by them (`Vary: Cookie`), and keeps somebody's out of shared caches.
    fn reads_cookies(&self) -> bool {
        false
    }

    /// The sessions that it looks up, where it does. The layer leaves a [`Session`](crate::Session)
    /// for handlers, and writes the cookie on the way out. What wraps an authentication passes
    /// this on (feature `sessions`).
    #[cfg(feature = "sessions")]
    fn sessions(&self) -> Option<&crate::SessionAuthentication> {
        None
    }
}

impl<F, R> Authentication for F
where
    F: Fn(&Parts) -> R + Send + Sync + 'static,
    R: IntoDecision<Result<Option<Identity>, Exception>>,
{
    fn authenticate(&self, head: &Parts) -> Decision<Result<Option<Identity>, Exception>> {
        self(head).into_decision()
    }
}

impl<T: Authentication + ?Sized> Authentication for Arc<T> {
    fn authenticate(&self, head: &Parts) -> Decision<Result<Option<Identity>, Exception>> {
        (**self).authenticate(head)
    }

    fn challenge(&self) -> Option<HeaderValue> {
        (**self).challenge()
    }

    fn reads_cookies(&self) -> bool {
        (**self).reads_cookies()
    }

    #[cfg(feature = "sessions")]
    fn sessions(&self) -> Option<&crate::SessionAuthentication> {
        (**self).sessions()
    }
}

#[cfg(test)]
mod tests {
    use gatefold_core::later;
    use http::Request;

    use super::*;

    struct User;

    impl From<User> for Identity {
        fn from(_: User) -> Self {
            Self::new("user")
        }
    }

    struct Broken;

    impl From<Broken> for Exception {
        fn from(_: Broken) -> Self {
            Self::unavailable("the store is broken")
        }
    }

    async fn ask(authentication: impl Authentication) -> String {
        let (head, ()) = Request::new(()).into_parts();
        let answer = match authentication.authenticate(&head) {
            Decision::Now(answer) => answer,
            Decision::Later(answer) => answer.await,
        };
        match answer {
            Ok(found) => found.map_or("nobody".to_owned(), |found| found.id().to_owned()),
            Err(exception) => exception.status().to_string(),
        }
    }

    #[tokio::test]
    async fn closures_answer_in_all_their_forms() {
        assert_eq!(ask(|_: &Parts| Some(User)).await, "user");
        assert_eq!(ask(|_: &Parts| None::<User>).await, "nobody");
        assert_eq!(ask(|_: &Parts| Ok::<_, Broken>(Some(User))).await, "user");
        let broken = |_: &Parts| Err::<Option<User>, _>(Broken);
        assert_eq!(ask(broken).await, "503 Service Unavailable");
        assert_eq!(ask(|_: &Parts| later(async { Some(User) })).await, "user");
        let broken = |_: &Parts| later(async { Err::<Option<User>, _>(Broken) });
        assert_eq!(ask(broken).await, "503 Service Unavailable");
        assert_eq!(ask(|_: &Parts| Decision::Now(Some(User))).await, "user");
    }

    #[tokio::test]
    async fn a_shared_authentication_is_one() {
        let shared: Arc<dyn Authentication> = Arc::new(|_: &Parts| Some(User));
        assert_eq!(ask(Arc::clone(&shared)).await, "user");
        assert_eq!(shared.challenge(), None);
    }
}
