use http::{HeaderMap, StatusCode, Uri, request::Parts};

#[cfg(doc)]
use crate::Renderer;
use crate::{Accepted, Outward};

/// What a renderer is told beside the data.
#[derive(Clone, Copy, Debug)]
pub struct RenderContext<'a> {
    status: StatusCode,
    headers: &'a HeaderMap,
    accepted: &'a Accepted,
    outward: Option<&'a Outward>,
    head: Option<&'a Parts>,
    offers: &'a [Accepted],
    format_parameter: Option<&'a str>,
    uri: Option<&'a Uri>,
    route: Option<&'a str>,
}

impl<'a> RenderContext<'a> {
    /// The response's status and headers, and the form that was accepted.
    pub fn new(status: StatusCode, headers: &'a HeaderMap, accepted: &'a Accepted) -> Self {
        Self {
            status,
            headers,
            accepted,
            outward: None,
            head: None,
            offers: &[],
            format_parameter: None,
            uri: None,
            route: None,
        }
    }

    /// Adds what the gates further in published.
    #[must_use]
    pub fn with_outward(mut self, outward: &'a Outward) -> Self {
        self.outward = Some(outward);
        self
    }

    /// Adds the request's head.
    #[must_use]
    pub fn with_head(mut self, head: &'a Parts) -> Self {
        self.head = Some(head);
        self
    }

    /// Adds all forms that there are, and the query parameter that asks for one by its format.
    #[must_use]
    pub fn with_offers(
        mut self,
        offers: &'a [Accepted],
        format_parameter: Option<&'a str>,
    ) -> Self {
        self.offers = offers;
        self.format_parameter = format_parameter;
        self
    }

    /// Adds what was asked for: the URI as the client sent it, and the template of its route.
    #[must_use]
    pub fn with_target(mut self, uri: &'a Uri, route: Option<&'a str>) -> Self {
        self.uri = Some(uri);
        self.route = route;
        self
    }

    /// The response's status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The response's headers.
    pub fn headers(&self) -> &'a HeaderMap {
        self.headers
    }

    /// The accepted form, with the client's parameters (`indent`).
    pub fn accepted(&self) -> &'a Accepted {
        self.accepted
    }

    /// What the gates further in published.
    pub fn outward(&self) -> Option<&'a Outward> {
        self.outward
    }

    /// The request's head, for a renderer that [wants it](Renderer::wants_head).
    pub fn head(&self) -> Option<&'a Parts> {
        self.head
    }

    /// All forms that there are, in the server's order, for a renderer that
    /// [wants the rest](Renderer::wants_outward).
    pub fn offers(&self) -> &'a [Accepted] {
        self.offers
    }

    /// The query parameter that asks for a form by its format, for a renderer that
    /// [wants the rest](Renderer::wants_outward).
    pub fn format_parameter(&self) -> Option<&'a str> {
        self.format_parameter
    }

    /// The URI as the client sent it, for a renderer that [wants the rest](Renderer::wants_outward).
    pub fn uri(&self) -> Option<&'a Uri> {
        self.uri
    }

    /// The template of the route, for a renderer that [wants the rest](Renderer::wants_outward).
    pub fn route(&self) -> Option<&'a str> {
        self.route
    }
}
