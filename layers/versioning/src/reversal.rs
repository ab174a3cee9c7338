use std::{borrow::Cow, error::Error, fmt};

use gatefold_core::{Exception, Format, Version};
use http::{request::Parts, uri::Authority};

use crate::{
    RouteTable,
    reading::{decoded, first_pair},
    route_table::Piece,
};

/// A link that is being made: [`RouteTable::reverse`] begins one.
#[derive(Clone, Debug)]
#[must_use]
pub struct Reversal<'a> {
    table: &'a RouteTable,
    head: &'a Parts,
    name: &'a str,
    parameters: Vec<(&'a str, String)>,
    version: Option<Cow<'a, str>>,
    suffix: bool,
}

impl<'a> Reversal<'a> {
    pub(crate) fn new(table: &'a RouteTable, head: &'a Parts, name: &'a str) -> Self {
        let version = Version::of(&head.extensions).map(|version| version.as_str().into());
        Self {
            table,
            head,
            name,
            parameters: Vec::new(),
            version,
            suffix: false,
        }
    }

    /// Fills in a parameter of the template.
    pub fn param(mut self, name: &'a str, value: impl fmt::Display) -> Self {
        self.parameters.push((name, value.to_string()));
        self
    }

    /// Leads to this version and not to the request's own.
    pub fn version(mut self, version: impl Into<Cow<'a, str>>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Carries over the format suffix that the request had: `/tasks.json` links to
    /// `/tasks/4.json`.
    pub fn with_suffix(mut self) -> Self {
        self.suffix = true;
        self
    }

    /// The absolute URL, with the scheme and the host that the client used.
    ///
    /// Where the client named no host, or none that can be one, it is the path, which the client
    /// resolves (RFC 3986, section 4.2). The host is the client's word: serve only hosts that are
    /// yours where links go to somebody else.
    ///
    /// # Errors
    ///
    /// No route has the name; a parameter has no value, an empty one, or one that would be
    /// resolved away; a value has no parameter.
    pub fn url(self) -> Result<String, ReverseError> {
        let peer = self.table.proxies.peer(self.head);
        let is_host = |host: &&str| !host.contains('@') && host.parse::<Authority>().is_ok();
        let origin = match peer.host().filter(is_host) {
            Some(host) => format!("{}://{host}", peer.scheme()),
            None => String::new(),
        };
        self.after(origin)
    }

    /// The path and the query alone.
    ///
    /// # Errors
    ///
    /// As [`url`](Self::url).
    pub fn path(self) -> Result<String, ReverseError> {
        self.after(String::new())
    }

    fn after(&self, mut link: String) -> Result<String, ReverseError> {
        let error = |wrong| ReverseError {
            name: self.name.into(),
            wrong,
        };
        let version = self.version.as_deref();
        let pieces = self.table.find(self.name, version);
        let pieces = pieces.ok_or_else(|| error(Wrong::Name))?;
        let mut used = 0;
        for piece in pieces {
            let (name, is_rest) = match piece {
                Piece::Literal(text) => {
                    link.push_str(text);
                    continue;
                }
                Piece::Parameter(name) => (name, false),
                Piece::Rest(name) => (name, true),
            };
            let mut given = self.parameters.iter();
            let value = match given.find(|(known, _)| **known == **name) {
                Some((_, value)) => {
                    used += 1;
                    value
                }
                None => version
                    .filter(|_| *name == self.table.version)
                    .ok_or_else(|| error(Wrong::Missing(name.clone())))?,
            };
            if !is_kept(value, is_rest) {
                return Err(error(Wrong::Value(name.clone())));
            }
            encode(&mut link, value, is_rest);
        }
        if used < self.parameters.len() {
            return Err(error(Wrong::Extra));
        }
        self.add_suffix(&mut link);
        self.add_query(&mut link);
        Ok(link)
    }

    /// Before the last slash, where the suffix layer looks for it.
    fn add_suffix(&self, link: &mut String) {
        let format = Format::of(&self.head.extensions).filter(|_| self.suffix);
        if let Some(format) = format {
            let has_slash = link.ends_with('/');
            link.truncate(link.len() - usize::from(has_slash));
            link.push('.');
            link.push_str(format.as_str());
            if has_slash {
                link.push('/');
            }
        }
    }

    /// The version, where the query holds it, and what is carried over, by name.
    fn add_query(&self, link: &mut String) {
        let mut pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::new();
        if let (Some(name), Some(version)) = (&self.table.query, self.version.as_deref()) {
            pairs.push(((&**name).into(), version.into()));
        }
        let mut rest = match &self.table.carried[..] {
            [] => "",
            _ => self.head.uri.query().unwrap_or_default(),
        };
        while !rest.is_empty() {
            let (name, value);
            (name, value, rest) = first_pair(rest);
            let (Some(name), Some(value)) = (decoded(name, true), decoded(value, true)) else {
                continue;
            };
            if self.table.carried.iter().any(|carried| **carried == *name) {
                pairs.retain(|(known, _)| *known != name);
                pairs.push((name, value));
            }
        }
        pairs.sort();
        for (place, (name, value)) in pairs.iter().enumerate() {
            link.push(if place == 0 { '?' } else { '&' });
            encode_form(link, name);
            link.push('=');
            encode_form(link, value);
        }
    }
}

/// Whether a value stays what it is: an empty segment and dots are resolved away (RFC 3986,
/// section 5.2.4).
fn is_kept(value: &str, is_rest: bool) -> bool {
    let is_dots = |segment: &str| matches!(segment, "." | "..");
    match is_rest {
        true => !value.is_empty() && !value.split('/').any(is_dots),
        false => !value.is_empty() && !is_dots(value),
    }
}

/// The characters of a segment (RFC 3986, section 3.3) stay.
fn encode(link: &mut String, value: &str, is_rest: bool) {
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'-'
            | b'.'
            | b'_'
            | b'~'
            | b'!'
            | b'$'
            | b'&'..=b','
            | b';'
            | b'='
            | b':'
            | b'@' => link.push(char::from(byte)),
            b'/' if is_rest => link.push('/'),
            _ => percent(link, byte),
        }
    }
}

