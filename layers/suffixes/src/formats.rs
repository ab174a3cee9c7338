use std::{error::Error, fmt, sync::Arc};

use gatefold_core::Format;
use http::{Uri, uri::PathAndQuery};

use crate::suffix::{self, Suffix};

/// Which suffixes count, and where.
#[derive(Clone, Debug)]
pub(crate) struct Formats {
    /// `None`: any.
    pub(crate) known: Option<Arc<[Format]>>,
    pub(crate) except: Vec<Box<str>>,
    pub(crate) roots: Vec<Box<str>>,
    pub(crate) encoded_dot: bool,
    /// Whether each name, with its dot and a slash after it, fits into eight bytes.
    pub(crate) short: bool,
}

impl Formats {
    pub(crate) fn known<I>(names: I) -> Result<Self, SuffixError>
    where
        I: IntoIterator,
        I::Item: Into<Arc<str>>,
    {
        let check = |name: I::Item| {
            let name = name.into();
            match suffix::is_name(&name) {
                true => Ok(Format::new(name)),
                false => Err(SuffixError(Some(name))),
            }
        };
        let known: Arc<[Format]> = names.into_iter().map(check).collect::<Result<_, _>>()?;
        if known.is_empty() {
            return Err(SuffixError(None));
        }
        let is_short = |format: &Format| format.as_str().len() <= 6;
        Ok(Self {
            short: known.iter().all(is_short),
            known: Some(known),
            ..Self::any()
        })
    }

    pub(crate) fn any() -> Self {
        Self {
            known: None,
            except: Vec::new(),
            roots: Vec::new(),
            encoded_dot: false,
            short: false,
        }
    }

    /// The URI without its suffix, and the format that the suffix names.
    ///
    /// Allocates once, for the new URI, where there is a suffix; a second time for the name where
    /// any suffix counts.
    #[inline]
    pub(crate) fn rewrite(&self, uri: &Uri) -> Option<(Uri, Format)> {
        if self.short && !ends_with_a_dot_near(uri.path()) {
            return None;
        }
        self.cut(uri)
    }

    #[inline(never)]
    fn cut(&self, uri: &Uri) -> Option<(Uri, Format)> {
        let path = uri.path();
        let found = suffix::find(path, self.encoded_dot).or_else(|| {
            let mut roots = self.roots.iter();
            roots.find_map(|root| suffix::find_at_root(path, root))
        })?;
        if self.except.iter().any(|prefix| is_under(path, prefix)) {
            return None;
        }
        let format = self.format(&path[found.name.clone()])?;
        Some((without(uri, &found)?, format))
    }

    fn format(&self, name: &str) -> Option<Format> {
        match &self.known {
            Some(known) => known.iter().find(|known| known.as_str() == name).cloned(),
            None => Some(Format::new(name)),
        }
    }
}

/// Whether a dot is among the last eight bytes: most paths are told apart by this alone.
///
/// A byte of the word is zero where the dot was; taking one from it borrows, which sets its high
/// bit, and no other byte gains one that it did not have.
#[inline]
fn ends_with_a_dot_near(path: &str) -> bool {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const DOTS: u64 = u64::from_ne_bytes([b'.'; 8]);
    let Some(end) = path.as_bytes().last_chunk() else {
        return true;
    };
    let word = u64::from_ne_bytes(*end) ^ DOTS;
    word.wrapping_sub(ONES) & !word & (ONES << 7) != 0
}

/// `prefix` has no slash at its end.
fn is_under(path: &str, prefix: &str) -> bool {
    let rest = path.strip_prefix(prefix);
    rest.is_some_and(|rest| rest.starts_with('/'))
}

fn without(uri: &Uri, suffix: &Suffix) -> Option<Uri> {
    let whole = uri.path_and_query()?.as_str();
    let mut short = String::with_capacity(whole.len() - suffix.cut.len());
    short.push_str(&whole[..suffix.cut.start]);
    short.push_str(&whole[suffix.cut.end..]);
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(short).ok()?);
    Uri::from_parts(parts).ok()
}

