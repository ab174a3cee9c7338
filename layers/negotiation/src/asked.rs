use std::sync::Arc;

use gatefold_core::{Accepted, Format, Outward, RenderContext, Route, original_uri};
use http::{HeaderMap, StatusCode, Uri, request::Parts};

use crate::Negotiation;

/// What was accepted for a request, and what its renderer wants to know of it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) accepted: Accepted,
    pub(crate) outward: Option<Outward>,
    rest: Option<Box<Rest>>,
    head: Option<Box<Parts>>,
}

/// For a renderer that wants the rest: what does not travel in the cells.
#[derive(Clone)]
struct Rest {
    negotiation: Arc<dyn Negotiation>,
    uri: Uri,
    route: Option<Box<str>>,
}

impl Asked {
    /// Leaves the accepted form in the request, and keeps what the renderer asks for.
    pub(crate) fn keep(
        accepted: Accepted,
        head: &mut Parts,
        negotiation: &Arc<dyn Negotiation>,
    ) -> Self {
        let wants_rest = accepted.renderer().wants_outward();
        // Somebody further out may have left the cells anyway.
        let outward = if wants_rest {
            Some(Outward::leave(&mut head.extensions))
        } else {
            Outward::of(&head.extensions).cloned()
        };
        accepted.clone().leave(&mut head.extensions);
        let rest = wants_rest.then(|| {
            Box::new(Rest {
                negotiation: Arc::clone(negotiation),
                uri: without_suffix(head),
                route: Route::find(head).map(Box::from),
            })
        });
        let wants_head = accepted.renderer().wants_head();
        let head = wants_head.then(|| Box::new(head.clone()));
        Self {
            accepted,
            outward,
            rest,
            head,
        }
    }

    pub(crate) fn context<'a>(
        &'a self,
        status: StatusCode,
        headers: &'a HeaderMap,
    ) -> RenderContext<'a> {
        let mut context = RenderContext::new(status, headers, &self.accepted);
        if let Some(outward) = &self.outward {
            context = context.with_outward(outward);
        }
        if let Some(rest) = &self.rest {
            let Rest {
                negotiation,
                uri,
                route,
            } = &**rest;
            context = context
                .with_offers(negotiation.offers(), negotiation.format_parameter())
                .with_target(uri, route.as_deref());
        }
        if let Some(head) = &self.head {
            context = context.with_head(head);
        }
        context
    }
}

/// The URI as the client sent it, but for a format suffix: that would win over what is asked for
/// in a link.
fn without_suffix(head: &Parts) -> Uri {
    let uri = original_uri(head);
    let stripped = || {
        let format = Format::of(&head.extensions)?;
        let path = uri.path();
        let (path, slash) = match path.strip_suffix('/') {
            Some(path) => (path, "/"),
            None => (path, ""),
        };
        let path = path.strip_suffix(format.as_str())?.strip_suffix('.')?;
        let query = uri
            .query()
            .map_or_else(String::new, |query| format!("?{query}"));
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(format!("{path}{slash}{query}").parse().ok()?);
        Uri::from_parts(parts).ok()
    };
    stripped().unwrap_or_else(|| uri.clone())
}

impl std::fmt::Debug for Rest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rest")
            .field("uri", &self.uri)
            .field("route", &self.route)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn a_suffix_that_is_still_there_is_not_in_the_links() {
        let stripped = |uri: &str, format: Option<&str>| {
            let (mut head, ()) = Request::get(uri).body(()).expect("a request").into_parts();
            if let Some(format) = format {
                Format::new(format).leave(&mut head.extensions);
            }
            without_suffix(&head).to_string()
        };
        assert_eq!(stripped("/a/4.html?x=1", Some("html")), "/a/4?x=1");
        assert_eq!(stripped("/a.html/", Some("html")), "/a/");
        assert_eq!(stripped("/a", Some("html")), "/a");
        assert_eq!(stripped("/a.html", None), "/a.html");
    }
}
