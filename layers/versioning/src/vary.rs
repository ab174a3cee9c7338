use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, header::VARY};

/// The request headers that a layer's versions depend on, on their way to the answer's `Vary`.
#[derive(Clone, Debug)]
pub(crate) struct Vary(Arc<Names>);

#[derive(Debug)]
struct Names {
    names: Vec<HeaderName>,
    joined: HeaderValue,
}

impl Vary {
    pub(crate) fn new(names: impl IntoIterator<Item = HeaderName>) -> Option<Self> {
        let mut once: Vec<HeaderName> = Vec::new();
        for name in names {
            if !once.contains(&name) {
                once.push(name);
            }
        }
        let texts: Vec<_> = once.iter().map(HeaderName::as_str).collect();
        let joined = HeaderValue::from_str(&texts.join(", ")).ok()?;
        (!once.is_empty()).then(|| {
            Self(Arc::new(Names {
                names: once,
                joined,
            }))
        })
    }

    pub(crate) fn value(&self) -> HeaderValue {
        self.0.joined.clone()
    }

    /// Adds the names that the answer does not vary on yet.
    pub(crate) fn add(&self, headers: &mut HeaderMap) {
        if !headers.contains_key(VARY) {
            headers.insert(VARY, self.value());
            return;
        }
        for name in &self.0.names {
            if !varies(headers, name) {
                headers.append(VARY, HeaderValue::from(name.clone()));
            }
        }
    }
}

fn varies(headers: &HeaderMap, name: &HeaderName) -> bool {
    let is = |word: &[u8]| {
        let word = word.trim_ascii();
        word == b"*" || word.eq_ignore_ascii_case(name.as_str().as_bytes())
    };
    let mut lines = headers.get_all(VARY).iter();
    lines.any(|line| line.as_bytes().split(|byte| *byte == b',').any(is))
}

#[cfg(test)]
mod tests {
    use http::header::ACCEPT;

    use super::*;

    fn added(present: &[&'static str]) -> Vec<String> {
        let api = HeaderName::from_static("x-api-version");
        let vary = Vary::new([ACCEPT, api, ACCEPT]).expect("two names");
        let mut headers = HeaderMap::new();
        for line in present {
            headers.append(VARY, HeaderValue::from_static(line));
        }
        vary.add(&mut headers);
        let lines = headers.get_all(VARY).iter();
        lines
            .map(|line| line.to_str().expect("text").to_owned())
            .collect()
    }

    #[test]
    fn each_name_is_there_once() {
        assert_eq!(added(&[]), ["accept, x-api-version"]);
        assert_eq!(
            added(&["Cookie, Accept"]),
            ["Cookie, Accept", "x-api-version"]
        );
        assert_eq!(added(&["*"]), ["*"]);
        assert_eq!(
            added(&["Accept", "X-API-Version"]),
            ["Accept", "X-API-Version"]
        );
    }
}
