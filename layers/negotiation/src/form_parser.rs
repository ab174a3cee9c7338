use bytes::Bytes;
use gatefold_core::Exception;
use http::request::Parts;
use mime::Mime;

use crate::{Parser, Target};

/// Reads HTML forms: `application/x-www-form-urlencoded`, in UTF-8.
///
/// Numbers and booleans are read from their text. A name that is repeated fills a list. Percent
/// sequences that are no UTF-8 become U+FFFD, as in Django.
#[derive(Clone, Debug)]
#[must_use]
pub struct FormParser {
    media_type: Mime,
}

impl FormParser {
    /// Reads `application/x-www-form-urlencoded`.
    pub fn new() -> Self {
        Self {
            media_type: mime::APPLICATION_WWW_FORM_URLENCODED,
        }
    }
}

impl Default for FormParser {
    fn default() -> Self {
        Self::new()
    }
}

impl Parser for FormParser {
    fn media_type(&self) -> &Mime {
        &self.media_type
    }

    fn parse(&self, _: &Parts, body: &Bytes, target: &mut Target<'_>) -> Result<(), Exception> {
        target
            .read(serde_html_form::Deserializer::from_bytes(body))
            .map_err(|error| Target::misfit(&error))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use crate::Parsers;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Task {
        title: String,
        #[serde(default)]
        done: bool,
        priority: Option<u8>,
        #[serde(default)]
        tags: Vec<String>,
    }

    #[test]
    fn a_form_fills_a_typed_value() {
        let request = http::Request::builder().header(
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-8",
        );
        let (head, ()) = request.body(()).expect("a request").into_parts();
        let parse = |body: &'static str| Parsers::default().parse::<Task>(&head, &body.into());
        let task = Task {
            title: "a b☃".into(),
            done: true,
            priority: Some(3),
            tags: vec!["x".into(), "y".into()],
        };
        let read = parse("title=a+b%E2%98%83&done=true&tags=x&priority=3&tags=y");
        assert_eq!(read.expect("it fits"), task);
        assert_eq!(parse("title=%FF").expect("it fits").title, "\u{fffd}");
        let misfit = parse("title=x&priority=many").expect_err("no number");
        assert_eq!(misfit.code(), "invalid");
        assert_eq!(parse("done=true").expect_err("no title").code(), "invalid");
    }
}
