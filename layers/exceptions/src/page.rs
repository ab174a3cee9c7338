//! A failure as a page and as a text, for people.

use std::fmt::Write;

use gatefold_core::{ErrorDetail, Exception};

use crate::told::Told;

/// A small page: the status and the words, everything escaped.
pub(crate) fn page(exception: &Exception, told: &Told) -> String {
    let status = exception.status();
    let phrase = status.canonical_reason().unwrap_or("Error");
    let mut page = String::with_capacity(512);
    page += "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<title>";
    for end in ["</title>\n</head>\n<body>\n<h1>", "</h1>\n"] {
        page += status.as_str();
        page.push(' ');
        page += phrase;
        page += end;
    }
    match exception.detail() {
        ErrorDetail::Message { text, .. } => {
            page += "<p>";
            escape(&mut page, text);
            page += "</p>";
        }
        nested => list(&mut page, nested),
    }
    if let Some(id) = &told.request_id {
        page += "\n<p>Request <code>";
        escape(&mut page, id);
        page += "</code></p>";
    }
    if !told.causes.is_empty() {
        page += "\n<pre>";
        for cause in &told.causes {
            escape(&mut page, cause);
            page.push('\n');
        }
        page += "</pre>";
    }
    page += "\n</body>\n</html>\n";
    page
}

/// The words on a line, or each of several on its own.
pub(crate) fn text(exception: &Exception, told: &Told) -> String {
    let mut text = String::new();
    match exception.detail() {
        ErrorDetail::Message { text: words, .. } => line(&mut text, words),
        ErrorDetail::List(list) => list.iter().for_each(|detail| line(&mut text, detail)),
        ErrorDetail::Fields(fields) => {
            for (name, detail) in fields {
                line(&mut text, format_args!("{name}: {detail}"));
            }
        }
    }
    if let Some(id) = &told.request_id {
        line(&mut text, format_args!("Request {id}"));
    }
    told.causes.iter().for_each(|cause| line(&mut text, cause));
    text
}

fn line(text: &mut String, words: impl std::fmt::Display) {
    writeln!(text, "{words}").expect("a string takes all");
}

fn list(page: &mut String, detail: &ErrorDetail) {
    match detail {
        ErrorDetail::Message { text, .. } => escape(page, text),
        ErrorDetail::List(details) => {
            *page += "<ul>";
            for detail in details {
                *page += "<li>";
                list(page, detail);
                *page += "</li>";
            }
            *page += "</ul>";
        }
        ErrorDetail::Fields(fields) => {
            *page += "<dl>";
            for (name, detail) in fields {
                *page += "<dt>";
                escape(page, name);
                *page += "</dt><dd>";
                list(page, detail);
                *page += "</dd>";
            }
            *page += "</dl>";
        }
    }
}

fn escape(page: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        *page += &rest[..at];
        *page += match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        };
        rest = &rest[at + 1..];
    }
    *page += rest;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_escapes_what_it_shows() {
        let bad = "<script>\"&'</script>";
        let fields = ErrorDetail::fields([(bad, vec![bad.to_owned()])]);
        for exception in [
            Exception::not_found().with_detail(bad.to_owned()),
            Exception::validation(fields),
        ] {
            let page = page(&exception, &Told::default());
            assert!(!page.contains("<script>"), "{page}");
            assert!(page.contains("&lt;script&gt;&quot;&amp;&#39;&lt;/script&gt;"));
        }
    }

    #[test]
    fn a_text_has_a_line_for_each_field() {
        let fields = ErrorDetail::fields([("a", vec!["1", "2"]), ("b", vec!["3"])]);
        assert_eq!(
            text(&Exception::validation(fields), &Told::default()),
            "a: 1; 2\nb: 3\n"
        );
        assert_eq!(
            text(&Exception::not_found(), &Told::default()),
            "Not found.\n"
        );
    }
}
