use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use http::{HeaderValue, header::HeaderName};

pub(crate) static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What finds a request in the log again.
///
/// Another reference to a header's value is kept. In hyper's servers it shares its memory already.
#[derive(Clone, Debug)]
pub(crate) enum RequestId {
    Unknown,
    /// Its own, or one that was made.
    Own(HeaderValue),
    /// A `traceparent`.
    Trace(HeaderValue),
}

/// Beyond this it is no id but an attempt to fill the log.
const LONGEST: usize = 128;

impl RequestId {
    /// Takes the request's own id, the value of `X-Request-Id`.
    pub(crate) fn name(&mut self, value: &HeaderValue) {
        if !matches!(self, Self::Own(_)) {
            *self = Self::Own(value.clone());
        }
    }

    /// Takes a `traceparent`, unless there is something better.
    pub(crate) fn trace(&mut self, value: &HeaderValue) {
        if let Self::Unknown = self {
            *self = Self::Trace(value.clone());
        }
    }

    /// The id, if it is one: a caller may send what it likes.
    pub(crate) fn as_str(&self) -> Option<&str> {
        let id = match self {
            Self::Unknown => return None,
            Self::Own(value) => value.to_str().ok()?,
            Self::Trace(value) => trace_id(value.to_str().ok()?)?,
        };
        let is_id = id.len() <= LONGEST
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/+=@~".contains(&byte))
            && id.bytes().any(|byte| byte != b'0');
        is_id.then_some(id)
    }

    /// Takes what somebody further in has put into the answer, or else makes an id if there is
    /// none.
    pub(crate) fn settle(&mut self, answered: Option<&HeaderValue>) {
        let answered = answered.map_or(Self::Unknown, |value| Self::Own(value.clone()));
        if answered.as_str().is_some() {
            *self = answered;
        } else if self.as_str().is_none() {
            *self = Self::Own(made());
        }
    }
}

/// The trace's id: the second of four fields (W3C Trace Context, section 3.2).
fn trace_id(parent: &str) -> Option<&str> {
    let mut fields = parent.splitn(4, '-');
    let (version, trace, parent, flags) = (
        fields.next()?,
        fields.next()?,
        fields.next()?,
        fields.next()?,
    );
    let is_hex = |text: &str| {
        text.bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let has_shape = version.len() == 2
        && (trace.len(), parent.len()) == (32, 16)
        && flags.len() >= 2
        && [version, trace, parent].into_iter().all(is_hex);
    has_shape.then_some(trace)
}

/// 128 bits that no other process and no other request has. They can be foretold, which does no
/// harm: nobody gets anything for an id.
fn made() -> HeaderValue {
    static PROCESS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let [high, low] = [(number, 0), (number, 1)].map(|seed| PROCESS.hash_one(seed));
    let id = format!("{high:016x}{low:016x}");
    HeaderValue::try_from(id).unwrap_or_else(|_| HeaderValue::from(number))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn id(own: Option<&str>, trace: Option<&str>) -> Option<String> {
        let mut id = RequestId::Unknown;
        if let Some(trace) = trace {
            id.trace(&HeaderValue::from_str(trace).unwrap());
        }
        if let Some(own) = own {
            id.name(&HeaderValue::from_str(own).unwrap());
        }
        id.as_str().map(str::to_owned)
    }

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn the_requests_own_id_goes_before_the_traces() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(id(None, Some(PARENT)).as_deref(), Some(trace));
        assert_eq!(id(Some("a-1"), Some(PARENT)).as_deref(), Some("a-1"));
        assert_eq!(id(None, None), None);
    }

    #[test]
    fn what_is_no_id_is_none() {
        let long = "a".repeat(129);
        for own in ["", "a b", "<script>", "{}", "000", &long] {
            assert_eq!(id(Some(own), None), None, "{own}");
        }
        let none = PARENT.replace(|c: char| c.is_ascii_hexdigit(), "0");
        assert_eq!(id(None, Some(&none)), None);
        assert_eq!(id(None, Some("00-4bf9")), None);
        assert_eq!(id(None, Some(&PARENT.replace('f', "F"))), None);
    }

    #[test]
    fn made_ones_are_all_different() {
        let made: HashSet<_> = (0..1000).map(|_| made()).collect();
        assert_eq!(made.len(), 1000);
        assert!(made.iter().all(|id| id.len() == 32));
    }
}
