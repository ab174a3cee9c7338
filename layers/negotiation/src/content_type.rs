use mime::Mime;

use crate::media_range::MediaRange;

/// Whether a parser of `media_type`, which may be a range, reads bodies of this `Content-Type`.
///
/// All parameters of `media_type` must be there with the same values; others do not matter. A
/// range in the request is malformed: nobody can send `*/*`.
pub(crate) fn reads(media_type: &Mime, content_type: &[u8]) -> bool {
    let essence = media_type.essence_str();
    if content_type.is_empty() {
        return essence == "*/*";
    }
    let Some(given) = MediaRange::parse(content_type.trim_ascii()) else {
        return false;
    };
    if given.is_range() {
        return false;
    }
    let (main, sub) = essence.split_once('/').unwrap_or((essence, ""));
    given.fits(main, sub)
        && media_type.params().all(|(name, value)| {
            let mut parameters = given.parameters().flatten();
            let found = parameters.find(|parameter| parameter.is(name.as_str()));
            found.is_some_and(|parameter| parameter.has_value(value.as_str()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads_text(media_type: &str, content_type: &str) -> bool {
        reads(&media_type.parse().unwrap(), content_type.as_bytes())
    }

    #[test]
    fn parameters_of_the_parser_must_be_there_and_others_may() {
        assert!(reads_text(
            "application/json",
            "Application/JSON; charset=utf-8"
        ));
        assert!(!reads_text("application/json", "application/vnd.api+json"));
        assert!(reads_text(
            "application/json; profile=strict",
            "application/json; profile=strict"
        ));
        assert!(!reads_text(
            "application/json; profile=strict",
            "application/json"
        ));
        assert!(!reads_text(
            "application/json; profile=strict",
            "application/json; profile=loose"
        ));
    }

    #[test]
    fn a_parser_may_have_a_range_and_a_request_may_not() {
        assert!(reads_text("text/*", "text/markdown"));
        assert!(!reads_text("text/*", "application/xml"));
        assert!(reads_text("*/*", "foo/bar"));
        assert!(reads_text("*/*", ""));
        for range in ["*/*", "application/*", "json", "application/", ""] {
            assert!(!reads_text("application/json", range), "{range}");
        }
    }
}
