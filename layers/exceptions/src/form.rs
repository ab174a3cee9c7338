/// The form in which a caller wants to be told of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Form {
    /// `application/json`, and whatever says nothing else.
    Json,
    /// `application/problem+json` (RFC 9457), asked for by name.
    Problem,
    /// `text/html`: a person with a browser.
    Html,
    /// `text/plain`.
    Text,
    /// gRPC: the call itself is one, whatever `Accept` says.
    Grpc,
}

/// In the server's order, which decides between equals.
const OFFERS: [(Form, &str, &str); 4] = [
    (Form::Json, "application", "json"),
    (Form::Problem, "application", "problem+json"),
    (Form::Html, "text", "html"),
    (Form::Text, "text", "plain"),
];

impl Form {
    /// The form that wins for the lines of `Accept` (RFC 9110, section 12.5.1): by quality, then
    /// by how specific the range is, then by our order.
    ///
    /// Parameters other than `q` do not count, so that `application/json; version=2` is JSON. A
    /// range that cannot be read is left out. If nothing is acceptable the form is JSON.
    pub(crate) fn accepted<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Self {
        // For each offer the most specific range that matches, in the high half, and its quality.
        let mut ranks = [0u32; OFFERS.len()];
        for line in lines.filter_map(|line| str::from_utf8(line).ok()) {
            for range in line.split(outside_quotes(',')) {
                let Some((kind, subtype, quality)) = read(range) else {
                    continue;
                };
                for (rank, (_, offered, name)) in ranks.iter_mut().zip(OFFERS) {
                    let specificity = match (kind, subtype) {
                        ("*", "*") => 1,
                        (_, "*") if kind.eq_ignore_ascii_case(offered) => 2,
                        _ if kind.eq_ignore_ascii_case(offered)
                            && subtype.eq_ignore_ascii_case(name) =>
                        {
                            3
                        }
                        _ => continue,
                    };
                    *rank = (*rank).max(specificity << 16 | quality);
                }
            }
        }
        let mut best = (Self::Json, 0);
        for (rank, (form, ..)) in ranks.into_iter().zip(OFFERS) {
            let (specificity, quality) = (rank >> 16, rank & 0xffff);
            let weight = quality << 16 | specificity;
            if quality > 0 && weight > best.1 {
                best = (form, weight);
            }
        }
        best.0
    }
}

/// Type, subtype and quality in thousandths.
fn read(range: &str) -> Option<(&str, &str, u32)> {
    let mut parts = range.split(outside_quotes(';')).map(str::trim);
    let (kind, subtype) = parts.next()?.split_once('/')?;
    let quality = parts.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.eq_ignore_ascii_case("q").then_some(value)
    });
    match quality {
        None => Some((kind, subtype, 1000)),
        Some(value) => Some((kind, subtype, thousandths(value)?)),
    }
}

/// `0`, `1`, or one of these with at most three digits behind the point (RFC 9110, section
/// 12.4.2).
fn thousandths(value: &str) -> Option<u32> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = fraction.bytes().map(|byte| u32::from(byte - b'0'));
    let padded = digits.chain([0; 3]).take(3);
    let fraction = padded.fold(0, |sum, digit| sum * 10 + digit);
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1000),
        _ => None,
    }
}

/// Whether this is the `separator`, and not inside a quoted string (RFC 9110, section 5.6.4).
fn outside_quotes(separator: char) -> impl FnMut(char) -> bool {
    let (mut quoted, mut escaped) = (false, false);
    move |c| {
        if std::mem::take(&mut escaped) {
            return false;
        }
        escaped = quoted && c == '\\';
        quoted ^= c == '"';
        c == separator && !quoted
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn form(accept: &str) -> Form {
        Form::accepted(accept.split('|').map(str::as_bytes))
    }

    #[test]
    fn browsers_get_pages_and_programs_get_json() {
        let chrome = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,\
                      image/webp,image/apng,*/*;q=0.8";
        assert_eq!(form(chrome), Form::Html);
        assert_eq!(form("*/*"), Form::Json);
        assert_eq!(form("application/json, text/plain, */*"), Form::Json);
        assert_eq!(form("application/json; version=2"), Form::Json);
        assert_eq!(form("application/problem+json"), Form::Problem);
        assert_eq!(form("text/plain"), Form::Text);
        assert_eq!(form("TEXT/*"), Form::Html);
        assert_eq!(form("*/* | text/html"), Form::Html);
    }

    #[test]
    fn quality_goes_before_order_and_zero_refuses() {
        assert_eq!(form("application/json;q=0.5, text/plain"), Form::Text);
        assert_eq!(form("text/html;q=0, text/plain;q=0.001"), Form::Text);
        assert_eq!(form("application/json;q=0, */*"), Form::Problem);
        assert_eq!(form("text/html;q=0"), Form::Json);
        assert_eq!(form("text/html;q=1.001, text/plain;q=0.1"), Form::Text);
    }

    #[test]
    fn what_nobody_offers_and_garbage_are_json() {
        for accept in [
            "image/png",
            "",
            ",;,",
            "text",
            "a\"b,text/html",
            "text/html;q=x",
        ] {
            assert_eq!(form(accept), Form::Json, "{accept}");
        }
    }

    #[test]
    fn a_comma_in_quotes_separates_nothing() {
        assert_eq!(
            form(r#"image/png;a=",text/html,\"", text/plain"#),
            Form::Text
        );
    }

    proptest! {
        #[test]
        fn no_header_panics(accept in "[ -~]{0,80}") {
            form(&accept);
        }

        #[test]
        fn the_higher_quality_wins(html in 0u32..=1000, text in 0u32..=1000) {
            let weight = |q: u32| format!("{}.{:03}", q / 1000, q % 1000);
            let accept = format!("text/html;q={}, text/plain; Q={}", weight(html), weight(text));
            let expected = match (html, text) {
                (0, 0) => Form::Json,
                _ if html >= text => Form::Html,
                _ => Form::Text,
            };
            prop_assert_eq!(form(&accept), expected);
        }
    }
}
