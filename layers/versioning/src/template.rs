use std::{error::Error, fmt};

use crate::Reading;

/// The beginning of a path, with the place of the version in it.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pieces: Box<[Piece]>,
    /// What stands before the version, where that is text alone and nothing comes after.
    before: Option<Box<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(Box<str>),
    /// A parameter that is none of our business.
    Any,
    Version,
}

impl Template {
    /// `/{version}/...`
    pub(crate) fn first_segment() -> Self {
        Self {
            pieces: [Piece::Version].into(),
            before: Some("/".into()),
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, TemplateError> {
        let error = || TemplateError(text.into());
        let path = text.strip_prefix('/').ok_or_else(error)?;
        let path = path.strip_suffix("...").unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        let names = || path.split('/').filter_map(name);
        let version = match names().count() {
            1 => names().next(),
            _ => names().find(|name| *name == "version"),
        };
        let version = version.ok_or_else(error)?;
        let pieces = path.split('/').map(|segment| match name(segment) {
            Some(name) if name == version => Ok(Piece::Version),
            Some(_) => Ok(Piece::Any),
            None if segment.is_empty() || segment.contains(['{', '}']) => Err(error()),
            None => Ok(Piece::Literal(segment.into())),
        });
        let pieces: Box<[Piece]> = pieces.collect::<Result<_, _>>()?;
        let places = pieces.iter().filter(|piece| **piece == Piece::Version);
        match places.count() {
            1 => Ok(Self {
                before: text_before(&pieces),
                pieces,
            }),
            _ => Err(error()),
        }
    }

    /// What stands before the version, where nothing else has to be looked at.
    pub(crate) fn before(&self) -> Option<&str> {
        self.before.as_deref()
    }

    /// What a raw path says in the version's place. A path of another shape says nothing.
    pub(crate) fn read<'a>(&self, path: &'a str) -> Reading<'a> {
        let mut reading = Reading::Nothing;
        let mut rest = path;
        for piece in &self.pieces {
            let Some(after) = rest.strip_prefix('/') else {
                return Reading::Nothing;
            };
            let end = after.bytes().position(|byte| byte == b'/');
            let segment;
            (segment, rest) = after.split_at(end.unwrap_or(after.len()));
            match piece {
                Piece::Literal(literal) if **literal == *segment => {}
                Piece::Any if !segment.is_empty() => {}
                Piece::Version if !segment.is_empty() => reading = Reading::of(segment),
                // `//tasks` has a version and it is empty; `/` has none.
                Piece::Version if !rest.is_empty() => reading = Reading::Invalid,
                _ => return Reading::Nothing,
            }
        }
        reading
    }
}

fn text_before(pieces: &[Piece]) -> Option<Box<str>> {
    let (Piece::Version, before) = pieces.split_last()? else {
        return None;
    };
    let mut text = String::from("/");
    for piece in before {
        let Piece::Literal(literal) = piece else {
            return None;
        };
        text.push_str(literal);
        text.push('/');
    }
    Some(text.into())
}

/// What a raw path says where the route that it matched has `parameter`.
pub(crate) fn read_captured<'a>(path: &'a str, route: &str, parameter: &str) -> Reading<'a> {
    let mut segments = path.split('/');
    for piece in route.split('/') {
        let Some(segment) = segments.next() else {
            return Reading::Nothing;
        };
        match name(piece) {
            Some(name) if name == parameter => return Reading::of(segment),
            // What comes after a wildcard cannot be placed.
            None if piece.starts_with("{*") => return Reading::Nothing,
            _ => {}
        }
    }
    Reading::Nothing
}

fn name(segment: &str) -> Option<&str> {
    let name = segment.strip_prefix('{')?.strip_suffix('}')?;
    (!name.is_empty() && !name.contains(['{', '}', '*'])).then_some(name)
}

/// A path template without a place for the version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError(Box<str>);

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no template for a versioned path: a path such as \"/api/{{version}}/...\" is wanted, with one segment for the version",
            self.0
        )
    }
}

impl Error for TemplateError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read<'a>(template: &str, path: &'a str) -> Reading<'a> {
        Template::parse(template).expect("a template").read(path)
    }

    #[test]
    fn the_version_is_one_segment_of_the_beginning() {
        for template in ["/{v}", "/{v}/", "/{version}/..."] {
            assert_eq!(read(template, "/v2/tasks/4"), Reading::of("v2"));
            assert_eq!(read(template, "/v2"), Reading::of("v2"));
            assert_eq!(read(template, "/v2/"), Reading::of("v2"));
            assert_eq!(read(template, "//tasks"), Reading::Invalid);
            assert_eq!(read(template, "/"), Reading::Nothing);
            assert_eq!(read(template, "*"), Reading::Nothing);
            assert_eq!(read(template, ""), Reading::Nothing);
        }
    }

    #[test]
    fn other_segments_have_to_match() {
        let template = "/api/{tenant}/{version}/tasks";
        assert_eq!(read(template, "/api/acme/v1/tasks"), Reading::of("v1"));
        assert_eq!(read(template, "/api/acme/v1/tasks/4"), Reading::of("v1"));
        assert_eq!(read(template, "/api/acme/v1"), Reading::Nothing);
        assert_eq!(read(template, "/api//v1/tasks"), Reading::Nothing);
        assert_eq!(read(template, "/API/acme/v1/tasks"), Reading::Nothing);
    }

    #[test]
    fn a_template_without_one_place_is_refused() {
        for text in [
            "",
            "/",
            "{version}",
            "/api",
            "/{}",
            "/v{version}",
            "/{a}/{b}",
            "/{version}/{version}",
            "//{version}",
            "/{*rest}",
        ] {
            let error = Template::parse(text).expect_err(text);
            assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
        }
    }

    #[test]
    fn a_captured_parameter_is_the_segment_in_its_place() {
        let route = "/api/{version}/tasks/{id}/{*rest}";
        let read = |path, parameter| read_captured(path, route, parameter);
        assert_eq!(read("/api/v1/tasks/4/a/b", "version"), Reading::of("v1"));
        assert_eq!(read("/api/v1/tasks/4/a/b", "id"), Reading::of("4"));
        assert_eq!(read("/api/v1/tasks/4/a/b", "rest"), Reading::Nothing);
        assert_eq!(read("/api/v1/tasks/4/a/b", "other"), Reading::Nothing);
        assert_eq!(read("/api", "version"), Reading::Nothing);
    }

    proptest! {
        #[test]
        fn any_path_can_be_read(path in "\\PC*|[/a{}%*.]*") {
            let _ = read("/a/{b}/{version}", &path);
            let _ = Template::parse(&path);
        }

        #[test]
        fn any_segment_is_a_version(version in "[a-zA-Z0-9.~-]{1,9}", rest in "(/[a-z]*)*") {
            let path = format!("/{version}{rest}");
            prop_assert_eq!(read("/{version}", &path), Reading::of(version.as_str()));
        }
    }
}
