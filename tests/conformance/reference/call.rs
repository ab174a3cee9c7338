//! One request as a handler sees it.

use std::sync::Arc;

use bytes::Bytes;
use gatefold_core::Exception;
use http::request::Parts;

use super::{
    answer::Answer,
    config::{Endpoint, User},
    json::Json,
    parse,
    routes::{Match, Routes},
    world::{self, World},
};

/// What the server knows of an endpoint; handlers and gates share it.
#[derive(Clone, Debug)]
pub struct Place {
    pub world: Arc<World>,
    pub endpoint: Arc<Endpoint>,
    pub routes: Arc<Routes>,
}

/// One request at a handler.
#[derive(Debug)]
pub struct Call {
    pub place: Place,
    pub hit: Arc<Match>,
    pub head: Parts,
    pub body: Bytes,
}

impl Call {
    /// The method, HEAD as GET.
    pub fn method(&self) -> &str {
        match self.head.method.as_str() {
            "HEAD" => "GET",
            method => method,
        }
    }

    /// The parameter of the path.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let mut captured = self.hit.found.captured.iter();
        captured
            .find(|(known, ..)| known == name)
            .map(|(_, value, _)| value.as_str())
    }

    pub fn header(&self, name: &str) -> Option<String> {
        self.head.headers.get(name).map(latin1)
    }

    /// The parsed body.
    pub fn data(&self) -> Result<Json, Exception> {
        let content_type = self.header("content-type").unwrap_or_default();
        parse::parse(
            &self.place.endpoint.parsers,
            self.place.endpoint.negotiator == "ignore_client",
            &content_type,
            self.header("content-disposition").as_deref(),
            &self.body,
        )
    }

    /// The server's own user who calls.
    pub fn user(&self) -> Option<&User> {
        world::caller(&self.head.extensions)
    }

    /// The answer to a method that the endpoint does not have.
    pub fn not_allowed(&self) -> Answer {
        Exception::method_not_allowed(&self.head.method).into()
    }
}

/// A header's value, one character a byte.
pub fn latin1(value: &http::HeaderValue) -> String {
    value.as_bytes().iter().copied().map(char::from).collect()
}
