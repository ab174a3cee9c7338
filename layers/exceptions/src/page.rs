//! A failure as a page and as a text, for people.

use std::fmt::Write;

use gatefold_core::{ErrorDetail, Exception};

/// A small page: the status and the words, everything escaped.
pub(crate) fn page(exception: &Exception) -> String {
    let status = exception.status();
    let number = status.as_u16();
    let phrase = status.canonical_reason().unwrap_or("Error");
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{number} {phrase}</title>\n</head>\n<body>\n<h1>{number} {phrase}</h1>\n"
    );
    match exception.detail() {
        ErrorDetail::Message { text, .. } => {
            page += "<p>";
            escape(&mut page, text);
            page += "</p>";
        }
        nested => list(&mut page, nested),
    }
    page += "\n</body>\n</html>\n";
    page
}

/// The words on a line, or each of several on its own.
pub(crate) fn text(exception: &Exception) -> String {
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
    for c in text.chars() {
        match c {
            '&' => *page += "&amp;",
            '<' => *page += "&lt;",
            '>' => *page += "&gt;",
            '"' => *page += "&quot;",
            '\'' => *page += "&#39;",
            c => page.push(c),
        }
    }
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
            let page = page(&exception);
            assert!(!page.contains("<script>"), "{page}");
            assert!(page.contains("&lt;script&gt;&quot;&amp;&#39;&lt;/script&gt;"));
        }
    }

    #[test]
    fn a_text_has_a_line_for_each_field() {
        let fields = ErrorDetail::fields([("a", vec!["1", "2"]), ("b", vec!["3"])]);
        assert_eq!(text(&Exception::validation(fields)), "a: 1; 2\nb: 3\n");
        assert_eq!(text(&Exception::not_found()), "Not found.\n");
    }
}
