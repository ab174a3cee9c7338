//! The route table: which endpoint a path belongs to.

use super::{
    config::{Config, Endpoint},
    paths::{Found, Pattern},
};

/// Where a path leads.
#[derive(Clone, Debug)]
pub(crate) struct Match {
    /// The place of the endpoint in the configuration.
    pub(crate) endpoint: usize,
    /// Of a built-in with several views: which one.
    pub(crate) view: &'static str,
    pub(crate) found: Found,
    /// The route as gatefold writes it.
    pub(crate) template: String,
}

/// All routes, in the order in which they are tried.
#[derive(Debug)]
pub(crate) struct Routes {
    routes: Vec<Route>,
}

#[derive(Debug)]
struct Route {
    endpoint: usize,
    view: &'static str,
    pattern: Pattern,
}

impl Routes {
    /// The table. An endpoint whose path is not understood has no route; its name is in the list.
    pub(crate) fn new(config: &Config) -> (Self, Vec<String>) {
        let mut routes = Vec::new();
        let mut unknown = Vec::new();
        for (at, endpoint) in config.endpoints.iter().enumerate() {
            match of(at, endpoint) {
                Ok(some) => routes.extend(some),
                Err(what) => unknown.push(format!("{}: {what}", endpoint.id)),
            }
        }
        (Self { routes }, unknown)
    }

    /// The first route that matches.
    pub(crate) fn find(&self, path: &str) -> Option<Match> {
        self.routes.iter().find_map(|route| {
            let found = route.pattern.matches(path)?;
            Some(Match {
                endpoint: route.endpoint,
                view: route.view,
                found,
                template: route.pattern.template(),
            })
        })
    }
}

fn of(at: usize, endpoint: &Endpoint) -> Result<Vec<Route>, String> {
    if endpoint.builtin.as_deref() == Some("notes_router") {
        return router(at, &endpoint.path);
    }
    let plain = match endpoint.style.as_deref() {
        None | Some("path") => Pattern::path(&endpoint.path)?,
        Some("re") => Pattern::regular(&endpoint.path)?,
        Some(other) => return Err(format!("style `{other}`")),
    };
    let route = |pattern| Route {
        endpoint: at,
        view: "",
        pattern,
    };
    let Some(suffix) = &endpoint.suffix else {
        return Ok(vec![route(plain)]);
    };
    let twin = plain.suffixed(suffix.allowed.as_deref());
    if suffix.required {
        return Ok(vec![route(twin)]);
    }
    Ok(vec![route(plain), route(twin)])
}

/// DRF's `DefaultRouter` with the one resource `notes`; every route has its suffixed twin.
fn router(at: usize, base: &str) -> Result<Vec<Route>, String> {
    let mut routes = Vec::new();
    let views = [
        ("list", "notes/", false),
        ("detail", "notes/<pk:pk>/", false),
        ("root", "", true),
    ];
    for (view, path, is_root) in views {
        let plain = Pattern::path(&format!("{base}{path}"))?;
        // The root's twin keeps the slash: `/sfx/router/.json`.
        let twin = if is_root {
            Pattern::path(&format!("{base}/"))?.suffixed(None)
        } else {
            plain.suffixed(None)
        };
        for pattern in [plain, twin] {
            routes.push(Route {
                endpoint: at,
                view,
                pattern,
            });
        }
    }
    Ok(routes)
}
