use crate::{Chosen, Offer, choose, known};

/// A list of offers, in the server's order, that remembers what it chooses for the `Accept`
/// headers of well-known browsers and clients.
///
/// It chooses what [`choose`] chooses. The answers to some fifty header values are found out when
/// the list is made and never change, so a known header is looked up and not read; nothing is
/// written while requests are answered.
///
/// ```
/// use gatefold_negotiation::{Offer, Offers};
///
/// let offers = Offers::new([Offer::new(&mime::APPLICATION_JSON), Offer::new(&mime::TEXT_HTML)]);
/// // What axios says.
/// let chosen = offers.choose(["application/json, text/plain, */*"]);
/// assert_eq!(chosen.map(|chosen| chosen.offer()), Some(0));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Offers {
    list: Vec<Offer>,
    known: Box<[Option<Chosen<'static>>]>,
}

impl Offers {
    /// The offers in the server's order. Each of them makes the list some kilobytes larger, not
    /// each request.
    pub fn new(list: impl IntoIterator<Item = Offer>) -> Self {
        let list: Vec<_> = list.into_iter().collect();
        let known = known::KNOWN.iter().map(|line| choose([*line], &list));
        Self {
            known: known.collect(),
            list,
        }
    }

    /// Chooses by the lines of an `Accept` header, as [`choose`].
    pub fn choose<'a, L>(&self, lines: impl IntoIterator<Item = &'a L>) -> Option<Chosen<'a>>
    where
        L: AsRef<[u8]> + ?Sized + 'a,
    {
        let mut lines = lines.into_iter();
        let Some(first) = lines.next() else {
            return choose([""; 0], &self.list);
        };
        let second = lines.next();
        if second.is_none()
            && let Some(at) = known::find(first.as_ref())
        {
            // What is remembered is a part of the known value, which this line is.
            return self.known[at];
        }
        choose([first].into_iter().chain(second).chain(lines), &self.list)
    }

    /// The offers in the server's order.
    pub fn as_slice(&self) -> &[Offer] {
        &self.list
    }
}

impl<const N: usize> From<[Offer; N]> for Offers {
    fn from(list: [Offer; N]) -> Self {
        Self::new(list)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn offer() -> impl Strategy<Value = Offer> {
        const TYPES: [&str; 9] = [
            "application/json",
            "text/html",
            "text/plain",
            "image/webp",
            "application/xml",
            "application/problem+json",
            "application/signed-exchange; v=b3",
            "text/html; level=1",
            "image/png",
        ];
        proptest::sample::select(&TYPES[..]).prop_map(|name| Offer::new(&name.parse().unwrap()))
    }

    fn known_or_nearly() -> impl Strategy<Value = Vec<u8>> {
        let known = proptest::sample::select(&known::KNOWN[..]);
        (known, any::<prop::sample::Index>(), 0u8..4).prop_map(|(known, at, change)| {
            let mut line = known.to_vec();
            let at = at.index(line.len());
            match change {
                0 => line[at] ^= 1,
                1 => line.truncate(at),
                2 => line.insert(at, b','),
                _ => {}
            }
            line
        })
    }

    proptest! {
        #[test]
        fn what_is_remembered_is_what_would_be_read(
            list in proptest::collection::vec(offer(), 0..5),
            lines in proptest::collection::vec(known_or_nearly(), 0..3),
        ) {
            let offers = Offers::new(list.clone());
            for known in known::KNOWN {
                prop_assert_eq!(offers.choose([known]), choose([known], &list));
            }
            prop_assert_eq!(offers.choose(&lines), choose(&lines, &list));
        }
    }
}
