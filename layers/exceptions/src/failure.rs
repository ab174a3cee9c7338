//! Errors as exceptions.

use std::{error::Error, iter::successors, sync::Arc};

use gatefold_core::Exception;

/// What the layer's user says about one type of errors.
pub(crate) type Map = Arc<dyn Fn(&(dyn Error + 'static)) -> Option<Exception> + Send + Sync>;

/// A chain longer than this is not followed to its end; it may be a ring.
const LONGEST_CHAIN: usize = 64;

/// The exception that `error` stands for, wherever in its chain of causes that shows.
///
/// The user's own maps are asked first, about the whole chain, then whether there is an exception
/// in it: middleware wraps the errors of the service. What nobody knows is a 500.
#[cold]
pub(crate) fn exception_of(error: Box<dyn Error + Send + Sync>, maps: &[Map]) -> Exception {
    let mapped = chain(&*error).find_map(|link| maps.iter().find_map(|map| map(link)));
    let thrown = || chain(&*error).find_map(|link| link.downcast_ref::<Exception>().cloned());
    let known = mapped
        .or_else(thrown)
        .or_else(|| chain(&*error).find_map(known));
    match known {
        Some(exception) if exception.source().is_some() => exception,
        // An exception that came as the error itself is no cause of itself.
        Some(exception) if error.is::<Exception>() => exception,
        Some(exception) => exception.with_source(error),
        None => Exception::internal(error),
    }
}

/// An error and its causes.
pub(crate) fn chain<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let next = |link: &&'a (dyn Error + 'static)| {
        let link: &'a (dyn Error + 'static) = *link;
        link.source()
    };
    successors(Some(error), next).take(LONGEST_CHAIN)
}

fn known(error: &(dyn Error + 'static)) -> Option<Exception> {
    if error.is::<http_body_util::LengthLimitError>() {
        return Some(Exception::payload_too_large());
    }
    #[cfg(feature = "tower")]
    if let Some(exception) = of_tower(error) {
        return Some(exception);
    }
    #[cfg(feature = "tonic")]
    if let Some(status) = error.downcast_ref() {
        return Some(crate::tonic_status::of(status));
    }
    #[cfg(feature = "hyper")]
    if error.downcast_ref().is_some_and(is_broken_body) {
        return Some(Exception::parse_error().with_grpc_code(gatefold_core::GrpcCode::Cancelled));
    }
    None
}

/// Whether the body of a request has ended too early: the caller went away, or reset the stream.
///
/// hyper has no question for it, and the same error elsewhere means other things: a connection
/// that was closed before there was an answer is a client's, and not the caller's fault.
#[cfg(feature = "hyper")]
fn is_broken_body(error: &hyper::Error) -> bool {
    error.to_string() == "error reading a body from connection"
}

#[cfg(feature = "tower")]
fn of_tower(error: &(dyn Error + 'static)) -> Option<Exception> {
    use http::StatusCode;
    use tower::{
        buffer::error as buffer, load_shed::error as load_shed, timeout::error as timeout,
    };

    let status = if error.is::<timeout::Elapsed>() {
        StatusCode::GATEWAY_TIMEOUT
    } else if error.is::<load_shed::Overloaded>()
        || error.is::<buffer::Closed>()
        || error.is::<buffer::ServiceError>()
    {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        return None;
    };
    Some(crate::status::exception_for(status, None))
}

#[cfg(test)]
mod tests {
    use std::{fmt, io};

    use http::StatusCode;

    use super::*;

    #[derive(Debug)]
    struct Wrapper(Box<dyn Error + Send + Sync>);

    impl fmt::Display for Wrapper {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("wrapped")
        }
    }

    impl Error for Wrapper {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&*self.0)
        }
    }

    fn wrapped(error: impl Into<Box<dyn Error + Send + Sync>>) -> Box<dyn Error + Send + Sync> {
        Box::new(Wrapper(error.into()))
    }

    #[test]
    fn an_unknown_error_is_a_500_that_keeps_it_as_the_source() {
        let exception = exception_of(wrapped("secret"), &[]);
        assert_eq!(exception.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(exception.to_string(), "500 error: A server error occurred.");
        assert!(exception.source().is_some_and(<dyn Error>::is::<Wrapper>));
    }

    #[test]
    fn an_exception_is_found_in_the_chain() {
        for error in [
            Exception::not_found().into(),
            wrapped(Exception::not_found()),
        ] {
            assert_eq!(exception_of(error, &[]).status(), StatusCode::NOT_FOUND);
        }
    }

    #[test]
    fn a_map_goes_before_what_the_layer_knows() {
        let map: Map = Arc::new(|error: &(dyn Error + 'static)| {
            error.is::<io::Error>().then(Exception::parse_error)
        });
        let error = wrapped(io::Error::other(Exception::not_found()));
        let exception = exception_of(error, &[map]);
        assert_eq!(exception.code(), "parse_error");
        assert!(exception.source().is_some_and(<dyn Error>::is::<Wrapper>));
    }

    #[cfg(feature = "tower")]
    #[test]
    fn towers_errors_have_their_status() {
        use tower::{load_shed::error::Overloaded, timeout::error::Elapsed};

        let elapsed = exception_of(wrapped(Elapsed::new()), &[]);
        assert_eq!(
            (elapsed.status().as_u16(), elapsed.code()),
            (504, "timeout")
        );
        let overloaded = exception_of(wrapped(Overloaded::new()), &[]);
        assert_eq!(
            (overloaded.status().as_u16(), overloaded.code()),
            (503, "unavailable")
        );
    }
}
