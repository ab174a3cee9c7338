use std::{
    any::{Any, type_name},
    fmt,
    marker::PhantomData,
};

use gatefold_core::{Decision, IntoDecision};
use http::request::Parts;

use crate::{Permission, Verdict};

/// A permission over the object that a request is for.
///
/// It is open until the handler asks its [`Guard`](crate::Guard) with the object; then `rule`
/// decides. Of an object of another type it knows nothing and stays open, so the request is refused
/// unless another part of the expression decides, and `!` does not turn that into a yes.
///
/// ```
/// use gatefold_core::Identity;
/// use gatefold_permissions::{IsAdmin, PermissionLayer, object};
/// use http::request::Parts;
///
/// struct Task { owner: String }
///
/// let is_owner = object(|head: &Parts, task: &Task| {
///     Identity::of(&head.extensions).is_some_and(|who| who.id() == task.owner)
/// });
/// let layer = PermissionLayer::new(IsAdmin | is_owner);
/// ```
pub fn object<T, F, R>(rule: F) -> Object<T, F>
where
    T: Any,
    F: Fn(&Parts, &T) -> R + Send + Sync + 'static,
    R: IntoDecision<Verdict>,
{
    Object {
        rule,
        of: PhantomData,
    }
}

/// A permission over objects of type `T`. Made by [`object`](object()).
#[must_use]
pub struct Object<T, F> {
    rule: F,
    of: PhantomData<fn(&T)>,
}

impl<T, F, R> Permission for Object<T, F>
where
    T: Any,
    F: Fn(&Parts, &T) -> R + Send + Sync + 'static,
    R: IntoDecision<Verdict>,
{
    fn has_permission(&self, _: &Parts) -> Decision<Verdict> {
        Decision::Now(Verdict::Open)
    }

    fn has_object_permission(&self, head: &Parts, object: &dyn Any) -> Decision<Verdict> {
        match object.downcast_ref() {
            Some(object) => (self.rule)(head, object).into_decision(),
            None => Decision::Now(Verdict::Open),
        }
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "object({})", type_name::<T>())
    }
}

impl<T, F: Clone> Clone for Object<T, F> {
    fn clone(&self) -> Self {
        Self {
            rule: self.rule.clone(),
            of: PhantomData,
        }
    }
}

impl<T, F> fmt::Debug for Object<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "object({})", type_name::<T>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Denial;

    #[test]
    fn an_unknown_type_is_never_allowed_not_even_negated() {
        let head = http::Request::new(()).into_parts().0;
        let even = object(|_: &Parts, n: &u32| n.is_multiple_of(2));
        let odd = even.clone().not();
        for rule in [&even as &dyn Permission, &odd] {
            let verdict = rule.has_object_permission(&head, &"text");
            assert!(matches!(verdict, Decision::Now(Verdict::Open)));
        }
        let verdict = odd.has_object_permission(&head, &3_u32);
        assert!(matches!(verdict, Decision::Now(Verdict::Allowed)));
    }

    #[test]
    fn a_rule_over_objects_gives_its_own_reason() {
        let head = http::Request::new(()).into_parts().0;
        let hidden = object(|_: &Parts, _: &u32| Verdict::Denied(Denial::default().hidden()));
        let verdict = hidden.has_object_permission(&head, &3_u32);
        assert!(matches!(verdict, Decision::Now(Verdict::Denied(denial)) if denial.is_hidden()));
    }
}
