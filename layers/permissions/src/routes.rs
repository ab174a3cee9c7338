use std::{any::Any, error::Error, fmt, ptr, sync::Arc};

use gatefold_core::{Decision, Route};
use http::{Method, request::Parts};

use crate::{
    Permission, Verdict,
    path::routed_path,
    pattern::{Pattern, Reading, decode, normalize},
};

/// Judges each route by a permission of its own, and all others by the fallback.
///
/// Patterns have axum's syntax: `{name}` is one segment, `{*name}` the rest. HEAD counts as GET.
/// A request goes by the most specific route (static before parameter before wildcard), and gets
/// the fallback if that route has no row for its method, as any route does that is not listed.
///
/// ```
/// use gatefold_permissions::{AllowAny, IsAdmin, IsAuthenticated, PermissionLayer, Routes};
/// use http::Method;
///
/// # fn main() -> Result<(), gatefold_permissions::RoutesError> {
/// let layer = PermissionLayer::new(
///     Routes::new(IsAuthenticated)
///         .at(Method::GET, "/v1/public", AllowAny)?
///         .at(Method::DELETE, "/v1/tasks/{id}", IsAdmin)?,
/// );
/// # Ok(()) }
/// ```
///
/// # Which route it is
///
/// Where a router has left the matched template ([`Route::find`]: axum's, with the feature `axum`,
/// from `Router::layer` inward), that decides, across `nest`. Elsewhere, as on plain hyper or
/// around a whole router, the patterns are compared with the path of the URI as it was sent,
/// undecoded, without the suffix that a suffix layer has cut off.
///
/// A server further in may read that path otherwise: it may decode `%2F` and `%61`, or remove `//`
/// and `/../`. So a path gets a row only if each of these readings leads to that same row, and the
/// fallback if not. Make the fallback the strict one.
#[derive(Clone)]
#[must_use]
pub struct Routes {
    // In the order of `Pattern`: the first that matches is the most specific.
    rows: Vec<Row>,
    fallback: Arc<dyn Permission>,
}

#[derive(Clone)]
struct Row {
    pattern: Pattern,
    text: Box<str>,
    methods: Vec<(Method, Arc<dyn Permission>)>,
}

impl Routes {
    /// Judges every route by `fallback` that is not listed.
    pub fn new(fallback: impl Permission) -> Self {
        Self {
            rows: Vec::new(),
            fallback: Arc::new(fallback),
        }
    }

    /// Judges requests with `method` on the route `pattern` by `permission`.
    ///
    /// # Errors
    ///
    /// When the pattern cannot be parsed, when the route has a row for the method already, and for
    /// HEAD, which counts as GET.
    pub fn at(
        mut self,
        method: Method,
        pattern: &str,
        permission: impl Permission,
    ) -> Result<Self, RoutesError> {
        let error = |wanted| RoutesError {
            given: format!("{method} {pattern}"),
            wanted,
        };
        if method == Method::HEAD {
            return Err(error("HEAD counts as GET: give that a row"));
        }
        let parsed = Pattern::parse(pattern).map_err(error)?;
        let place = match self.rows.binary_search_by(|row| row.pattern.cmp(&parsed)) {
            Ok(place) => place,
            Err(place) => {
                let row = Row {
                    pattern: parsed,
                    text: pattern.into(),
                    methods: Vec::new(),
                };
                self.rows.insert(place, row);
                place
            }
        };
        let row = &mut self.rows[place];
        if row.permission(&method).is_some() {
            return Err(error("a route has one row for each method"));
        }
        row.methods.push((method, Arc::new(permission)));
        Ok(self)
    }

    fn select(&self, head: &Parts) -> &dyn Permission {
        let row = match Route::find(head) {
            Some(template) => {
                let mut rows = self.rows.iter();
                rows.find(|row| row.pattern.is_template(template))
            }
            None => routed_path(head).and_then(|path| self.by_path(path.as_bytes())),
        };
        row.and_then(|row| row.permission(&head.method))
            .unwrap_or(&*self.fallback)
    }

