use std::borrow::Cow;

use http::request::Parts;

use crate::authorization::LONGEST;

/// What a query says for one parameter.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said<'a> {
    /// Nothing: it is not there, or empty.
    Nothing,
    /// What cannot be right: several values, bytes that are no text, control characters, no end.
    Nonsense,
    /// A text.
    Text(Cow<'a, str>),
}

/// Reads the one value of the query's parameter `name`.
pub(crate) fn read<'a>(head: &'a Parts, name: &str) -> Said<'a> {
    let query = head.uri.query().unwrap_or_default();
    let mut values = form_urlencoded::parse(query.as_bytes())
        .filter(|(found, _)| found == name)
        .map(|(_, value)| value);
    let Some(value) = values.next() else {
        return Said::Nothing;
    };
    // Bytes that are no text come out as the replacement character.
    let bad = |character: char| character.is_control() || character == char::REPLACEMENT_CHARACTER;
    match values.next() {
        None if value.is_empty() => Said::Nothing,
        None if value.len() <= LONGEST && !value.chars().any(bad) => Said::Text(value),
        _ => Said::Nonsense,
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn one_value_is_read() {
        let long = format!("key={}", "a".repeat(LONGEST + 1));
        for (query, said) in [
            ("", Said::Nothing),
            ("other=key", Said::Nothing),
            ("KEY=a", Said::Nothing),
            ("key=", Said::Nothing),
            ("key", Said::Nothing),
            ("key=abc", Said::Text("abc".into())),
            ("a=b&key=a%2Bb", Said::Text("a+b".into())),
            ("k%65y=abc", Said::Text("abc".into())),
            ("key=a&key=a", Said::Nonsense),
            ("key=a&key=", Said::Nonsense),
            ("key=%FF", Said::Nonsense),
            ("key=a%00", Said::Nonsense),
            (&long, Said::Nonsense),
        ] {
            let request = Request::builder().uri(format!("/?{query}"));
            let (head, ()) = request.body(()).expect("a request").into_parts();
            assert_eq!(read(&head, "key"), said, "{query}");
        }
    }
}
