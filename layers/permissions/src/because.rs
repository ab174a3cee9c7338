use std::{any::Any, fmt};

use gatefold_core::Decision;
use http::request::Parts;

use crate::{Denial, Permission, Verdict};

/// Refuses what a permission refuses, with a reason of its own. Made by
/// [`Permission::because`].
#[derive(Clone, Debug)]
#[must_use]
pub struct Because<P> {
    permission: P,
    denial: Denial,
}

impl<P> Because<P> {
    pub(crate) fn new(permission: P, denial: Denial) -> Self {
        Self { permission, denial }
    }

    fn reword(&self, decision: Decision<Verdict>) -> Decision<Verdict> {
        match decision {
            Decision::Now(verdict) => Decision::Now(reworded(verdict, &self.denial)),
            later @ Decision::Later(_) => {
                let denial = self.denial.clone();
                later.map(move |verdict| reworded(verdict, &denial))
            }
        }
    }
}

fn reworded(verdict: Verdict, words: &Denial) -> Verdict {
    match verdict {
        Verdict::Denied(denial) => Verdict::Denied(denial.in_words_of(words)),
        other @ (Verdict::Allowed | Verdict::Open) => other,
    }
}

impl<P: Permission> Permission for Because<P> {
    fn has_permission(&self, head: &Parts) -> Decision<Verdict> {
        self.reword(self.permission.has_permission(head))
    }

    fn has_object_permission(&self, head: &Parts, object: &dyn Any) -> Decision<Verdict> {
        self.reword(self.permission.has_object_permission(head, object))
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.permission.describe(f)
    }
}