    /// The row that each reading of the path leads to.
    fn by_path(&self, path: &[u8]) -> Option<&Row> {
        let row = self.read(path, Reading::AsSent)?;
        if is_plain(path) {
            return Some(row);
        }
        let leads_here = |path: &[u8], reading| {
            let other = self.read(path, reading);
            other.is_some_and(|other| ptr::eq(row, other))
        };
        let mut path = path.to_vec();
        let mut reading = Reading::AsSent;
        // What is still encoded after this was encoded to deceive.
        for _ in 0..3 {
            if !leads_here(&path, reading) || !leads_here(&normalize(&path), reading) {
                return None;
            }
            let decoded = decode(&path);
            if decoded == path {
                return Some(row);
            }
            path = decoded;
            reading = Reading::Decoded;
        }
        None
    }

    fn read(&self, path: &[u8], reading: Reading) -> Option<&Row> {
        let mut rows = self.rows.iter();
        rows.find(|row| row.pattern.matches(path, reading))
    }
}

impl Row {
    fn permission(&self, method: &Method) -> Option<&dyn Permission> {
        let method = if *method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let mut methods = self.methods.iter();
        let (_, permission) = methods.find(|(own, _)| own == method)?;
        Some(&**permission)
    }
}

/// Whether all servers read the path alike.
fn is_plain(path: &[u8]) -> bool {
    let deceives = |pair: &[u8]| matches!(pair, b"//" | b"/.");
    !path.iter().any(|byte| matches!(byte, b'%' | b'\\')) && !path.windows(2).any(deceives)
}

impl Permission for Routes {
    fn has_permission(&self, head: &Parts) -> Decision<Verdict> {
        self.select(head).has_permission(head)
    }

    fn has_object_permission(&self, head: &Parts, object: &dyn Any) -> Decision<Verdict> {
        self.select(head).has_object_permission(head, object)
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Routes(")?;
        for row in &self.rows {
            for (method, permission) in &row.methods {
                write!(f, "{method} {}: ", row.text)?;
                permission.describe(f)?;
                f.write_str(", ")?;
            }
        }
        f.write_str("else ")?;
        self.fallback.describe(f)?;
        f.write_str(")")
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe(f)
    }
}

/// A row that [`Routes::at`] cannot take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutesError {
    given: String,
    wanted: &'static str,
}

impl fmt::Display for RoutesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no row of the table: {}",
            self.given, self.wanted
        )
    }
}

