use crate::{ErrorDetail, Exception};

/// The error details of a gRPC status, encoded: what `grpc-status-details-bin` holds in base64.
///
/// It is a `google.rpc.Status` with the code and the words once more, and of the messages of
/// `google/rpc/error_details.proto`: `ErrorInfo` with the exception's code, `BadRequest` with the
/// messages of a validation, `RetryInfo` with the exact wait, `RequestInfo` with the request's id.
/// The source of the exception is in none of them.
///
/// The header must fit into what clients accept, so that a long validation is cut off.
///
/// ```
/// use gatefold_core::{Exception, GrpcDetails};
///
/// let exception = Exception::validation("Wrong.");
/// let encoded = GrpcDetails::new(&exception).domain("tasks.example.org").encode();
/// assert!(!encoded.is_empty());
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct GrpcDetails<'a> {
    exception: &'a Exception,
    domain: &'a str,
    request_id: Option<&'a str>,
    causes: &'a [String],
}

/// Many clients take 8 KiB of headers, and base64 makes four bytes of three.
const MOST: usize = 4096;

const LONGEST_MESSAGE: usize = 1024;

impl<'a> GrpcDetails<'a> {
    /// The details of `exception`.
    pub fn new(exception: &'a Exception) -> Self {
        Self {
            exception,
            domain: "",
            request_id: None,
            causes: &[],
        }
    }

    /// Says whose codes these are, as a rule the name of the service: `tasks.example.org`.
    pub fn domain(mut self, domain: &'a str) -> Self {
        self.domain = domain;
        self
    }

    /// Adds the request's id.
    pub fn request_id(mut self, id: &'a str) -> Self {
        self.request_id = Some(id);
        self
    }

    /// Adds a `DebugInfo` with these causes, which is for developers alone.
    pub fn causes(mut self, causes: &'a [String]) -> Self {
        self.causes = causes;
        self
    }

    /// The words as `grpc-message` has them: on one line, and cut off where they are very long.
    pub fn message(&self) -> String {
        let mut message = self.exception.detail().to_string();
        if message.len() > LONGEST_MESSAGE {
            let end = (0..=LONGEST_MESSAGE).rfind(|end| message.is_char_boundary(*end));
            message.truncate(end.unwrap_or_default());
            message.push('…');
        }
        message
    }

    /// Encodes the status (protobuf's wire format).
    pub fn encode(&self) -> Vec<u8> {
        let mut status = Vec::with_capacity(256);
        let code = self.exception.grpc_code().number();
        number(&mut status, 1, code.into());
        text(&mut status, 2, &self.message());
        let mut any = |kind: &str, message: &[u8]| {
            let mut any = Vec::with_capacity(48 + message.len());
            text(
                &mut any,
                1,
                &format!("type.googleapis.com/google.rpc.{kind}"),
            );
            bytes(&mut any, 2, message);
            bytes(&mut status, 3, &any);
        };
        any("ErrorInfo", &self.error_info());
        if let Some(wait) = self.exception.wait() {
            let mut delay = Vec::new();
            // A protobuf duration ends at about 10,000 years.
            number(&mut delay, 1, wait.as_secs().min(315_576_000_000));
            number(&mut delay, 2, wait.subsec_nanos().into());
            let mut message = Vec::new();
            bytes(&mut message, 1, &delay);
            any("RetryInfo", &message);
        }
        if self.exception.detail().text().is_none() {
            let mut message = Vec::new();
            violations(
                &mut message,
                &mut String::new(),
                self.exception.detail(),
                self.exception.code(),
            );
            any("BadRequest", &message);
        }
        if let Some(id) = self.request_id {
            let mut message = Vec::new();
            text(&mut message, 1, id);
            any("RequestInfo", &message);
        }
        if !self.causes.is_empty() {
            let mut message = Vec::new();
            for cause in self.causes {
                text(&mut message, 1, cause);
            }
            any("DebugInfo", &message);
        }
        status
    }

    fn error_info(&self) -> Vec<u8> {
        let mut info = Vec::new();
        text(&mut info, 1, &reason(self.exception.code()));
        if !self.domain.is_empty() {
            text(&mut info, 2, self.domain);
        }
        info
    }
}

/// A code as reasons are written: `NOT_FOUND`.
fn reason(code: &str) -> String {
    let upper = code.chars().map(|c| match c {
        c if c.is_ascii_alphanumeric() => c.to_ascii_uppercase(),
        _ => '_',
    });
    upper.take(63).collect()
}

