//! `Exception` as a `tonic::Status`, so that `?` works in tonic's methods.

use std::sync::Arc;

use tonic::{Code, Status, metadata::MetadataMap};

use crate::{Exception, GrpcCode, GrpcDetails};

/// The code, the words on one line, the [details](GrpcDetails), and the headers as metadata. The
/// exception stays with the status as its source, which tonic does not send; the exceptions layer
/// finds it there.
impl From<Exception> for Status {
    fn from(exception: Exception) -> Self {
        let details = GrpcDetails::new(&exception);
        let mut status = Self::with_details_and_metadata(
            exception.grpc_code().into(),
            details.message(),
            details.encode().into(),
            MetadataMap::from_headers(exception.headers().clone()),
        );
        status.set_source(Arc::new(exception));
        status
    }
}

impl From<Code> for GrpcCode {
    fn from(code: Code) -> Self {
        // tonic makes `Unknown` of a number that there is not.
        let known = u8::try_from(i32::from(code))
            .ok()
            .and_then(Self::from_number);
        known.unwrap_or(Self::Unknown)
    }
}

impl From<GrpcCode> for Code {
    fn from(code: GrpcCode) -> Self {
        Self::from_i32(code.number().into())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_status_has_the_code_the_words_and_the_wait() {
        let wait = Some(Duration::from_secs(3));
        let status = Status::from(Exception::throttled(wait));
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert_eq!(
            status.message(),
            "Request was throttled. Expected available in 3 seconds."
        );
        assert_eq!(status.metadata().get("retry-after").unwrap(), "3");
    }

    #[test]
    fn codes_go_both_ways() {
        for number in 0..=16 {
            let code = GrpcCode::from_number(number).unwrap();
            assert_eq!(GrpcCode::from(Code::from(code)), code);
        }
        assert_eq!(GrpcCode::from_number(17), None);
    }

    #[test]
    fn what_broke_inside_is_not_in_the_message() {
        let status = Status::from(Exception::internal("secret"));
        assert_eq!(status.message(), "A server error occurred.");
        let sent = status.into_http::<tonic::body::Body>();
        assert!(!format!("{sent:?}").contains("secret"));
    }
}
