//! The permissions of the table, as gatefold's.

use std::{any::Any, fmt, sync::Arc};

use gatefold::permissions::{
    AllowAny, Denial, DenyAll, IsAdmin, IsAuthenticated, IsAuthenticatedOrReadOnly, Permission,
    ReadOnly, Verdict, object,
};
use gatefold::{Decision, ErrorDetail, Exception, Identity};
use http::request::Parts;
use serde_json::Value;

use super::{
    config::Note,
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
    let model = |rule| Arc::new(ModelRule { rule });
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
        "DjangoModelPermissions" => model(Rule::Model),
        "DjangoModelPermissionsOrAnonReadOnly" => model(Rule::ModelOrAnonymousReads),
        "DjangoModelPermissionsView" => model(Rule::ModelWithView),
        "DjangoObjectPermissions" => Arc::new(ObjectRule {
            world: Arc::clone(world),
            view: false,
        }),
        "DjangoObjectPermissionsView" => Arc::new(ObjectRule {
            world: Arc::clone(world),
            view: true,
        }),
        _ => return None,
    })
}

/// The right that a method needs: DRF's map. `Err` for a method outside of it.
fn right(head: &Parts, view: bool) -> Result<Option<&'static str>, Exception> {
    match head.method.as_str() {
        "OPTIONS" => Ok(None),
        "GET" | "HEAD" => Ok(view.then_some("view")),
        "POST" => Ok(Some("add")),
        "PUT" | "PATCH" => Ok(Some("change")),
        "DELETE" => Ok(Some("delete")),
        _ => Err(Exception::method_not_allowed(&head.method)),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    Model,
    ModelOrAnonymousReads,
    ModelWithView,
}

/// Model permissions over the users of this server.
#[derive(Debug)]
struct ModelRule {
    rule: Rule,
}

impl Permission for ModelRule {
    fn has_permission(&self, head: &Parts) -> Decision<Verdict> {
        let anonymous = Identity::of(&head.extensions).is_none();
        if anonymous && self.rule != Rule::ModelOrAnonymousReads {
            return Decision::Now(false.into());
        }
        Decision::Now(match right(head, self.rule == Rule::ModelWithView) {
            Ok(None) => Verdict::Allowed,
            Ok(Some(right)) => world::caller(&head.extensions)
                .is_some_and(|user| world::may(user, right))
                .into(),
            Err(exception) => Verdict::Denied(Denial::failure(exception)),
        })
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.rule)
    }
}

/// Object permissions: what the user may do with this very note.
struct ObjectRule {
    world: Arc<World>,
    /// With it, reading needs a right too and nothing is asked of the model.
    view: bool,
}

impl Permission for ObjectRule {
    fn has_permission(&self, head: &Parts) -> Decision<Verdict> {
        let user = world::caller(&head.extensions);
        Decision::Now(match (user, right(head, self.view)) {
            (None, _) => false.into(),
            (Some(_), Err(exception)) => Verdict::Denied(Denial::failure(exception)),
            (Some(user), Ok(Some(right))) if !self.view && !world::may(user, right) => false.into(),
            // Metadata is of no object.
            (Some(_), Ok(_)) if head.method == http::Method::OPTIONS => Verdict::Allowed,
            (Some(_), Ok(_)) => Verdict::Open,
        })
    }

    fn has_object_permission(&self, head: &Parts, object: &dyn Any) -> Decision<Verdict> {
        let (Some(user), Some(note)) = (
            world::caller(&head.extensions),
            object.downcast_ref::<Note>(),
        ) else {
            return Decision::Now(Verdict::Open);
        };
        let may = |right: &str| self.world.may_on(user, right, note);
        Decision::Now(match right(head, self.view) {
            Ok(None) => Verdict::Allowed,
            Ok(Some(right)) if may(right) => Verdict::Allowed,
            // Who may not even read is not told that it is there.
            Ok(Some(_)) if self.view && !may("view") => Verdict::Denied(Denial::default().hidden()),
            Ok(Some(_)) => false.into(),
            Err(exception) => Verdict::Denied(Denial::failure(exception)),
        })
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("object permissions")
    }
}
