use std::{borrow::Cow, sync::Arc};

use gatefold_core::{Accepted, Exception, Format, Renderer};
use http::{
    HeaderValue,
    header::{ACCEPT, LINK},
    request::Parts,
};
use mime::Mime;

use crate::{
    Chosen, HtmlRenderer, JsonRenderer, Negotiation, Offer, Offers, Selection,
    accept::choose_among, alternates::alternates, drf_accept::choose_drf, media_range::MediaRange,
};

/// Parameters that every offer understands: they are for others to read in the accepted media
/// type (`version`), or do not change the form.
const UNDERSTOOD: [&str; 3] = ["charset", "profile", "version"];

/// Chooses a renderer by the path's suffix, `?format=` or the `Accept` header, in this order.
///
/// The renderers stand in the server's order; the first is the default. A format that is asked for
/// by name wins over `Accept`, which is then read for parameters only (`version`, `indent`); one
/// that there is not is a 404. Without a name, [`choose`](crate::choose) decides; when nothing can
/// be accepted, the answer is a 406 that lists what there is in `Link` headers, as
/// `<?format=json>; rel="alternate"; type="application/json"` (RFC 9110, section 15.5.7; RFC 8288).
///
/// A request without parameters in its media range costs no allocation here.
///
/// ```
/// use gatefold_core::Accepted;
/// use gatefold_negotiation::{DefaultNegotiation, HtmlRenderer, JsonRenderer, NegotiationLayer};
///
/// let pages_first = DefaultNegotiation::new(HtmlRenderer::new())
///     .or(JsonRenderer::new())
///     .format_parameter("output");
/// let layer = NegotiationLayer::new(pages_first);
/// # let _ = layer;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct DefaultNegotiation {
    forms: Vec<Accepted>,
    offers: Offers,
    format_parameter: Option<Cow<'static, str>>,
    alternates: Vec<HeaderValue>,
    ignore_client: bool,
    drf: bool,
}

impl DefaultNegotiation {
    /// Offers what `renderer` produces. It is the default for who has no preference.
    pub fn new(renderer: impl Renderer) -> Self {
        let negotiation = Self {
            forms: Vec::new(),
            offers: Offers::new([]),
            format_parameter: Some(Cow::Borrowed("format")),
            alternates: Vec::new(),
            ignore_client: false,
            drf: false,
        };
        negotiation.or(renderer)
    }

    /// Offers what `renderer` produces too, after those before it.
    pub fn or(mut self, renderer: impl Renderer) -> Self {
        let offer = Offer::new(renderer.media_type())
            .understanding(UNDERSTOOD)
            .understanding(renderer.parameters().iter().copied());
        let offers = self.offers.as_slice().iter().cloned();
        self.offers = Offers::new(offers.chain([offer]));
        let media_type = renderer.media_type().clone();
        self.forms
            .push(Accepted::new(media_type, Arc::new(renderer)));
        self.list_alternates();
        self
    }

    /// Names the query parameter that asks for a format. It is `format` (Django REST Framework's
    /// `URL_FORMAT_OVERRIDE`).
    pub fn format_parameter(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.format_parameter = Some(name.into());
        self.list_alternates();
        self
    }

    /// Leaves the query alone.
    pub fn no_format_parameter(mut self) -> Self {
        self.format_parameter = None;
        self.list_alternates();
        self
    }

    /// Takes the first renderer whatever the client asks for: the other negotiator of Django REST
    /// Framework's documentation.
    pub fn ignore_client(mut self) -> Self {
        self.ignore_client = true;
        self
    }

    /// Chooses exactly as Django REST Framework does.
    ///
    /// `q` is ignored, also `q=0`; precision decides, then the server's order. A format and
    /// `Accept` are both applied, so `?format=json` with `Accept: text/html` is a 406. An empty
    /// `Accept` is a 406. No more than 64 ranges of 256 characters in 8192 are read. Refusals are
    /// put into words by the first renderer and list no alternatives. With more than one renderer
    /// every answer varies with `Accept`. [`Accepted::as_written`] is the media type as Django
    /// REST Framework spells it.
    pub fn drf(mut self) -> Self {
        self.drf = true;
        self
    }

    fn list_alternates(&mut self) {
        let parameter = self.format_parameter.as_deref();
        self.alternates = alternates(&self.forms, parameter);
    }