impl Error for RoutesError {}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;
    use crate::{AllowAny, DenyAll, HasScope, IsAdmin};

    /// Which of the rows, each told by a scope, judges the request.
    fn chosen(routes: &Routes, head: &Parts) -> String {
        match routes.has_permission(head) {
            Decision::Now(Verdict::Denied(denial)) => {
                denial.scopes().next().unwrap_or("fallback").to_owned()
            }
            decision => panic!("{decision:?}"),
        }
    }

    fn head(method: Method, path: &str) -> Parts {
        let request = Request::builder().method(method).uri(path).body(());
        request.expect("a good path").into_parts().0
    }

    fn table() -> Result<Routes, RoutesError> {
        Routes::new(DenyAll)
            .at(Method::GET, "/{page}", HasScope::new("page"))?
            .at(Method::GET, "/admin", HasScope::new("admin"))?
            .at(Method::GET, "/tasks/{id}", HasScope::new("get"))?
            .at(Method::DELETE, "/tasks/{id}", HasScope::new("delete"))?
            .at(Method::POST, "/tasks/search", HasScope::new("search"))?
            .at(Method::GET, "/files/{*rest}", HasScope::new("files"))?
            .at(Method::GET, "/gr%C3%B6%C3%9Fe", HasScope::new("size"))
    }

    #[test]
    fn a_path_leads_to_the_most_specific_route() -> Result<(), RoutesError> {
        let routes = table()?;
        for (method, path, row) in [
            (Method::GET, "/tasks/1", "get"),
            (Method::GET, "/tasks/1?x=/admin", "get"),
            (Method::HEAD, "/tasks/1", "get"),
            (Method::DELETE, "/tasks/1", "delete"),
            (Method::PUT, "/tasks/1", "fallback"),
            (Method::POST, "/tasks/search", "search"),
            // The route is `/tasks/search`, whatever a less specific one would allow.
            (Method::GET, "/tasks/search", "fallback"),
            (Method::GET, "/admin", "admin"),
            (Method::GET, "/about", "page"),
            (Method::GET, "/files/a/b", "files"),
            (Method::GET, "/gr%C3%B6%C3%9Fe", "size"),
            (Method::GET, "/unknown/route", "fallback"),
            (Method::GET, "/", "fallback"),
            (Method::OPTIONS, "*", "fallback"),
        ] {
            assert_eq!(
                chosen(&routes, &head(method.clone(), path)),
                row,
                "{method} {path}"
            );
        }
        Ok(())
    }

    #[test]
    fn a_path_that_can_be_read_in_two_ways_gets_the_fallback() -> Result<(), RoutesError> {
        let routes = table()?;
        for path in [
            "/%61dmin",
            "/%2561dmin",
            "/%252561dmin",
            "/%25252561dmin",
            "/tasks/..%2Fadmin",
            "/tasks/%2e%2e",
            "/tasks/1%2F2",
            "/tasks%2F1",
            "//admin",
            "//tasks/1",
            "/tasks//1",
            "/./admin",
            "/tasks/..",
            "/files/../admin",
            "/files/a/../../admin",
            "/files/..%5Cadmin",
            "/files/%2e%2e/admin",
            "/gr%25C3%25B6%25C3%259Fe",
            "/tasks/se%61rch",
        ] {
            assert_eq!(
                chosen(&routes, &head(Method::GET, path)),
                "fallback",
                "{path}"
            );
        }
        // Read either way these are the same.
        for (path, row) in [
            ("/tasks/a%20b", "get"),
            ("/tasks/100%25", "get"),
            ("/files/a%2Fb", "files"),
            ("/files/a//b", "files"),
            ("/files/.hidden", "files"),
        ] {
            assert_eq!(chosen(&routes, &head(Method::GET, path)), row, "{path}");
        }
        Ok(())
    }

    #[test]
    fn the_template_decides_where_it_is_known() -> Result<(), RoutesError> {
        let routes = table()?;
        for (template, row) in [
            ("/tasks/{task}", "get"),
            ("/tasks/{*task}", "fallback"),
            ("/other", "fallback"),
        ] {
            let mut head = head(Method::GET, "/admin");
            Route::new(template).leave(&mut head.extensions);
            assert_eq!(chosen(&routes, &head), row, "{template}");
        }
        Ok(())
    }

    #[test]
    fn a_row_that_cannot_be_is_an_error() {
        let routes = || Routes::new(DenyAll).at(Method::GET, "/a/{x}", AllowAny);
        for (method, pattern, given) in [
            (Method::GET, "/a/{y}", "`GET /a/{y}`"),
            (Method::HEAD, "/b", "`HEAD /b`"),
            (Method::GET, "b", "`GET b`"),
        ] {
            let error = routes().and_then(|routes| routes.at(method, pattern, IsAdmin));
            let error = error.expect_err(given).to_string();
            assert!(error.starts_with(given), "{error}");
        }
    }

    #[test]
    fn a_table_reads_as_it_was_written() {
        let routes = Routes::new(DenyAll).at(Method::GET, "/a", AllowAny);
        let shown = format!("{:?}", routes.expect("a good table"));
        assert_eq!(shown, "Routes(GET /a: AllowAny, else DenyAll)");
    }
}
