//! What the operator is told: one event for each 5xx, with the whole chain.

use gatefold_core::Exception;

use crate::failure::chain;

/// The causes of `exception`, the nearest first.
pub(crate) fn causes(exception: &Exception) -> Vec<String> {
    chain(exception).skip(1).map(ToString::to_string).collect()
}

#[cfg(feature = "tracing")]
pub(crate) fn log(exception: &Exception, request_id: &str) {
    tracing::error!(
        status = exception.status().as_u16(),
        code = exception.code(),
        request_id,
        causes = causes(exception).join(": "),
        "a request failed inside"
    );
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn log(_: &Exception, _: &str) {}
