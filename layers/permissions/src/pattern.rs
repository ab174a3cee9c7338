//! A route's pattern, in axum's syntax, and what it says of a path.

/// The segments of `/tasks/{id}` or `/files/{*rest}`.
///
/// The order of patterns is that of axum's choice: at the first difference a static segment comes
/// before a parameter, and that before a wildcard.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pattern(Vec<Segment>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Static(Literal),
    Parameter,
    Rest,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Literal {
    text: Box<str>,
    // What a router compares that decodes the path first.
    decoded: Box<[u8]>,
}

/// One of the ways in which servers read a path.
#[derive(Clone, Copy)]
pub(crate) enum Reading {
    AsSent,
    Decoded,
}

impl Pattern {
    /// Reads a pattern, or says what is wrong with it.
    pub(crate) fn parse(pattern: &str) -> Result<Self, &'static str> {
        let path = pattern.strip_prefix('/').ok_or("it starts with `/`")?;
        let mut segments = Vec::new();
        let mut rest = path.split('/').peekable();
        while let Some(text) = rest.next() {
            let last = rest.peek().is_none();
            segments.push(Segment::parse(text, last)?);
        }
        Ok(Self(segments))
    }

    /// Whether this is the route with the given template, whatever its parameters are called.
    pub(crate) fn is_template(&self, template: &str) -> bool {
        let Some(path) = template.strip_prefix('/') else {
            return false;
        };
        let mut segments = self.0.iter();
        let all = path.split('/').all(|text| match segments.next() {
            Some(Segment::Static(literal)) => *literal.text == *text,
            Some(Segment::Parameter) => name(text).is_some_and(|name| !name.starts_with('*')),
            Some(Segment::Rest) => name(text).is_some_and(|name| name.starts_with('*')),
            None => false,
        });
        all && segments.next().is_none()
    }

    /// Whether a path, without decoding, lies on the route. A parameter takes one segment, a
    /// wildcard one or more, and neither takes nothing.
    pub(crate) fn matches(&self, path: &[u8], reading: Reading) -> bool {
        let Some(mut path) = path.strip_prefix(b"/") else {
            return false;
        };
        let mut ended = false;
        for segment in &self.0 {
            if ended {
                return false;
            }
            let end = path.iter().position(|byte| *byte == b'/');
            let text = &path[..end.unwrap_or(path.len())];
            let fits = match (segment, reading) {
                (Segment::Static(literal), Reading::AsSent) => literal.text.as_bytes() == text,
                (Segment::Static(literal), Reading::Decoded) => *literal.decoded == *text,
                (Segment::Parameter, _) => !text.is_empty(),
                (Segment::Rest, _) => return !path.is_empty(),
            };
            if !fits {
                return false;
            }
            match end {
                Some(end) => path = &path[end + 1..],
                None => ended = true,
            }
        }
        ended
    }
}

impl Segment {
    fn parse(text: &str, last: bool) -> Result<Self, &'static str> {
        if let Some(name) = name(text) {
            let (name, segment) = match name.strip_prefix('*') {
                Some(name) => (name, Self::Rest),
                None => (name, Self::Parameter),
            };
            if name.is_empty() || name.contains(['{', '}', '*']) {
                return Err("a parameter is `{name}`, a wildcard `{*name}`");
            }
            if segment == Self::Rest && !last {
                return Err("a wildcard is the last segment");
            }
            return Ok(segment);
        }
        if text.contains(['{', '}']) {
            return Err("a parameter is a whole segment: `/{name}/`");
        }
        if text.starts_with([':', '*']) {
            return Err("a parameter is `{name}`, a wildcard `{*name}`");
        }
        if text.contains(['?', '#', '\\']) || text.contains(|c: char| !c.is_ascii_graphic()) {
            return Err("it is a path as it is sent: other characters are percent-encoded");
        }
        if matches!(text, "." | "..") || text.is_empty() && !last {
            return Err("it has no empty segment but the last, and no `.` or `..`");
        }
        Ok(Self::Static(Literal {
            text: text.into(),
            decoded: decode(text.as_bytes()).into(),
        }))
    }
}

/// What stands between the braces of a segment that is nothing else.
fn name(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// Decodes each percent-encoded byte once. What is no encoding stays.
pub(crate) fn decode(path: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16);
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let pair = (digit(after.first()), digit(after.get(1)));
        match (byte, pair) {
            (b'%', (Some(high), Some(low))) => {
                decoded.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            _ => decoded.push(byte),
        }
    }
    decoded
}

