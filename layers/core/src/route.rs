use std::sync::Arc;

use http::{Extensions, Uri, request::Parts};

use crate::journey::Journey;

/// The route that a request matched, as its template: `/tasks/{id}`.
///
/// On axum it is found by itself (feature `axum`, its `MatchedPath`), inside the router. A router
/// of another kind leaves it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route(Arc<str>);

impl Route {
    /// A route by its template.
    pub fn new(template: impl Into<Arc<str>>) -> Self {
        Self(template.into())
    }

    /// The template.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Leaves the route for the gates further in.
    pub fn leave(self, extensions: &mut Extensions) {
        Journey::edit(extensions).route = Some(self);
    }

    /// The template of the route that `head` matched, wherever the router left it.
    pub fn find(head: &Parts) -> Option<&str> {
        if let Some(route) = Journey::of(&head.extensions).and_then(|j| j.route.as_ref()) {
            return Some(route.as_str());
        }
        #[cfg(feature = "axum")]
        if let Some(matched) = head.extensions.get::<axum::extract::MatchedPath>() {
            return Some(matched.as_str());
        }
        None
    }
}

/// The URI as the client sent it.
///
/// Inside axum's `nest` a gate sees the shortened path; whatever reads the path asks here (feature
/// `axum`, its `OriginalUri`).
pub fn original_uri(head: &Parts) -> &Uri {
    #[cfg(feature = "axum")]
    if let Some(original) = head.extensions.get::<axum::extract::OriginalUri>() {
        return &original.0;
    }
    &head.uri
}

/// Keeps the URI as the client sent it, before a rewrite from outside the router: axum's
/// `OriginalUri`, where nobody has left one yet (feature `axum`).
///
/// axum records it by itself only when the request enters the router, which is too late then.
#[cfg(feature = "axum")]
pub fn keep_original_uri(head: &mut Parts) {
    if head
        .extensions
        .get::<axum::extract::OriginalUri>()
        .is_none()
    {
        let original = axum::extract::OriginalUri(head.uri.clone());
        head.extensions.insert(original);
    }
}
