use std::{borrow::Cow, collections::HashMap, error::Error, fmt, sync::Arc};

use gatefold_core::TrustedProxies;
use http::request::Parts;

use crate::Reversal;

/// The routes by name, from which a handler builds links.
///
/// A template is written as in axum: `/tasks/{id}`, `/files/{*rest}`. Links are made for one
/// request, and lead to the same version: where a template has the parameter `{version}` the
/// request's version is filled in; of routes named `v1:task` and `v2:task` the one of the
/// request's version is taken (with [`NamespaceVersioning`](crate::NamespaceVersioning)), else the
/// plain name; and where the query holds the version
/// ([`query_parameter`](Self::query_parameter)) it is added there. In host names, headers and
/// media types the version is where it was.
///
/// ```
/// use gatefold_core::Version;
/// use gatefold_versioning::RouteTable;
///
/// let routes = RouteTable::new([
///     ("tasks", "/api/{version}/tasks"),
///     ("task", "/api/{version}/tasks/{id}"),
/// ])?;
/// let request = http::Request::get("/api/v2/tasks").header("host", "example.org");
/// let (mut head, ()) = request.body(())?.into_parts();
/// Version::new("v2").leave(&mut head.extensions);
///
/// let link = routes.reverse(&head, "task").param("id", 4).url()?;
/// assert_eq!(link, "http://example.org/api/v2/tasks/4");
/// assert!(routes.reverse(&head, "task").url().is_err());
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RouteTable {
    routes: Arc<HashMap<Box<str>, Vec<Piece>>>,
    pub(crate) version: Box<str>,
    pub(crate) query: Option<Box<str>>,
    pub(crate) carried: Vec<Box<str>>,
    pub(crate) proxies: TrustedProxies,
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Literal(Box<str>),
    Parameter(Box<str>),
    /// A parameter that may hold slashes.
    Rest(Box<str>),
}

impl RouteTable {
    /// A table of these names and templates.
    ///
    /// # Errors
    ///
    /// A template that does not begin with a slash or whose braces are not closed, or a name that
    /// is there already.
    pub fn new<N, T>(routes: impl IntoIterator<Item = (N, T)>) -> Result<Self, RouteError>
    where
        N: AsRef<str>,
        T: AsRef<str>,
    {
        let mut table = HashMap::new();
        for (name, template) in routes {
            let (name, template) = (name.as_ref(), template.as_ref());
            let error = || RouteError(format!("{name:?}: {template:?}").into());
            let pieces = parse(template).ok_or_else(error)?;
            if table.insert(name.into(), pieces).is_some() {
                return Err(error());
            }
        }
        Ok(Self {
            routes: Arc::new(table),
            version: "version".into(),
            query: None,
            carried: Vec::new(),
            proxies: TrustedProxies::none(),
        })
    }

    /// Fills the version into the parameter of this name; it is `version` if nothing is said.
    pub fn version_param(mut self, name: impl AsRef<str>) -> Self {
        self.version = name.as_ref().into();
        self
    }

    /// Adds the version to the query, in this parameter.
    pub fn query_parameter(mut self, name: impl AsRef<str>) -> Self {
        self.query = Some(name.as_ref().into());
        self
    }

    /// Keeps this parameter of the request's query in links: `format`, as Django REST Framework
    /// does.
    pub fn carry(mut self, name: impl AsRef<str>) -> Self {
        self.carried.push(name.as_ref().into());
        self
    }

    /// Takes scheme and host from what these proxies say.
    pub fn proxies(mut self, proxies: TrustedProxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// Begins a link to the route `name`, for an answer to the request with this head.
    pub fn reverse<'a>(&'a self, head: &'a Parts, name: &'a str) -> Reversal<'a> {
        Reversal::new(self, head, name)
    }

    /// The route of this name, in the part of the version where there is one.
    pub(crate) fn find(&self, name: &str, version: Option<&str>) -> Option<&[Piece]> {
        let versioned = version.and_then(|version| {
            let name: Cow<'_, str> = format!("{version}:{name}").into();
            self.routes.get(&*name)
        });
        let found = versioned.or_else(|| self.routes.get(name))?;
        Some(found)
    }
}

fn parse(template: &str) -> Option<Vec<Piece>> {
    if !template.starts_with('/') {
        return None;
    }
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        if before.contains('}') || name.contains('{') || name.is_empty() || name == "*" {
            return None;
        }
        pieces.push(Piece::Literal(before.into()));
        pieces.push(match name.strip_prefix('*') {
            Some(name) => Piece::Rest(name.into()),
            None => Piece::Parameter(name.into()),
        });
        rest = after;
    }
    pieces.push(Piece::Literal(rest.into()));
    let is_path = |byte: u8| byte.is_ascii_graphic() && !b"?#}".contains(&byte);
    let good = pieces.iter().all(|piece| match piece {
        Piece::Literal(text) => text.bytes().all(is_path),
        Piece::Parameter(_) | Piece::Rest(_) => true,
    });
    good.then_some(pieces)
}

/// A route that cannot be reversed, or a name that is there twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteError(Box<str>);

impl fmt::Display for RouteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is no route for the table: a new name and a path as \"/tasks/{{id}}\" are wanted",
            self.0
        )
    }
}

impl Error for RouteError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_taken_apart_at_its_parameters() {
        let pieces = parse("/a/{b}.{c}/{*rest}").expect("a template");
        let literal = |text: &str| Piece::Literal(text.into());
        assert_eq!(
            pieces,
            [
                literal("/a/"),
                Piece::Parameter("b".into()),
                literal("."),
                Piece::Parameter("c".into()),
                literal("/"),
                Piece::Rest("rest".into()),
                literal("")
            ]
        );
    }

    #[test]
    fn what_is_no_template_and_a_second_route_of_a_name_are_refused() {
        for bad in [
            "", "tasks", "/{", "/{}", "/}", "/{a{b}}", "/{*}", "/a b", "/a?b", "/é",
        ] {
            let error = RouteTable::new([("name", bad)]).expect_err(bad);
            assert!(error.to_string().contains("\"name\""), "{error}");
        }
        assert!(RouteTable::new([("a", "/a"), ("a", "/b")]).is_err());
    }
}
