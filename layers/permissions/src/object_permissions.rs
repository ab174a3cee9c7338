use std::{
    any::{Any, type_name},
    fmt,
    sync::Arc,
};

use gatefold_core::{Decision, Identity};
use http::{Method, request::Parts};

use crate::{
    Denial, ModelPermissions, Permission, Rights, Verdict, model_permissions::Need,
    operators::both, read_only::is_safe,
};

/// Lets a request through whose caller has the right that its method needs on the model and on the
/// very object: Django REST Framework's `DjangoObjectPermissions`.
///
/// Without the object it is [`ModelPermissions`], whose yes is open until the handler asks its
/// [`Guard`](crate::Guard). A thing whose caller may not even read it is hidden (404); one that may
/// be read and not changed is refused (403).
///
/// ```
/// use gatefold_core::Identity;
/// use gatefold_permissions::{Holder, MemoryRights, ObjectPermissions, PermissionLayer};
///
/// struct Task { id: u64 }
///
/// let rights = MemoryRights::new();
/// rights.grant(Holder::Role("staff"), "view_task");
/// rights.grant_on(Holder::User("7"), "view_task", "4");
/// let layer = PermissionLayer::new(ObjectPermissions::new("task", |task: &Task| task.id, rights));
/// ```
#[derive(Clone)]
#[must_use]
pub struct ObjectPermissions {
    model: ModelPermissions,
    objects_alone: bool,
    key: Arc<Key>,
    object: &'static str,
}

/// The key of an object; `None` for one of another type.
type Key = dyn Fn(&dyn Any) -> Option<String> + Send + Sync;

impl ObjectPermissions {
    /// Asks `rights` about `model` and about the object that `key` names. A question about an
    /// object allocates its key as text.
    pub fn new<T, K, F>(model: impl Into<Box<str>>, key: F, rights: impl Rights) -> Self
    where
        T: Any,
        K: fmt::Display,
        F: Fn(&T) -> K + Send + Sync + 'static,
    {
        let key =
            move |object: &dyn Any| object.downcast_ref().map(|object| key(object).to_string());
        Self {
            model: ModelPermissions::new(model, rights),
            objects_alone: false,
            key: Arc::new(key),
            object: type_name::<T>(),
        }
    }

    /// Asks about objects alone: no right on the model is needed beside.
    ///
    /// Then every caller may list and create, because there the handler says that there is
    /// [no object](crate::Guard::no_object).
    pub fn objects_alone(self) -> Self {
        Self {
            objects_alone: true,
            ..self
        }
    }

    /// As [`ModelPermissions::right`].
    pub fn right(self, method: Method, action: &str) -> Self {
        self.with(|model| model.right(method, action))
    }

    /// As [`ModelPermissions::without_right`]; a method that needs no right is not asked about
    /// objects.
    pub fn without_right(self, method: Method) -> Self {
        self.with(|model| model.without_right(method))
    }

    /// As [`ModelPermissions::anonymous_reads`], of every object.
    pub fn anonymous_reads(self) -> Self {
        self.with(ModelPermissions::anonymous_reads)
    }

    /// As [`ModelPermissions::drf`]. Every caller may read every object then, so nothing is hidden.
    pub fn drf(self) -> Self {
        self.with(ModelPermissions::drf)
    }

    fn with(self, change: impl FnOnce(ModelPermissions) -> ModelPermissions) -> Self {
        Self {
            model: change(self.model),
            ..self
        }
    }

    /// Whether the caller has the right on the model; asked for again with each object, so that an
    /// object never turns a no into a yes.
    fn on_model(&self, who: &Identity, right: &str) -> Decision<Verdict> {
        if self.objects_alone {
            return Decision::Now(Verdict::Allowed);
        }
        self.model.rights().has_right(who, right, None)
    }

    fn on_object(
        &self,
        head: &Parts,
        who: &Identity,
        right: &str,
        key: String,
    ) -> Decision<Verdict> {
        let rights = self.model.rights();
        let reading = match self.model.needed(&Method::GET) {
            _ if is_safe(&head.method) => Reading::Asked,
            Need::Right(read) if read == right => Reading::Asked,
            Need::Right(read) => Reading::Needs(read),
            Need::Nothing | Need::Unknown => Reading::Free,
        };
        match rights.has_right(who, right, Some(&key)) {
            Decision::Now(Verdict::Denied(denial)) => refuse(denial, reading, &**rights, who, &key),
            Decision::Now(verdict) => Decision::Now(verdict),
            Decision::Later(verdict) => {
                let (rights, who, reading) = (Arc::clone(rights), who.clone(), reading.kept());
                Decision::Later(Box::pin(async move {
                    match verdict.await {
                        Verdict::Denied(denial) => {
                            let refused = refuse(denial, reading.borrowed(), &*rights, &who, &key);
                            refused.wait().await
                        }
                        verdict => verdict,
                    }
                }))
            }
        }
    }
}