    /// The format that the request names: the suffix, or the last value of the parameter.
    fn format<'a>(&self, head: &'a Parts) -> Option<Cow<'a, str>> {
        if let Some(format) = Format::of(&head.extensions) {
            return Some(Cow::Borrowed(format.as_str()));
        }
        let name = self.format_parameter.as_deref()?;
        form_urlencoded::parse(head.uri.query()?.as_bytes())
            .filter(|(parameter, _)| parameter == name)
            .last()
            .map(|(_, format)| format)
            .filter(|format| !format.is_empty())
    }

    fn select_form(&self, head: &Parts) -> Selection {
        let format = self.format(head);
        let admit = |offer: usize| match &format {
            Some(format) => self.forms[offer].renderer().format() == *format,
            None => true,
        };
        let mut admitted = (0..self.forms.len()).filter(|offer| admit(*offer));
        let (first, several) = (admitted.next(), admitted.next().is_some());
        let Some(first) = first else {
            return Selection::from(Err(Exception::not_found())).varies(false);
        };
        let lines = head.headers.get_all(ACCEPT);
        let chosen = match format {
            Some(_) => choose_among(lines, self.offers.as_slice(), admit),
            None => self.offers.choose(lines),
        };
        let outcome = match chosen {
            Some(chosen) => Ok(self.carry(&chosen)),
            None if format.is_some() => Ok(self.forms[first].clone()),
            None => Err(self.not_acceptable()),
        };
        Selection::from(outcome).varies(several)
    }

    /// The form as it was prepared, unless the client gave it parameters.
    fn carry(&self, chosen: &Chosen<'_>) -> Accepted {
        let form = &self.forms[chosen.offer()];
        if !chosen.has_parameters() {
            return form.clone();
        }
        let with_parameters = chosen.range().and_then(|range| {
            let offer = &self.offers.as_slice()[chosen.offer()];
            parametrized(form.media_type(), offer, MediaRange::parse(range)?)
        });
        match with_parameters {
            Some(media_type) => Accepted::new(media_type, Arc::clone(form.renderer())),
            None => form.clone(),
        }
    }

    fn not_acceptable(&self) -> Exception {
        let links = self.alternates.iter().cloned();
        links.fold(Exception::not_acceptable(), |refusal, link| {
            refusal.with_header(LINK, link)
        })
    }

    fn select_as_drf(&self, head: &Parts) -> Selection {
        let format = self.format(head);
        let offers: Vec<_> = self
            .forms
            .iter()
            .enumerate()
            .filter(|(_, form)| match &format {
                Some(format) => form.renderer().format() == *format,
                None => true,
            })
            .map(|(offer, form)| (offer, form.media_type()))
            .collect();
        let lines = head.headers.get_all(ACCEPT);
        let outcome = if offers.is_empty() {
            Err(Exception::not_found())
        } else {
            match choose_drf(lines.iter().map(HeaderValue::as_bytes), &offers) {
                Some(chosen) => {
                    let form = &self.forms[chosen.offer];
                    let media_type = chosen.media_type.unwrap_or(form.media_type().clone());
                    let renderer = Arc::clone(form.renderer());
                    Ok(Accepted::new(media_type, renderer).with_written(chosen.written))
                }
                None => Err(Exception::not_acceptable()),
            }
        };
        outcome
            .map_err(|refusal| refusal.with_accepted(self.forms[0].clone()))
            .into()
    }
}

/// JSON, or HTML for who asks for it.
impl Default for DefaultNegotiation {
    fn default() -> Self {
        Self::new(JsonRenderer::new()).or(HtmlRenderer::new())
    }
}

impl Negotiation for DefaultNegotiation {
    fn select(&self, head: &Parts) -> Selection {
        let several = self.forms.len() > 1;
        match (self.ignore_client, self.drf) {
            (true, drf) => Selection::from(self.forms[0].clone()).varies(drf && several),
            (false, true) => self.select_as_drf(head).varies(several),
            (false, false) => self.select_form(head),
        }
    }

    fn offers(&self) -> &[Accepted] {
        &self.forms
    }

    fn format_parameter(&self) -> Option<&str> {
        let asked = self.format_parameter.as_deref();
        asked.filter(|_| !self.ignore_client)
    }
}

/// `media_type` with those of the range's parameters that it has not itself; `None` if there are
/// none.
fn parametrized(media_type: &Mime, offer: &Offer, range: MediaRange<'_>) -> Option<Mime> {
    let mut text = None;
    for parameter in range.parameters().flatten() {
        if parameter.is("q") || offer.parameter(parameter.name).is_some() {
            continue;
        }
        let text = text.get_or_insert_with(|| media_type.as_ref().to_owned());
        text.push_str("; ");
        parameter.write(text)?;
    }
    text?.parse().ok()
}

#[cfg(test)]
mod tests {
    use http::{Request, StatusCode};

    use super::*;

