use crate::{
    Offer,
    media_range::trim_end,
    ranking::{Best, read},
};

/// Offers that are compared without an allocation. More of them take one.
const INLINE: usize = 16;

/// What [`choose`] chose: an offer, and the media range that it was chosen for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen<'a> {
    offer: usize,
    range: Option<&'a [u8]>,
    weight: u16,
    /// Parameters of the range that are no weight.
    parameters: u16,
}

impl<'a> Chosen<'a> {
    /// The place of the chosen offer in the list of offers.
    pub fn offer(&self) -> usize {
        self.offer
    }

    /// The range as the client wrote it, with its parameters; `None` without a preference.
    pub fn range(&self) -> Option<&'a [u8]> {
        self.range
    }

    /// The weight that the client gave the offer, in thousandths: 1 to 1000.
    pub fn weight(&self) -> u16 {
        self.weight
    }

    /// Whether the range has parameters beside its weight.
    pub(crate) fn has_parameters(&self) -> bool {
        self.parameters > 0
    }
}

/// Chooses among `offers`, which stand in the server's order, by the lines of an `Accept` header
/// (RFC 9110, section 12.5.1).
///
/// For each offer the most specific range counts: parameters before the type, before `type/*`,
/// before `*/*`. The highest weight wins; between equals the more specific range, then the
/// server's order. A weight of 0 refuses. A malformed range is dropped, the others stay. Without
/// a header, or with nothing but commas in it, the client has no preference and the first offer
/// is chosen. `None`: nothing can be accepted.
///
/// It goes over the header once and allocates nothing for up to 16 offers.
///
/// ```
/// use gatefold_negotiation::{Offer, choose};
///
/// let offers = [Offer::new(&mime::APPLICATION_JSON), Offer::new(&mime::TEXT_HTML)];
/// let chosen = |accept: &str| choose([accept], &offers).map(|chosen| chosen.offer());
/// assert_eq!(chosen("text/html, application/json;q=0.9"), Some(1));
/// assert_eq!(chosen("text/*, */*"), Some(1));
/// assert_eq!(chosen("*/*"), Some(0));
/// assert_eq!(chosen("application/json;q=0, */*"), Some(1));
/// assert_eq!(chosen("image/png"), None);
/// assert_eq!(chosen(""), Some(0));
/// ```
pub fn choose<'a, L>(lines: impl IntoIterator<Item = &'a L>, offers: &[Offer]) -> Option<Chosen<'a>>
where
    L: AsRef<[u8]> + ?Sized + 'a,
{
    choose_among(lines, offers, |_| true)
}

