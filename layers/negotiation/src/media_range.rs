use crate::scan::comma_or_quote;

/// One element of an `Accept` header: a type, a subtype, and parameters not yet looked at.
///
/// RFC 9110, section 12.5.1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MediaRange<'a> {
    main: &'a [u8],
    sub: &'a [u8],
    parameters: &'a [u8],
}

impl<'a> MediaRange<'a> {
    /// Reads `*/*`, `type/*` or `type/subtype`; `None` for anything else.
    pub(crate) fn parse(element: &'a [u8]) -> Option<Self> {
        let (main, rest) = token(element)?;
        let (sub, parameters) = token(rest.strip_prefix(b"/")?)?;
        if main == b"*" && sub != b"*" {
            return None;
        }
        Some(Self {
            main,
            sub,
            parameters,
        })
    }

    /// Whether this is a range and not one type.
    pub(crate) fn is_range(&self) -> bool {
        self.main == b"*" || self.sub == b"*"
    }

    /// Whether this type falls under `main/sub`, which may be a range.
    pub(crate) fn fits(&self, main: &str, sub: &str) -> bool {
        let fits = |own: &[u8], of: &str| of == "*" || own.eq_ignore_ascii_case(of.as_bytes());
        fits(self.main, main) && fits(self.sub, sub)
    }

    pub(crate) fn parameters(&self) -> Parameters<'a> {
        Parameters::of(self.parameters)
    }
}

/// The elements of a list (RFC 9110, section 5.6.1), without what stands around them and without
/// the empty ones. A comma within quotes is data.
#[derive(Clone, Debug)]
pub(crate) struct Elements<'a> {
    rest: &'a [u8],
}

impl<'a> Elements<'a> {
    pub(crate) fn of(line: &'a [u8]) -> Self {
        Self { rest: line }
    }
}

impl<'a> Iterator for Elements<'a> {
    /// An element, with the spaces after it.
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let mut rest = self.rest;
        loop {
            let (byte, after) = rest.split_first()?;
            if !matches!(byte, b',' | b' ' | b'\t') {
                break;
            }
            rest = after;
        }
        let end = element_end(rest);
        self.rest = rest.get(end + 1..).unwrap_or_default();
        Some(&rest[..end])
    }
}

fn element_end(bytes: &[u8]) -> usize {
    let end = comma_or_quote(bytes);
    match bytes.get(end) {
        Some(b'"') => quoted_element_end(bytes, end),
        _ => end,
    }
}

#[cold]
fn quoted_element_end(bytes: &[u8], quote: usize) -> usize {
    let mut at = quote;
    while bytes.get(at) == Some(&b'"') {
        match quoted_end(&bytes[at + 1..]) {
            Some(length) => at += 1 + length + 1,
            // A quotation that never ends takes the rest of the line along.
            None => return bytes.len(),
        }
        at += comma_or_quote(&bytes[at..]);
    }
    at
}

/// The length of a quotation's inside; `bytes` begins after the opening quote.
fn quoted_end(bytes: &[u8]) -> Option<usize> {
    let mut escaped = false;
    bytes.iter().position(|byte| {
        let end = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        end
    })
}

/// The parameters of a media type or range (RFC 9110, section 5.6.6). Empty ones are skipped;
/// after a malformed one nothing follows.
#[derive(Clone, Debug)]
pub(crate) struct Parameters<'a> {
    rest: &'a [u8],
}

impl<'a> Parameters<'a> {
    /// What follows a type: nothing, or a semicolon and more.
    pub(crate) fn of(rest: &'a [u8]) -> Self {
        Self { rest }
    }
}

/// A parameter that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

impl<'a> Iterator for Parameters<'a> {
    type Item = Result<Parameter<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = trim_start(self.rest);
            let (separator, rest) = rest.split_first()?;
            if *separator != b';' {
                self.rest = &[];
                return Some(Err(Malformed));
            }
            let rest = trim_start(rest);
            if rest.is_empty() || rest[0] == b';' {
                self.rest = rest;
                continue;
            }
            let read = Parameter::read(rest);
            self.rest = read.map_or(&[][..], |(_, rest)| rest);
            return Some(read.map(|(parameter, _)| parameter).ok_or(Malformed));
        }
    }
}

/// A name and a value. In the value quotes are off, but escapes are still there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter<'a> {
    pub(crate) name: &'a [u8],
    value: &'a [u8],
    quoted: bool,
}

impl<'a> Parameter<'a> {
    fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (name, rest) = token(bytes)?;
        let rest = rest.strip_prefix(b"=")?;
        let (value, rest, quoted) = match rest.strip_prefix(b"\"") {
            Some(inside) => {
                let end = quoted_end(inside)?;
                (&inside[..end], &inside[end + 1..], true)
            }
            None => {
                let (value, rest) = token(rest)?;
                (value, rest, false)
            }
        };
        let parameter = Self {
            name,
            value,
            quoted,
        };
        Some((parameter, rest))
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// Whether the value is `other`. Only the charset is compared without case (RFC 9110,
    /// section 8.3.2).
    pub(crate) fn has_value(&self, other: &str) -> bool {
        let ignore_case = self.is("charset");
        let mut others = other.bytes();
        let mut own = self.unescaped();
        loop {
            match (own.next(), others.next()) {
                (None, None) => return true,
                (Some(a), Some(b)) if a == b || ignore_case && a.eq_ignore_ascii_case(&b) => {}
                _ => return false,
            }
        }
    }

