use std::sync::Arc;

use gatefold_core::{Decision, Identity, IntoDecision};

use crate::Verdict;

/// Knows which rights a caller has: a table in memory, a database, a directory.
///
/// [`ModelPermissions`](crate::ModelPermissions) and
/// [`ObjectPermissions`](crate::ObjectPermissions) ask it with the names of Django: `change_task`,
/// or `tasks.change_task` where the model was named `tasks.task`. `object` is the key of one thing;
/// without it the right holds for all things of the model.
///
/// Closures are sources. They answer now or [`later`](gatefold_core::later), as permissions do:
///
/// ```
/// use gatefold_core::{Exception, Identity, later};
/// use gatefold_permissions::{ModelPermissions, PermissionLayer};
///
/// # #[derive(Clone)] struct Database;
/// # impl Database {
/// #     async fn has(&self, _: String, _: String) -> Result<bool, std::io::Error> { Ok(true) }
/// # }
/// # let database = Database;
/// let rights = move |who: &Identity, right: &str, _object: Option<&str>| {
///     let (who, right) = (who.id().to_owned(), right.to_owned());
///     let database = database.clone();
///     later(async move { database.has(who, right).await.map_err(Exception::unavailable) })
/// };
/// let layer = PermissionLayer::new(ModelPermissions::new("tasks.task", rights));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no source of rights",
    label = "neither a source nor a closure `Fn(&Identity, &str, Option<&str>) -> bool`",
    note = "a closure names its arguments' types: `|who: &Identity, right: &str, object: Option<&str>| ..`, and answers with a bool, a `Verdict`, a `Result` of these, or `later(async move {{ .. }})`",
    note = "the future owns what it uses: copy it out of the arguments before `async move`"
)]
pub trait Rights: Send + Sync + 'static {
    /// Whether `who` has `right`, on the thing with the key `object` or on all of them.
    fn has_right(&self, who: &Identity, right: &str, object: Option<&str>) -> Decision<Verdict>;
}

impl<F, R> Rights for F
where
    F: Fn(&Identity, &str, Option<&str>) -> R + Send + Sync + 'static,
    R: IntoDecision<Verdict>,
{
    fn has_right(&self, who: &Identity, right: &str, object: Option<&str>) -> Decision<Verdict> {
        self(who, right, object).into_decision()
    }
}

impl<T: ?Sized + Rights> Rights for Arc<T> {
    fn has_right(&self, who: &Identity, right: &str, object: Option<&str>) -> Decision<Verdict> {
        (**self).has_right(who, right, object)
    }
}
