use std::{
    any::{Any, type_name},
    fmt,
    sync::Arc,
};

use gatefold_core::{Decision, Exception, Pending};
use http::request::Parts;

use crate::{Denial, Verdict, passed::Passed, refusal::refuse};

/// Asks the permissions that a request has passed again, now with the object.
///
/// A handler behind a rule over objects calls [`object`](Self::object) before it shows or changes
/// one, or [`no_object`](Self::no_object) where there is none. If the answer was open and it calls
/// neither, a success becomes a 500, whose log line names the route and the rule. That finds the
/// mistake in the first test; it does not undo what the handler did.
///
/// It holds the rules of all permission layers on the request's way, the outermost first, whether
/// their answer was open or not: a [`Permission`](crate::Permission) may allow a request and still refuse an object.
/// On axum it is an extractor (feature `axum`); elsewhere there is [`Guard::of`]. It copies the
/// request's head, because the rules look at it again.
///
/// ```
/// use gatefold_core::{Exception, Identity};
/// use gatefold_permissions::Guard;
///
/// # struct Task { owner: String }
/// # async fn load(_id: u64) -> Result<Task, Exception> { Ok(Task { owner: "7".into() }) }
/// async fn remove(guard: Guard, id: u64) -> Result<(), Exception> {
///     let task = load(id).await?;
///     guard.object(&task).await?;
///     // It may be removed.
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct Guard {
    head: Arc<Parts>,
    passed: Pending,
}

impl Guard {
    /// The guard of a request; `None` where it has passed no permission layer.
    pub fn of(head: &Parts) -> Option<Self> {
        let passed = Pending::of(&head.extensions)?;
        passed.get::<Passed>()?;
        Some(Self {
            head: Arc::new(head.clone()),
            passed: passed.clone(),
        })
    }

    /// Whether the caller may do this to `object`.
    ///
    /// The rules judge at once; what they leave to a store is waited for in the future, which
    /// borrows nothing. The question counts as asked when the future is ready.
    ///
    /// # Errors
    ///
    /// The refusal: 403 with the reason, 401 with the challenges for nobody, 404 where the rule
    /// hides the object, 503 where a store failed. An object of a type that no rule decides on is
    /// refused with a 403, whose source names the type.
    pub fn object<T: Any>(
        &self,
        object: &T,
    ) -> impl Future<Output = Result<(), Exception>> + Send + use<T> {
        let guard = self.clone();
        let decision = self.passed().ask(&self.head, object);
        async move {
            let verdict = match decision {
                Decision::Now(verdict) => verdict,
                Decision::Later(verdict) => verdict.await,
            };
            guard.passed().settle();
            match verdict {
                Verdict::Allowed => Ok(()),
                Verdict::Denied(denial) => Err(refuse(&denial, &guard.head.extensions)),
                Verdict::Open => Err(guard.undecided(type_name::<T>())),
            }
        }
    }

    /// Says that there is no object: a list, or something new. The rules are not asked again; what
    /// they left open is granted.
    pub fn no_object(&self) {
        self.passed().settle();
    }

    fn undecided(&self, object: &str) -> Exception {
        let source = format!(
            "no rule decides on an object of type `{object}`: {:?}",
            self.passed()
        );
        refuse(&Denial::default(), &self.head.extensions).with_source(source)
    }

    fn passed(&self) -> &Passed {
        self.passed.get().expect("seen when the guard was made")
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Guard").field(self.passed()).finish()
    }
}

/// The guard of this request. Where it has passed no permission layer the answer is a 500 and the
/// log names the layer.
#[cfg(feature = "axum")]
impl<S: Sync> axum::extract::FromRequestParts<S> for Guard {
    type Rejection = Exception;

    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Self, Exception> {
        Self::of(head).ok_or_else(|| {
            Exception::internal(
                "the extractor `Guard` found nothing: is `PermissionLayer` on this route?",
            )
        })
    }
}
