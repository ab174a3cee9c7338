use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue};

/// What one place in a request says about the version, before anybody asks whether it is
/// supported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading<'a> {
    /// Nothing: the place is not there.
    Nothing,
    /// The place is there and leaves the choice: the default.
    Default,
    /// This text, which may be empty. It is owned where it had to be decoded.
    Version(Cow<'a, str>),
    /// Two different versions, none of which comes first.
    Ambiguous,
    /// Something that no version can be.
    Invalid,
}

impl<'a> Reading<'a> {
    /// The same without what it was read from.
    pub fn into_owned(self) -> Reading<'static> {
        match self {
            Self::Nothing => Reading::Nothing,
            Self::Default => Reading::Default,
            Self::Version(text) => Reading::Version(Cow::Owned(text.into_owned())),
            Self::Ambiguous => Reading::Ambiguous,
            Self::Invalid => Reading::Invalid,
        }
    }

    /// A text that was found, unless it holds control characters.
    pub(crate) fn of(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        if text.bytes().any(|byte| byte.is_ascii_control()) {
            return Self::Invalid;
        }
        Self::Version(text)
    }

    /// What is said in two places of the same kind.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, said) | (said, Self::Nothing) => said,
            (Self::Default, said) | (said, Self::Default) => said,
            (Self::Invalid, _) | (_, Self::Invalid) => Self::Invalid,
            (one, other) if one == other => one,
            _ => Self::Ambiguous,
        }
    }
}

/// The line of a header that is there once. Where no name is there twice, the first line is all.
pub(crate) fn only_line<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    // As far as this, looking at each takes less than finding out where to look.
    const FEW: usize = 12;
    match headers.keys_len() {
        keys if keys != headers.len() => None,
        ..FEW => {
            let mut lines = headers.iter();
            lines.find_map(|(known, line)| (known == name).then_some(line))
        }
        _ => headers.get(name),
    }
}

/// Decodes `%XX`, and `+` as a space where `plus` says so; `None` if that gives no UTF-8.
///
/// A percent sign without two hexadecimal digits stands for itself, as in browsers and in Django.
/// Nothing is allocated where there is nothing to decode.
pub(crate) fn decoded(text: &str, plus: bool) -> Option<Cow<'_, str>> {
    let is_coded = |byte: u8| byte == b'%' || (plus && byte == b'+');
    if !text.bytes().any(is_coded) {
        return Some(text.into());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        bytes.push(match (byte, after) {
            (b'+', _) if plus => b' ',
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    rest = after;
                    high << 4 | low
                }
                _ => byte,
            },
            _ => byte,
        });
    }
    String::from_utf8(bytes).ok().map(Cow::from)
}

/// The name and the value before the first `&`, and what comes after it.
pub(crate) fn first_pair(query: &str) -> (&str, &str, &str) {
    let at = |text: &str, byte| text.bytes().position(|other| other == byte);
    let (pair, rest) = match at(query, b'&') {
        Some(end) => (&query[..end], &query[end + 1..]),
        None => (query, ""),
    };
    match at(pair, b'=') {
        Some(end) => (&pair[..end], &pair[end + 1..], rest),
        None => (pair, "", rest),
    }
}

fn digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn percent_signs_are_decoded_and_stray_ones_kept() {
        assert_eq!(decoded("%31.0", false).as_deref(), Some("1.0"));
        assert_eq!(decoded("a+b%2b", true).as_deref(), Some("a b+"));
        assert_eq!(decoded("a+b", false).as_deref(), Some("a+b"));
        assert_eq!(decoded("%C3%A9", false).as_deref(), Some("é"));
        assert_eq!(decoded("100%", false).as_deref(), Some("100%"));
        assert_eq!(decoded("%g1%+1", false).as_deref(), Some("%g1%+1"));
        assert_eq!(decoded("%ff", false), None);
    }

    #[test]
    fn equal_readings_agree_and_different_ones_are_ambiguous() {
        let one = || Reading::of("1");
        assert_eq!(one().and(one()), one());
        assert_eq!(one().and(Reading::Nothing), one());
        assert_eq!(Reading::Nothing.and(one()), one());
        assert_eq!(one().and(Reading::of("2")), Reading::Ambiguous);
        assert_eq!(one().and(Reading::Invalid), Reading::Invalid);
        assert_eq!(Reading::of("1\0"), Reading::Invalid);
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(text in "\\PC*") {
            let encoded: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let read = decoded(&encoded, true);
            prop_assert_eq!(read.as_deref(), Some(text.as_str()));
            let _ = decoded(&text, true);
        }
    }
}
