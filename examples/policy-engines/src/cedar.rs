use std::{
    any::Any,
    collections::HashSet,
    error::Error,
    fmt,
    str::FromStr,
    sync::{Arc, LazyLock},
};

use cedar_policy::{
    Authorizer, Context, Decision as CedarDecision, Entities, Entity, EntityId, EntityTypeName,
    EntityUid, PolicySet, Request, Schema, ValidationMode, Validator,
};
use gatefold::{
    Decision, Exception, Identity,
    permissions::{Denial, Permission, Verdict},
};
use http::{Method, request::Parts};

/// Lets a request through that the policies of a Cedar file permit.
///
/// Cedar decides about objects, so the answer is open until the handler asks its guard. The caller
/// is `User::"id"` with its roles as parents (`Role::"editor"`), the action is `view`, `add`,
/// `change` or `delete` by the method. Where a `forbid` decides, the refusal has the words of its
/// annotation `@message`. It answers now: a decision takes microseconds.
#[derive(Clone)]
pub struct CedarPermission {
    engine: Arc<Engine>,
}

struct Engine {
    policies: PolicySet,
    schema: Schema,
    entity: Box<Describe>,
}

/// An object as Cedar's entity; `None` for one of a type that it does not know.
type Describe = dyn Fn(&dyn Any) -> Option<Described> + Send + Sync;
type Described = Result<Entity, Box<dyn Error + Send + Sync>>;

impl CedarPermission {
    /// Judges by `policies`, about objects that `entity` describes to Cedar.
    ///
    /// # Errors
    ///
    /// If the policies or the schema cannot be read, or do not fit each other.
    pub fn new<T, E>(policies: &str, schema: &str, entity: E) -> Result<Self, PolicyError>
    where
        T: Any,
        E: Fn(&T) -> Described + Send + Sync + 'static,
    {
        let policies = PolicySet::from_str(policies).map_err(PolicyError::new)?;
        let schema = Schema::from_str(schema).map_err(PolicyError::new)?;
        let result = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
        if let Some(error) = result.validation_errors().next() {
            return Err(PolicyError::new(error));
        }
        Ok(Self {
            engine: Arc::new(Engine {
                policies,
                schema,
                entity: Box::new(move |object| object.downcast_ref().map(&entity)),
            }),
        })
    }
}

impl Engine {
    fn judge(
        &self,
        who: &Identity,
        action: &str,
        resource: Entity,
    ) -> Result<Verdict, Box<dyn Error + Send + Sync>> {
        static ROLE: LazyLock<EntityTypeName> = LazyLock::new(|| type_name("Role"));
        static USER: LazyLock<EntityTypeName> = LazyLock::new(|| type_name("User"));
        static ACTION: LazyLock<EntityTypeName> = LazyLock::new(|| type_name("Action"));
        let uid = |of: &EntityTypeName, id: &str| {
            EntityUid::from_type_name_and_id(of.clone(), EntityId::new(id))
        };

        let roles: HashSet<_> = who.roles().map(|role| uid(&ROLE, role)).collect();
        let known = roles.iter().cloned();
        let known = known.map(|role| Entity::new_no_attrs(role, HashSet::new()));
        let known: Vec<_> = known.collect();
        let principal = uid(&USER, who.id());
        let request = Request::new(
            principal.clone(),
            uid(&ACTION, action),
            resource.uid(),
            Context::empty(),
            Some(&self.schema),
        )?;
        let principal = Entity::new_no_attrs(principal, roles);
        let entities = known.into_iter().chain([principal, resource]);
        let entities = Entities::from_entities(entities, Some(&self.schema))?;

        let response = Authorizer::new().is_authorized(&request, &self.policies, &entities);
        let diagnostics = response.diagnostics();
        // Cedar passes over a policy that it cannot evaluate, also one that would forbid.
        if let Some(error) = diagnostics.errors().next() {
            return Err(error.to_string().into());
        }
        if response.decision() == CedarDecision::Allow {
            return Ok(Verdict::Allowed);
        }
        let mut messages = diagnostics
            .reason()
            .filter_map(|policy| self.policies.annotation(policy, "message"));
        Ok(Verdict::Denied(
            messages
                .next()
                .map_or_else(Denial::default, |message| Denial::new(message.to_owned())),
        ))
    }
}

fn type_name(name: &str) -> EntityTypeName {
    EntityTypeName::from_str(name).expect("a word is the name of a type")
}

/// What the method does, in the schema's words.
fn action(method: &Method) -> Option<&'static str> {
    Some(match *method {
        Method::GET | Method::HEAD => "view",
        Method::POST => "add",
        Method::PUT | Method::PATCH => "change",
        Method::DELETE => "delete",
        _ => return None,
    })
}

impl Permission for CedarPermission {
    fn has_permission(&self, head: &Parts) -> Decision<Verdict> {
        let known = Identity::of(&head.extensions).is_some() && action(&head.method).is_some();
        Decision::Now(if known { Verdict::Open } else { false.into() })
    }

    fn has_object_permission(&self, head: &Parts, object: &dyn Any) -> Decision<Verdict> {
        let (Some(who), Some(action)) = (Identity::of(&head.extensions), action(&head.method))
        else {
            return Decision::Now(false.into());
        };
        Decision::Now(match (self.engine.entity)(object) {
            None => Verdict::Open,
            Some(entity) => entity
                .and_then(|entity| self.engine.judge(who, action, entity))
                .unwrap_or_else(|error| Denial::failure(Exception::internal(error)).into()),
        })
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cedar")
    }
}

impl fmt::Debug for CedarPermission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe(f)
    }
}

/// Policies that cannot be used, in Cedar's words.
#[derive(Debug)]
pub struct PolicyError(String);

impl PolicyError {
    fn new(error: impl fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the policies cannot be used: {}", self.0)
    }
}

impl Error for PolicyError {}
