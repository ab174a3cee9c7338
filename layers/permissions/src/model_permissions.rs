use std::{fmt, sync::Arc};

use gatefold_core::{Decision, Exception, Identity};
use http::{HeaderValue, Method, header::ALLOW, request::Parts};

use crate::{Denial, Permission, Rights, Verdict, read_only::is_safe};

/// Lets a request through whose caller has the right that its method needs on a model: Django REST
/// Framework's `DjangoModelPermissions`.
///
/// POST needs `add_task`, PUT and PATCH `change_task`, DELETE `delete_task`, GET and HEAD
/// `view_task`; OPTIONS needs a caller and no right. Any other method is refused with 405, but
/// nobody with 401 before that. [`Rights`] knows who has which. On gRPC every call is a POST, so
/// there a closure over the path serves better.
///
/// ```
/// use gatefold_core::Identity;
/// use gatefold_permissions::{Holder, MemoryRights, ModelPermissions, PermissionLayer};
/// use http::{Method, Request, Response, StatusCode};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), std::convert::Infallible> {
/// let rights = MemoryRights::new();
/// rights.grant(Holder::Role("editor"), "change_task");
/// let layer = PermissionLayer::new(ModelPermissions::new("task", rights));
/// let service = layer.layer(service_fn(async |_: Request<()>| {
///     Ok::<_, std::convert::Infallible>(Response::new(()))
/// }));
///
/// for (method, status) in [
///     (Method::PATCH, StatusCode::OK),
///     (Method::GET, StatusCode::FORBIDDEN),
///     (Method::TRACE, StatusCode::METHOD_NOT_ALLOWED),
/// ] {
///     let mut request = Request::new(());
///     *request.method_mut() = method;
///     Identity::new("7").with_roles(["editor"]).leave(request.extensions_mut());
///     assert_eq!(service.clone().oneshot(request).await?.status(), status);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use]
pub struct ModelPermissions {
    model: Box<str>,
    // The right, by its full name, that a method needs. HEAD is GET.
    needs: Vec<(Method, Option<Box<str>>)>,
    anonymous_reads: bool,
    rights: Arc<dyn Rights>,
}

/// What a method needs.
pub(crate) enum Need<'a> {
    Nothing,
    Right(&'a str),
    /// The rule does not know the method.
    Unknown,
}

impl ModelPermissions {
    /// Asks `rights` about the things of `model`: `task`, or with its application `tasks.task`.
    pub fn new(model: impl Into<Box<str>>, rights: impl Rights) -> Self {
        let bare = Self {
            model: model.into(),
            needs: vec![(Method::OPTIONS, None)],
            anonymous_reads: false,
            rights: Arc::new(rights),
        };
        bare.right(Method::GET, "view")
            .right(Method::POST, "add")
            .right(Method::PUT, "change")
            .right(Method::PATCH, "change")
            .right(Method::DELETE, "delete")
    }

    /// Needs the right to do `action` for `method`: `("PURGE", "purge")` asks for `purge_task`.
    /// HEAD is GET.
    pub fn right(self, method: Method, action: &str) -> Self {
        let right = match self.model.rsplit_once('.') {
            Some((app, model)) => format!("{app}.{action}_{model}"),
            None => format!("{action}_{}", self.model),
        };
        self.need(method, Some(right.into()))
    }

    /// Needs a caller and no right for `method`.
    pub fn without_right(self, method: Method) -> Self {
        self.need(method, None)
    }

    /// Lets everybody read, nobody as well: Django REST Framework's
    /// `DjangoModelPermissionsOrAnonReadOnly`.
    pub fn anonymous_reads(self) -> Self {
        Self {
            anonymous_reads: true,
            ..self.without_right(Method::GET)
        }
    }

    /// Guards reads no more than Django REST Framework does: GET needs a caller and no right.
    pub fn drf(self) -> Self {
        self.without_right(Method::GET)
    }

