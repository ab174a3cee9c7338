use crate::quality::weighted;

/// Each range is compared with those before it, so there is an end to them.
const MOST: usize = 256;

/// The languages that a client asks for: an `Accept-Language` header (RFC 9110, section 12.5.4)
/// as the language priority list of RFC 4647.
///
/// Each way to use it is a method. [`best`](Self::best) is for a page that exists in a few
/// languages; [`lookup`](Self::lookup) and [`filter`](Self::filter) are those of the RFC;
/// [`exact`](Self::exact) takes no relatives. Tags and ranges are compared without case, and a
/// malformed range is dropped. Of a range that is repeated the first counts; for one language
/// alone (`lookup`, `exact`) a weight of 0 refuses its tag wherever it stands.
///
/// ```
/// use gatefold_negotiation::AcceptLanguage;
///
/// let languages = AcceptLanguage::read(["de-CH, fr;q=0.8, *;q=0.1"]);
/// assert_eq!(languages.best(&["en", "fr", "de"]), Some(2));
/// assert_eq!(languages.lookup(&["fr", "de"]), Some(1));
/// assert_eq!(languages.exact(&["de", "fr"]), Some(1));
/// assert_eq!(languages.filter(&["fr-CA", "de-CH-1996", "de"]), [1, 0, 2]);
/// ```
#[derive(Clone, Debug)]
pub struct AcceptLanguage<'a> {
    /// In the client's order, and whether the range stands there for the first time.
    ranges: Vec<(&'a str, u16, bool)>,
}

