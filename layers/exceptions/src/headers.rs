//! The headers of an answer whose body is replaced.

use gatefold_core::Exception;
use http::{
    HeaderMap, HeaderValue,
    header::{
        ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
        HeaderName, LAST_MODIFIED, RETRY_AFTER, VARY,
    },
};

use crate::grpc::{DETAILS, MESSAGE, STATUS};

/// What describes the old body.
const OF_THE_BODY: [HeaderName; 7] = [
    CONTENT_TYPE,
    CONTENT_LENGTH,
    CONTENT_ENCODING,
    ETAG,
    LAST_MODIFIED,
    ACCEPT_RANGES,
    CONTENT_RANGE,
];

/// Takes out what described the old body.
pub(crate) fn forget_the_body(headers: &mut HeaderMap) {
    for name in OF_THE_BODY {
        headers.remove(name);
    }
}

/// Takes out what only gRPC callers read: an error of a gRPC service may carry it.
pub(crate) fn forget_grpc(headers: &mut HeaderMap) {
    for name in [STATUS, MESSAGE, DETAILS] {
        headers.remove(name);
    }
}

/// Adds the exception's headers, beside those of the same name. What is there already is not added
/// again, and of `Retry-After` there is only one.
pub(crate) fn add(headers: &mut HeaderMap, exception: &Exception) {
    for (name, value) in exception.headers() {
        if name == RETRY_AFTER {
            headers.insert(name, value.clone());
        } else if !headers.get_all(name).iter().any(|there| there == value) {
            headers.append(name, value.clone());
        }
    }
}

/// Says that `Accept` chose this answer (RFC 9110, section 12.5.5), unless that is said.
pub(crate) fn vary_by_accept(headers: &mut HeaderMap) {
    let names_it = |line: &HeaderValue| {
        let mut names = line.as_bytes().split(|byte| *byte == b',');
        names.any(|name| {
            let name = name.trim_ascii();
            name == b"*" || name.eq_ignore_ascii_case(b"accept")
        })
    };
    if headers.is_empty() || !headers.get_all(VARY).iter().any(names_it) {
        headers.append(VARY, BY_ACCEPT);
    }
}

const BY_ACCEPT: HeaderValue = HeaderValue::from_static("accept");

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::header::{LINK, SET_COOKIE};

    use super::*;

    #[test]
    fn vary_is_said_once() {
        for there in ["Accept", "Origin, accept", "*"] {
            let mut headers = HeaderMap::new();
            headers.insert(VARY, HeaderValue::from_static(there));
            vary_by_accept(&mut headers);
            assert_eq!(headers.get_all(VARY).iter().count(), 1, "{there}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        vary_by_accept(&mut headers);
        assert_eq!(headers.get_all(VARY).iter().count(), 2);
    }

    #[test]
    fn the_exceptions_headers_join_those_of_the_answer() {
        let link = HeaderValue::from_static("<a>");
        let exception = Exception::throttled(Some(Duration::from_secs(5)))
            .with_header(LINK, link.clone())
            .with_header(SET_COOKIE, HeaderValue::from_static("b=2"));
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static("60"));
        headers.insert(LINK, link);
        headers.insert(SET_COOKIE, HeaderValue::from_static("a=1"));
        add(&mut headers, &exception);
        let all = |name| headers.get_all(name).iter().collect::<Vec<_>>();
        assert_eq!(all(RETRY_AFTER), ["5"]);
        assert_eq!(all(LINK), ["<a>"]);
        assert_eq!(all(SET_COOKIE), ["a=1", "b=2"]);
    }
}