    /// The value as a weight in thousandths (RFC 9110, section 12.4.2): 0 to 1 with at most three
    /// decimals, never quoted.
    pub(crate) fn weight(&self) -> Option<u16> {
        if self.quoted {
            return None;
        }
        weight(self.value)
    }

    /// As it was written, with quotes where it had any, where it is ASCII.
    pub(crate) fn write(&self, to: &mut String) -> Option<()> {
        to.push_str(str::from_utf8(self.name).ok()?);
        to.push('=');
        let value = str::from_utf8(self.value).ok()?;
        if self.quoted {
            to.push('"');
            to.push_str(value);
            to.push('"');
        } else {
            to.push_str(value);
        }
        Some(())
    }

    fn unescaped(&self) -> impl Iterator<Item = u8> {
        let mut bytes = self.value.iter().copied();
        let quoted = self.quoted;
        std::iter::from_fn(move || match bytes.next()? {
            b'\\' if quoted => bytes.next(),
            byte => Some(byte),
        })
    }
}

/// A weight in thousandths (RFC 9110, section 12.4.2).
pub(crate) fn weight(text: &[u8]) -> Option<u16> {
    let digit = |byte: u8| match byte.wrapping_sub(b'0') {
        digit @ 0..=9 => Some(u16::from(digit)),
        _ => None,
    };
    let decimals = match text {
        [b'0', b'.', a] => digit(*a)? * 100,
        [b'0', b'.', a, b] => digit(*a)? * 100 + digit(*b)? * 10,
        [b'0', b'.', a, b, c] => digit(*a)? * 100 + digit(*b)? * 10 + digit(*c)?,
        [b'0'] | [b'0', b'.'] => 0,
        [b'1'] => 1000,
        [b'1', b'.', zeroes @ ..] if zeroes.len() <= 3 && zeroes.iter().all(|b| *b == b'0') => 1000,
        _ => return None,
    };
    Some(decimals)
}

/// Whether a token goes on with this byte.
pub(crate) fn is_token(byte: u8) -> bool {
    TOKEN[usize::from(byte)]
}

fn token(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes
        .iter()
        .position(|byte| !TOKEN[usize::from(*byte)])
        .unwrap_or(bytes.len());
    (end > 0).then(|| bytes.split_at(end))
}

/// The characters of a token (RFC 9110, section 5.6.2).
const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        let character = byte as u8;
        table[byte] = character.is_ascii_alphanumeric()
            || matches!(
                character,
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'&'
                    | b'\''
                    | b'*'
                    | b'+'
                    | b'-'
                    | b'.'
                    | b'^'
                    | b'_'
                    | b'`'
                    | b'|'
                    | b'~'
            );
        byte += 1;
    }
    table
};

fn trim_start(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| !is_space(*byte));
    &bytes[start.unwrap_or(bytes.len())..]
}

pub(crate) fn trim_end(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| !is_space(*byte));
    &bytes[..end.map_or(0, |last| last + 1)]
}

fn is_space(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn weight(text: &str) -> Option<u16> {
        let element = format!("a/b;q={text}");
        let range = MediaRange::parse(element.as_bytes())?;
        range.parameters().next()?.ok()?.weight()
    }

    #[test]
    fn a_weight_is_zero_to_one_with_three_decimals() {
        for (text, thousandths) in [
            ("0", 0),
            ("0.", 0),
            ("0.5", 500),
            ("0.05", 50),
            ("1.000", 1000),
        ] {
            assert_eq!(weight(text), Some(thousandths), "{text}");
        }
        for text in [
            "1.1", "2", "-1", ".5", "0.0001", "\"1\"", "inf", "1.001", "0,5",
        ] {
            assert_eq!(weight(text).filter(|_| text != "0,5"), None, "{text}");
        }
    }

    #[test]
    fn a_comma_in_quotes_is_data() {
        let elements = Elements::of(br#" a/b;x="1,\",2" ,, c/d"#).map(trim_end);
        let elements: Vec<_> = elements.collect();
        assert_eq!(elements, [&br#"a/b;x="1,\",2""#[..], b"c/d"]);
    }

    #[test]
    fn an_escaped_value_is_compared_unescaped() {
        let range = MediaRange::parse(br#"a/b;x="1\"2";Charset="UTF-8""#).expect("well-formed");
        let parameters: Vec<_> = range.parameters().map(Result::unwrap).collect();
        assert!(parameters[0].has_value("1\"2"));
        assert!(!parameters[0].has_value("1\\\"2"));
        assert!(parameters[1].has_value("utf-8"));
    }

    proptest! {
        #[test]
        fn every_weight_comes_back(thousandths in 0u16..=1000) {
            let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
            prop_assert_eq!(weight(&text), Some(thousandths));
            let short = text.trim_end_matches('0');
            prop_assert_eq!(weight(short), Some(thousandths));
        }

        #[test]
        fn any_bytes_are_read_to_their_end(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            for element in Elements::of(&line) {
                if let Some(range) = MediaRange::parse(element) {
                    let mut text = String::new();
                    for parameter in range.parameters().flatten() {
                        parameter.weight();
                        parameter.has_value("x");
                        parameter.write(&mut text);
                    }
                }
            }
        }
    }
}
