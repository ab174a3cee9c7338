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
/// A list is [`filter`](Self::filter)ed by the same rules.
///
/// It holds the rules of all permission layers on the request's way, the outermost first, whether
/// their answer was open or not: a [`Permission`](crate::Permission) may allow a request and still refuse an object.
/// On axum it is an extractor (feature `axum`), on tonic there is `Guard::of_call` (feature `tonic`),
/// elsewhere [`Guard::of`]. It copies the request's head, because the rules look at it again.
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

    /// Keeps of `items` those that the caller may do this to, in their order.
    ///
    /// It asks about each what [`object`](Self::object) asks. What is denied is left out, and so is
    /// what no rule decides on. The rules judge at once; what they leave to a store is waited for,
    /// one item after the other, so a long list is better narrowed in the query. The question
    /// counts as asked when the future is ready.
    ///
    /// ```
    /// use gatefold_core::Exception;
    /// use gatefold_permissions::Guard;
    ///
    /// # struct Task { owner: String }
    /// # async fn load() -> Result<Vec<Task>, Exception> { Ok(Vec::new()) }
    /// async fn list(guard: Guard) -> Result<Vec<Task>, Exception> {
    ///     guard.filter(load().await?).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The failure of a rule: 503 where a store failed. What could not be asked about is not left
    /// out silently.
    pub fn filter<T: Any, I: IntoIterator<Item = T>>(
        &self,
        items: I,
    ) -> impl Future<Output = Result<Vec<T>, Exception>> + use<T, I> {
        let guard = self.clone();
        let judged: Vec<_> = items
            .into_iter()
            .map(|item| (self.passed().ask(&self.head, &item), item))
            .collect();
        async move {
            let mut kept = Vec::with_capacity(judged.len());
            for (decision, item) in judged {
                match decision.wait().await {
                    Verdict::Allowed => kept.push(item),
                    Verdict::Denied(denial) if denial.exception().is_some() => {
                        return Err(refuse(&denial, &guard.head.extensions));
                    }
                    Verdict::Denied(_) | Verdict::Open => {}
                }
            }
            guard.passed().settle();
            Ok(kept)
        }
    }

    /// Says that there is no object: a list, or something new. The rules are not asked again; what
    /// they left open is granted.
    pub fn no_object(&self) {
        self.passed().settle();
    }

    /// The guard of a call on tonic, whose handlers are given metadata and extensions but no head.
    ///
    /// The rules see the path that was called, a POST, and the metadata as headers.
    ///
    /// ```
    /// use gatefold_permissions::Guard;
    /// use tonic::{Request, Response, Status};
    ///
    /// # struct Task;
    /// async fn remove(request: Request<Task>) -> Result<Response<()>, Status> {
    ///     let guard = Guard::of_call(&request)?;
    ///     guard.object(request.get_ref()).await?;
    ///     Ok(Response::new(()))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// A 500, where the call has passed no permission layer; the log names the layer.
    #[cfg(feature = "tonic")]
    pub fn of_call<T>(request: &tonic::Request<T>) -> Result<Self, Exception> {
        let extensions = request.extensions();
        let passed = Pending::of(extensions).and_then(Pending::get::<Passed>);
        let called = passed.and_then(Passed::called).ok_or_else(missing)?;
        let mut head = http::Request::new(()).into_parts().0;
        head.method = http::Method::POST;
        head.version = http::Version::HTTP_2;
        head.uri = called.clone();
        head.headers = request.metadata().as_ref().clone();
        head.extensions = extensions.clone();
        Self::of(&head).ok_or_else(missing)
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
        Self::of(head).ok_or_else(missing)
    }
}

#[cfg(any(feature = "axum", feature = "tonic"))]
fn missing() -> Exception {
    Exception::internal("`Guard` found nothing: is `PermissionLayer` on this route?")
}