/// As forms are encoded.
fn encode_form(link: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                link.push(char::from(byte));
            }
            b' ' => link.push('+'),
            _ => percent(link, byte),
        }
    }
}

fn percent(link: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    link.push('%');
    link.push(char::from(DIGITS[usize::from(byte >> 4)]));
    link.push(char::from(DIGITS[usize::from(byte & 15)]));
}

/// A link that cannot be made. In a handler it is a 500 by `?`, and the log says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReverseError {
    name: Box<str>,
    wrong: Wrong,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wrong {
    Name,
    Missing(Box<str>),
    Value(Box<str>),
    Extra,
}

impl fmt::Display for ReverseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, wrong } = self;
        match wrong {
            Wrong::Name => write!(f, "no route is named {name:?}"),
            Wrong::Missing(parameter) => {
                write!(f, "the route {name:?} wants a value for {parameter:?}")
            }
            Wrong::Value(parameter) => write!(
                f,
                "the route {name:?} wants a value for {parameter:?} that is not empty and no dots"
            ),
            Wrong::Extra => write!(
                f,
                "the route {name:?} was given a value that it has no parameter for"
            ),
        }
    }
}

impl Error for ReverseError {}

impl From<ReverseError> for Exception {
    fn from(error: ReverseError) -> Self {
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use gatefold_core::Connection;
    use http::Request;
    use proptest::prelude::*;

    use super::*;

    fn head(target: &str, version: Option<&str>) -> Parts {
        let request = Request::get(target).header("host", "example.org:8080");
        let (mut head, ()) = request.body(()).expect("a request").into_parts();
        if let Some(version) = version {
            Version::new(version).leave(&mut head.extensions);
        }
        head
    }

    fn table() -> RouteTable {
        let routes = [
            ("tasks", "/{version}/tasks/"),
            ("task", "/{version}/tasks/{id}"),
            ("file", "/files/{*rest}"),
            ("plain", "/plain"),
            ("v1:info", "/old/info"),
            ("v2:info", "/new/info"),
        ];
        RouteTable::new(routes).expect("routes")
    }

    #[test]
    fn the_version_is_filled_in_where_it_lives() {
        let (table, head) = (table(), head("/v2/tasks", Some("v2")));
        let url = |reversal: Reversal<'_>| reversal.url().expect("a link");
        let at = |path: &str| format!("http://example.org:8080{path}");
        assert_eq!(url(table.reverse(&head, "tasks")), at("/v2/tasks/"));
        let task = || table.reverse(&head, "task").param("id", 4);
        assert_eq!(url(task()), at("/v2/tasks/4"));
        assert_eq!(url(task().version("v1")), at("/v1/tasks/4"));
        assert_eq!(url(task().param("version", "v9")), at("/v9/tasks/4"));
        assert_eq!(url(table.reverse(&head, "info")), at("/new/info"));
        assert_eq!(url(table.reverse(&head, "plain")), at("/plain"));
        let table = table.clone().query_parameter("v");
        assert_eq!(url(table.reverse(&head, "plain")), at("/plain?v=v2"));
    }

    #[test]
    fn scheme_and_host_are_the_clients() {
        let (table, mut head) = (table(), head("/", None));
        let connection = Connection::new(([192, 0, 2, 1], 80).into()).https(true);
        connection.leave(&mut head.extensions);
        let url = |head: &Parts| table.reverse(head, "plain").url().expect("a link");
        assert_eq!(url(&head), "https://example.org:8080/plain");
        for host in [
            "",
            "a b",
            "user@example.org",
            "example.org/x",
            "example.org?x",
        ] {
            head.headers.insert("host", host.parse().expect("a value"));
            assert_eq!(url(&head), "/plain", "{host}");
        }
    }

    #[test]
    fn suffix_and_named_parameters_are_carried_and_nothing_else() {
        let mut head = head(
            "/v1/tasks.json?page=2&format=html&format=a%20b&x=",
            Some("1 0"),
        );
        Format::new("json").leave(&mut head.extensions);
        let table = table().query_parameter("version").carry("format");
        let tasks = || table.reverse(&head, "tasks").version("v1");
        assert_eq!(
            tasks().path().expect("a link"),
            "/v1/tasks/?format=a+b&version=v1"
        );
        let path = tasks().with_suffix().path().expect("a link");
        assert_eq!(path, "/v1/tasks.json/?format=a+b&version=v1");
        let plain = table.reverse(&head, "plain").with_suffix().path();
        assert_eq!(plain.expect("a link"), "/plain.json?format=a+b&version=1+0");
    }

    #[test]
    fn what_cannot_be_reversed_is_an_error_that_says_why() {
        let (table, head) = (table(), head("/", None));
        let task = || table.reverse(&head, "task");
        for (reversal, word) in [
            (table.reverse(&head, "nothing"), "\"nothing\""),
            (table.reverse(&head, "info"), "\"info\""),
            (task().param("id", 1), "\"version\""),
            (task().version("v1"), "\"id\""),
            (task().version("v1").param("id", ""), "empty"),
            (task().version("v1").param("id", ".."), "dots"),
            (table.reverse(&head, "file").param("rest", "a/../b"), "dots"),
            (table.reverse(&head, "plain").param("id", 1), "no parameter"),
        ] {
            let error = reversal.url().expect_err(word);
            assert!(error.to_string().contains(word), "{error}");
            assert_eq!(Exception::from(error).status(), 500);
        }
    }

    proptest! {
        #[test]
        fn a_value_is_read_back_by_who_decodes_the_segment(value in "\\PC+") {
            let (table, head) = (table(), head("/", Some("v1")));
            let link = table.reverse(&head, "task").param("id", &value).path();
            prop_assume!(value != "." && value != "..");
            let link = link.expect("a link");
            let segment = link.strip_prefix("/v1/tasks/").expect("a prefix");
            prop_assert!(!segment.contains(['/', '?', '#']));
            let read = decoded(segment, false);
            prop_assert_eq!(read.as_deref(), Some(value.as_str()));
        }
    }
}
