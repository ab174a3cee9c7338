//! `tonic::Status` as a failure: as a service's error, and in the answer of a tonic service.

use std::error::Error;

use gatefold_core::{Exception, GrpcCode};
use http::HeaderValue;
use tonic::Status;

use crate::{failure::chain, grpc::DETAILS, status::exception_for};

/// The exception that a status is which a service has failed with.
///
/// The words, details and metadata of a status for the caller go along. Of one that says that
/// something broke inside, the message is for the log: tonic makes such a status of any error,
/// with the error's text.
pub(crate) fn of(status: &Status) -> Exception {
    let code = GrpcCode::from(status.code());
    let mut exception = exception_for(code.http_status(), None).with_grpc_code(code);
    if code == GrpcCode::Cancelled {
        exception = exception.with_code("cancelled");
    }
    if exception.status().is_server_error() {
        return exception.with_source(status.clone());
    }
    if !status.message().is_empty() {
        exception = exception.with_detail(status.message().to_owned());
    }
    // tonic's own encoding of the details, which is not public otherwise.
    if !status.details().is_empty()
        && let Ok(headers) = encoded(status)
        && let Some(details) = headers
    {
        exception = exception.with_header(DETAILS, details);
    }
    for (name, value) in &status.metadata().clone().into_headers() {
        exception = exception.with_header(name.clone(), value.clone());
    }
    exception
}

fn encoded(status: &Status) -> Result<Option<HeaderValue>, Status> {
    let mut headers = http::HeaderMap::new();
    status.add_header(&mut headers)?;
    Ok(headers.remove(DETAILS))
}

/// The exception behind a status that a tonic service has answered with, where it is one, or the
/// foreign error of which tonic has made the status.
///
/// Any other status is the service's own answer.
pub(crate) fn behind(status: &Status) -> Option<Exception> {
    let source = status.source()?;
    let thrown = chain(source).find_map(|link| link.downcast_ref::<Exception>());
    thrown.cloned().or_else(|| {
        let is_inside = GrpcCode::from(status.code())
            .http_status()
            .is_server_error();
        is_inside.then(|| of(status))
    })
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    #[test]
    fn a_status_for_the_caller_keeps_its_words_and_details() {
        let status = Status::with_details(Code::NotFound, "No task 4.", (&b"\x08\x05"[..]).into());
        let exception = of(&status);
        assert_eq!(exception.status(), 404);
        assert_eq!(exception.detail().text(), Some("No task 4."));
        assert_eq!(exception.headers()[DETAILS], "CAU");
    }

    #[test]
    fn a_status_about_the_inside_keeps_its_code_alone() {
        for (code, status, number) in [
            (Code::Internal, 500, 13),
            (Code::Unknown, 500, 2),
            (Code::Unavailable, 503, 14),
            (Code::DeadlineExceeded, 504, 4),
        ] {
            let exception = of(&Status::new(code, "secret"));
            assert_eq!(exception.status(), status);
            assert_eq!(exception.grpc_code().number(), number);
            assert!(!exception.to_string().contains("secret"));
        }
    }

    #[test]
    fn an_exception_comes_out_of_its_status_again() {
        let status = Status::from(Exception::conflict().with_code("taken"));
        assert_eq!(behind(&status).unwrap().code(), "taken");
        let foreign = Status::from_error("secret".into());
        assert_eq!(behind(&foreign).unwrap().status(), 500);
        assert!(behind(&Status::internal("the service's own words")).is_none());
    }
}
