use std::fmt;

use gatefold_core::{Decision, Identity};
use http::request::Parts;

use crate::{Denial, Permission, Verdict};

/// Lets a request through whose credential was granted a scope.
///
/// A bearer without it is told which scopes are missing (RFC 6750, section 3.1). Nobody has no
/// scopes and is refused, even where none is asked for. It answers without an allocation.
///
/// ```
/// use gatefold_permissions::{HasScope, IsAdmin, PermissionLayer, ReadOnly};
///
/// let layer = PermissionLayer::new(
///     HasScope::new("tasks:write") | (HasScope::any(["tasks:read", "tasks"]) & ReadOnly),
/// );
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct HasScope {
    // Names the scopes, so that a refusal costs a reference count.
    denial: Denial,
    every: bool,
}

impl HasScope {
    /// Asks for `scope`.
    pub fn new(scope: impl Into<Box<str>>) -> Self {
        Self::all([scope])
    }

    /// Asks for one of `scopes`.
    pub fn any<I>(scopes: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Box<str>>,
    {
        Self {
            denial: Denial::default().with_scopes(scopes),
            every: false,
        }
    }

    /// Asks for all of `scopes`.
    pub fn all<I>(scopes: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Box<str>>,
    {
        Self {
            denial: Denial::default().with_scopes(scopes),
            every: true,
        }
    }

    fn is_granted(&self, identity: &Identity) -> bool {
        let mut scopes = self.denial.asked().iter();
        if self.every {
            scopes.all(|scope| identity.has_scope(scope))
        } else {
            scopes.any(|scope| identity.has_scope(scope))
        }
    }
}

impl Permission for HasScope {
    fn has_permission(&self, head: &Parts) -> Decision<Verdict> {
        let identity = Identity::of(&head.extensions);
        Decision::Now(match identity {
            Some(identity) if self.is_granted(identity) => Verdict::Allowed,
            _ => Verdict::Denied(self.denial.clone()),
        })
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let between = if self.every { " and " } else { " or " };
        let scopes: Vec<_> = self.denial.scopes().collect();
        write!(f, "HasScope({})", scopes.join(between))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(rule: &HasScope, granted: Option<&[&str]>) -> bool {
        let mut head = http::Request::new(()).into_parts().0;
        if let Some(granted) = granted {
            let identity = Identity::new("1").with_scopes(granted.iter().copied());
            identity.leave(&mut head.extensions);
        }
        matches!(rule.has_permission(&head), Decision::Now(Verdict::Allowed))
    }

    #[test]
    fn any_wants_one_and_all_wants_each() {
        let any = HasScope::any(["a", "b"]);
        let all = HasScope::all(["a", "b"]);
        for (granted, by_any, by_all) in [
            (&[][..], false, false),
            (&["b"], true, false),
            (&["b", "a"], true, true),
            (&["A", "ab"], false, false),
        ] {
            assert_eq!(allows(&any, Some(granted)), by_any, "{granted:?}");
            assert_eq!(allows(&all, Some(granted)), by_all, "{granted:?}");
        }
    }

    #[test]
    fn nobody_has_no_scope_even_where_none_is_asked_for() {
        let none: [&str; 0] = [];
        assert!(!allows(&HasScope::all(none), None));
        assert!(allows(&HasScope::all(none), Some(&[])));
        assert!(!allows(&HasScope::any(none), Some(&["a"])));
    }
}
