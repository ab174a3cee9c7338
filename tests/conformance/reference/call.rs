//! One request as a handler sees it.

use std::sync::Arc;

use bytes::Bytes;
use gatefold::Exception;
use http::request::Parts;

use super::{
    answer::Answer,
    config::{Endpoint, User},
    json::Json,
    parse,
    routes::Match,
    world::{self, World},
};

/// What the server knows of an endpoint; handlers and gates share it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) world: Arc<World>,
    pub(crate) endpoint: Arc<Endpoint>,
}

/// One request at a handler.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) place: Place,
    pub(crate) hit: Arc<Match>,
    pub(crate) head: Parts,
    pub(crate) body: Bytes,
}

impl Call {
    /// The method, HEAD as GET.
    pub(crate) fn method(&self) -> &str {
        match self.head.method.as_str() {
            "HEAD" => "GET",
            method => method,
        }
    }

    /// The parameter of the path.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let mut captured = self.hit.found.captured.iter();
        captured
            .find(|(known, ..)| known == name)
            .map(|(_, value, _)| value.as_str())
    }

    /// The parsed body.
    pub(crate) fn data(&self) -> Result<Json, Exception> {
        parse::parse(&self.place.endpoint, &self.head, &self.body)
    }

    /// The server's own user who calls.
    pub(crate) fn user(&self) -> Option<&User> {
        world::caller(&self.head.extensions)
    }

    /// The answer to a method that the endpoint does not have.
    pub(crate) fn not_allowed(&self) -> Answer {
        Exception::method_not_allowed(&self.head.method).into()
    }
}

/// A header's value, one character a byte.
pub(crate) fn latin1(value: &http::HeaderValue) -> String {
    value.as_bytes().iter().copied().map(char::from).collect()
}
