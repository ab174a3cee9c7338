use gatefold_core::Accepted;
use http::HeaderValue;

/// What there is, as `Link` headers for a 406 (RFC 8288): `<?format=json>; rel="alternate";
/// type="application/json"`. Without a parameter to ask by, the target is the page itself.
pub(crate) fn alternates(forms: &[Accepted], parameter: Option<&str>) -> Vec<HeaderValue> {
    let link = |form: &Accepted| {
        let target = parameter.map_or_else(String::new, |parameter| {
            form_urlencoded::Serializer::for_suffix("?".to_owned(), 1)
                .append_pair(parameter, form.renderer().format())
                .finish()
        });
        let media_type = form.media_type().as_ref();
        let media_type = media_type.replace('\\', "\\\\").replace('"', "\\\"");
        let link = format!("<{target}>; rel=\"alternate\"; type=\"{media_type}\"");
        HeaderValue::try_from(link).ok()
    };
    forms.iter().filter_map(link).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::JsonRenderer;

    #[test]
    fn parameters_of_a_type_are_quoted_within_quotes() {
        let media_type = "application/json; profile=\"a b\"".parse().unwrap();
        let forms = [Accepted::new(media_type, Arc::new(JsonRenderer::new()))];
        assert_eq!(
            alternates(&forms, Some("the form")),
            [r#"<?the+form=json>; rel="alternate"; type="application/json; profile=\"a b\"""#]
        );
        let plain = alternates(&forms, None);
        assert!(plain[0].as_bytes().starts_with(b"<>; rel="));
    }
}
