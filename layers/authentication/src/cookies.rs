use http::{header::COOKIE, request::Parts};

/// What the `Cookie` lines say for one name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said<'a> {
    /// Nothing: there is no such cookie.
    Nothing,
    /// Several things. Whoever holds a neighbouring host can add a cookie, so which of them counts
    /// is nothing to guess at.
    Several,
    /// One value, which may be empty, without the quotes around it.
    Value(&'a [u8]),
}

/// Reads the cookie `name` from one or several lines (RFC 6265, section 5.4; RFC 9113, section
/// 8.2.3). The same value twice is one.
pub(crate) fn read<'a>(head: &'a Parts, name: &str) -> Said<'a> {
    let lines = head.headers.get_all(COOKIE).iter();
    let pairs = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let mut values = pairs.filter_map(|pair| {
        let value = pair.trim_ascii_start().strip_prefix(name.as_bytes())?;
        let value = value.trim_ascii_start().strip_prefix(b"=")?.trim_ascii();
        let inner = value
            .strip_prefix(b"\"")
            .and_then(|value| value.strip_suffix(b"\""));
        Some(inner.unwrap_or(value))
    });
    let Some(first) = values.next() else {
        return Said::Nothing;
    };
    match values.all(|value| value == first) {
        true => Said::Value(first),
        false => Said::Several,
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Request};
    use proptest::prelude::*;

    use super::*;

    fn head(lines: &[&[u8]]) -> Parts {
        let mut request = Request::new(());
        for line in lines {
            let value = HeaderValue::from_bytes(line).expect("a header value");
            request.headers_mut().append(COOKIE, value);
        }
        request.into_parts().0
    }

    #[test]
    fn one_cookie_is_read() {
        for (lines, said) in [
            (&[][..], Said::Nothing),
            (&[b"".as_slice()], Said::Nothing),
            (&[b"id"], Said::Nothing),
            (&[b"ID=a; id2=b; xid=c; =d; i=id=e"], Said::Nothing),
            (&[b"id="], Said::Value(b"")),
            (&[b"a=1; id=b; c=2"], Said::Value(b"b")),
            (&[b"a=1", b"id=b"], Said::Value(b"b")),
            (&[b"id=\"b\""], Said::Value(b"b")),
            (&[b"id=\"b"], Said::Value(b"\"b")),
            (&[b"id=\""], Said::Value(b"\"")),
            (&[b"a=1;id = b ;c=2"], Said::Value(b"b")),
            (&[b"id=b=c"], Said::Value(b"b=c")),
            (&[b"id=\xff"], Said::Value(b"\xff")),
            (&[b"id=b; id=b", b"id=b"], Said::Value(b"b")),
            (&[b"id=b; id=c"], Said::Several),
            (&[b"id=b", b"id="], Said::Several),
        ] {
            assert_eq!(read(&head(lines), "id"), said, "{lines:?}");
        }
    }

    #[test]
    fn a_hundred_cookies_and_a_long_one_are_read_through() {
        let mut line = (0..100).map(|n| format!("c{n}={n}; ")).collect::<String>();
        line.push_str(&format!("long={}; id=b", "x".repeat(65_536)));
        assert_eq!(read(&head(&[line.as_bytes()]), "id"), Said::Value(b"b"));
    }

    proptest! {
        #[test]
        fn any_line_is_read_without_a_panic(line in proptest::collection::vec(any::<u8>(), 0..99)) {
            let Ok(line) = HeaderValue::from_bytes(&line) else { return Ok(()) };
            if let Said::Value(value) = read(&head(&[line.as_bytes()]), "a") {
                prop_assert!(!value.contains(&b';'));
            }
        }

        #[test]
        fn a_value_is_found_among_others(
            before in "([b-z]{1,4}=[a-z0-9]{0,4}; ){0,9}",
            value in "[a-zA-Z0-9_-]{0,50}",
            after in "(; [b-z]{1,4}=[a-z0-9]{0,4}){0,9}",
        ) {
            let line = format!("{before}a={value}{after}");
            let head = head(&[line.as_bytes()]);
            prop_assert_eq!(read(&head, "a"), Said::Value(value.as_bytes()));
        }
    }
}
