//! As much of `Accept` as a version needs: ranges, their weights, their parameters.

use std::borrow::Cow;

/// How much a media range counts: by its weight in thousandths, then by how specific it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    pub(crate) weight: u16,
    pub(crate) specificity: u8,
}

/// What one media range says in a parameter: the range's rank, and the value.
pub(crate) type Said<'a> = (Rank, Cow<'a, str>);

/// What the media ranges of one line say in the parameter `name`, which is compared without
/// letter case. A range that lacks it, or is malformed, is passed over.
pub(crate) fn said<'a>(mut rest: &'a str, name: &str) -> impl Iterator<Item = Said<'a>> {
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let range;
            (range, rest) = split(rest, b',');
            if let Some(said) = said_in_range(range, name) {
                return Some(said);
            }
        }
        None
    })
}

/// A media range with a weight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MediaRange<'a> {
    pub(crate) kind: &'a str,
    pub(crate) subtype: &'a str,
    pub(crate) weight: u16,
}

/// The well-formed media ranges of one line.
pub(crate) fn ranges(mut rest: &str) -> impl Iterator<Item = MediaRange<'_>> {
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let range;
            (range, rest) = split(rest, b',');
            if let Some(range) = media_range(range) {
                return Some(range);
            }
        }
        None
    })
}

fn media_range(range: &str) -> Option<MediaRange<'_>> {
    let (media_type, mut rest) = split(range, b';');
    let (kind, subtype) = media_type.trim_ascii().split_once('/')?;
    let mut weight = 1000;
    while !rest.is_empty() {
        let parameter;
        (parameter, rest) = split(rest, b';');
        let parameter = parameter.trim_ascii();
        if parameter.is_empty() {
            continue;
        }
        let (key, value) = pair(parameter)?;
        if key.eq_ignore_ascii_case("q") {
            weight = quality(value)?;
        }
    }
    (is_token(kind) && is_token(subtype)).then_some(MediaRange {
        kind,
        subtype,
        weight,
    })
}

/// The first of several values counts. The media type is looked at last: few ranges get there.
fn said_in_range<'a>(range: &'a str, name: &str) -> Option<Said<'a>> {
    let end = range.bytes().position(|byte| byte == b';')?;
    let (media_type, mut rest) = (&range[..end], &range[end + 1..]);
    let mut weight = 1000;
    let mut said = None;
    while !rest.is_empty() {
        let parameter;
        (parameter, rest) = split(rest, b';');
        let parameter = parameter.trim_ascii();
        if parameter.is_empty() {
            continue;
        }
        let (key, value) = pair(parameter)?;
        if key.eq_ignore_ascii_case("q") {
            weight = quality(value)?;
        } else if said.is_none() && key.eq_ignore_ascii_case(name) {
            said = Some(value);
        }
    }
    let value = said?;
    let (kind, subtype) = media_type.trim_ascii().split_once('/')?;
    let rank = Rank {
        weight,
        specificity: u8::from(kind != "*") + u8::from(subtype != "*"),
    };
    (is_token(kind) && is_token(subtype)).then(|| (rank, unquoted(value)))
}

/// What stands before the first `separator` outside of quotes, and what after it.
fn split(text: &str, separator: u8) -> (&str, &str) {
    let bytes = text.as_bytes();
    let mut from = 0;
    let marks = |byte: &u8| *byte == separator || *byte == b'"';
    while let Some(ahead) = bytes[from..].iter().position(marks) {
        let mark = from + ahead;
        if bytes[mark] == separator {
            return (&text[..mark], &text[mark + 1..]);
        }
        from = after_quoted(bytes, mark + 1);
    }
    (text, "")
}

/// The place after the quote that closes what `from` lies in.
fn after_quoted(bytes: &[u8], mut from: usize) -> usize {
    while let Some(byte) = bytes.get(from) {
        from += match byte {
            b'"' => return from + 1,
            b'\\' => 2,
            _ => 1,
        };
    }
    bytes.len()
}

/// `name=value`, the value a token, a quoted string, or nothing at all.
fn pair(parameter: &str) -> Option<(&str, &str)> {
    let end = parameter.bytes().position(|byte| byte == b'=')?;
    let (name, value) = (&parameter[..end], &parameter[end + 1..]);
    let good = value.is_empty() || is_token(value) || is_quoted(value);
    (is_token(name) && good).then_some((name, value))
}

fn is_quoted(value: &str) -> bool {
    let inside = value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
    let mut escaped = false;
    inside.is_some_and(|inside| {
        let closed = inside.bytes().all(|byte| {
            let good = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            good
        });
        closed && !escaped
    })
}

fn unquoted(value: &str) -> Cow<'_, str> {
    let Some(inside) = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')) else {
        return value.into();
    };
    if !inside.contains('\\') {
        return inside.into();
    }
    let mut chars = inside.chars();
    let mut plain = String::with_capacity(inside.len());
    while let Some(char) = chars.next() {
        plain.extend(if char == '\\' {
            chars.next()
        } else {
            Some(char)
        });
    }
    plain.into()
}

/// A token of RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    let is_part = |byte| {
        matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'!' | b'#'..=b'\'' | b'*' | b'+'
            | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
    };
    !text.is_empty() && text.bytes().all(is_part)
}

/// A `qvalue` of RFC 9110, section 12.4.2, in thousandths.
fn quality(text: &str) -> Option<u16> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if part.len() > 3 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths = part
        .bytes()
        .chain([b'0'; 3])
        .take(3)
        .fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    match (whole, thousandths) {
        ("0", thousandths) => Some(thousandths),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(line: &str) -> Vec<(u16, String)> {
        let said = said(line, "v");
        said.map(|(rank, text)| (rank.weight, text.into_owned()))
            .collect()
    }

    fn v(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn weights_and_parameters_are_read_in_any_order() {
        assert_eq!(
            read("a/b;V=1;q=0.5, */* ; q=0.25 ; v=\"2,;\\\"\" ,c/d"),
            [(500, v("1")), (250, v("2,;\""))]
        );
        assert_eq!(read("a/b;v=1;v=2;;"), [(1000, v("1"))]);
        assert_eq!(read("a/b;v="), [(1000, v(""))]);
    }

    #[test]
    fn a_malformed_range_counts_as_absent() {
        for line in [
            "",
            ",, ,",
            "json;v=1",
            "a/;v=1",
            "a/b;v",
            "a/b;v=1;q=2",
            "a/b;v=1;q=0.1234",
            "a/b;v=1;q=-1",
            "a/b;v=\"1",
            "a/b;v=1 2",
            "a b/c;v=1",
            "a/b;v=\"1\"2\"",
        ] {
            assert_eq!(read(line), [], "{line}");
        }
        assert_eq!(read("json;v=1, a/b;v=2"), [(1000, v("2"))]);
    }

    proptest! {
        #[test]
        fn any_line_can_be_read(line in "[ -~]*|\\PC*|[a/*;=,q0.1 \"\\\\]*") {
            for (rank, _) in said(&line, "v") {
                prop_assert!(rank.weight <= 1000);
            }
        }

        #[test]
        fn a_quoted_value_is_read_as_written(text in "[ -~]{0,12}") {
            let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
            prop_assert_eq!(read(&format!("a/b;v=\"{escaped}\"")), [(1000, text)]);
        }
    }
}
