use axum::{
    body::Body,
    extract::{FromRequest, OptionalFromRequest, Request},
};
use gatefold_core::Exception;
use http_body::Body as _;
use serde::de::DeserializeOwned;

use crate::parse;

/// The request's body as a typed value, on axum: JSON, a form, or what the route's
/// [`Parsers`](crate::Parsers) read (feature `axum`).
///
/// The handler cannot tell in which form it came. A body that cannot be read is refused with an
/// [`Exception`]: 415, 413 or 400. `Option<Parsed<T>>` is `None` where there is no body.
///
/// axum's `DefaultBodyLimit` does not matter here; [`Parsers::limit`](crate::Parsers::limit) does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parsed<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Parsed<T> {
    type Rejection = Exception;

    async fn from_request(request: Request, _: &S) -> Result<Self, Exception> {
        parse::<T, Body>(request).await.map(Self)
    }
}

/// The body, where there is one.
impl<T: DeserializeOwned, S: Sync> OptionalFromRequest<S> for Parsed<T> {
    type Rejection = Exception;

    async fn from_request(request: Request, _: &S) -> Result<Option<Self>, Exception> {
        if request.body().is_end_stream() {
            return Ok(None);
        }
        parse::<T, Body>(request)
            .await
            .map(|value| Some(Self(value)))
    }
}