    fn need(mut self, method: Method, right: Option<Box<str>>) -> Self {
        let method = if method == Method::HEAD {
            Method::GET
        } else {
            method
        };
        match self.needs.iter_mut().find(|(known, _)| *known == method) {
            Some((_, need)) => *need = right,
            None => self.needs.push((method, right)),
        }
        self
    }

    /// The right that `method` needs.
    pub(crate) fn needed(&self, method: &Method) -> Need<'_> {
        let method = match *method {
            Method::HEAD => &Method::GET,
            _ => method,
        };
        match self.needs.iter().find(|(known, _)| known == method) {
            Some((_, None)) => Need::Nothing,
            Some((_, Some(right))) => Need::Right(right),
            None => Need::Unknown,
        }
    }

    /// What can be said without the rights of the caller; else the caller and the right to ask for.
    pub(crate) fn known<'a>(&'a self, head: &'a Parts) -> Result<Verdict, (&'a Identity, &'a str)> {
        let need = self.needed(&head.method);
        let Some(who) = Identity::of(&head.extensions) else {
            let reads = matches!(need, Need::Nothing) && is_safe(&head.method);
            return Ok((reads && self.anonymous_reads).into());
        };
        match need {
            Need::Nothing => Ok(Verdict::Allowed),
            Need::Right(right) => Err((who, right)),
            Need::Unknown => Ok(Denial::failure(self.not_allowed(&head.method)).into()),
        }
    }

    pub(crate) fn rights(&self) -> &Arc<dyn Rights> {
        &self.rights
    }

    pub(crate) fn model(&self) -> &str {
        &self.model
    }

    /// A 405 names the methods that there are (RFC 9110, section 15.5.6); of the route's own the
    /// rule knows nothing.
    fn not_allowed(&self, method: &Method) -> Exception {
        let mut methods = Vec::with_capacity(self.needs.len() + 1);
        for (known, _) in &self.needs {
            methods.push(known.as_str());
            if *known == Method::GET {
                methods.push("HEAD");
            }
        }
        let exception = Exception::method_not_allowed(method);
        match HeaderValue::try_from(methods.join(", ")) {
            Ok(methods) => exception.with_header(ALLOW, methods),
            Err(_) => exception,
        }
    }
}

impl Permission for ModelPermissions {
    fn has_permission(&self, head: &Parts) -> Decision<Verdict> {
        match self.known(head) {
            Ok(verdict) => Decision::Now(verdict),
            Err((who, right)) => self.rights.has_right(who, right, None),
        }
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModelPermissions({})", self.model)
    }
}

impl fmt::Debug for ModelPermissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe(f)
    }
}

#[cfg(test)]
mod tests {
    use gatefold_core::later;

    use super::*;

    fn head(method: &str, who: Option<&str>) -> Parts {
        let request = http::Request::builder().method(method).body(());
        let mut head = request.expect("a method").into_parts().0;
        if let Some(id) = who {
            Identity::new(id).leave(&mut head.extensions);
        }
        head
    }

    /// A source in which a caller's id is the one right that it has.
    fn by_name(who: &Identity, right: &str, object: Option<&str>) -> bool {
        object.is_none() && who.id() == right
    }

    fn status(rule: &ModelPermissions, method: &str, who: Option<&str>) -> u16 {
        match rule.has_permission(&head(method, who)) {
            Decision::Now(Verdict::Allowed) => 200,
            Decision::Now(Verdict::Denied(denial)) => denial
                .exception()
                .map_or(403, |exception| exception.status().as_u16()),
            decision => panic!("{decision:?}"),
        }
    }

    #[test]
    fn each_method_needs_the_right_of_djangos_map() {
        let rule = ModelPermissions::new("task", by_name);
        for (method, right) in [
            ("GET", "view_task"),
            ("HEAD", "view_task"),
            ("POST", "add_task"),
            ("PUT", "change_task"),
            ("PATCH", "change_task"),
            ("DELETE", "delete_task"),
        ] {
            for other in ["view_task", "add_task", "change_task", "delete_task", "x"] {
                let expected = if other == right { 200 } else { 403 };
                assert_eq!(status(&rule, method, Some(other)), expected, "{method}");
            }
            assert_eq!(status(&rule, method, None), 403, "{method}");
        }
        assert_eq!(status(&rule, "OPTIONS", Some("x")), 200);
        assert_eq!(status(&rule, "OPTIONS", None), 403);
    }

