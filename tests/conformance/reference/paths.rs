//! Patterns of paths: `<int:x>`, `<str:x>`, the few regular expressions of the table, suffixes.

/// A compiled pattern and what it captures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Capture {
        name: String,
        class: Class,
    },
    /// A dot, one of these formats (none listed: letters and digits), perhaps a slash.
    Suffix(Option<Vec<String>>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// Handed on as a number.
    Number,
    Digits,
    Segment,
    SegmentWithoutDot,
}

impl Class {
    fn takes(self, c: char) -> bool {
        match self {
            Self::Number | Self::Digits => c.is_ascii_digit(),
            Self::Segment => c != '/',
            Self::SegmentWithoutDot => c != '/' && c != '.',
        }
    }
}

/// What a path gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Name, value, and whether the value is a number.
    pub(crate) captured: Vec<(String, String, bool)>,
    pub(crate) format: Option<String>,
}

impl Pattern {
    /// A path in Django's `path()` style.
    pub(crate) fn path(written: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = written;
        while let Some(start) = rest.find('<') {
            literal(&mut parts, &rest[..start]);
            let end = rest.find('>').ok_or_else(|| unknown(written))?;
            let (kind, name) = rest[start + 1..end]
                .split_once(':')
                .ok_or_else(|| unknown(written))?;
            let class = match kind {
                "int" => Class::Number,
                "str" => Class::Segment,
                "pk" => Class::SegmentWithoutDot,
                _ => return Err(unknown(written)),
            };
            parts.push(Part::Capture {
                name: name.to_owned(),
                class,
            });
            rest = &rest[end + 1..];
        }
        literal(&mut parts, rest);
        Ok(Self(parts))
    }

    /// One of the regular expressions of the table: text, `(?P<name>[0-9]+)`, `$` at the end.
    pub(crate) fn regular(written: &str) -> Result<Self, String> {
        let text = written.strip_suffix('$').ok_or_else(|| unknown(written))?;
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("(?P<") {
            literal(&mut parts, &rest[..start]);
            let inside = &rest[start + 4..];
            let (name, tail) = inside.split_once('>').ok_or_else(|| unknown(written))?;
            let (class, tail) = if let Some(tail) = tail.strip_prefix("[0-9]+)") {
                (Class::Digits, tail)
            } else if let Some(tail) = tail.strip_prefix("[^/]+)") {
                (Class::Segment, tail)
            } else {
                return Err(unknown(written));
            };
            parts.push(Part::Capture {
                name: name.to_owned(),
                class,
            });
            rest = tail;
        }
        if rest.contains(['(', '[', '*', '+', '\\']) {
            return Err(unknown(written));
        }
        literal(&mut parts, rest);
        Ok(Self(parts))
    }

    /// The suffixed twin: without the trailing slash, then the suffix.
    pub(crate) fn suffixed(&self, allowed: Option<&[String]>) -> Self {
        let mut parts = self.0.clone();
        if let Some(Part::Literal(last)) = parts.last_mut()
            && last.ends_with('/')
        {
            last.pop();
        }
        parts.push(Part::Suffix(allowed.map(<[String]>::to_vec)));
        Self(parts)
    }

    /// The template as gatefold writes it: `{name}` for a capture.
    pub(crate) fn template(&self) -> String {
        self.0
            .iter()
            .map(|part| match part {
                Part::Literal(text) => text.clone(),
                Part::Capture { name, .. } => format!("{{{name}}}"),
                Part::Suffix(_) => String::new(),
            })
            .collect()
    }

    /// Matches a whole path, as greedily as a regular expression would.
    pub(crate) fn matches(&self, path: &str) -> Option<Found> {
        let mut found = Found::default();
        step(&self.0, path, &mut found).then_some(found)
    }
}

fn step(parts: &[Part], path: &str, found: &mut Found) -> bool {
    let Some((part, rest)) = parts.split_first() else {
        return path.is_empty();
    };
    match part {
        Part::Literal(text) => path
            .strip_prefix(text.as_str())
            .is_some_and(|tail| step(rest, tail, found)),
        Part::Capture { name, class } => {
            let mut ends: Vec<usize> = path
                .char_indices()
                .take_while(|(_, c)| class.takes(*c))
                .map(|(at, c)| at + c.len_utf8())
                .collect();
            while let Some(end) = ends.pop() {
                let kept = found.clone();
                found.captured.push((
                    name.clone(),
                    path[..end].to_owned(),
                    *class == Class::Number,
                ));
                if step(rest, &path[end..], found) {
                    return true;
                }
                *found = kept;
            }
            false
        }
        Part::Suffix(allowed) => {
            let Some(format) = path.strip_prefix('.') else {
                return false;
            };
            let format = format.strip_suffix('/').unwrap_or(format);
            let good = match allowed {
                Some(allowed) => allowed.iter().any(|known| known == format),
                None => {
                    !format.is_empty()
                        && format
                            .bytes()
                            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
                }
            };
            if good {
                found.format = Some(format.to_owned());
            }
            good
        }
    }
}

fn literal(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Literal(text.to_owned()));
    }
}

fn unknown(written: &str) -> String {
    format!("path `{written}`")
}
