use gatefold_core::Exception;
use http::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};

static POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
static LIMIT: HeaderName = HeaderName::from_static("ratelimit");
static X_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
static X_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
static X_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// The fields of one answer, made when the request is decided.
#[derive(Debug)]
pub(crate) enum Fields {
    None,
    Draft {
        policy: HeaderValue,
        limit: HeaderValue,
    },
    X {
        limit: u32,
        remaining: u32,
        reset: u64,
    },
}

impl Fields {
    /// Adds the fields to those that an inner throttle has left.
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        match self {
            Self::None => {}
            Self::Draft { policy, limit } => {
                headers.append(&POLICY, policy);
                headers.append(&LIMIT, limit);
            }
            Self::X { remaining, .. } if inner_has_less(headers, remaining) => {}
            Self::X {
                limit,
                remaining,
                reset,
            } => {
                headers.insert(&X_LIMIT, limit.into());
                headers.insert(&X_REMAINING, remaining.into());
                headers.insert(&X_RESET, reset.into());
            }
        }
    }

    pub(crate) fn add_to(self, exception: Exception) -> Exception {
        match self {
            Self::None => exception,
            Self::Draft { policy, limit } => exception
                .with_header(POLICY.clone(), policy)
                .with_header(LIMIT.clone(), limit),
            Self::X {
                limit,
                remaining,
                reset,
            } => exception
                .with_header(X_LIMIT.clone(), limit.into())
                .with_header(X_REMAINING.clone(), remaining.into())
                .with_header(X_RESET.clone(), reset.into()),
        }
    }
}

fn inner_has_less(headers: &HeaderMap, remaining: u32) -> bool {
    let inner = headers
        .get(&X_REMAINING)
        .and_then(|inner| inner.to_str().ok());
    let inner = inner.and_then(|inner| inner.parse::<u32>().ok());
    inner.is_some_and(|inner| inner <= remaining)
}
