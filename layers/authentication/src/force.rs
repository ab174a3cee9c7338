use std::task::{Context, Poll};

use gatefold_core::Identity;
use http::{Extensions, Request};
use tower_layer::Layer;
use tower_service::Service;

/// Who every authentication layer further in finds, whatever the request says.
#[derive(Clone, Debug)]
pub(crate) struct Forced(Option<Identity>);

impl Forced {
    pub(crate) fn new(identity: Option<Identity>) -> Self {
        Self(identity)
    }

    /// Whom an outer layer forced, if one did; the inner `None` is nobody.
    pub(crate) fn of(extensions: &Extensions) -> Option<Option<Identity>> {
        Some(extensions.get::<Self>()?.0.clone())
    }

    pub(crate) fn leave(&self, extensions: &mut Extensions) {
        match &self.0 {
            Some(identity) => identity.clone().leave(extensions),
            None => Identity::forget(extensions),
        }
        extensions.insert(self.clone());
    }
}

/// Lets every request pass as one user's, without any credentials: for tests alone (feature
/// `testing`), as Django REST Framework's `force_authenticate`.
///
/// Every [`AuthenticationLayer`](crate::AuthenticationLayer) further in finds this user and asks no
/// authentication. Whether the user may pass is still for permissions to say. Without an
/// authentication layer, what lies further in sees the user all the same.
///
/// ```
/// use gatefold_authentication::{
///     AuthenticationLayer, TokenAuthentication, testing::ForceAuthenticationLayer,
/// };
/// use gatefold_core::{Exception, Identity};
/// use http::{Request, Response};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let service = ServiceBuilder::new()
///     .layer(ForceAuthenticationLayer::new(Identity::new("alice")))
///     .layer(AuthenticationLayer::new(TokenAuthentication::new(|_| async {
///         Err::<Option<Identity>, Exception>(Exception::unavailable("no store in this test"))
///     })))
///     .service(service_fn(|request: Request<()>| async move {
///         let name = Identity::of(request.extensions()).map_or("nobody", Identity::id).to_owned();
///         Ok::<_, std::convert::Infallible>(Response::new(name))
///     }));
/// let request = Request::builder().header("authorization", "Token whatever").body(())?;
/// assert_eq!(service.oneshot(request).await?.body(), "alice");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ForceAuthenticationLayer {
    forced: Forced,
}

impl ForceAuthenticationLayer {
    /// Lets every request pass as this user's.
    pub fn new(identity: impl Into<Identity>) -> Self {
        Self {
            forced: Forced::new(Some(identity.into())),
        }
    }

    /// Lets every request pass as nobody's, whatever its credentials.
    pub fn nobody() -> Self {
        Self {
            forced: Forced::new(None),
        }
    }
}

impl<S> Layer<S> for ForceAuthenticationLayer {
    type Service = ForceAuthenticationService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ForceAuthenticationService {
            inner,
            forced: self.forced.clone(),
        }
    }
}

/// The service that [`ForceAuthenticationLayer`] makes: names the caller of each request.
#[derive(Clone, Debug)]
pub struct ForceAuthenticationService<S> {
    inner: S,
    forced: Forced,
}

impl<S, B> Service<Request<B>> for ForceAuthenticationService<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        self.forced.leave(request.extensions_mut());
        self.inner.call(request)
    }
}