    fn head(uri: &str, accept: &[&'static str]) -> Parts {
        let mut request = Request::builder().uri(uri);
        for line in accept {
            request = request.header(ACCEPT, *line);
        }
        request.body(()).expect("a request").into_parts().0
    }

    /// The media type or the status, and whether it varies.
    fn answer(negotiation: &DefaultNegotiation, head: &Parts) -> (String, bool) {
        let (outcome, varies) = negotiation.select(head).into_parts();
        let text = match outcome {
            Ok(accepted) => accepted.as_written().to_owned(),
            Err(exception) => exception.status().as_str().to_owned(),
        };
        (text, varies)
    }

    #[test]
    fn a_suffix_beats_the_query_and_the_query_beats_accept() {
        let negotiation = DefaultNegotiation::default();
        let json = ("application/json".to_owned(), false);
        let html = ("text/html".to_owned(), false);
        let mut asked = head("/?format=html&format=json", &["text/html"]);
        assert_eq!(answer(&negotiation, &asked), json);
        Format::new("html").leave(&mut asked.extensions);
        assert_eq!(answer(&negotiation, &asked), html);
        let escaped = head("/?x=1&format=%68tml", &[]);
        assert_eq!(answer(&negotiation, &escaped), html);
    }

    #[test]
    fn a_named_format_still_reads_parameters_from_accept() {
        let negotiation = DefaultNegotiation::default();
        let asked = head(
            "/?format=json",
            &["text/html, application/json; version=2;q=0.1"],
        );
        let (media_type, varies) = answer(&negotiation, &asked);
        assert_eq!(media_type, "application/json; version=2");
        assert!(!varies, "one form is left: nothing to vary");
    }

    #[test]
    fn an_unknown_format_is_not_found_and_an_empty_one_is_none() {
        let negotiation = DefaultNegotiation::default();
        let unknown = head("/?format=xml", &["text/html"]);
        assert_eq!(answer(&negotiation, &unknown), ("404".into(), false));
        for none in ["/?format=", "/?format", "/?Format=xml", "/"] {
            let asked = head(none, &["text/html"]);
            assert_eq!(answer(&negotiation, &asked), ("text/html".into(), true));
        }
        let other = negotiation.format_parameter("output");
        let asked = head("/?format=xml&output=html", &[]);
        assert_eq!(answer(&other, &asked), ("text/html".into(), false));
        let off = other.no_format_parameter();
        assert_eq!(answer(&off, &asked), ("application/json".into(), true));
    }

    #[test]
    fn a_406_lists_what_there_is() {
        let negotiation = DefaultNegotiation::default();
        let (outcome, varies) = negotiation.select(&head("/", &["image/png"])).into_parts();
        let refusal = outcome.expect_err("no picture here");
        assert!(varies);
        assert_eq!(refusal.status(), StatusCode::NOT_ACCEPTABLE);
        assert!(refusal.accepted().is_none());
        let links: Vec<_> = refusal.headers().get_all(LINK).iter().collect();
        assert_eq!(
            links,
            [
                "<?format=json>; rel=\"alternate\"; type=\"application/json\"",
                "<?format=html>; rel=\"alternate\"; type=\"text/html\"",
            ]
        );
    }

    #[test]
    fn a_client_without_a_preference_gets_the_prepared_default() {
        let negotiation = DefaultNegotiation::default();
        for accept in [&[][..], &[""], &["*/*"], &[",", " "]] {
            let (outcome, _) = negotiation.select(&head("/", accept)).into_parts();
            assert_eq!(
                outcome.expect("anything").media_type(),
                &mime::APPLICATION_JSON
            );
        }
        let one = DefaultNegotiation::new(JsonRenderer::new());
        assert_eq!(
            answer(&one, &head("/", &[])),
            ("application/json".into(), false)
        );
        assert_eq!(
            answer(&one, &head("/", &["text/html"])),
            ("406".into(), false)
        );
    }

    #[test]
    fn the_preset_answers_as_django_rest_framework() {
        let negotiation = DefaultNegotiation::default().drf();
        for (uri, accept, expected) in [
            ("/", "application/json;q=0", "application/json;q=0"),
            ("/", "", "406"),
            ("/?format=json", "text/html", "406"),
            ("/?format=xml", "*/*", "404"),
            (
                "/?format=html",
                "application/json, */*;q=0.1",
                "text/html;q=0.1",
            ),
            (
                "/",
                "application/json ; indent=2",
                "application/json ; indent=2",
            ),
        ] {
            let answered = answer(&negotiation, &head(uri, &[accept]));
            assert_eq!(answered, (expected.to_owned(), true), "{uri} {accept}");
        }
        let (outcome, _) = negotiation.select(&head("/", &["image/png"])).into_parts();
        let refusal = outcome.expect_err("no picture here");
        let first = refusal.accepted().expect("the first renderer speaks");
        assert_eq!(first.renderer().format(), "json");
        assert!(refusal.headers().is_empty());
    }

    #[test]
    fn the_client_can_be_ignored() {
        let negotiation = DefaultNegotiation::default().ignore_client();
        let asked = head("/?format=zip", &["image/png"]);
        assert_eq!(
            answer(&negotiation, &asked),
            ("application/json".into(), false)
        );
        assert_eq!(
            answer(&negotiation.drf(), &asked),
            ("application/json".into(), true)
        );
    }
}