impl<'a> AcceptLanguage<'a> {
    /// Reads the lines of the header, up to 256 ranges: nobody speaks more languages. Without any
    /// the client has no preference.
    pub fn read<L>(lines: impl IntoIterator<Item = &'a L>) -> Self
    where
        L: AsRef<[u8]> + ?Sized + 'a,
    {
        let mut ranges: Vec<(&str, u16, bool)> = Vec::new();
        for (range, weight) in weighted(lines).take(MOST) {
            let known = |(other, ..): &(&str, u16, bool)| other.eq_ignore_ascii_case(range);
            let first = !ranges.iter().any(known);
            ranges.push((range, weight, first));
        }
        Self { ranges }
    }

    /// The ranges and their weights in thousandths, in the client's order.
    pub fn ranges(&self) -> impl Iterator<Item = (&'a str, u16)> {
        self.ranges
            .iter()
            .map(|(range, weight, _)| (*range, *weight))
    }

    /// The one of `offers` that suits best, by its place; `None` where none suits.
    ///
    /// Each offer goes by the range that is closest to it: the same tag, then one that begins with
    /// it (`de-CH` for the offer `de`), then one that it begins with (`en` for `en-US`), then `*`.
    /// The highest weight wins, then the closest, then the client's order. A weight of 0 refuses
    /// the range's tag and what begins with it. Without a preference the first offer is taken.
    pub fn best<O: AsRef<str>>(&self, offers: &[O]) -> Option<usize> {
        if self.ranges.is_empty() {
            return (!offers.is_empty()).then_some(0);
        }
        let rank = |offer: &O| {
            let met = self.distinct().filter_map(|(place, range, weight)| {
                let closeness = closeness(range, offer.as_ref())?;
                let counts = weight > 0 || closeness != Closeness::Narrower;
                counts.then_some((closeness, weight, self.ranges.len() - place))
            });
            let (closeness, weight, place) = met.max()?;
            (weight > 0).then_some((weight, closeness, place))
        };
        let ranked = offers.iter().enumerate().rev();
        ranked
            .filter_map(|(at, offer)| Some((rank(offer)?, at)))
            .max_by_key(|(rank, _)| *rank)
            .map(|(_, at)| at)
    }

    /// The first of `offers` that is asked for by its very tag, or by `*`, of the highest weight.
    pub fn exact<O: AsRef<str>>(&self, offers: &[O]) -> Option<usize> {
        self.acceptable().find_map(|range| {
            offers.iter().position(|offer| {
                let tag = offer.as_ref();
                (range == "*" || range.eq_ignore_ascii_case(tag)) && !self.refuses_tag(tag)
            })
        })
    }

    /// Basic filtering (RFC 4647, section 3.3.1): the places of all of `offers` that are asked
    /// for, those with the highest weight first, then in the client's order.
    ///
    /// A tag that begins with a refused range is left out. Without a preference all are there.
    pub fn filter<O: AsRef<str>>(&self, offers: &[O]) -> Vec<usize> {
        if self.ranges.is_empty() {
            return (0..offers.len()).collect();
        }
        let mut met: Vec<_> = offers
            .iter()
            .enumerate()
            .filter_map(|(at, offer)| {
                let (weight, place) = self.filtered(offer.as_ref())?;
                Some((std::cmp::Reverse(weight), place, at))
            })
            .collect();
        met.sort_unstable();
        met.into_iter().map(|(.., at)| at).collect()
    }

    /// Lookup (RFC 4647, section 3.4): for each range, the highest weight first, the tag that it
    /// names, or else names once its last parts are cut off. `*` is passed over.
    ///
    /// `None` where no offer is named: the RFC leaves the default to the server. A tag that is
    /// refused by name is never chosen; whether a default is refused says
    /// [`refuses`](Self::refuses).
    pub fn lookup<O: AsRef<str>>(&self, offers: &[O]) -> Option<usize> {
        let mut ranges = self.acceptable().filter(|range| *range != "*");
        ranges.find_map(|range| self.look_up(range, offers))
    }

    /// [`lookup`](Self::lookup), and where it finds nothing, the same for the server's default
    /// range, unless the client refuses everything else (`*;q=0`).
    pub fn lookup_or<O: AsRef<str>>(&self, offers: &[O], default_range: &str) -> Option<usize> {
        self.lookup(offers).or_else(|| {
            let default = || self.look_up(default_range, offers);
            (!self.refuses_tag("*")).then(default).flatten()
        })
    }

    /// Whether the client refuses `tag` by name, or everything that it did not name.
    pub fn refuses(&self, tag: &str) -> bool {
        let named = || {
            self.ranges()
                .any(|(range, _)| range.eq_ignore_ascii_case(tag))
        };
        self.refuses_tag(tag) || self.refuses_tag("*") && !named()
    }

    /// The ranges that are not refused, the highest weight first.
    fn acceptable(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let mut ranges: Vec<_> = self.ranges().filter(|(_, weight)| *weight > 0).collect();
        ranges.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
        ranges.into_iter().map(|(range, _)| range)
    }

    fn refuses_tag(&self, tag: &str) -> bool {
        let mut ranges = self.ranges();
        ranges.any(|(range, weight)| weight == 0 && range.eq_ignore_ascii_case(tag))
    }

    /// Each range once, with its place.
    fn distinct(&self) -> impl Iterator<Item = (usize, &'a str, u16)> {
        let ranges = self.ranges.iter().enumerate();
        ranges
            .filter_map(|(place, (range, weight, first))| first.then_some((place, *range, *weight)))
    }

    fn filtered(&self, tag: &str) -> Option<(u16, usize)> {
        let met = || {
            self.distinct()
                .filter(|(_, range, _)| begins_with(tag, range))
        };
        if met().any(|(.., weight)| weight == 0) {
            return None;
        }
        let most = met().max_by_key(|(place, _, weight)| (*weight, std::cmp::Reverse(*place)));
        let any = || {
            self.distinct()
                .find(|(_, range, weight)| *range == "*" && *weight > 0)
        };
        most.or_else(any).map(|(place, _, weight)| (weight, place))
    }

    fn look_up<O: AsRef<str>>(&self, range: &str, offers: &[O]) -> Option<usize> {
        let mut range = range;
        loop {
            let named = offers.iter().position(|offer| {
                let tag = offer.as_ref();
                tag.eq_ignore_ascii_case(range) && !self.refuses_tag(tag)
            });
            if named.is_some() {
                return named;
            }
            range = range.rsplit_once('-')?.0;
            // A part of one character introduces what was cut off, so it goes along.
            while let Some((shorter, part)) = range.rsplit_once('-')
                && part.len() == 1
            {
                range = shorter;
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    Any,
    /// The range is the beginning of the tag.
    Wider,
    /// The tag is the beginning of the range.
    Narrower,
    Same,
}

fn closeness(range: &str, tag: &str) -> Option<Closeness> {
    if range == "*" {
        return Some(Closeness::Any);
    }
    match (begins_with(tag, range), begins_with(range, tag)) {
        (true, true) => Some(Closeness::Same),
        (true, false) => Some(Closeness::Wider),
        (false, true) => Some(Closeness::Narrower),
        (false, false) => None,
    }
}

/// Whether `tag` is `range`, or goes on after it with another part.
fn begins_with(tag: &str, range: &str) -> bool {
    let Some((start, rest)) = tag.split_at_checked(range.len()) else {
        return false;
    };
    start.eq_ignore_ascii_case(range) && (rest.is_empty() || rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn best<'a>(header: &str, offers: &[&'a str]) -> Option<&'a str> {
        AcceptLanguage::read([header])
            .best(offers)
            .map(|at| offers[at])
    }

    #[test]
    fn the_best_has_the_highest_weight_then_the_closest_range() {
        assert_eq!(
            best("da, en-gb;q=0.8, en;q=0.7", &["en", "en-GB"]),
            Some("en-GB")
        );
        assert_eq!(best("en", &["en-US", "en"]), Some("en"));
        assert_eq!(best("de-CH", &["en", "de"]), Some("de"));
        assert_eq!(best("en-GB, *;q=0.5", &["de", "fr"]), Some("de"));
        assert_eq!(best("en;q=0, *", &["en-US", "de"]), Some("de"));
        assert_eq!(best("en-US;q=0, en", &["en-US", "en"]), Some("en"));
        assert_eq!(best("zh", &["en"]), None);
        assert_eq!(best("", &["en", "de"]), Some("en"));
    }

    #[test]
    fn lookup_cuts_ranges_short() {
        let lookup = |header: &str, offers: &[&str]| AcceptLanguage::read([header]).lookup(offers);
        // RFC 4647, section 3.4.
        let range = "zh-Hant-CN-x-private1-private2";
        assert_eq!(lookup(range, &["zh", "zh-Hant-CN-x-private1"]), Some(1));
        assert_eq!(lookup(range, &["zh-Hant-CN-x", "zh-Hant"]), Some(1));
        assert_eq!(lookup("*, de", &["en", "de"]), Some(1));
        assert_eq!(lookup("*", &["en"]), None);
        assert_eq!(lookup("de, de-CH;q=0", &["de-CH"]), None);
        assert_eq!(lookup("de-CH, de-CH;q=0", &["de-CH", "de"]), Some(1));
    }

    #[test]
    fn a_default_may_be_refused() {
        let languages = AcceptLanguage::read(["fr, *;q=0"]);
        assert_eq!(languages.lookup_or(&["en"], "en"), None);
        assert!(languages.refuses("en") && !languages.refuses("fr"));
        let languages = AcceptLanguage::read(["fr"]);
        assert_eq!(languages.lookup_or(&["de", "en"], "en-US"), Some(1));
        assert!(!languages.refuses("en"));
    }

    #[test]
    fn filtering_keeps_all_that_begin_with_a_range() {
        let filter = |header: &str, offers: &[&str]| AcceptLanguage::read([header]).filter(offers);
        assert_eq!(filter("de-de", &["de-DE-1996", "de-Deva", "de-DE"]), [0, 2]);
        assert_eq!(filter("en;q=0.5, fr", &["en-GB", "fr"]), [1, 0]);
        assert_eq!(filter("", &["en", "fr"]), [0, 1]);
    }

    proptest! {
        #[test]
        fn any_header_is_answered_within_the_offers(
            header in "([a-zA-Z*]{1,3}(-[a-zA-Z0-9]{1,3}){0,2}(;q=(0|1|0\\.[0-9]))?[, ]{0,2}){0,5}|\\PC{0,20}",
            offers in proptest::collection::vec("[a-z]{1,2}(-[A-Z]{1,2})?", 0..4),
        ) {
            let languages = AcceptLanguage::read([&header]);
            for at in [languages.best(&offers), languages.lookup(&offers), languages.exact(&offers)] {
                prop_assert!(at.is_none_or(|at| at < offers.len()));
            }
            let filtered = languages.filter(&offers);
            prop_assert!(filtered.len() <= offers.len());
        }
    }
}