/// What reading the object takes.
#[derive(Clone, Copy)]
enum Reading<R> {
    /// What was asked for, and denied.
    Asked,
    Needs(R),
    Free,
}

impl Reading<&str> {
    fn kept(self) -> Reading<Box<str>> {
        match self {
            Self::Asked => Reading::Asked,
            Self::Needs(right) => Reading::Needs(right.into()),
            Self::Free => Reading::Free,
        }
    }
}

impl Reading<Box<str>> {
    fn borrowed(&self) -> Reading<&str> {
        match self {
            Self::Asked => Reading::Asked,
            Self::Needs(right) => Reading::Needs(right),
            Self::Free => Reading::Free,
        }
    }
}

/// Refuses what is denied, and hides it from who may not even read it.
fn refuse(
    denial: Denial,
    reading: Reading<&str>,
    rights: &dyn Rights,
    who: &Identity,
    key: &str,
) -> Decision<Verdict> {
    match reading {
        // A failure is neither: it stays as it is.
        _ if denial.exception().is_some() => Decision::Now(denial.into()),
        Reading::Asked => Decision::Now(denial.hidden().into()),
        Reading::Free => Decision::Now(denial.into()),
        Reading::Needs(read) => {
            let readable = rights.has_right(who, read, Some(key));
            readable.map(move |readable| match readable {
                Verdict::Allowed => denial.into(),
                Verdict::Denied(failed) if failed.exception().is_some() => failed.into(),
                Verdict::Denied(_) | Verdict::Open => denial.hidden().into(),
            })
        }
    }
}

impl Permission for ObjectPermissions {
    fn has_permission(&self, head: &Parts) -> Decision<Verdict> {
        match self.model.known(head) {
            Ok(verdict) => Decision::Now(verdict),
            Err((who, right)) => self.on_model(who, right).map(|verdict| match verdict {
                Verdict::Allowed | Verdict::Open => Verdict::Open,
                denied @ Verdict::Denied(_) => denied,
            }),
        }
    }

    fn has_object_permission(&self, head: &Parts, object: &dyn Any) -> Decision<Verdict> {
        match self.model.known(head) {
            Ok(verdict) => Decision::Now(verdict),
            Err((who, right)) => both(self.on_model(who, right), || match (self.key)(object) {
                Some(key) => self.on_object(head, who, right, key),
                None => Decision::Now(Verdict::Open),
            }),
        }
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ObjectPermissions({}: {})",
            self.model.model(),
            self.object
        )
    }
}

impl fmt::Debug for ObjectPermissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe(f)
    }
}

#[cfg(test)]
mod tests {
    use gatefold_core::{Exception, later};

    use super::*;
    use crate::{Holder, MemoryRights};

    struct Task(u64);

    fn head(method: &Method, who: Option<&str>) -> Parts {
        let mut head = http::Request::new(()).into_parts().0;
        head.method = method.clone();
        if let Some(id) = who {
            Identity::new(id).leave(&mut head.extensions);
        }
        head
    }

    /// 7 may view, change and delete task 1, and view task 2; and all of that on the model.
    fn rights() -> MemoryRights {
        let rights = MemoryRights::new();
        let seven = Holder::User("7");
        for right in ["view_task", "change_task", "delete_task"] {
            rights.grant(seven, right);
            rights.grant_on(seven, right, "1");
        }
        rights.grant_on(seven, "view_task", "2");
        rights
    }

    /// The same source, answering later.
    fn slowly(rights: impl Rights) -> impl Rights {
        let rights = Arc::new(rights);
        move |who: &Identity, right: &str, object: Option<&str>| {
            let rights = Arc::clone(&rights);
            let (who, right) = (who.clone(), right.to_owned());
            let object = object.map(str::to_owned);
            later(async move {
                rights
                    .has_right(&who, &right, object.as_deref())
                    .wait()
                    .await
            })
        }
    }