/// Removes `.` and `..` (RFC 3986, section 5.2.4), and empty segments but the last, as servers do
/// that look for a file.
pub(crate) fn normalize(path: &[u8]) -> Vec<u8> {
    let mut kept: Vec<&[u8]> = Vec::new();
    let mut segments = path
        .split(|byte| matches!(byte, b'/' | b'\\'))
        .skip(1)
        .peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            b".." => {
                kept.pop();
            }
            b"." | b"" => {}
            segment => {
                kept.push(segment);
                continue;
            }
        }
        if last {
            kept.push(b"");
        }
    }
    let mut normal = Vec::with_capacity(path.len());
    for segment in kept {
        normal.push(b'/');
        normal.extend_from_slice(segment);
    }
    normal
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).expect("a good pattern")
    }

    #[test]
    fn a_malformed_pattern_is_refused() {
        for bad in [
            "",
            "tasks",
            "/{}",
            "/{*}",
            "/{id",
            "/id}",
            "/v{id}",
            "/{a}{b}",
            "/{*rest}/x",
            "/:id",
            "/*rest",
            "/a?b",
            "/a b",
            "/größe",
            "//a",
            "/a/../b",
            "/.",
            "/a\\b",
            "/{a*}",
        ] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_path_lies_on_the_routes_that_axum_would_take() {
        for (route, path, lies) in [
            ("/", "/", true),
            ("/", "/a", false),
            ("/tasks", "/tasks", true),
            ("/tasks", "/tasks/", false),
            ("/tasks/", "/tasks/", true),
            ("/tasks/{id}", "/tasks/1", true),
            ("/tasks/{id}", "/tasks/", false),
            ("/tasks/{id}", "/tasks", false),
            ("/tasks/{id}", "/tasks/1/", false),
            ("/tasks/{id}/x", "/tasks/1/x", true),
            ("/files/{*rest}", "/files/a/b", true),
            ("/files/{*rest}", "/files/", false),
            ("/files/{*rest}", "/files", false),
            ("/tasks", "*", false),
            ("/tasks", "", false),
        ] {
            let fits = pattern(route).matches(path.as_bytes(), Reading::AsSent);
            assert_eq!(fits, lies, "{route} {path}");
        }
    }

    #[test]
    fn a_template_is_compared_by_its_form() {
        let route = pattern("/v1/tasks/{id}");
        assert!(route.is_template("/v1/tasks/{pk}"));
        for other in [
            "/v1/tasks/{*rest}",
            "/v1/tasks/id",
            "/v1/tasks",
            "/v1/tasks/{id}/",
            "",
        ] {
            assert!(!route.is_template(other), "{other}");
        }
        assert!(pattern("/{*a}").is_template("/{*b}"));
        assert!(!pattern("/{*a}").is_template("/{b}"));
    }

    #[test]
    fn static_comes_before_a_parameter_and_that_before_a_wildcard() {
        let mut patterns = ["/{*rest}", "/{a}/b", "/a/{*rest}", "/a/{b}", "/a/b"].map(pattern);
        patterns.sort();
        let sorted = ["/a/b", "/a/{b}", "/a/{*rest}", "/{a}/b", "/{*rest}"].map(pattern);
        assert_eq!(patterns, sorted);
    }

    #[test]
    fn dots_and_doubled_slashes_are_removed() {
        for (path, normal) in [
            ("/a/b", "/a/b"),
            ("/a/b/", "/a/b/"),
            ("/a//b", "/a/b"),
            ("/a/./b", "/a/b"),
            ("/a/../b", "/b"),
            ("/../../b", "/b"),
            ("/a/..", "/"),
            ("/a\\b", "/a/b"),
            ("/", "/"),
        ] {
            assert_eq!(normalize(path.as_bytes()), normal.as_bytes(), "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_pattern_or_an_error(text in "\\PC*") {
            let _ = Pattern::parse(&text);
        }

        #[test]
        fn a_good_pattern_is_its_own_template(
            segments in prop::collection::vec("[a-z]{1,3}|\\{[a-z]{1,3}\\}", 1..5)
        ) {
            let text = format!("/{}", segments.join("/"));
            prop_assert!(pattern(&text).is_template(&text));
            let path = text.replace(['{', '}'], "");
            prop_assert!(pattern(&text).matches(path.as_bytes(), Reading::AsSent));
        }

        #[test]
        fn decoding_never_fails_nor_grows(path in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert!(decode(&path).len() <= path.len());
            prop_assert!(normalize(&path).len() <= path.len() + 1);
        }
    }
}
