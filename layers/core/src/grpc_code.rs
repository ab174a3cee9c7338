use std::fmt;

use http::StatusCode;

/// A gRPC status code, and how it stands to HTTP's.
///
/// Numbers and names are those of `google/rpc/code.proto`.
///
/// ```
/// use gatefold_core::GrpcCode;
/// use http::StatusCode;
///
/// // What a gRPC caller is told of a failure.
/// assert_eq!(GrpcCode::for_status(StatusCode::TOO_MANY_REQUESTS), GrpcCode::ResourceExhausted);
/// // What it would make of the bare HTTP status.
/// assert_eq!(GrpcCode::inferred_from(StatusCode::TOO_MANY_REQUESTS), GrpcCode::Unavailable);
/// // What an HTTP caller is told.
/// assert_eq!(GrpcCode::ResourceExhausted.http_status(), StatusCode::TOO_MANY_REQUESTS);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum GrpcCode {
    /// No failure.
    Ok = 0,
    /// The caller gave up.
    Cancelled = 1,
    /// Nothing is known of the failure.
    Unknown = 2,
    /// What was sent is wrong, whatever the state of the system.
    InvalidArgument = 3,
    /// It took too long.
    DeadlineExceeded = 4,
    /// There is no such thing.
    NotFound = 5,
    /// There is such a thing already.
    AlreadyExists = 6,
    /// The caller is known and may not.
    PermissionDenied = 7,
    /// A quota or a resource is used up.
    ResourceExhausted = 8,
    /// The system is not in the state that this needs.
    FailedPrecondition = 9,
    /// Somebody else came first; the whole may be tried again.
    Aborted = 10,
    /// Past the end.
    OutOfRange = 11,
    /// There is no such operation here.
    Unimplemented = 12,
    /// Something broke inside.
    Internal = 13,
    /// Not now; try again.
    Unavailable = 14,
    /// Data is lost for good.
    DataLoss = 15,
    /// There are no good credentials.
    Unauthenticated = 16,
}

const CODES: [(GrpcCode, &str); 17] = [
    (GrpcCode::Ok, "OK"),
    (GrpcCode::Cancelled, "CANCELLED"),
    (GrpcCode::Unknown, "UNKNOWN"),
    (GrpcCode::InvalidArgument, "INVALID_ARGUMENT"),
    (GrpcCode::DeadlineExceeded, "DEADLINE_EXCEEDED"),
    (GrpcCode::NotFound, "NOT_FOUND"),
    (GrpcCode::AlreadyExists, "ALREADY_EXISTS"),
    (GrpcCode::PermissionDenied, "PERMISSION_DENIED"),
    (GrpcCode::ResourceExhausted, "RESOURCE_EXHAUSTED"),
    (GrpcCode::FailedPrecondition, "FAILED_PRECONDITION"),
    (GrpcCode::Aborted, "ABORTED"),
    (GrpcCode::OutOfRange, "OUT_OF_RANGE"),
    (GrpcCode::Unimplemented, "UNIMPLEMENTED"),
    (GrpcCode::Internal, "INTERNAL"),
    (GrpcCode::Unavailable, "UNAVAILABLE"),
    (GrpcCode::DataLoss, "DATA_LOSS"),
    (GrpcCode::Unauthenticated, "UNAUTHENTICATED"),
];

impl GrpcCode {
    /// What a gRPC caller is told of a failure that has this HTTP status.
    ///
    /// There is no standard for this direction. It keeps apart what a caller does differently:
    /// send something else, log in, wait, or report a defect.
    pub fn for_status(status: StatusCode) -> Self {
        match status.as_u16() {
            200..=299 => Self::Ok,
            401 | 407 => Self::Unauthenticated,
            402 | 412 | 423 | 424 | 428 => Self::FailedPrecondition,
            403 | 451 => Self::PermissionDenied,
            404 | 410 => Self::NotFound,
            405 | 501 => Self::Unimplemented,
            408 | 504 => Self::DeadlineExceeded,
            409 => Self::Aborted,
            413 | 429 | 431 | 507 => Self::ResourceExhausted,
            416 => Self::OutOfRange,
            421 | 425 | 502 | 503 => Self::Unavailable,
            499 => Self::Cancelled,
            400..=498 => Self::InvalidArgument,
            500..=599 => Self::Internal,
            _ => Self::Unknown,
        }
    }

    /// What a gRPC client infers from a bare HTTP status without `grpc-status`, as gRPC's
    /// document `http-grpc-status-mapping` says.
    pub fn inferred_from(status: StatusCode) -> Self {
        match status.as_u16() {
            400 => Self::Internal,
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 => Self::Unimplemented,
            429 | 502 | 503 | 504 => Self::Unavailable,
            _ => Self::Unknown,
        }
    }

    /// The HTTP status for this code, as `google/rpc/code.proto` gives it (499 for a caller that
    /// gave up).
    pub fn http_status(self) -> StatusCode {
        match self {
            Self::Ok => StatusCode::OK,
            Self::Cancelled => StatusCode::from_u16(499).expect("three digits"),
            Self::InvalidArgument | Self::FailedPrecondition | Self::OutOfRange => {
                StatusCode::BAD_REQUEST
            }
            Self::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::AlreadyExists | Self::Aborted => StatusCode::CONFLICT,
            Self::PermissionDenied => StatusCode::FORBIDDEN,
            Self::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
            Self::Unimplemented => StatusCode::NOT_IMPLEMENTED,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Unknown | Self::Internal | Self::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The number, as the header `grpc-status` has it.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The code of this number.
    pub fn from_number(number: u8) -> Option<Self> {
        let (code, _) = CODES.get(usize::from(number))?;
        Some(*code)
    }

    /// The name in capitals, as the protocol's documents have it: `NOT_FOUND`.
    pub fn name(self) -> &'static str {
        CODES[usize::from(self.number())].1
    }

    /// The code of this name in capitals.
    pub fn from_name(name: &str) -> Option<Self> {
        let (code, _) = CODES.iter().find(|(_, known)| *known == name)?;
        Some(*code)
    }
}

impl fmt::Display for GrpcCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_belong_together() {
        for (number, (code, name)) in CODES.iter().enumerate() {
            assert_eq!(usize::from(code.number()), number);
            assert_eq!(code.name(), *name);
            assert_eq!(GrpcCode::from_name(name), Some(*code));
        }
        assert_eq!(GrpcCode::from_name("not_found"), None);
    }

    #[test]
    fn a_caller_learns_whether_to_wait_or_to_change_something() {
        let code = |status| GrpcCode::for_status(StatusCode::from_u16(status).unwrap());
        assert_eq!(code(400), GrpcCode::InvalidArgument);
        assert_eq!(code(415), GrpcCode::InvalidArgument);
        assert_eq!(code(422), GrpcCode::InvalidArgument);
        assert_eq!(code(405), GrpcCode::Unimplemented);
        assert_eq!(code(429), GrpcCode::ResourceExhausted);
        assert_eq!(code(503), GrpcCode::Unavailable);
        assert_eq!(code(504), GrpcCode::DeadlineExceeded);
        assert_eq!(code(500), GrpcCode::Internal);
    }

    #[test]
    fn no_failure_is_told_as_a_success() {
        for status in 300..=599 {
            let status = StatusCode::from_u16(status).unwrap();
            assert_ne!(GrpcCode::for_status(status), GrpcCode::Ok, "{status}");
            assert_ne!(GrpcCode::inferred_from(status), GrpcCode::Ok, "{status}");
        }
    }
}
