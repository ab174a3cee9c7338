use http::{Extensions, Response};

use crate::{Accepted, Exception, Identity, journey::Journey};

/// The answer of a gate that refuses: status and headers, an empty body, and the exception in the
/// response's extensions, for the exceptions layer to put into words.
///
/// `extensions` are the request's: the form that was accepted and the identity go along, because
/// an outer layer cannot see them.
pub fn refusal<B: Default>(mut exception: Exception, extensions: &Extensions) -> Response<B> {
    if let Some(journey) = Journey::of(extensions) {
        let Journey {
            accepted, identity, ..
        } = journey;
        exception = along(exception, accepted.as_ref(), identity.as_ref());
    }
    answer(exception)
}

/// What was found out on the way in goes along, unless the exception has its own.
fn along(
    mut exception: Exception,
    accepted: Option<&Accepted>,
    identity: Option<&Identity>,
) -> Exception {
    if let (None, Some(accepted)) = (exception.accepted(), accepted) {
        exception = exception.with_accepted(accepted.clone());
    }
    if let (None, Some(identity)) = (exception.identity(), identity) {
        exception = exception.with_identity(identity.clone());
    }
    exception
}

pub(crate) fn answer<B: Default>(exception: Exception) -> Response<B> {
    let mut response = Response::new(B::default());
    *response.status_mut() = exception.status();
    *response.headers_mut() = exception.headers().clone();
    response.extensions_mut().insert(exception);
    response
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn a_refusal_carries_the_identity_out() {
        let mut extensions = Extensions::new();
        Identity::new("42").leave(&mut extensions);
        let response: Response<String> = refusal(Exception::permission_denied(), &extensions);
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert_eq!(response.body(), "");
        let exception = response
            .extensions()
            .get::<Exception>()
            .expect("left there");
        assert_eq!(exception.identity().map(Identity::id), Some("42"));
    }
}