    fn rule(rights: impl Rights) -> ObjectPermissions {
        ObjectPermissions::new("task", |task: &Task| task.0, rights)
    }

    async fn status(rule: &ObjectPermissions, head: &Parts, object: Option<&dyn Any>) -> u16 {
        let decision = match object {
            None => rule.has_permission(head),
            Some(object) => rule.has_object_permission(head, object),
        };
        match decision.wait().await {
            Verdict::Allowed => 200,
            Verdict::Open => 100,
            Verdict::Denied(denial) => match denial.exception() {
                Some(exception) => exception.status().as_u16(),
                None if denial.is_hidden() => 404,
                None => 403,
            },
        }
    }

    #[tokio::test]
    async fn who_may_not_read_a_thing_does_not_learn_of_it() {
        for rule in [rule(rights()), rule(slowly(rights()))] {
            for (method, task, expected) in [
                (Method::GET, 1, 200),
                (Method::HEAD, 1, 200),
                (Method::PUT, 1, 200),
                (Method::DELETE, 1, 200),
                (Method::GET, 2, 200),
                (Method::PATCH, 2, 403),
                (Method::DELETE, 2, 403),
                (Method::GET, 3, 404),
                (Method::HEAD, 3, 404),
                (Method::PATCH, 3, 404),
                (Method::TRACE, 1, 405),
                (Method::OPTIONS, 3, 200),
            ] {
                let head = head(&method, Some("7"));
                let told = status(&rule, &head, Some(&Task(task))).await;
                assert_eq!(told, expected, "{method} {task}");
            }
        }
    }

    #[tokio::test]
    async fn the_right_on_the_model_is_needed_as_well_unless_objects_alone_count() {
        let rights = rights();
        rights.revoke(Holder::User("7"), "change_task");
        let put = head(&Method::PUT, Some("7"));
        let (both, alone) = (rule(rights.clone()), rule(rights).objects_alone());
        assert_eq!(status(&both, &put, None).await, 403);
        assert_eq!(status(&both, &put, Some(&Task(1))).await, 403);
        assert_eq!(status(&alone, &put, None).await, 100);
        assert_eq!(status(&alone, &put, Some(&Task(1))).await, 200);
        let nobody = head(&Method::PUT, None);
        assert_eq!(status(&alone, &nobody, None).await, 403);
        assert_eq!(status(&alone, &nobody, Some(&Task(1))).await, 403);
    }

    #[tokio::test]
    async fn where_reading_needs_nothing_nothing_is_hidden() {
        let (drf, open) = (rule(rights()).drf(), rule(rights()).anonymous_reads());
        for rule in [&drf, &open] {
            let get = head(&Method::GET, Some("8"));
            assert_eq!(status(rule, &get, None).await, 200);
            assert_eq!(status(rule, &get, Some(&Task(3))).await, 200);
            let delete = head(&Method::DELETE, Some("7"));
            assert_eq!(status(rule, &delete, Some(&Task(3))).await, 403);
        }
        let nobody = head(&Method::GET, None);
        assert_eq!(status(&drf, &nobody, Some(&Task(3))).await, 403);
        assert_eq!(status(&open, &nobody, Some(&Task(3))).await, 200);
    }

    #[tokio::test]
    async fn an_unknown_type_stays_open_and_a_failure_is_neither_hidden_nor_a_no() {
        let get = head(&Method::GET, Some("7"));
        assert_eq!(status(&rule(rights()), &get, Some(&"task")).await, 100);
        let down = |_: &Identity, _: &str, _: Option<&str>| {
            later(async { Err::<bool, _>(Exception::unavailable("down")) })
        };
        let first = rule(down).objects_alone();
        assert_eq!(status(&first, &get, Some(&Task(1))).await, 503);
        let only = |_: &Identity, right: &str, _: Option<&str>| match right {
            "view_task" => panic!("nothing is asked after a failure"),
            _ => Err::<bool, _>(Exception::unavailable("down")),
        };
        let put = head(&Method::PUT, Some("7"));
        let second = rule(only).objects_alone();
        assert_eq!(status(&second, &put, Some(&Task(1))).await, 503);
        let then = |_: &Identity, right: &str, _: Option<&str>| match right {
            "view_task" => Err(Exception::unavailable("down")),
            _ => Ok(false),
        };
        let third = rule(then).objects_alone();
        assert_eq!(status(&third, &put, Some(&Task(1))).await, 503);
    }
}