    #[test]
    fn a_model_in_an_application_has_its_rights_there() {
        let rule = ModelPermissions::new("my.tasks.task", by_name);
        assert_eq!(status(&rule, "POST", Some("my.tasks.add_task")), 200);
        assert_eq!(status(&rule, "POST", Some("add_task")), 403);
    }

    #[test]
    fn an_unknown_method_is_a_405_for_somebody_and_nobody_is_asked_for_credentials_first() {
        let rule = ModelPermissions::new("task", by_name);
        for method in ["TRACE", "PURGE", "CONNECT"] {
            assert_eq!(status(&rule, method, Some("add_task")), 405, "{method}");
            assert_eq!(status(&rule, method, None), 403, "{method}");
        }
        let decision = rule.has_permission(&head("TRACE", Some("x")));
        let Decision::Now(Verdict::Denied(denial)) = decision else {
            panic!("not allowed")
        };
        let exception = denial.exception().expect("a 405");
        assert_eq!(exception.code(), "method_not_allowed");
        assert_eq!(
            exception.headers()[ALLOW],
            "OPTIONS, GET, HEAD, POST, PUT, PATCH, DELETE"
        );
    }

    #[test]
    fn reads_are_open_to_callers_or_to_everybody_where_that_is_said() {
        let drf = ModelPermissions::new("task", by_name).drf();
        let open = ModelPermissions::new("task", by_name).anonymous_reads();
        for method in ["GET", "HEAD", "OPTIONS"] {
            assert_eq!(status(&drf, method, Some("x")), 200, "{method}");
            assert_eq!(status(&drf, method, None), 403, "{method}");
            assert_eq!(status(&open, method, Some("x")), 200, "{method}");
            assert_eq!(status(&open, method, None), 200, "{method}");
        }
        for rule in [drf, open] {
            assert_eq!(status(&rule, "POST", None), 403);
            assert_eq!(status(&rule, "POST", Some("x")), 403);
            assert_eq!(status(&rule, "POST", Some("add_task")), 200);
        }
    }

    #[test]
    fn the_map_can_be_changed() {
        let purge = || Method::from_bytes(b"PURGE").expect("a method");
        let rule = ModelPermissions::new("task", by_name)
            .right(purge(), "purge")
            .right(Method::HEAD, "peek")
            .without_right(Method::POST)
            .anonymous_reads()
            .right(Method::GET, "peek");
        assert_eq!(status(&rule, "PURGE", Some("purge_task")), 200);
        assert_eq!(status(&rule, "PURGE", Some("x")), 403);
        assert_eq!(status(&rule, "GET", Some("peek_task")), 200);
        assert_eq!(status(&rule, "HEAD", Some("view_task")), 403);
        // Only reads are for nobody, and only where they need no right.
        assert_eq!(status(&rule, "POST", Some("x")), 200);
        assert_eq!(status(&rule, "POST", None), 403);
        assert_eq!(status(&rule, "GET", None), 403);
    }

    #[test]
    fn a_source_may_answer_later() {
        let slow = |_: &Identity, right: &str, _: Option<&str>| {
            let right = right.to_owned();
            later(async move { right == "add_task" })
        };
        let rule = ModelPermissions::new("task", slow);
        let post = rule.has_permission(&head("POST", Some("7")));
        assert!(matches!(post, Decision::Later(_)));
        // What the caller's rights do not matter for is known at once.
        assert_eq!(status(&rule, "OPTIONS", Some("7")), 200);
        assert_eq!(status(&rule, "POST", None), 403);
    }
}
