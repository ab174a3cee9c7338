use std::{fmt, sync::Arc};

use casbin::{CoreApi, DefaultModel, Enforcer, StringAdapter};
use gatefold::{
    Decision, Exception, Identity, Route,
    permissions::{Denial, Permission, Verdict},
};
use http::{Method, request::Parts};

/// Lets a request through that the rows of a Casbin policy allow.
///
/// The subject is `user:` and the caller's id, then `role:` and each of its roles, or `nobody`; the
/// object is the matched route (`/tasks/{id}`), never the path as it was written; the action is the
/// method, with HEAD as GET. A request without a matched route is refused. It answers now.
#[derive(Clone)]
pub struct CasbinPermission {
    enforcer: Arc<Enforcer>,
}

impl CasbinPermission {
    /// Judges by the rows of `policy`, read as `model` says.
    ///
    /// # Errors
    ///
    /// If Casbin cannot read them, or cannot judge by them.
    pub async fn new(model: &str, policy: &str) -> Result<Self, casbin::Error> {
        let model = DefaultModel::from_str(model).await?;
        let enforcer = Enforcer::new(model, StringAdapter::new(policy)).await?;
        // It reads a model without its matchers, and finds out at the first question.
        enforcer.enforce(("nobody", "/", "GET"))?;
        Ok(Self {
            enforcer: Arc::new(enforcer),
        })
    }

    fn allows(&self, head: &Parts) -> Result<bool, casbin::Error> {
        let Some(route) = Route::find(head) else {
            return Ok(false);
        };
        let method = match head.method {
            Method::HEAD => "GET",
            ref method => method.as_str(),
        };
        let allows = |subject: &str| self.enforcer.enforce((subject, route, method));
        let Some(who) = Identity::of(&head.extensions) else {
            return allows("nobody");
        };
        if allows(&format!("user:{}", who.id()))? {
            return Ok(true);
        }
        for role in who.roles() {
            if allows(&format!("role:{role}"))? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Permission for CasbinPermission {
    fn has_permission(&self, head: &Parts) -> Decision<Verdict> {
        Decision::Now(match self.allows(head) {
            Ok(allowed) => allowed.into(),
            Err(error) => Denial::failure(Exception::internal(error.to_string())).into(),
        })
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Casbin")
    }
}

impl fmt::Debug for CasbinPermission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe(f)
    }
}
