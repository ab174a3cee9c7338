use http::{HeaderValue, header::AUTHORIZATION, request::Parts};

/// Longer credentials are not read: nobody's are that long, and each further byte is work that
/// anybody can ask for.
pub(crate) const LONGEST: usize = 8 * 1024;

/// What a request's `Authorization` says to one scheme.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Authorization<'a> {
    /// Nothing: there is none, or it speaks another scheme.
    Other,
    /// The scheme, and nothing after it.
    Bare,
    /// More than one word after the scheme, or more than one header line.
    Several,
    /// One word, and it is longer than any credentials are.
    Long,
    /// One word after the scheme.
    Word(&'a [u8]),
}

/// Reads `Authorization: <scheme> <word>` (RFC 9110, section 11.6.2). Scheme names are compared
/// without case (section 11.1).
///
/// Words are parted by spaces, and with `tabs` by tabs too, which the grammar does not allow.
pub(crate) fn read<'a>(head: &'a Parts, scheme: &str, tabs: bool) -> Authorization<'a> {
    let mut lines = head.headers.get_all(AUTHORIZATION).iter();
    let Some(line) = lines.next() else {
        return Authorization::Other;
    };
    let (first, rest) = split(line);
    let mine = |first: &[u8]| first.eq_ignore_ascii_case(scheme.as_bytes());
    // The field is no list (RFC 9110, section 5.3). Which line counts is nothing to guess at: the
    // proxy before us may have guessed the other way.
    let mut others = lines.peekable();
    if others.peek().is_some() {
        return match mine(first) || others.any(|line| mine(split(line).0)) {
            true => Authorization::Several,
            false => Authorization::Other,
        };
    }
    if !mine(first) {
        return Authorization::Other;
    }
    if rest.is_empty() {
        return Authorization::Bare;
    }
    let parted = memchr::memchr2(b' ', b'\t', rest).is_some();
    match parted || (!tabs && gap(line, first, rest).contains(&b'\t')) {
        true => Authorization::Several,
        false if rest.len() > LONGEST => Authorization::Long,
        false => Authorization::Word(rest),
    }
}

/// The first word, and what comes after it, both without blanks around them.
fn split(line: &HeaderValue) -> (&[u8], &[u8]) {
    let line = line.as_bytes().trim_ascii();
    let end = line.iter().position(|byte| is_blank(*byte));
    let (first, rest) = line.split_at(end.unwrap_or(line.len()));
    (first, rest.trim_ascii())
}

/// What lies between the first word and the rest.
fn gap<'a>(line: &'a HeaderValue, first: &[u8], rest: &[u8]) -> &'a [u8] {
    let line = line.as_bytes().trim_ascii();
    &line[first.len()..line.len() - rest.len()]
}

/// Whether a character is a control character, of ASCII or of Latin-1.
pub(crate) fn has_control(text: &str) -> bool {
    let in_ascii = |any: bool, byte: u8| any | byte.is_ascii_control();
    text.bytes().fold(false, in_ascii) || (!text.is_ascii() && text.chars().any(char::is_control))
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use http::Request;
    use proptest::prelude::*;

    use super::*;

    fn head(lines: &[&[u8]]) -> Parts {
        let mut request = Request::new(());
        for line in lines {
            let value = HeaderValue::from_bytes(line).expect("a header value");
            request.headers_mut().append(AUTHORIZATION, value);
        }
        request.into_parts().0
    }

    #[test]
    fn one_word_after_the_scheme_is_read() {
        use Authorization::{Bare, Other, Several, Word};
        for (line, expected) in [
            ("Token abc", Word(b"abc")),
            ("token abc", Word(b"abc")),
            ("TOKEN    abc", Word(b"abc")),
            (" Token abc ", Word(b"abc")),
            ("Token", Bare),
            ("Token  ", Bare),
            ("Token a b", Several),
            ("Token abc, Token def", Several),
            ("Token\tabc", Several),
            ("Token \tabc", Several),
            ("Token a\tb", Several),
            ("Tokens abc", Other),
            ("Token:", Other),
            ("Token,abc", Other),
            ("Tokenabc", Other),
            ("", Other),
            ("  ", Other),
        ] {
            assert_eq!(
                read(&head(&[line.as_bytes()]), "Token", false),
                expected,
                "{line:?}"
            );
        }
        assert_eq!(read(&head(&[]), "Token", false), Other);
    }

    #[test]
    fn control_characters_are_found_wherever_they_are() {
        for text in ["\0", "a\u{1f}", "\u{7f}a", "\u{e9}\u{80}", "a\u{9f}a"] {
            assert!(has_control(text), "{text:?}");
        }
        for text in ["", " ", "abc~", "\u{a0}", "\u{e9}\u{1f600}"] {
            assert!(!has_control(text), "{text:?}");
        }
    }

    #[test]
    fn tabs_part_words_where_they_are_wanted() {
        let head = head(&[b"Token\t abc"]);
        assert_eq!(read(&head, "Token", true), Authorization::Word(b"abc"));
    }

    #[test]
    fn two_lines_are_never_read() {
        use Authorization::{Other, Several};
        let lines = |first: &str, second: &str| {
            let head = head(&[first.as_bytes(), second.as_bytes()]);
            match read(&head, "Token", false) {
                Other => Other,
                Several => Several,
                read => panic!("{read:?} was read"),
            }
        };
        assert_eq!(lines("Token a", "Token a"), Several);
        assert_eq!(lines("Token a", "Basic b"), Several);
        assert_eq!(lines("Basic b", "Token a"), Several);
        assert_eq!(lines("", "token a"), Several);
        assert_eq!(lines("Basic a", "Bearer b"), Other);
    }

    #[test]
    fn credentials_without_end_are_not_read() {
        let long = |length| [b"Token ".as_slice(), &vec![b'a'; length]].concat();
        let most = head(&[&long(LONGEST)]);
        assert!(matches!(
            read(&most, "Token", false),
            Authorization::Word(_)
        ));
        for length in [LONGEST + 1, 1024 * 1024] {
            let more = head(&[&long(length)]);
            assert_eq!(read(&more, "Token", false), Authorization::Long);
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_one_word_of_the_header(
            bytes in proptest::collection::vec(any::<u8>(), 0..64),
            scheme_first in any::<bool>(),
            tabs in any::<bool>(),
        ) {
            let line = if scheme_first { [b"token ", &bytes[..]].concat() } else { bytes };
            if let Ok(value) = HeaderValue::from_bytes(&line) {
                let mut request = Request::new(());
                request.headers_mut().insert(AUTHORIZATION, value);
                let (head, ()) = request.into_parts();
                if let Authorization::Word(word) = read(&head, "Token", tabs) {
                    prop_assert!(!word.is_empty());
                    prop_assert!(!word.iter().any(|byte| is_blank(*byte)));
                    prop_assert!(line.windows(word.len()).any(|part| part == word));
                }
            }
        }
    }
}
