use std::borrow::Cow;

use http::{
    header::{AUTHORIZATION, COOKIE},
    request::Parts,
};

use crate::{
    authorization::{self, Authorization},
    query,
};

/// Where a token may come from.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(crate) header: bool,
    pub(crate) cookie: Option<Cow<'static, str>>,
    pub(crate) insecure_query: Option<Cow<'static, str>>,
}

/// What a request says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said<'a> {
    /// Nothing that is a token's.
    Nothing,
    /// The scheme without one word after it.
    Header,
    /// More than one token (RFC 6750, section 2), whether in one place or in several.
    Several,
    /// What can be no token: bytes that are no text, or too many.
    Nonsense,
    /// A token from a place that only the caller can have put it in.
    Token(Cow<'a, str>),
    /// A token that a browser sends by itself.
    Cookie(&'a str),
}

impl Places {
    pub(crate) fn read<'a>(&self, head: &'a Parts, keyword: &str, exact: bool) -> Said<'a> {
        let header = match self.header {
            true => header(head, keyword, exact),
            false => Said::Nothing,
        };
        let cookie = match &self.cookie {
            Some(name) => cookie(head, name),
            None => Said::Nothing,
        };
        let query = match &self.insecure_query {
            Some(name) => match query::read(head, name) {
                query::Said::Nothing => Said::Nothing,
                query::Said::Nonsense => Said::Nonsense,
                query::Said::Text(token) => Said::Token(token),
            },
            None => Said::Nothing,
        };
        match (header, cookie, query) {
            (said, Said::Nothing, Said::Nothing)
            | (Said::Nothing, said, Said::Nothing)
            | (Said::Nothing, Said::Nothing, said) => said,
            _ => Said::Several,
        }
    }
}

fn header<'a>(head: &'a Parts, keyword: &str, exact: bool) -> Said<'a> {
    if exact && !spelled(head, keyword) {
        return Said::Nothing;
    }
    match authorization::read(head, keyword, exact) {
        Authorization::Other => Said::Nothing,
        Authorization::Bare | Authorization::Several => Said::Header,
        Authorization::Long => Said::Nonsense,
        Authorization::Word(word) => match std::str::from_utf8(word) {
            Ok(token) => Said::Token(Cow::Borrowed(token)),
            Err(_) => Said::Nonsense,
        },
    }
}

/// Whether the first word is the keyword, in this very case.
fn spelled(head: &Parts, keyword: &str) -> bool {
    let line = head.headers.get(AUTHORIZATION);
    let line = line.map_or(&b""[..], |line| line.as_bytes().trim_ascii());
    let first = line.split(|byte| matches!(byte, b' ' | b'\t')).next();
    first == Some(keyword.as_bytes())
}

/// Reads one cookie, from one or several lines (RFC 9113, section 8.2.3). Two of one name are more
/// than one token: whoever holds a neighbouring host can add one.
fn cookie<'a>(head: &'a Parts, name: &str) -> Said<'a> {
    let lines = head.headers.get_all(COOKIE).iter();
    let pairs = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let mut values = pairs.filter_map(|pair| {
        let at = pair.iter().position(|byte| *byte == b'=')?;
        let (found, value) = (pair[..at].trim_ascii(), pair[at + 1..].trim_ascii());
        (found == name.as_bytes()).then_some(value)
    });
    let Some(value) = values.next() else {
        return Said::Nothing;
    };
    if values.next().is_some() {
        return Said::Several;
    }
    let inner = value
        .strip_prefix(b"\"")
        .and_then(|value| value.strip_suffix(b"\""));
    match std::str::from_utf8(inner.unwrap_or(value)) {
        Ok("") => Said::Nothing,
        Ok(token) => Said::Cookie(token),
        Err(_) => Said::Nonsense,
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue, Request};
    use proptest::prelude::*;

    use super::*;

    fn everywhere() -> Places {
        Places {
            header: true,
            cookie: Some("access".into()),
            insecure_query: Some("token".into()),
        }
    }

    fn head(uri: &str, lines: &[(HeaderName, &[u8])]) -> Parts {
        let mut request = Request::builder().uri(uri).body(()).expect("a URI");
        for (name, value) in lines {
            let value = HeaderValue::from_bytes(value).expect("a header value");
            request.headers_mut().append(name.clone(), value);
        }
        request.into_parts().0
    }

    #[test]
    fn a_token_is_read_from_one_place() {
        for (uri, lines, said) in [
            ("/", vec![], Said::Nothing),
            (
                "/",
                vec![(AUTHORIZATION, &b"bearer a"[..])],
                Said::Token("a".into()),
            ),
            ("/", vec![(AUTHORIZATION, b"Basic a")], Said::Nothing),
            ("/", vec![(AUTHORIZATION, b"Bearer")], Said::Header),
            ("/", vec![(AUTHORIZATION, b"Bearer a b")], Said::Header),
            ("/", vec![(AUTHORIZATION, b"Bearer \xff")], Said::Nonsense),
            (
                "/",
                vec![(COOKIE, b"a=1; access=b; c=2")],
                Said::Cookie("b"),
            ),
            (
                "/",
                vec![(COOKIE, b"a=1"), (COOKIE, b"access=\"b\"")],
                Said::Cookie("b"),
            ),
            (
                "/",
                vec![(COOKIE, b"Access=b; access2=b; access=")],
                Said::Nothing,
            ),
            ("/", vec![(COOKIE, b"access=a; access=a")], Said::Several),
            ("/?token=a", vec![], Said::Token("a".into())),
            ("/?token=a&token=a", vec![], Said::Nonsense),
            ("/?token=a", vec![(COOKIE, b"access=a")], Said::Several),
            (
                "/",
                vec![(COOKIE, b"access=a"), (AUTHORIZATION, b"Bearer a")],
                Said::Several,
            ),
            (
                "/",
                vec![(COOKIE, b"access=a"), (AUTHORIZATION, b"Basic a")],
                Said::Cookie("a"),
            ),
        ] {
            let head = head(uri, &lines);
            assert_eq!(everywhere().read(&head, "Bearer", false), said, "{head:?}");
        }
    }

    #[test]
    fn the_case_of_the_scheme_counts_where_it_is_to() {
        let head = head("/", &[(AUTHORIZATION, b"bearer a")]);
        assert_eq!(everywhere().read(&head, "Bearer", true), Said::Nothing);
        assert_eq!(
            everywhere().read(&head, "bearer", true),
            Said::Token("a".into())
        );
    }

    proptest! {
        #[test]
        fn any_cookie_is_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(value) = HeaderValue::from_bytes(&[b"access=", &bytes[..]].concat()) {
                let head = head("/", &[(COOKIE, value.as_bytes())]);
                if let Said::Cookie(token) = everywhere().read(&head, "Bearer", false) {
                    prop_assert!(!token.is_empty() && !token.contains(';'));
                }
            }
        }
    }
}
