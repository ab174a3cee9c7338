//! The answer to a gRPC call: headers alone.

use std::fmt::Write;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use gatefold_core::{Exception, GrpcDetails};
use http::{
    HeaderMap, HeaderValue,
    header::{CONTENT_TYPE, HeaderName},
};

use crate::told::Told;

pub(crate) const STATUS: HeaderName = HeaderName::from_static("grpc-status");
pub(crate) const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
pub(crate) const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// Writes gRPC's `Trailers-Only`: content type, `grpc-status`, `grpc-message` and the details. The
/// answer's HTTP status is 200.
pub(crate) fn trailers_only(
    headers: &mut HeaderMap,
    exception: &Exception,
    told: &Told,
    domain: &str,
    content_type: &'static str,
) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    let code = u16::from(exception.grpc_code().number());
    headers.insert(STATUS, HeaderValue::from(code));
    let mut details = GrpcDetails::new(exception)
        .domain(domain)
        .causes(&told.causes);
    if let Some(id) = &told.request_id {
        details = details.request_id(id);
    }
    if let Ok(message) = HeaderValue::try_from(encode(&details.message())) {
        headers.insert(MESSAGE, message);
    }
    // A service that speaks gRPC itself may have sent its own.
    if !headers.contains_key(DETAILS)
        && let Ok(details) = HeaderValue::try_from(STANDARD_NO_PAD.encode(details.encode()))
    {
        headers.insert(DETAILS, details);
    }
}

/// The content type that answers a call of this one, if it is gRPC's or gRPC-Web's.
pub(crate) fn answer_type(content_type: &[u8]) -> Option<&'static str> {
    const GRPC: &[u8] = b"application/grpc";
    let (begin, rest) = content_type.split_at_checked(GRPC.len())?;
    if !begin.eq_ignore_ascii_case(GRPC) {
        return None;
    }
    let is = |word: &[u8]| {
        rest.split_at_checked(word.len())
            .is_some_and(|(begin, rest)| {
                begin.eq_ignore_ascii_case(word) && matches!(rest, [] | [b'+' | b';' | b' ', ..])
            })
    };
    match () {
        () if is(b"") => Some("application/grpc"),
        () if is(b"-web-text") => Some("application/grpc-web-text"),
        () if is(b"-web") => Some("application/grpc-web"),
        () => None,
    }
}

/// gRPC's percent-encoding: all but the printable characters of ASCII, and `%` itself
/// (`PROTOCOL-HTTP2.md`, "Status-Message").
fn encode(message: &str) -> String {
    let mut encoded = String::with_capacity(message.len());
    for byte in message.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => encoded.push(char::from(byte)),
            _ => write!(encoded, "%{byte:02X}").expect("a string takes all"),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_percent_encoded() {
        assert_eq!(encode("100 % fertig: ü\n"), "100 %25 fertig: %C3%BC%0A");
    }

    #[test]
    fn grpc_is_known_by_its_content_type() {
        for (content_type, answer) in [
            ("application/grpc", Some("application/grpc")),
            ("Application/gRPC+proto", Some("application/grpc")),
            ("application/grpc; charset=utf-8", Some("application/grpc")),
            ("application/grpc-web+proto", Some("application/grpc-web")),
            (
                "application/grpc-web-text",
                Some("application/grpc-web-text"),
            ),
            ("application/grpcurl", None),
            ("application/json", None),
        ] {
            assert_eq!(
                answer_type(content_type.as_bytes()),
                answer,
                "{content_type}"
            );
        }
    }
}
