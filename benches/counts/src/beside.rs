//! What others take for the same work, so that it stands in the same list.

use http::StatusCode;
use tower::Layer;
use tower_http::catch_panic::CatchPanicLayer;

use crate::support::{Bare, Measure, measure, plain, served};

/// Panics alone: `exceptions/success` catches them and errors, and reads how the caller talks.
pub(crate) const BESIDE: &[Measure] =
    &[measure("exceptions/success/tower-http-catch-panic", || {
        served(CatchPanicLayer::new().layer(Bare), StatusCode::OK, plain)
    })];
