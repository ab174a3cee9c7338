//! A raw path in; out come where its suffix begins and ends.

use std::ops::Range;

/// Where the suffix of a raw path lies.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Suffix {
    /// From the dot to the end of the name.
    pub(crate) cut: Range<usize>,
    /// The name, without the dot.
    pub(crate) name: Range<usize>,
}

/// Finds the dot and the name after it at the end of the last segment.
///
/// One trailing slash may follow. The name consists of `a-z0-9` and at least one of them; what
/// stands before it in the segment is not empty, or the file would be a hidden one, and not a dot
/// segment, or `/a/...json` would lead to the parent (RFC 3986, section 5.2.4). With
/// `encoded_dot`, `%2E` is a dot too.
pub(crate) fn find(path: &str, encoded_dot: bool) -> Option<Suffix> {
    let bytes = path.as_bytes();
    let end = bytes.len() - usize::from(bytes.last() == Some(&b'/'));
    let start = 1 + bytes[..end]
        .iter()
        .rposition(|byte| !matches!(byte, b'a'..=b'z' | b'0'..=b'9'))?;
    let (dot, start) = match &bytes[..start] {
        [.., b'.'] => (start - 1, start),
        // The E of `%2E` is no letter of a name, the e of `%2e` is.
        [.., b'%', b'2', b'E'] if encoded_dot => (start - 3, start),
        [.., b'%'] if encoded_dot && bytes[start..end].starts_with(b"2e") => (start - 1, start + 2),
        _ => return None,
    };
    if start == end {
        return None;
    }
    let segment = path[..dot].rsplit('/').next().unwrap_or_default();
    if segment.is_empty() || is_dot_segment(segment) {
        return None;
    }
    Some(Suffix {
        cut: dot..end,
        name: start..end,
    })
}

/// The suffix of the root: `json` in `/api/.json`, where the root is `/api/`.
pub(crate) fn find_at_root(path: &str, root: &str) -> Option<Suffix> {
    let name = path.strip_prefix(root)?.strip_prefix('.')?;
    let name = name.strip_suffix('/').unwrap_or(name);
    if !is_name(name) {
        return None;
    }
    let start = root.len() + 1;
    Some(Suffix {
        cut: root.len()..path.len(),
        name: start..start + name.len(),
    })
}

/// Whether a format can have this name.
pub(crate) fn is_name(name: &str) -> bool {
    let is_part = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9');
    !name.is_empty() && name.bytes().all(is_part)
}

/// `.` and `..`, their dots also percent-encoded.
fn is_dot_segment(segment: &str) -> bool {
    let mut rest = segment;
    let mut dots = 0;
    while let Some((dot, after)) = rest.split_at_checked(1) {
        rest = match dot {
            "." => after,
            "%" if after
                .get(..2)
                .is_some_and(|hex| hex.eq_ignore_ascii_case("2e")) =>
            {
                &after[2..]
            }
            _ => return false,
        };
        dots += 1;
    }
    dots <= 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(path: &str) -> Option<&str> {
        find(path, false).map(|suffix| &path[suffix.name])
    }

    #[test]
    fn the_last_dot_of_the_last_segment_counts() {
        assert_eq!(name("/tasks/4.json"), Some("json"));
        assert_eq!(name("/tasks/4.json/"), Some("json"));
        assert_eq!(name("/a.b.json"), Some("json"));
        assert_eq!(name("/v1.0/tasks"), None);
        assert_eq!(name("/tasks/4.json//"), None);
        assert_eq!(name("/tasks/4"), None);
        assert_eq!(name(""), None);
        assert_eq!(name("*"), None);
    }

    #[test]
    fn a_name_is_lower_case_letters_and_digits() {
        assert_eq!(name("/4.mp3"), Some("mp3"));
        for path in ["/4.", "/4.JSON", "/4.js-on", "/4.j%73on", "/4%2ejson"] {
            assert_eq!(name(path), None, "{path}");
        }
    }

    #[test]
    fn nothing_is_cut_to_an_empty_or_a_dot_segment() {
        for path in [
            "/.json",
            "/tasks/.json",
            "/..json",
            "/...json",
            "/%2e.json",
            "/.%2E.json/",
        ] {
            assert_eq!(name(path), None, "{path}");
        }
        assert_eq!(name("/....json"), Some("json"));
    }

    #[test]
    fn an_encoded_dot_is_a_dot_when_asked() {
        for path in ["/4%2Ejson", "/4%2ejson", "/4%2ejson/", "/4.json"] {
            let suffix = find(path, true).expect(path);
            assert_eq!(&path[suffix.name], "json", "{path}");
            assert_eq!(&path[..suffix.cut.start], "/4", "{path}");
        }
        for path in ["/4%2e", "/4%2E", "/%2ejson", "/4%2fjson"] {
            assert_eq!(find(path, true), None, "{path}");
        }
    }

    #[test]
    fn the_root_has_a_suffix_of_its_own() {
        let cut = |path, root| find_at_root(path, root).map(|suffix| suffix.cut);
        assert_eq!(cut("/.json", "/"), Some(1..6));
        assert_eq!(cut("/api/.json/", "/api/"), Some(5..11));
        assert_eq!(cut("/api/.json", "/"), None);
        assert_eq!(cut("/.", "/"), None);
        assert_eq!(cut("/", "/"), None);
    }

    proptest! {
        #[test]
        fn any_text_can_be_looked_at(path in "\\PC*", encoded in any::<bool>()) {
            if let Some(suffix) = find(&path, encoded) {
                prop_assert!(is_name(&path[suffix.name]));
                prop_assert!(!path[..suffix.cut.start].ends_with('/'));
                prop_assert!(path.get(suffix.cut).is_some());
            }
            let _ = find_at_root(&path, "/");
        }

        #[test]
        fn a_suffix_that_was_put_on_is_taken_off(
            path in "(/[a-zA-Z0-9.%-]{0,8}){0,3}/[a-zA-Z0-9-]{1,8}",
            format in "[a-z0-9]{1,6}",
            slash in "/?",
        ) {
            let whole = format!("{path}.{format}{slash}");
            let suffix = find(&whole, false).expect("a suffix");
            prop_assert_eq!(&whole[..suffix.cut.start], &path);
            prop_assert_eq!(&whole[suffix.name], &format);
            prop_assert_eq!(&whole[suffix.cut.end..], &slash);
        }
    }
}
