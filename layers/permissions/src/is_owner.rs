use std::{
    any::{Any, type_name},
    fmt::{self, Write},
    sync::Arc,
};

use gatefold_core::{Decision, Identity};
use http::request::Parts;

use crate::{Permission, Verdict, read_only::is_safe};

/// Lets a request through whose caller owns the object.
///
/// The closure names the owner: text or a number that reads, as it is displayed, like the caller's
/// [id](Identity::id). It is open until the handler asks its [`Guard`](crate::Guard); nobody owns
/// nothing and is refused at once. Of an object of another type it knows nothing, as
/// [`object`](crate::object()). It answers without an allocation.
///
/// ```
/// use gatefold_permissions::{Denial, IsAdmin, IsOwner, Permission, PermissionLayer};
///
/// struct Task { owner: String }
///
/// let is_owner = IsOwner::new(|task: &Task| &task.owner);
/// let layer = PermissionLayer::new(IsAdmin | is_owner.because(Denial::default().hidden()));
/// ```
#[derive(Clone)]
#[must_use]
pub struct IsOwner {
    owns: Arc<Owns>,
    object: &'static str,
}

/// Whether the caller owns the object; `None` for one of another type.
type Owns = dyn Fn(Option<&Identity>, &dyn Any) -> Option<bool> + Send + Sync;

impl IsOwner {
    /// Compares the caller with the owner that `owner` names.
    pub fn new<T, O, F>(owner: F) -> Self
    where
        T: Any,
        O: fmt::Display + ?Sized,
        F: Fn(&T) -> &O + Send + Sync + 'static,
    {
        let owns = move |who: Option<&Identity>, object: &dyn Any| {
            let object = object.downcast_ref()?;
            Some(who.is_some_and(|who| reads_like(owner(object), who.id())))
        };
        Self {
            owns: Arc::new(owns),
            object: type_name::<T>(),
        }
    }
}

impl Permission for IsOwner {
    fn has_permission(&self, head: &Parts) -> Decision<Verdict> {
        Decision::Now(match Identity::of(&head.extensions) {
            Some(_) => Verdict::Open,
            None => false.into(),
        })
    }

    fn has_object_permission(&self, head: &Parts, object: &dyn Any) -> Decision<Verdict> {
        let who = Identity::of(&head.extensions);
        Decision::Now((self.owns)(who, object).map_or(Verdict::Open, Into::into))
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IsOwner({})", self.object)
    }
}

impl fmt::Debug for IsOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe(f)
    }
}

/// Lets a request through that only reads, or whose caller owns the object: `ReadOnly | IsOwner`.
///
/// ```
/// use gatefold_permissions::{IsOwnerOrReadOnly, PermissionLayer};
///
/// struct Task { owner: u64 }
///
/// let layer = PermissionLayer::new(IsOwnerOrReadOnly::new(|task: &Task| &task.owner));
/// ```
#[derive(Clone)]
#[must_use]
pub struct IsOwnerOrReadOnly {
    is_owner: IsOwner,
}

impl IsOwnerOrReadOnly {
    /// As [`IsOwner::new`].
    pub fn new<T, O, F>(owner: F) -> Self
    where
        T: Any,
        O: fmt::Display + ?Sized,
        F: Fn(&T) -> &O + Send + Sync + 'static,
    {
        Self {
            is_owner: IsOwner::new(owner),
        }
    }
}

impl Permission for IsOwnerOrReadOnly {
    fn has_permission(&self, head: &Parts) -> Decision<Verdict> {
        if is_safe(&head.method) {
            return Decision::Now(Verdict::Allowed);
        }
        self.is_owner.has_permission(head)
    }

    fn has_object_permission(&self, head: &Parts, object: &dyn Any) -> Decision<Verdict> {
        if is_safe(&head.method) {
            return Decision::Now(Verdict::Allowed);
        }
        self.is_owner.has_object_permission(head, object)
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IsOwnerOrReadOnly({})", self.is_owner.object)
    }
}

impl fmt::Debug for IsOwnerOrReadOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe(f)
    }
}

/// Whether `value` is displayed as `text`.
fn reads_like<T: fmt::Display + ?Sized>(value: &T, text: &str) -> bool {
    let mut rest = Rest(text);
    write!(rest, "{value}").is_ok() && rest.0.is_empty()
}

/// What is still to be written of a text; writing anything else is an error.
struct Rest<'a>(&'a str);

impl Write for Rest<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(part).ok_or(fmt::Error)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use http::Method;
    use proptest::prelude::*;

    use super::*;

    struct Task {
        owner: Arc<str>,
        number: u64,
    }

    fn head(method: Method, who: Option<&str>) -> Parts {
        let mut head = http::Request::new(()).into_parts().0;
        head.method = method;
        if let Some(id) = who {
            Identity::new(id).leave(&mut head.extensions);
        }
        head
    }

    fn truth(decision: &Decision<Verdict>) -> Option<bool> {
        match decision {
            Decision::Now(Verdict::Allowed) => Some(true),
            Decision::Now(Verdict::Denied(_)) => Some(false),
            Decision::Now(Verdict::Open) => None,
            Decision::Later(_) => panic!("nothing is waited for"),
        }
    }

    #[test]
    fn the_owner_may_and_others_may_read_where_that_is_said() {
        let task = Task {
            owner: "17".into(),
            number: 17,
        };
        let rules = [
            IsOwner::new(|task: &Task| &task.owner),
            IsOwner::new(|task: &Task| &*task.owner),
            IsOwner::new(|task: &Task| &task.number),
        ];
        for owner in rules {
            let or_read = IsOwnerOrReadOnly {
                is_owner: owner.clone(),
            };
            for (who, request, owns) in [
                (Some("17"), None, true),
                (Some("1"), None, false),
                (Some("170"), None, false),
                (Some(""), None, false),
                (None, Some(false), false),
            ] {
                let get = head(Method::GET, who);
                let put = head(Method::PUT, who);
                for head in [&get, &put] {
                    assert_eq!(truth(&owner.has_permission(head)), request);
                    let verdict = owner.has_object_permission(head, &task);
                    assert_eq!(truth(&verdict), Some(owns), "{who:?}");
                }
                assert_eq!(truth(&or_read.has_permission(&get)), Some(true));
                assert_eq!(
                    truth(&or_read.has_object_permission(&get, &task)),
                    Some(true)
                );
                assert_eq!(truth(&or_read.has_permission(&put)), request);
                let verdict = or_read.has_object_permission(&put, &task);
                assert_eq!(truth(&verdict), Some(owns), "{who:?}");
            }
        }
    }

    #[test]
    fn an_object_of_another_type_is_nobodys_and_not_everybody_elses() {
        let owner = IsOwner::new(|task: &Task| &task.owner);
        for who in [Some("17"), None] {
            let head = head(Method::PUT, who);
            assert_eq!(truth(&owner.has_object_permission(&head, &"17")), None);
            let other = !owner.clone();
            assert_eq!(truth(&other.has_object_permission(&head, &"17")), None);
        }
    }

    proptest! {
        #[test]
        fn a_value_reads_like_its_own_text_alone(a in any::<i16>(), b in any::<i16>(), text in ".{0,3}") {
            prop_assert_eq!(reads_like(&a, &b.to_string()), a == b);
            prop_assert_eq!(reads_like(&a, &text), a.to_string() == text);
            prop_assert_eq!(reads_like(&format_args!("{text}{a}"), &format!("{text}{b}")), a == b);
        }
    }
}
