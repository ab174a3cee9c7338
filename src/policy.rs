use std::{
    fmt,
    task::{Context, Poll},
};

use gatefold_authentication::{Authentication, AuthenticationLayer, AuthenticationService};
use gatefold_exceptions::{ExceptionHandler, ExceptionLayer, ExceptionService};
use gatefold_negotiation::{Negotiation, NegotiationLayer, NegotiationService};
use gatefold_permissions::{IsAuthenticated, Permission, PermissionLayer, PermissionService};
use gatefold_throttling::{ScopeError, Throttle, ThrottleLayer, ThrottleService};
use gatefold_versioning::{Versioning, VersioningLayer, VersioningService};
use tower_layer::Layer;
use tower_service::Service;

use crate::optional::{Either, Optional};

/// All gates of a route as one value, in Django REST Framework's order.
///
/// ```text
/// request
///   |  exceptions       gives every refusal below its words
///   |  negotiation      406
///   |  versioning       404, 406
///   |  authentication   401
///   |  permissions      401, 403
///   |  throttling       429
///   v  the service
/// ```
///
/// A policy is a layer for hyper, axum and tonic alike, and it has no type parameters: store it,
/// return it, clone it and change the copy for a route. Clones share the counts of their
/// throttles.
///
/// Authentication and throttles add up; a permission, a negotiation, a versioning and an exception
/// handler replace the one before.
///
/// ```
/// use gatefold::{Exception, Identity, Policy};
/// use gatefold::authentication::TokenAuthentication;
/// use gatefold::permissions::{IsAdmin, IsAuthenticated};
/// use gatefold::throttling::UserRateThrottle;
///
/// async fn user_for_token(key: String) -> Result<Option<Identity>, Exception> {
///     Ok((key == "t0ken").then(|| Identity::new("ada")))
/// }
///
/// let api = Policy::new()
///     .authentication(TokenAuthentication::new(user_for_token))
///     .permission(IsAuthenticated)
///     .throttle(UserRateThrottle::new(["60/min", "1000/day"])?)?;
/// let staff = api.clone().permission(IsAdmin);
/// # let _ = staff;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// # A route with owners
///
/// A rule over the object waits for the handler, which asks its guard before it acts:
///
/// ```
/// use axum::{Router, extract::Path, routing::{delete, get}};
/// use gatefold::authentication::TokenAuthentication;
/// use gatefold::negotiation::DefaultNegotiation;
/// use gatefold::permissions::{IsAdmin, IsAuthenticated, object};
/// use gatefold::{Exception, Guard, Identity, Policy, Reply};
/// use http::request::Parts;
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Task { id: u64, owner: String }
///
/// fn is_owner(head: &Parts, task: &Task) -> bool {
///     Identity::of(&head.extensions).is_some_and(|who| who.id() == task.owner)
/// }
///
/// async fn list(who: Identity) -> Reply<Vec<Task>> {
///     Reply(vec![Task { id: 1, owner: who.id().to_owned() }])
/// }
///
/// async fn remove(guard: Guard, Path(id): Path<u64>) -> Result<Reply<Task>, Exception> {
///     let task = Task { id, owner: "ada".to_owned() };
///     guard.object(&task).await?;
///     Ok(Reply(task))
/// }
/// # async fn user_for_token(_: String) -> Result<Option<Identity>, Exception> { Ok(None) }
///
/// let api = Policy::new()
///     .negotiation(DefaultNegotiation::default())
///     .authentication(TokenAuthentication::new(user_for_token))
///     .permission(IsAuthenticated);
/// let app: Router = Router::new()
///     .route("/tasks", get(list).layer(api.clone()))
///     .route("/tasks/{id}", delete(remove).layer(api.permission(IsAdmin | object(is_owner))));
/// # let _ = app;
/// ```
///
/// # Closed by default
///
/// A policy with an authentication and no permission requires [`IsAuthenticated`]. One that is
/// open says so with [`AllowAny`](gatefold_permissions::AllowAny).
///
/// # Policies inside policies
///
/// Policies add: an inner one tightens and never loosens. The same authentication and the same
/// throttle are asked once on one path, permissions wherever they stand. Where most routes follow
/// one rule and some another, use one outer policy with a table:
/// [`Routes`](gatefold_permissions::Routes).
///
/// # Failed logins are not throttled
///
/// In this order authentication answers before the throttle is asked. Put an address throttle
/// outside the policy, so that guessing is limited too:
///
/// ```
/// # use gatefold::{Policy, throttling::{AnonRateThrottle, ThrottleLayer}};
/// # use tower::ServiceBuilder;
/// # let policy = Policy::new();
/// let gates = ServiceBuilder::new()
///     .layer(ThrottleLayer::new(AnonRateThrottle::new(["600/min"])?.scope("address")?))
///     .layer(policy);
/// # let _ = gates;
/// # Ok::<_, gatefold::throttling::RateError>(())
/// ```
///
/// A CORS layer stands outside too: a preflight carries no credentials.
///
/// # How this differs from Django REST Framework
///
/// Its default permission is `AllowAny`; here a policy that authenticates requires a login. Its
/// views replace all of a list (`throttle_classes`) where here throttles and authentications add.
#[derive(Clone, Debug)]
#[must_use]
pub struct Policy {
    exceptions: ExceptionLayer,
    negotiation: Optional<NegotiationLayer>,
    versioning: Optional<VersioningLayer>,
    authentication: Optional<AuthenticationLayer>,
    permission: Optional<PermissionLayer>,
    throttle: Optional<ThrottleLayer>,
}

