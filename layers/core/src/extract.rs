//! axum extractors, and `Exception` as an answer.

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Response},
};
use http::request::Parts;

use crate::{Accepted, Attempt, Exception, Format, Identity, Version, refusal::answer};

/// Who is calling. Nobody is refused as [`Attempt::refusal`] says; without an authentication layer
/// the answer is a 500 and the log names the layer.
impl<S: Sync> FromRequestParts<S> for Identity {
    type Rejection = Exception;

    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Self, Exception> {
        match Self::of(&head.extensions) {
            Some(identity) => Ok(identity.clone()),
            None => match Attempt::of(&head.extensions) {
                Some(attempt) => Err(attempt.refusal()),
                None => Err(missing("Identity", "AuthenticationLayer")),
            },
        }
    }
}

/// Who is calling, or nobody.
impl<S: Sync> OptionalFromRequestParts<S> for Identity {
    type Rejection = Exception;

    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Option<Self>, Exception> {
        match (Self::of(&head.extensions), Attempt::of(&head.extensions)) {
            (None, None) => Err(missing("Option<Identity>", "AuthenticationLayer")),
            (identity, _) => Ok(identity.cloned()),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Accepted {
    type Rejection = Exception;

    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Self, Exception> {
        let accepted = Self::of(&head.extensions).cloned();
        accepted.ok_or_else(|| missing("Accepted", "NegotiationLayer"))
    }
}

impl<S: Sync> FromRequestParts<S> for Version {
    type Rejection = Exception;

    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Self, Exception> {
        let version = Self::of(&head.extensions).cloned();
        version.ok_or_else(|| missing("Version", "VersioningLayer"))
    }
}

/// The version, where the request named one or there is a default.
impl<S: Sync> OptionalFromRequestParts<S> for Version {
    type Rejection = Infallible;

    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(Self::of(&head.extensions).cloned())
    }
}

/// The suffix, where the path had one.
impl<S: Sync> OptionalFromRequestParts<S> for Format {
    type Rejection = Infallible;

    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(Self::of(&head.extensions).cloned())
    }
}

fn missing(extractor: &str, layer: &str) -> Exception {
    Exception::internal(format!(
        "the extractor `{extractor}` found nothing: is `{layer}` on this route?"
    ))
}

/// Status and headers, an empty body, and the exception for the exceptions layer.
impl IntoResponse for Exception {
    fn into_response(self) -> Response {
        answer(self)
    }
}
