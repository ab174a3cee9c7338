use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use http::{HeaderValue, header::HeaderName};

use crate::kept::Kept;

pub(crate) static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What finds a request in the log again: its own id, its trace's, or one that is made.
#[derive(Clone, Debug)]
pub(crate) struct RequestId {
    kept: Option<Kept>,
    is_own: bool,
}

/// Beyond this it is no id but an attempt to fill the log.
const LONGEST: usize = 128;

impl RequestId {
    pub(crate) const fn unknown() -> Self {
        Self {
            kept: None,
            is_own: false,
        }
    }

    /// Takes the request's own id, the value of `X-Request-Id`.
    pub(crate) fn name(&mut self, value: &HeaderValue) {
        if !self.is_own {
            self.kept = Some(Kept::of(value));
            self.is_own = true;
        }
    }

    /// Takes the trace's id out of `traceparent` (W3C Trace Context, section 3.2): version, id of
    /// the trace, id of the parent, flags.
    pub(crate) fn trace(&mut self, value: &HeaderValue) {
        let value = value.as_bytes();
        if let (None, Some(b'-'), Some(b'-')) = (&self.kept, value.get(2), value.get(35)) {
            self.kept = Kept::short(&value[3..35]);
        }
    }

    /// The id, if it is one: a caller may send what it likes.
    pub(crate) fn as_str(&self) -> Option<&str> {
        let id = str::from_utf8(self.kept.as_ref()?.as_bytes()).ok()?;
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
        let mut settled = Self::unknown();
        if let Some(answered) = answered {
            settled.name(answered);
        }
        if settled.as_str().is_some() {
            *self = settled;
        } else if self.as_str().is_none() {
            self.kept = Kept::short(made().as_bytes());
            self.is_own = true;
        }
    }
}

/// 128 bits that no other process and no other request has. They can be foretold, which does no
/// harm: nobody gets anything for an id.
fn made() -> String {
    static PROCESS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let [high, low] = [(number, 0), (number, 1)].map(|seed| PROCESS.hash_one(seed));
    format!("{high:016x}{low:016x}")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn id(own: Option<&str>, trace: Option<&str>) -> Option<String> {
        let mut id = RequestId::unknown();
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
    }

    #[test]
    fn made_ones_are_all_different() {
        let made: HashSet<_> = (0..1000).map(|_| made()).collect();
        assert_eq!(made.len(), 1000);
        assert!(made.iter().all(|id| id.len() == 32));
    }
}
