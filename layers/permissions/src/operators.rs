use std::{any::Any, fmt, ops};

use gatefold_core::Decision;
use http::request::Parts;

use crate::{
    AllowAny, Because, DenyAll, HasRole, HasScope, IsAdmin, IsAuthenticated,
    IsAuthenticatedOrReadOnly, IsOwner, IsOwnerOrReadOnly, ModelPermissions, Object,
    ObjectPermissions, Permission, ReadOnly, Routes, Verdict,
};

/// Lets a request through that both permissions allow: `a & b`.
///
/// A part that answers later is only waited for where the other leaves the answer open, whichever
/// is written first. The reason is that of the first that denies.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct And<A, B> {
    first: A,
    second: B,
}

impl<A, B> And<A, B> {
    pub(crate) fn new(first: A, second: B) -> Self {
        Self { first, second }
    }
}

impl<A: Permission, B: Permission> Permission for And<A, B> {
    fn has_permission(&self, head: &Parts) -> Decision<Verdict> {
        both(self.first.has_permission(head), || {
            self.second.has_permission(head)
        })
    }

    fn has_object_permission(&self, head: &Parts, object: &dyn Any) -> Decision<Verdict> {
        both(self.first.has_object_permission(head, object), || {
            self.second.has_object_permission(head, object)
        })
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        describe_pair(&self.first, " & ", &self.second, f)
    }
}

/// Lets a request through that one of the permissions allows: `a | b`.
///
/// A part that answers later is only waited for where the other leaves the answer open, whichever
/// is written first. If both deny, the reason is the one that hides the thing, else the one that
/// names a scope, else the first that gives any.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Or<A, B> {
    first: A,
    second: B,
}

impl<A, B> Or<A, B> {
    pub(crate) fn new(first: A, second: B) -> Self {
        Self { first, second }
    }
}

impl<A: Permission, B: Permission> Permission for Or<A, B> {
    fn has_permission(&self, head: &Parts) -> Decision<Verdict> {
        either(self.first.has_permission(head), || {
            self.second.has_permission(head)
        })
    }

    fn has_object_permission(&self, head: &Parts, object: &dyn Any) -> Decision<Verdict> {
        either(self.first.has_object_permission(head, object), || {
            self.second.has_object_permission(head, object)
        })
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        describe_pair(&self.first, " | ", &self.second, f)
    }
}

/// Lets a request through that the permission refuses: `!a`.
///
/// What is open stays open, and a failure stays a failure.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Not<A> {
    permission: A,
}

impl<A> Not<A> {
    pub(crate) fn new(permission: A) -> Self {
        Self { permission }
    }
}

impl<A: Permission> Permission for Not<A> {
    fn has_permission(&self, head: &Parts) -> Decision<Verdict> {
        self.permission.has_permission(head).map(Verdict::not)
    }

    fn has_object_permission(&self, head: &Parts, object: &dyn Any) -> Decision<Verdict> {
        let decision = self.permission.has_object_permission(head, object);
        decision.map(Verdict::not)
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("!")?;
        self.permission.describe(f)
    }
}

/// Gives the operators `&`, `|` and `!` to anybody's permission.
///
/// ```
/// use gatefold_permissions::{IsAuthenticated, PermissionLayer, rule};
/// use http::request::Parts;
///
/// let internal = |head: &Parts| head.headers.contains_key("x-internal");
/// let layer = PermissionLayer::new(rule(internal) | IsAuthenticated);
/// ```
pub fn rule<P: Permission>(permission: P) -> Rule<P> {
    Rule { permission }
}

/// Somebody's permission, with the operators. Made by [`rule`].
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Rule<P> {
    permission: P,
}

impl<P: Permission> Permission for Rule<P> {
    fn has_permission(&self, head: &Parts) -> Decision<Verdict> {
        self.permission.has_permission(head)
    }

    fn has_object_permission(&self, head: &Parts, object: &dyn Any) -> Decision<Verdict> {
        self.permission.has_object_permission(head, object)
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.permission.describe(f)
    }
}

/// `&` over answers that may come later. The second is only asked where it matters.
pub(crate) fn both(
    first: Decision<Verdict>,
    second: impl FnOnce() -> Decision<Verdict>,
) -> Decision<Verdict> {
    match first {
        Decision::Now(ended) if ended.ends_and() => Decision::Now(ended),
        Decision::Now(Verdict::Allowed) => second(),
        Decision::Now(first) => second().map(|second| first.and(second)),
        Decision::Later(first) => match second() {
            Decision::Now(ended) if ended.ends_and() => Decision::Now(ended),
            Decision::Now(Verdict::Allowed) => Decision::Later(first),
            Decision::Now(second) => Decision::Later(first).map(|first| first.and(second)),
            Decision::Later(second) => Decision::Later(Box::pin(async move {
                let first = first.await;
                if first.ends_and() {
                    return first;
                }
                first.and(second.await)
            })),
        },
    }
}

