use crate::quality::weighted;

/// The compressions that have a name of their own (IANA's registry of content codings).
const COMPRESSIONS: [&str; 9] = [
    "br",
    "compress",
    "dcb",
    "dcz",
    "deflate",
    "gzip",
    "x-compress",
    "x-gzip",
    "zstd",
];

/// Chooses among content codings by the lines of an `Accept-Encoding` header (RFC 9110, section
/// 12.5.3): the place in `offers`, or `None` where the client takes none of them.
///
/// The highest weight wins. Between equals, codings that the header names come before those that
/// `*` stands for, in the client's order. `identity` (no coding) is acceptable unless it is
/// refused: not named, it weighs as little as the least of the others, and wins a tie where the
/// server has it first. Names are compared without case.
///
/// An empty header leaves `identity` only. Without the header every coding is acceptable, but who
/// can decompress says so: `identity` is chosen then, or else the first coding that is no
/// registered compression.
///
/// Compression itself is `tower-http`'s. This is for handlers that have a file in several codings.
///
/// ```
/// use gatefold_negotiation::choose_encoding;
///
/// let files = ["br", "gzip", "identity"];
/// assert_eq!(choose_encoding(["gzip, deflate, br;q=0.5"], &files), Some(1));
/// assert_eq!(choose_encoding(["deflate"], &files), Some(2));
/// assert_eq!(choose_encoding(["identity;q=0"], &files), None);
/// ```
pub fn choose_encoding<'a, L, O>(
    lines: impl IntoIterator<Item = &'a L>,
    offers: &[O],
) -> Option<usize>
where
    L: AsRef<[u8]> + ?Sized + 'a,
    O: AsRef<str>,
{
    let mut present = false;
    let lines = lines.into_iter().inspect(|_| present = true);
    let codings: Vec<(&str, u16)> = weighted(lines).collect();
    let is_identity = |offer: &O| offer.as_ref().eq_ignore_ascii_case("identity");
    if !present {
        let is_compression = |offer: &O| {
            let mut names = COMPRESSIONS.iter();
            names.any(|name| name.eq_ignore_ascii_case(offer.as_ref()))
        };
        let identity = offers.iter().position(is_identity);
        return identity.or_else(|| offers.iter().position(|offer| !is_compression(offer)));
    }
    let named = |name: &str| {
        let mut codings = codings.iter().enumerate();
        let (place, (_, weight)) = codings.find(|(_, (own, _))| own.eq_ignore_ascii_case(name))?;
        Some((*weight, place))
    };
    let least = codings
        .iter()
        .map(|(_, weight)| *weight)
        .filter(|weight| *weight > 0)
        .min();
    // What nobody asked for comes after everything that somebody did.
    let mut unnamed_identity = None;
    let mut best = None;
    for (at, offer) in offers.iter().enumerate() {
        let any = || named("*").map(|(weight, _)| (weight, codings.len()));
        let (weight, place) = match named(offer.as_ref()).or_else(any) {
            Some(found) => found,
            None if is_identity(offer) => {
                let weight = least.unwrap_or(1000);
                unnamed_identity = unnamed_identity.or(Some((weight, at)));
                continue;
            }
            None => continue,
        };
        if weight > 0 && best.is_none_or(|(w, p, _)| (weight, p) > (w, place)) {
            best = Some((weight, place, at));
        }
    }
    match (best, unnamed_identity) {
        (Some((weight, _, at)), Some((own, identity))) => {
            let first_of_equals = weight == own && identity < first_of(&codings, offers, weight);
            Some(if own > weight || first_of_equals {
                identity
            } else {
                at
            })
        }
        (best, identity) => best.map(|(_, _, at)| at).or(identity.map(|(_, at)| at)),
    }
}

/// The first of the offers that the header gives this weight by name.
fn first_of<O: AsRef<str>>(codings: &[(&str, u16)], offers: &[O], weight: u16) -> usize {
    let is_such = |offer: &O| {
        let mut codings = codings.iter();
        codings.any(|(name, own)| *own == weight && name.eq_ignore_ascii_case(offer.as_ref()))
    };
    offers.iter().position(is_such).unwrap_or(offers.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pick<'a>(header: &str, offers: &[&'a str]) -> Option<&'a str> {
        choose_encoding([header], offers).map(|at| offers[at])
    }

    #[test]
    fn weights_decide_then_the_clients_order() {
        assert_eq!(pick("gzip;q=0.5, br", &["gzip", "br"]), Some("br"));
        assert_eq!(pick("gzip, br", &["br", "gzip"]), Some("gzip"));
        assert_eq!(pick("*, br", &["gzip", "br"]), Some("br"));
        assert_eq!(pick("GZIP", &["gzip"]), Some("gzip"));
        assert_eq!(pick("gzip, gzip;q=0", &["gzip"]), Some("gzip"));
    }

    #[test]
    fn identity_is_acceptable_unless_it_is_refused() {
        let offers = ["gzip", "identity"];
        assert_eq!(pick("gzip", &offers), Some("gzip"));
        assert_eq!(pick("gzip;q=0.1", &offers), Some("gzip"));
        assert_eq!(pick("br", &offers), Some("identity"));
        assert_eq!(pick("", &offers), Some("identity"));
        assert_eq!(pick("gzip;q=0", &offers), Some("identity"));
        assert_eq!(pick("identity;q=1, gzip;q=0.5", &offers), Some("identity"));
        assert_eq!(pick("*;q=0", &offers), None);
        assert_eq!(pick("br, identity;q=0", &offers), None);
        assert_eq!(pick("gzip", &["identity", "gzip"]), Some("identity"));
    }

    #[test]
    fn nobody_is_sent_a_compression_unasked() {
        let none: [&str; 0] = [];
        assert_eq!(choose_encoding(none, &["gzip", "identity"]), Some(1));
        assert_eq!(choose_encoding(none, &["gzip", "BR"]), None);
        assert_eq!(choose_encoding(none, &["ours"]), Some(0));
    }

    proptest! {
        #[test]
        fn what_is_chosen_is_offered_and_not_refused(
            header in "((gzip|br|\\*|identity|x)(;q=(0|1|0\\.5))?,? ?){0,5}",
        ) {
            let offers = ["gzip", "identity", "br"];
            if let Some(chosen) = pick(&header, &offers) {
                let first = weighted([&header]).find(|(name, _)| *name == chosen);
                prop_assert!(first.is_none_or(|(_, weight)| weight > 0), "{} of {}", chosen, header);
            }
        }
    }
}
