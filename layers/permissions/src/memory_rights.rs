use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use gatefold_core::{Decision, Identity};

use crate::{Rights, Verdict};

/// Rights kept in memory: who was granted what, on all things or on one.
///
/// Clones share the table, so rights are granted and revoked while requests are judged. It answers
/// without an allocation. It forgets nothing by itself: what is removed and whose key may come
/// again is taken out with [`forget`](Self::forget).
///
/// ```
/// use gatefold_permissions::{Holder, MemoryRights, ModelPermissions, PermissionLayer};
///
/// let rights = MemoryRights::new();
/// rights.grant(Holder::Role("editor"), "add_task");
/// rights.grant(Holder::Role("editor"), "change_task");
/// rights.grant_on(Holder::User("7"), "delete_task", "4");
/// let layer = PermissionLayer::new(ModelPermissions::new("task", rights.clone()));
/// ```
#[derive(Clone, Default)]
pub struct MemoryRights {
    table: Arc<RwLock<Table>>,
}

/// Who a right is granted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Holder<'a> {
    /// The caller with this [id](Identity::id).
    User(&'a str),
    /// Every caller with this [role](Identity::has_role) (Django's groups).
    Role(&'a str),
}

#[derive(Default)]
struct Table {
    users: HashMap<Box<str>, Held>,
    roles: HashMap<Box<str>, Held>,
}

#[derive(Default)]
struct Held {
    on_all: HashSet<Box<str>>,
    on_one: HashMap<Box<str>, HashSet<Box<str>>>,
}

impl MemoryRights {
    /// A table in which nobody has any right.
    pub fn new() -> Self {
        Self::default()
    }

    /// Grants `right` on all things of its model.
    pub fn grant(&self, holder: Holder<'_>, right: &str) {
        self.change(holder, |held| held.on_all.insert(right.into()));
    }

    /// Takes back what [`grant`](Self::grant) gave.
    pub fn revoke(&self, holder: Holder<'_>, right: &str) {
        self.change(holder, |held| held.on_all.remove(right));
    }

    /// Grants `right` on the thing with the key `object`.
    pub fn grant_on(&self, holder: Holder<'_>, right: &str, object: &str) {
        self.change(holder, |held| {
            let rights = held.on_one.entry(object.into()).or_default();
            rights.insert(right.into())
        });
    }

    /// Takes back what [`grant_on`](Self::grant_on) gave.
    pub fn revoke_on(&self, holder: Holder<'_>, right: &str, object: &str) {
        self.change(holder, |held| {
            let rights = held.on_one.get_mut(object);
            rights.is_some_and(|rights| rights.remove(right))
        });
    }

    /// Takes back every right on the thing of `model` with the key `object`, whoever holds it.
    pub fn forget(&self, model: &str, object: &str) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let Table { users, roles } = &mut *table;
        for held in users.values_mut().chain(roles.values_mut()) {
            if let Some(rights) = held.on_one.get_mut(object) {
                rights.retain(|right| !is_of(right, model));
                if rights.is_empty() {
                    held.on_one.remove(object);
                }
            }
        }
    }

    fn change(&self, holder: Holder<'_>, change: impl FnOnce(&mut Held) -> bool) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let held = match holder {
            Holder::User(id) => table.users.entry(id.into()),
            Holder::Role(role) => table.roles.entry(role.into()),
        };
        change(held.or_default());
    }
}

impl Table {
    fn has(&self, who: &Identity, right: &str, object: Option<&str>) -> bool {
        let user = self.users.get(who.id());
        let mut roles = who.roles().filter_map(|role| self.roles.get(role));
        user.is_some_and(|held| held.has(right, object))
            || roles.any(|held| held.has(right, object))
    }
}

impl Held {
    fn has(&self, right: &str, object: Option<&str>) -> bool {
        match object {
            None => self.on_all.contains(right),
            Some(object) => {
                let rights = self.on_one.get(object);
                rights.is_some_and(|rights| rights.contains(right))
            }
        }
    }
}

/// Whether `right` is one over `model`: `tasks.change_task` over `tasks.task`.
fn is_of(right: &str, model: &str) -> bool {
    let (app, model) = model.rsplit_once('.').unwrap_or(("", model));
    let (of, action) = right.rsplit_once('.').unwrap_or(("", right));
    let action = action.strip_suffix(model);
    of == app && action.is_some_and(|action| action.ends_with('_'))
}

/// A right on one thing is asked for by itself: a right on all things does not answer for it, as
/// in Django.
impl Rights for MemoryRights {
    fn has_right(&self, who: &Identity, right: &str, object: Option<&str>) -> Decision<Verdict> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        Decision::Now(table.has(who, right, object).into())
    }
}

impl fmt::Debug for MemoryRights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryRights").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(rights: &MemoryRights, who: &Identity, right: &str, object: Option<&str>) -> bool {
        let decision = rights.has_right(who, right, object);
        matches!(decision, Decision::Now(Verdict::Allowed))
    }

    #[test]
    fn a_right_is_held_by_a_user_or_by_a_role_on_all_things_or_on_one() {
        let rights = MemoryRights::new();
        let editor = Identity::new("7").with_roles(["editor"]);
        rights.grant(Holder::Role("editor"), "change_task");
        rights.grant_on(Holder::User("7"), "delete_task", "4");
        for (right, object, held) in [
            ("change_task", None, true),
            ("change_task", Some("4"), false),
            ("delete_task", None, false),
            ("delete_task", Some("4"), true),
            ("delete_task", Some("5"), false),
        ] {
            assert_eq!(has(&rights, &editor, right, object), held, "{right}");
        }
        // A user whose id is the role's name does not have the role's rights.
        let namesake = Identity::new("editor").with_roles(["7"]);
        assert!(!has(&rights, &namesake, "change_task", None));
        assert!(!has(&rights, &namesake, "delete_task", Some("4")));
    }

    #[test]
    fn clones_share_what_is_granted_and_revoked() {
        let rights = MemoryRights::new();
        let clone = rights.clone();
        let who = Identity::new("7");
        for object in [None, Some("4")] {
            match object {
                None => rights.grant(Holder::User("7"), "view_task"),
                Some(key) => rights.grant_on(Holder::User("7"), "view_task", key),
            }
            assert!(has(&clone, &who, "view_task", object));
            match object {
                None => clone.revoke(Holder::User("7"), "view_task"),
                Some(key) => clone.revoke_on(Holder::User("7"), "view_task", key),
            }
            assert!(!has(&rights, &who, "view_task", object));
        }
    }

    #[test]
    fn what_is_forgotten_is_one_thing_of_one_model() {
        let rights = MemoryRights::new();
        let (user, role) = (Holder::User("7"), Holder::Role("r"));
        rights.grant_on(user, "view_task", "4");
        rights.grant_on(role, "view_task", "4");
        rights.grant_on(user, "view_subtask", "4");
        rights.grant_on(user, "app.view_task", "4");
        rights.grant_on(user, "view_task", "5");
        rights.forget("task", "4");
        let who = Identity::new("7").with_roles(["r"]);
        assert!(!has(&rights, &who, "view_task", Some("4")));
        for (right, object) in [
            ("view_subtask", "4"),
            ("app.view_task", "4"),
            ("view_task", "5"),
        ] {
            assert!(has(&rights, &who, right, Some(object)), "{right} {object}");
        }
        rights.forget("app.task", "4");
        assert!(!has(&rights, &who, "app.view_task", Some("4")));
    }
}
