//! The answer to a gRPC call: headers alone.

use std::fmt::Write;

use gatefold_core::Exception;
use http::{
    HeaderMap, HeaderValue,
    header::{CONTENT_TYPE, HeaderName},
};

/// Writes gRPC's `Trailers-Only`: content type, `grpc-status` and `grpc-message`. The answer's
/// HTTP status is 200.
pub(crate) fn trailers_only(
    headers: &mut HeaderMap,
    exception: &Exception,
    content_type: &'static str,
) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    let code = u16::from(exception.grpc_code().number());
    headers.insert(
        HeaderName::from_static("grpc-status"),
        HeaderValue::from(code),
    );
    let message = encode(&exception.detail().to_string());
    if let Ok(message) = HeaderValue::try_from(message) {
        headers.insert(HeaderName::from_static("grpc-message"), message);
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
}