impl Policy {
    /// A policy that lets every request through and gives failures their words.
    pub fn new() -> Self {
        Self {
            exceptions: ExceptionLayer::default(),
            negotiation: Optional(None),
            versioning: Optional(None),
            authentication: Optional(None),
            permission: Optional(None),
            throttle: Optional(None),
        }
    }

    /// Puts refusals and failures into these words.
    pub fn exceptions(mut self, handler: impl ExceptionHandler) -> Self {
        self.exceptions = ExceptionLayer::new(handler);
        self
    }

    /// Puts refusals and failures into words with this layer, which may know of more errors; it
    /// replaces the one before.
    pub fn exception_layer(mut self, layer: ExceptionLayer) -> Self {
        self.exceptions = layer;
        self
    }

    /// Chooses the form of the answers.
    pub fn negotiation(mut self, negotiation: impl Negotiation) -> Self {
        self.negotiation = Optional(Some(NegotiationLayer::new(negotiation)));
        self
    }

    /// Reads the version that is asked for.
    pub fn versioning(mut self, versioning: impl Versioning) -> Self {
        self.versioning = Optional(Some(VersioningLayer::new(versioning)));
        self
    }

    /// Identifies the caller; asked after the authentications that were added before.
    pub fn authentication(mut self, authentication: impl Authentication) -> Self {
        self.authentication = Optional(Some(match self.authentication.0 {
            None => AuthenticationLayer::new(authentication),
            Some(layer) => layer.or(authentication),
        }));
        self
    }

    /// Says who may; replaces the permission before.
    pub fn permission(mut self, permission: impl Permission) -> Self {
        self.permission = Optional(Some(PermissionLayer::new(permission)));
        self
    }

    /// Says how often; a request has to be admitted by this and all throttles added before.
    ///
    /// # Errors
    ///
    /// A scope that a throttle before it has, with other rates.
    pub fn throttle(mut self, throttle: impl Throttle) -> Result<Self, ScopeError> {
        self.throttle = Optional(Some(match self.throttle.0 {
            None => ThrottleLayer::new(throttle),
            Some(layer) => layer.and(throttle)?,
        }));
        Ok(self)
    }

    /// The permission layer in force: with an authentication and no permission, a closed one.
    fn permission_layer(&self) -> Optional<PermissionLayer> {
        match (&self.permission.0, &self.authentication.0) {
            (None, Some(_)) => Optional(Some(PermissionLayer::new(IsAuthenticated))),
            _ => self.permission.clone(),
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new()
    }
}

type Gated<L, S> = Either<L, S>;
type Throttled<S> = Gated<ThrottleService<S>, S>;
type Permitted<S> = Gated<PermissionService<S>, S>;
type Authenticated<S> = Gated<AuthenticationService<S>, S>;
type Versioned<S> = Gated<VersioningService<S>, S>;
type Negotiated<S> = Gated<NegotiationService<S>, S>;
type Stack<S> = ExceptionService<Negotiated<Versioned<Authenticated<Permitted<Throttled<S>>>>>>;

impl<S> Layer<S> for Policy {
    type Service = PolicyService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        let inner = self.throttle.layer(inner);
        let inner = self.permission_layer().layer(inner);
        let inner = self.authentication.layer(inner);
        let inner = self.versioning.layer(inner);
        let inner = self.negotiation.layer(inner);
        PolicyService {
            stack: self.exceptions.layer(inner),
        }
    }
}

/// A service behind the gates of a [`Policy`].
#[derive(Clone)]
pub struct PolicyService<S> {
    stack: Stack<S>,
}

impl<S, R> Service<R> for PolicyService<S>
where
    Stack<S>: Service<R>,
{
    type Response = <Stack<S> as Service<R>>::Response;
    type Error = <Stack<S> as Service<R>>::Error;
    type Future = <Stack<S> as Service<R>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.stack.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        self.stack.call(request)
    }
}

impl<S> fmt::Debug for PolicyService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyService").finish_non_exhaustive()
    }
}
