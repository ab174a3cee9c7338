//! The permissions of the table, as gatefold's.

use std::sync::Arc;

use gatefold::permissions::{
    AllowAny, Denial, DenyAll, IsAdmin, IsAuthenticated, IsAuthenticatedOrReadOnly,
    ModelPermissions, ObjectPermissions, Permission, ReadOnly, object,
};
use gatefold::{ErrorDetail, Exception, Identity};
use http::request::Parts;
use serde_json::Value;

use super::{
    config::{Note, User},
    world::{self, World},
};

type Boxed = Arc<dyn Permission>;

/// All of an endpoint's permissions; `None` where it has none.
pub(crate) fn all(world: &Arc<World>, written: &[Value]) -> Result<Option<Boxed>, String> {
    let mut all: Option<Boxed> = None;
    for one in written {
        let next = read(world, one)?;
        all = Some(match all {
            Some(before) => Arc::new(before.and(next)),
            None => next,
        });
    }
    Ok(all)
}

fn read(world: &Arc<World>, written: &Value) -> Result<Boxed, String> {
    if let Some(name) = written.as_str() {
        return named(world, name).ok_or_else(|| format!("permission `{name}`"));
    }
    let unknown = || format!("permission `{written}`");
    let map = written.as_object().ok_or_else(unknown)?;
    let (operator, operand) = map.iter().next().ok_or_else(unknown)?;
    let pair = || match operand.as_array().map(Vec::as_slice) {
        Some([left, right]) => Ok((read(world, left)?, read(world, right)?)),
        _ => Err(unknown()),
    };
    Ok(match operator.as_str() {
        "and" => {
            let (left, right) = pair()?;
            Arc::new(left.and(right))
        }
        "or" => {
            let (left, right) = pair()?;
            Arc::new(left.or(right))
        }
        "not" => Arc::new(read(world, operand)?.not()),
        _ => return Err(unknown()),
    })
}

fn named(world: &Arc<World>, name: &str) -> Option<Boxed> {
    let owner = |head: &Parts, note: &Note| {
        world::caller(&head.extensions).is_some_and(|user| user.username == note.owner)
    };
    let raise = |exception: fn() -> Exception| move |_: &Parts| Err::<bool, _>(exception());
    let model = || ModelPermissions::new("note", rights(world));
    let notes = || ObjectPermissions::new("note", |note: &Note| note.id, rights(world));
    Some(match name {
        "AllowAny" => Arc::new(AllowAny),
        "DenyAll" => Arc::new(DenyAll),
        "IsAuthenticated" => Arc::new(IsAuthenticated),
        "IsAdminUser" => Arc::new(IsAdmin),
        "IsAuthenticatedOrReadOnly" => Arc::new(IsAuthenticatedOrReadOnly),
        "ReadOnly" => Arc::new(ReadOnly),
        "DenyWithMessage" => Arc::new(DenyAll.because("Members only.")),
        "DenyWithCode" => {
            let why = Denial::new("Upgrade your plan.").with_code("plan_required");
            Arc::new(DenyAll.because(why))
        }
        "DenyWithStructure" => {
            let why = ErrorDetail::fields([("reason", "quota"), ("limit", "5")]);
            Arc::new(DenyAll.because(Denial::new(why)))
        }
        "DenyWithList" => Arc::new(DenyAll.because(Denial::new(vec!["one", "two"]))),
        "IsAlice" => {
            let is_alice = |head: &Parts| {
                world::caller(&head.extensions).is_some_and(|user| user.username == "alice")
            };
            Arc::new(is_alice.because("Only alice."))
        }
        "HasPass" => {
            Arc::new(|head: &Parts| head.headers.get("x-pass").is_some_and(|pass| pass == "yes"))
        }
        "IsOwner" => Arc::new(object(owner)),
        "IsOwnerMessage" => {
            let why = Denial::new("Not your note.").with_code("not_owner");
            Arc::new(object(owner).because(why))
        }
        "IsOwnerOrReadOnly" => Arc::new(object(owner).or(ReadOnly)),
        "RaiseHttp404" => Arc::new(raise(Exception::not_found)),
        "RaiseNotFound" => Arc::new(raise(|| Exception::not_found().with_detail("Hidden."))),
        "RaiseDjangoDenied" => Arc::new(raise(|| {
            Exception::permission_denied().with_detail("django says no")
        })),
        "RaiseNotAuthenticated" => Arc::new(raise(|| {
            Exception::not_authenticated().with_detail("Log in first.")
        })),
        "Crash" => Arc::new(raise(|| Exception::internal("the permission crashed"))),
        "DjangoModelPermissions" => Arc::new(model().drf()),
        "DjangoModelPermissionsOrAnonReadOnly" => Arc::new(model().anonymous_reads()),
        "DjangoModelPermissionsView" => Arc::new(model()),
        "DjangoObjectPermissions" => Arc::new(notes().drf()),
        "DjangoObjectPermissionsView" => Arc::new(notes().objects_alone()),
        _ => return None,
    })
}

/// What the users of this server may do with all notes, and with one.
fn rights(
    world: &Arc<World>,
) -> impl Fn(&Identity, &str, Option<&str>) -> bool + Send + Sync + 'static {
    let world = Arc::clone(world);
    move |who, right, note| {
        let (Some(user), Some(right)) = (who.user::<User>(), right.strip_suffix("_note")) else {
            return false;
        };
        match note {
            None => world::may(user, right),
            Some(id) => world.may_on(user, right, id),
        }
    }
}