/// [`choose`] among those of the offers that `admit` lets through.
pub(crate) fn choose_among<'a, L>(
    lines: impl IntoIterator<Item = &'a L>,
    offers: &[Offer],
    admit: impl Fn(usize) -> bool,
) -> Option<Chosen<'a>>
where
    L: AsRef<[u8]> + ?Sized + 'a,
{
    let mut lines = lines.into_iter().map(AsRef::as_ref);
    let Some(first) = lines.next() else {
        return indifferent(offers, admit);
    };
    let second = lines.next();
    if second.is_none()
        && let Some(chosen) = choose_whole(first, offers, &admit)
    {
        return Some(chosen);
    }
    let mut inline = [Best::NONE; INLINE];
    let mut spilled = Vec::new();
    let best = match inline.get_mut(..offers.len()) {
        Some(best) => best,
        None => {
            spilled.resize(offers.len(), Best::NONE);
            &mut spilled[..]
        }
    };
    let mut said = read(first, offers, best);
    for line in second.into_iter().chain(lines) {
        said |= read(line, offers, best);
    }
    if !said {
        return indifferent(offers, admit);
    }
    let mut chosen: Option<(u32, usize, Best<'a>)> = None;
    for (offer, best) in best.iter().enumerate() {
        let preference = best.preference();
        if preference > chosen.map_or(0, |(most, ..)| most) && admit(offer) {
            chosen = Some((preference, offer, *best));
        }
    }
    let (_, offer, best) = chosen?;
    Some(Chosen {
        offer,
        range: Some(trim_end(best.range)),
        weight: best.weight(),
        parameters: best.met(),
    })
}

/// What a client gets that has no preference.
fn indifferent<'a>(offers: &[Offer], admit: impl Fn(usize) -> bool) -> Option<Chosen<'a>> {
    let offer = (0..offers.len()).find(|offer| admit(*offer))?;
    Some(Chosen {
        offer,
        range: None,
        weight: 1000,
        parameters: 0,
    })
}

/// A header of one type and nothing else. It names no other offer but those of the same type, and
/// of these it says nothing that is not true of the first.
fn choose_whole<'a>(
    line: &'a [u8],
    offers: &[Offer],
    admit: impl Fn(usize) -> bool,
) -> Option<Chosen<'a>> {
    let any = line == b"*/*";
    let mut named = offers.iter().enumerate();
    let (offer, _) = named.find(|(at, offer)| (any || offer.is_all_of(line)) && admit(*at))?;
    Some(Chosen {
        offer,
        range: Some(line),
        weight: 1000,
        parameters: 0,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn offers<const N: usize>(types: [&str; N]) -> [Offer; N] {
        types.map(|name| Offer::new(&name.parse().expect("a media type")))
    }

    fn pick<'a>(accept: &str, types: [&'a str; 2]) -> Option<&'a str> {
        choose([accept], &offers(types)).map(|chosen| types[chosen.offer()])
    }

    #[test]
    fn weight_comes_before_precision_and_precision_before_the_servers_order() {
        let types = ["application/json", "text/html"];
        assert_eq!(
            pick("application/json;q=0.4, */*;q=0.5", types),
            Some("text/html")
        );
        assert_eq!(pick("text/html, */*", types), Some("text/html"));
        assert_eq!(
            pick("text/html, application/json", types),
            Some("application/json")
        );
    }

    #[test]
    fn the_most_specific_range_sets_the_weight_even_to_refuse() {
        let types = ["text/plain", "text/plain;format=flowed"];
        let accept = "text/*, text/plain;q=0, text/plain;format=flowed;q=0.1";
        assert_eq!(pick(accept, types), Some("text/plain;format=flowed"));
    }

    #[test]
    fn a_parameter_must_be_on_the_type_or_be_understood() {
        let json = [Offer::new(&mime::APPLICATION_JSON)];
        assert_eq!(choose(["application/json;indent=4"], &json), None);
        let json = json.map(|offer| offer.understanding(["indent"]));
        let chosen = choose(["application/json;indent=4"], &json).expect("understood");
        assert_eq!(chosen.range(), Some(&b"application/json;indent=4"[..]));
        assert_eq!(choose(["application/json;indent=4;x=1"], &json), None);
        let vendor = [Offer::new(&"a/b;version=1".parse().unwrap()).understanding(["version"])];
        assert_eq!(choose(["a/b;version=2"], &vendor), None);
    }

    #[test]
    fn malformed_ranges_are_dropped_one_by_one() {
        let types = ["application/json", "text/html"];
        for broken in [
            "*/json",
            "application/json;q=2",
            "application/json;x",
            "json",
            "/",
            "\"",
        ] {
            let accept = format!("text/html;q=0.1, {broken}");
            assert_eq!(pick(&accept, types), Some("text/html"), "{broken}");
            assert_eq!(pick(broken, types), None, "{broken}");
        }
    }

    #[test]
    fn nothing_but_commas_is_no_preference() {
        let types = ["application/json", "text/html"];
        for accept in ["", " ", ", ,\t,"] {
            assert_eq!(pick(accept, types), Some("application/json"));
        }
        let none: [&str; 0] = [];
        assert_eq!(
            choose(none, &offers(types)).map(|chosen| chosen.offer()),
            Some(0)
        );
        assert_eq!(choose([""], &[]), None);
    }

    #[test]
    fn many_offers_are_compared_as_well_as_few() {
        let types: Vec<_> = (0..100).map(|n| format!("a/b{n}")).collect();
        let offers: Vec<_> = types
            .iter()
            .map(|t| Offer::new(&t.parse().unwrap()))
            .collect();
        let chosen = choose(["a/b77, */*;q=0.5"], &offers).expect("there");
        assert_eq!(chosen.offer(), 77);
    }

    fn range() -> impl Strategy<Value = String> {
        let name = prop_oneof![
            "\\*/\\*",
            "text/\\*",
            "text/html",
            "application/json",
            "[a-z*/;]{0,8}"
        ];
        let parameters = prop_oneof![
            "",
            ";q=0",
            ";q=0\\.[0-9]{1,3}",
            ";a=\"[,;x]{0,4}\"",
            ";q=1;b=2"
        ];
        (name, parameters).prop_map(|(name, parameters)| name + &parameters)
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(line in proptest::collection::vec(any::<u8>(), 0..300)) {
            choose([&line], &offers(["text/html;a=x", "application/json"]));
        }

        #[test]
        fn several_lines_are_one_list(ranges in proptest::collection::vec(range(), 0..8), at in 0usize..8) {
            let offers = offers(["application/json", "text/html;a=x", "text/html"]);
            let (head, tail) = ranges.split_at(at.min(ranges.len()));
            let one = choose([&ranges.join(",")], &offers).map(|chosen| chosen.offer());
            let two = choose(&[head.join(", "), tail.join(" ,")], &offers).map(|chosen| chosen.offer());
            prop_assert_eq!(one, two);
        }
    }
}
