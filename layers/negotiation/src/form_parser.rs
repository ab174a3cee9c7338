use bytes::Bytes;
use gatefold_core::Exception;
use http::request::Parts;
use mime::Mime;

use crate::{Parser, Target, fields::Fields};

/// Reads HTML forms: `application/x-www-form-urlencoded`, in UTF-8.
///
/// Numbers and booleans are read from their text, and an empty text is nothing to an `Option`. A
/// name that is repeated fills a list, and so does one that ends in `[]` (`a[]=1&a[]=2`); where one
/// value is wanted the last counts. Percent sequences that are no UTF-8 become U+FFFD, as in
/// Django. No form is malformed: what does not fit is refused with `invalid`.
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
        let mut fields = Fields::default();
        for (name, text) in form_urlencoded::parse(body) {
            fields.text(name, text);
        }
        target.read(fields).map_err(|error| Target::misfit(&error))
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
        let bracketed = parse("title=x&tags[]=a&priority=&tags%5B%5D=b&title=y").expect("it fits");
        assert_eq!((bracketed.tags.len(), bracketed.priority), (2, None));
        assert_eq!(bracketed.title, "y");
        assert_eq!(parse("title=x&tags=a").expect("it fits").tags, ["a"]);
        assert_eq!(parse("title=%FF").expect("it fits").title, "\u{fffd}");
        let misfit = parse("title=x&priority=many").expect_err("no number");
        assert_eq!(misfit.code(), "invalid");
        assert_eq!(parse("done=true").expect_err("no title").code(), "invalid");
    }
}