/// `|` over answers that may come later. A denial without a reason changes nothing, as an allowance
/// changes nothing of `&`.
fn either(
    first: Decision<Verdict>,
    second: impl FnOnce() -> Decision<Verdict>,
) -> Decision<Verdict> {
    match first {
        Decision::Now(Verdict::Denied(denial)) if denial.is_silent() => second(),
        Decision::Now(ended) if ended.ends_or() => Decision::Now(ended),
        Decision::Now(first) => second().map(|second| first.or(second)),
        Decision::Later(first) => match second() {
            Decision::Now(Verdict::Denied(denial)) if denial.is_silent() => Decision::Later(first),
            Decision::Now(ended) if ended.ends_or() => Decision::Now(ended),
            Decision::Now(second) => Decision::Later(first).map(|first| first.or(second)),
            Decision::Later(second) => Decision::Later(Box::pin(async move {
                let first = first.await;
                if first.ends_or() {
                    return first;
                }
                first.or(second.await)
            })),
        },
    }
}

fn describe_pair(
    first: &dyn Permission,
    operator: &str,
    second: &dyn Permission,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    f.write_str("(")?;
    first.describe(f)?;
    f.write_str(operator)?;
    second.describe(f)?;
    f.write_str(")")
}

// A blanket impl is refused by the compiler (E0210), so the operators are given to each type.
macro_rules! operators {
    ($([$($parameter:ident),*] $permission:ty;)+) => {$(
        impl<$($parameter,)* P: Permission> ops::BitAnd<P> for $permission {
            type Output = And<Self, P>;

            fn bitand(self, other: P) -> And<Self, P> {
                And::new(self, other)
            }
        }

        impl<$($parameter,)* P: Permission> ops::BitOr<P> for $permission {
            type Output = Or<Self, P>;

            fn bitor(self, other: P) -> Or<Self, P> {
                Or::new(self, other)
            }
        }

        impl<$($parameter),*> ops::Not for $permission {
            type Output = Not<Self>;

            fn not(self) -> Not<Self> {
                Not::new(self)
            }
        }
    )+};
}

operators! {
    [] AllowAny;
    [] DenyAll;
    [] HasRole;
    [] HasScope;
    [] IsAdmin;
    [] IsAuthenticated;
    [] IsAuthenticatedOrReadOnly;
    [] IsOwner;
    [] IsOwnerOrReadOnly;
    [] ModelPermissions;
    [] ObjectPermissions;
    [] ReadOnly;
    [] Routes;
    [A, B] And<A, B>;
    [A] Because<A>;
    [A] Not<A>;
    [T, F] Object<T, F>;
    [A, B] Or<A, B>;
    [A] Rule<A>;
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use gatefold_core::{Exception, Identity, later};

    use super::*;
    use crate::permission::Described;

    fn head() -> Parts {
        http::Request::new(()).into_parts().0
    }

    #[test]
    fn a_slow_part_is_not_polled_where_a_cheap_one_decides() {
        let polls = Arc::new(AtomicUsize::new(0));
        let counted = polls.clone();
        let slow = Arc::new(rule(move |_: &Parts| {
            let counted = counted.clone();
            later(async move {
                counted.fetch_add(1, Ordering::Relaxed);
                true
            })
        }));
        let expressions: [Arc<dyn Permission>; 6] = [
            Arc::new(DenyAll.and(slow.clone())),
            Arc::new(slow.clone().and(DenyAll)),
            Arc::new(AllowAny.or(slow.clone())),
            Arc::new(slow.clone().or(AllowAny)),
            Arc::new(slow.clone().or(slow.clone()).and(DenyAll)),
            Arc::new(!(slow.clone().and(slow.clone()).or(AllowAny))),
        ];
        for expression in expressions {
            let decision = expression.has_permission(&head());
            assert!(matches!(decision, Decision::Now(_)), "{decision:?}");
        }
        assert_eq!(polls.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn of_two_slow_parts_the_second_is_polled_only_if_the_first_leaves_it_open() {
        let no = |_: &Parts| later(async { false });
        let fails = |_: &Parts| later(async { Err::<bool, _>(Exception::unavailable("down")) });
        let bomb = |_: &Parts| later(async { panic!("polled") as bool });
        for expression in [
            Arc::new(no.and(bomb)) as Arc<dyn Permission>,
            Arc::new(no.not().or(bomb)),
            Arc::new(fails.or(bomb)),
            Arc::new(fails.not().or(bomb)),
        ] {
            let Decision::Later(answer) = expression.has_permission(&head()) else {
                panic!("both parts are slow")
            };
            answer.await;
        }
    }

    #[test]
    fn a_rule_reads_as_it_was_written() {
        let expression = IsAuthenticated & (IsAdmin | !HasScope::all(["a", "b"]) | ReadOnly);
        assert_eq!(
            Described(&expression).to_string(),
            "(IsAuthenticated & ((IsAdmin | !HasScope(a and b)) | ReadOnly))"
        );
    }

    #[test]
    fn the_reason_of_an_or_names_the_scope() {
        let mut head = head();
        Identity::new("1").leave(&mut head.extensions);
        let expression = IsAdmin | HasScope::new("tasks:write");
        let Decision::Now(Verdict::Denied(denial)) = expression.has_permission(&head) else {
            panic!("neither holds")
        };
        assert_eq!(denial.scopes().collect::<Vec<_>>(), ["tasks:write"]);
    }
}
