use http::{HeaderMap, header::CONTENT_TYPE};

/// Whether a message is gRPC's: its `Content-Type` begins with `application/grpc`.
///
/// gRPC requests are never negotiated and never rewritten, and their refusals are trailers.
pub fn is_grpc(headers: &HeaderMap) -> bool {
    const ESSENCE: &[u8] = b"application/grpc";
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.as_bytes().get(..ESSENCE.len()))
        .is_some_and(|start| start.eq_ignore_ascii_case(ESSENCE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_grpc_is_told_from_the_rest() {
        let is = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, value.parse().expect("a header value"));
            is_grpc(&headers)
        };
        assert!(is("application/grpc"));
        assert!(is("Application/gRPC+proto"));
        assert!(is("application/grpc-web+proto"));
        assert!(!is("application/json"));
        assert!(!is("application/grp"));
        assert!(!is_grpc(&HeaderMap::new()));
    }
}