/// A violation for each message, by the path of its field: `owner.name`, `tags[2].name`. Elements
/// are counted from one, as `error_details.proto` does; several messages of one field are several
/// violations of the same path.
fn violations(message: &mut Vec<u8>, path: &mut String, detail: &ErrorDetail, default: &str) {
    let length = path.len();
    match detail {
        ErrorDetail::Message { text: words, code } => {
            let mut violation = Vec::new();
            text(&mut violation, 1, path);
            text(&mut violation, 2, words);
            text(
                &mut violation,
                3,
                &reason(code.as_deref().unwrap_or(default)),
            );
            if message.len() + violation.len() < MOST {
                bytes(message, 1, &violation);
            }
        }
        ErrorDetail::List(list) => {
            for (index, detail) in list.iter().enumerate() {
                if detail.text().is_none() {
                    path.push_str(&format!("[{}]", index + 1));
                }
                violations(message, path, detail, default);
                path.truncate(length);
            }
        }
        ErrorDetail::Fields(fields) => {
            for (name, detail) in fields {
                if length > 0 {
                    path.push('.');
                }
                path.push_str(name);
                violations(message, path, detail, default);
                path.truncate(length);
            }
        }
    }
}

/// A field with a varint. Zero is left out, as protobuf's third version does.
fn number(message: &mut Vec<u8>, field: u8, value: u64) {
    if value != 0 {
        message.push(field << 3);
        varint(message, value);
    }
}

fn text(message: &mut Vec<u8>, field: u8, value: &str) {
    bytes(message, field, value.as_bytes());
}

/// A field with a length: a text, bytes, or another message.
fn bytes(message: &mut Vec<u8>, field: u8, value: &[u8]) {
    message.push(field << 3 | 2);
    varint(message, value.len() as u64);
    message.extend_from_slice(value);
}

/// Seven bits a byte, the lowest first, the high bit where more follow.
fn varint(message: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        message.push(value as u8 | 0x80);
        value >>= 7;
    }
    message.push(value as u8);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn contains(encoded: &[u8], part: &[u8]) -> bool {
        encoded.windows(part.len()).any(|window| window == part)
    }

    #[test]
    fn a_varint_has_seven_bits_a_byte() {
        let encoded = |value| {
            let mut message = Vec::new();
            varint(&mut message, value);
            message
        };
        // The examples of protobuf's document "Encoding".
        assert_eq!(encoded(1), [0x01]);
        assert_eq!(encoded(150), [0x96, 0x01]);
        assert_eq!(encoded(u64::MAX).len(), 10);
    }

    #[test]
    fn a_wait_is_told_exactly() {
        let wait = Duration::from_millis(7300);
        let encoded = GrpcDetails::new(&Exception::throttled(Some(wait))).encode();
        assert!(contains(&encoded, b"google.rpc.RetryInfo"));
        // 7 seconds and 300,000,000 nanoseconds.
        let delay = [0x08, 7, 0x10, 0x80, 0xc6, 0x86, 0x8f, 0x01];
        assert!(contains(&encoded, &delay), "{encoded:?}");
    }

    #[test]
    fn every_message_of_a_validation_is_a_violation_by_its_path() {
        let inner = ErrorDetail::fields([("name", vec![ErrorDetail::coded("Short.", "min")])]);
        let detail = ErrorDetail::fields([
            ("title", ErrorDetail::from(vec!["One.", "Two."])),
            ("tags", ErrorDetail::List(vec!["All.".into(), inner])),
        ]);
        let encoded = GrpcDetails::new(&Exception::validation(detail)).encode();
        for part in ["title\x12\x04One.", "title\x12\x04Two.", "tags\x12\x04All."] {
            assert!(contains(&encoded, part.as_bytes()), "{part}");
        }
        assert!(contains(&encoded, b"tags[2].name\x12\x06Short.\x1a\x03MIN"));
    }

    #[test]
    fn long_details_are_cut_off() {
        let fields = (0..10_000).map(|n| (format!("field{n}"), vec!["Required."]));
        let exception = Exception::validation(ErrorDetail::fields(fields));
        let details = GrpcDetails::new(&exception);
        assert!(details.encode().len() < MOST + 2048);
        assert!(details.message().ends_with('…'));
        let wide = Exception::not_found().with_detail("ü".repeat(1000));
        assert!(GrpcDetails::new(&wide).message().len() < LONGEST_MESSAGE + 4);
    }

    #[test]
    fn a_source_is_in_no_detail() {
        let encoded = GrpcDetails::new(&Exception::internal("secret")).encode();
        assert!(!contains(&encoded, b"secret"));
        assert!(contains(&encoded, b"A server error occurred."));
    }
}
