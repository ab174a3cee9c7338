use crate::media_range::{Elements, trim_end, weight};

/// The members of a header of names and weights: `Accept-Language`, `Accept-Encoding` (RFC 9110,
/// section 12.4). A malformed one is dropped.
pub(crate) fn weighted<'a, L>(
    lines: impl IntoIterator<Item = &'a L>,
) -> impl Iterator<Item = (&'a str, u16)>
where
    L: AsRef<[u8]> + ?Sized + 'a,
{
    let elements = lines
        .into_iter()
        .flat_map(|line| Elements::of(line.as_ref()));
    elements.filter_map(|element| {
        let text = str::from_utf8(element).ok()?;
        let (name, weighed) = match text.split_once(';') {
            None => (text, 1000),
            Some((name, parameter)) => {
                let (q, value) = parameter.split_once('=')?;
                if !q.trim_matches(SPACES).eq_ignore_ascii_case("q") {
                    return None;
                }
                (name, weight(trim_end(value.as_bytes()))?)
            }
        };
        let name = name.trim_matches(SPACES);
        let well_formed = name == "*" || !name.is_empty() && name.bytes().all(is_part);
        well_formed.then_some((name, weighed))
    })
}

const SPACES: [char; 2] = [' ', '\t'];

/// What names of languages and of codings consist of.
fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'+')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_weights_are_read_and_what_is_neither_is_dropped() {
        let read = |lines: &[&'static str]| weighted(lines.to_vec()).collect::<Vec<_>>();
        assert_eq!(
            read(&["da, en-gb;q=0.8 , en ; q=0.7", "*;Q=0"]),
            [("da", 1000), ("en-gb", 800), ("en", 700), ("*", 0)]
        );
        assert_eq!(read(&["en;q=2, e n, ;q=1, é, de;x=1, fr"]), [("fr", 1000)]);
        assert_eq!(read(&["", ",,"]), []);
    }
}
