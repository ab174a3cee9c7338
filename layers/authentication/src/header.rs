use http::{HeaderName, request::Parts};

use crate::authorization::LONGEST;

/// What a header says that is there for one word alone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said<'a> {
    /// Nothing: it is not there, or empty.
    Nothing,
    /// What cannot be right: several lines, bytes that are no text, control characters, no end.
    Nonsense,
    /// A text without blanks around it.
    Text(&'a str),
}

/// Reads the one line of the header `name`.
pub(crate) fn read<'a>(head: &'a Parts, name: &HeaderName) -> Said<'a> {
    let mut lines = head.headers.get_all(name).iter();
    let Some(line) = lines.next() else {
        return Said::Nothing;
    };
    // Which of two lines counts is nothing to guess at: one of them may be the client's own.
    if lines.next().is_some() {
        return Said::Nonsense;
    }
    match std::str::from_utf8(line.as_bytes().trim_ascii()) {
        Ok("") => Said::Nothing,
        Ok(text) if text.len() <= LONGEST && !text.chars().any(char::is_control) => {
            Said::Text(text)
        }
        _ => Said::Nonsense,
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Request};

    use super::*;

    fn head(lines: &[&[u8]]) -> Parts {
        let mut request = Request::new(());
        for line in lines {
            let value = HeaderValue::from_bytes(line).expect("a header value");
            request.headers_mut().append("x-key", value);
        }
        request.into_parts().0
    }

    #[test]
    fn one_line_of_text_is_read() {
        let name = HeaderName::from_static("x-key");
        let long = vec![b'a'; LONGEST + 1];
        for (lines, said) in [
            (&[][..], Said::Nothing),
            (&[b"".as_slice()], Said::Nothing),
            (&[b" \t"], Said::Nothing),
            (&[b" key "], Said::Text("key")),
            (&["\u{e9}rica".as_bytes()], Said::Text("\u{e9}rica")),
            (&[b"\xff\xfe"], Said::Nonsense),
            (&[b"a\tb"], Said::Nonsense),
            (&["a\u{85}".as_bytes()], Said::Nonsense),
            (&[b"key", b"key"], Said::Nonsense),
            (&[b"key", b""], Said::Nonsense),
            (&[b"", b"key"], Said::Nonsense),
            (&[&long], Said::Nonsense),
            (&[&long[1..]], Said::Text(&"a".repeat(LONGEST))),
        ] {
            assert_eq!(read(&head(lines), &name), said);
        }
    }
}
