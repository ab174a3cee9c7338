use std::{fmt, sync::Arc};

#[cfg(feature = "tonic")]
use gatefold_core::is_grpc;
use gatefold_core::{Decision, Gate, Pending, Step, refusal};
use http::{Extensions, Response, request::Parts};
use tower_layer::Layer;

use crate::{
    Permission, PermissionService, Verdict, passed::Passed, permission::Described, refusal::refuse,
};

/// Lets a request through only if a [`Permission`] says so.
///
/// Nested layers add: each is asked, wherever it stands, and an inner one never loosens an outer
/// one. A request that is allowed costs one reference count here; one whose answer is open costs
/// two allocations, for the question that the handler has to ask. A layer that is the first of all
/// gates to leave something in the request makes the place for it, which is one more; one inside
/// another costs one more, and so does a gRPC call (feature `tonic`).
///
/// See the [crate docs](crate) for examples.
#[derive(Clone)]
#[must_use]
pub struct PermissionLayer {
    permission: Arc<dyn Permission>,
    // What an allowed request takes along, made once.
    allowed: Pending,
}

impl PermissionLayer {
    /// Asks `permission` about every request.
    pub fn new(permission: impl Permission) -> Self {
        let permission: Arc<dyn Permission> = Arc::new(permission);
        Self {
            allowed: Pending::new(Passed::allowed(Arc::clone(&permission))),
            permission,
        }
    }

    fn decide(&self, verdict: Verdict, head: &mut Parts) -> Step<Option<Pending>, Verdict> {
        let permission = || Arc::clone(&self.permission);
        let passed = match verdict {
            Verdict::Denied(denial) => return Step::Refuse(refuse(&denial, &head.extensions)),
            Verdict::Allowed if is_alone(head) => {
                self.allowed.clone().leave(&mut head.extensions);
                return Step::Pass(None);
            }
            Verdict::Allowed => Passed::allowed(permission()),
            Verdict::Open => Passed::open(permission(), head),
        };
        let is_question = passed.is_question();
        let passed = passed.within(Pending::of(&head.extensions).cloned());
        #[cfg(feature = "tonic")]
        let passed = passed.at(is_grpc(&head.headers).then(|| head.uri.clone()));
        let passed = Pending::new(passed);
        let question = is_question.then(|| passed.clone());
        passed.leave(&mut head.extensions);
        Step::Pass(question)
    }
}

/// Whether what was made beforehand says all that there is to say of an allowed request.
fn is_alone(head: &Parts) -> bool {
    #[cfg(feature = "tonic")]
    if is_grpc(&head.headers) {
        return false;
    }
    Pending::of(&head.extensions).is_none()
}

impl Gate for PermissionLayer {
    type Memo = Option<Pending>;
    type Answer = Verdict;

    fn ask(&self, head: &mut Parts) -> Step<Self::Memo, Verdict> {
        match self.permission.has_permission(head) {
            Decision::Now(verdict) => self.decide(verdict, head),
            Decision::Later(verdict) => Step::Wait(verdict),
        }
    }

    fn answered(&self, verdict: Verdict, head: &mut Parts) -> Step<Self::Memo, Verdict> {
        self.decide(verdict, head)
    }

    fn leave<B: Default>(question: Self::Memo, response: Response<B>) -> Response<B> {
        let passed = question.as_ref().and_then(Pending::get::<Passed>);
        match passed.and_then(|passed| passed.mistake(&response)) {
            Some(mistake) => refusal(mistake, &Extensions::new()),
            None => response,
        }
    }
}

impl<S> Layer<S> for PermissionLayer {
    type Service = PermissionService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        PermissionService::new(inner, self.clone())
    }
}

impl fmt::Debug for PermissionLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PermissionLayer")
            .field(&Described(&*self.permission))
            .finish()
    }
}