/// A name that no suffix can have, or no name at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuffixError(Option<Arc<str>>);

impl fmt::Display for SuffixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(name) => write!(
                f,
                "{name:?} is no format suffix: one or more of a-z and 0-9 are wanted, without the dot"
            ),
            None => f.write_str("no format suffix given: at least one is wanted"),
        }
    }
}

impl Error for SuffixError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn formats() -> Formats {
        Formats::known(["json", "html"]).expect("good names")
    }

    fn rewritten(formats: &Formats, uri: &str) -> Option<(String, String)> {
        let (uri, format) = formats.rewrite(&uri.parse().expect("a URI"))?;
        Some((uri.to_string(), format.to_string()))
    }

    fn is(uri: &str, format: &str) -> Option<(String, String)> {
        Some((uri.to_owned(), format.to_owned()))
    }

    #[test]
    fn the_query_and_the_authority_are_kept() {
        let formats = formats();
        assert_eq!(
            rewritten(&formats, "/tasks/4.json?x=.html"),
            is("/tasks/4?x=.html", "json")
        );
        assert_eq!(
            rewritten(&formats, "http://example.org:80/tasks.html/?a"),
            is("http://example.org:80/tasks/?a", "html")
        );
        assert_eq!(rewritten(&formats, "/tasks?x=a.json"), None);
        assert_eq!(rewritten(&formats, "example.org:443"), None);
    }

    #[test]
    fn an_unknown_suffix_is_part_of_the_path() {
        assert_eq!(rewritten(&formats(), "/report.pdf"), None);
        assert_eq!(
            rewritten(&Formats::any(), "/report.pdf"),
            is("/report", "pdf")
        );
    }

    #[test]
    fn what_lies_under_an_excepted_prefix_keeps_its_dots() {
        let mut formats = formats();
        formats.except.push("/files".into());
        assert_eq!(rewritten(&formats, "/files/a.json"), None);
        assert_eq!(rewritten(&formats, "/files.json"), is("/files", "json"));
        assert_eq!(
            rewritten(&formats, "/files2/a.json"),
            is("/files2/a", "json")
        );
    }

    #[test]
    fn a_long_name_is_found_too() {
        let formats = Formats::known(["geojson", "csv"]).expect("good names");
        assert_eq!(
            rewritten(&formats, "/tasks/4.geojson/"),
            is("/tasks/4/", "geojson")
        );
        let formats = Formats::known(["ndjson"]).expect("a good name");
        assert_eq!(
            rewritten(&formats, "/tasks/4.ndjson/"),
            is("/tasks/4/", "ndjson")
        );
    }

    #[test]
    fn a_dot_in_any_of_the_last_eight_bytes_is_seen() {
        for place in 0..12 {
            let mut path = "/tasks/abcde".to_owned();
            path.replace_range(place..=place, ".");
            assert_eq!(ends_with_a_dot_near(&path), place >= 4, "{path}");
        }
        assert!(ends_with_a_dot_near("/a.b"));
        assert!(!ends_with_a_dot_near("/-/-/-/-/-"));
    }

    #[test]
    fn a_root_is_cut_only_where_it_was_named() {
        let mut formats = formats();
        assert_eq!(rewritten(&formats, "/api/.json"), None);
        formats.roots.push("/api/".into());
        assert_eq!(rewritten(&formats, "/api/.json?x"), is("/api/?x", "json"));
        assert_eq!(rewritten(&formats, "/api/.pdf"), None);
    }

    #[test]
    fn a_bad_name_is_refused_with_what_is_wanted() {
        for name in ["", ".json", "JSON", "js on", "tar.gz"] {
            let error = Formats::known([name]).expect_err("no suffix");
            assert!(error.to_string().contains(&format!("{name:?}")), "{error}");
        }
        let none: [&str; 0] = [];
        let error = Formats::known(none).expect_err("none given");
        assert!(error.to_string().contains("at least one"));
    }
}
