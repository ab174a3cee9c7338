use std::{any::Any, any::type_name, fmt, sync::Arc};

use gatefold_core::{Decision, IntoDecision};
use http::request::Parts;

use crate::{And, Because, Denial, Not, Or, Verdict};

/// Decides whether a request may go on.
///
/// Closures over the request's head are permissions. They answer now with a `bool`, a [`Verdict`]
/// or a `Result` of these, or [`later`](gatefold_core::later) with a future of the same:
///
/// ```
/// use gatefold_core::{Exception, Identity, later};
/// use gatefold_permissions::{IsAuthenticated, Permission, PermissionLayer};
/// use http::request::Parts;
///
/// # #[derive(Clone)] struct Members;
/// # impl Members { async fn has(&self, _: &str) -> Result<bool, std::io::Error> { Ok(true) } }
/// # let members = Members;
/// let is_member = move |head: &Parts| {
///     let caller = Identity::of(&head.extensions).map(|who| who.id().to_owned());
///     let members = members.clone();
///     later(async move {
///         let Some(caller) = caller else { return Ok(false) };
///         members.has(&caller).await.map_err(Exception::unavailable)
///     })
/// };
/// let layer = PermissionLayer::new(IsAuthenticated.and(is_member));
/// ```
///
/// A permission with rules about objects implements the trait, or is made by
/// [`object`](crate::object()).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no permission",
    label = "neither a permission nor a closure `Fn(&Parts) -> bool`",
    note = "a closure names its argument's type: `|head: &Parts| ..`, and answers with a bool, a `Verdict`, a `Result` of these, or `later(async move {{ .. }})`",
    note = "the future owns what it uses: copy it out of the head before `async move`; an `async fn(&Parts)` or `async |head|` borrows the head and cannot work",
    note = "a rule over an object is `object(|head: &Parts, task: &Task| ..)`; a permission in a `Box` goes into an `Arc`"
)]
pub trait Permission: Send + Sync + 'static {
    /// Judges a request by its head. [`Verdict::Open`] lets it through to a handler that asks
    /// again, with the object.
    fn has_permission(&self, head: &Parts) -> Decision<Verdict>;

    /// Judges a request for one object. What is open here is refused.
    ///
    /// A permission that knows nothing of objects says the same as without one.
    fn has_object_permission(&self, head: &Parts, object: &dyn Any) -> Decision<Verdict> {
        let _ = object;
        self.has_permission(head)
    }

    /// Writes the rule down for a log line.
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(type_name::<Self>())
    }

    /// Lets a request through that both permissions allow.
    fn and<P: Permission>(self, other: P) -> And<Self, P>
    where
        Self: Sized,
    {
        And::new(self, other)
    }

    /// Lets a request through that one of the permissions allows.
    fn or<P: Permission>(self, other: P) -> Or<Self, P>
    where
        Self: Sized,
    {
        Or::new(self, other)
    }

    /// Lets a request through that this permission refuses. A failure stays a failure.
    fn not(self) -> Not<Self>
    where
        Self: Sized,
    {
        Not::new(self)
    }

    /// Refuses with this reason what the permission refuses.
    ///
    /// Scopes that it names and things that it hides stay so; a failure keeps its own words.
    fn because(self, denial: impl Into<Denial>) -> Because<Self>
    where
        Self: Sized,
    {
        Because::new(self, denial.into())
    }
}

impl<F, R> Permission for F
where
    F: Fn(&Parts) -> R + Send + Sync + 'static,
    R: IntoDecision<Verdict>,
{
    fn has_permission(&self, head: &Parts) -> Decision<Verdict> {
        self(head).into_decision()
    }
}

impl<T: ?Sized + Permission> Permission for Arc<T> {
    fn has_permission(&self, head: &Parts) -> Decision<Verdict> {
        (**self).has_permission(head)
    }

    fn has_object_permission(&self, head: &Parts, object: &dyn Any) -> Decision<Verdict> {
        (**self).has_object_permission(head, object)
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).describe(f)
    }
}

/// A permission in the words of its [`describe`](Permission::describe).
pub(crate) struct Described<'a>(pub(crate) &'a dyn Permission);

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.describe(f)
    }
}

impl fmt::Debug for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.describe(f)
    }
}
