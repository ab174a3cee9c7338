//! One line of `Accept` over all offers, in one pass.

use crate::{
    Offer,
    media_range::{Elements, is_token},
    offer::lone_weight,
    scan,
};

/// Reads one line. Whether there was anything in it.
pub(crate) fn read<'a>(line: &'a [u8], offers: &[Offer], best: &mut [Best<'a>]) -> bool {
    let mut table = Table {
        starts: offers.iter().fold(bit(u64::from(b'*')), |starts, offer| {
            starts | bit(offer.head())
        }),
        offers,
        best,
        said: false,
    };
    if memchr::memchr(b'"', line).is_some() {
        Elements::of(line).for_each(|element| table.meet(element));
        return table.said;
    }
    let (words, rest) = line.as_chunks();
    let mut start = 0;
    let mut at = 0;
    for word in words {
        let mut commas = scan::commas(u64::from_le_bytes(*word));
        while commas != 0 {
            let end = at + (commas.trailing_zeros() / 8) as usize;
            table.meet(&line[start..end]);
            start = end + 1;
            commas &= commas - 1;
        }
        at += 8;
    }
    let mut commas = scan::commas(scan::short(rest));
    while commas != 0 {
        let end = at + (commas.trailing_zeros() / 8) as usize;
        table.meet(&line[start..end]);
        start = end + 1;
        commas &= commas - 1;
    }
    table.meet(&line[start..]);
    table.said
}

/// The offers, and what has been found out of them.
struct Table<'o, 'b, 'a> {
    /// The first characters of all offers and of `*/*`, as bits: most elements begin with another.
    starts: u64,
    offers: &'o [Offer],
    best: &'b mut [Best<'a>],
    /// Whether there was anything in the header.
    said: bool,
}

fn bit(head: u64) -> u64 {
    1 << (head & 63)
}

impl<'a> Table<'_, '_, 'a> {
    #[inline(always)]
    fn meet(&mut self, mut element: &'a [u8]) {
        while let [byte, rest @ ..] = element
            && *byte <= b' '
            && matches!(byte, b' ' | b'\t')
        {
            element = rest;
        }
        self.said |= !element.is_empty();
        let head = scan::head(element);
        if self.starts & bit(head) != 0 {
            self.compare(element, head);
        }
    }

    /// Raises the offers that the element names. One that names none changes nothing, so it need
    /// not be well-formed.
    #[inline(never)]
    fn compare(&mut self, element: &'a [u8], head: u64) {
        if head as u32 & 0xFF_FFFF == ANY {
            return self.meet_any(element);
        }
        for (at, offer) in self.offers.iter().enumerate() {
            if offer.may_be_named_by(head)
                && let Some((precision, rest)) = offer.named_by(element)
                && let Some((met, weight)) = offer.weigh(rest)
            {
                self.best[at].raise(Best::new(precision, met, weight, element));
            }
        }
    }

    fn meet_any(&mut self, element: &'a [u8]) {
        let Some(rest) = element.strip_prefix(b"*/*") else {
            return;
        };
        if rest.first().is_some_and(|byte| is_token(*byte)) {
            return;
        }
        let alone = lone_weight(rest);
        for (offer, best) in self.offers.iter().zip(self.best.iter_mut()) {
            if let Some((met, weight)) = alone.or_else(|| offer.weigh(rest)) {
                best.raise(Best::new(1, met, weight, element));
            }
        }
    }
}

/// `*/*`, as the lower three bytes of a word.
const ANY: u32 = u32::from_le_bytes(*b"*/*\0");

/// The most specific range that an offer has met so far.
#[derive(Clone, Copy)]
pub(crate) struct Best<'a> {
    /// How specific it is, and what it weighs: two bits of precision, sixteen for the number of
    /// parameters, ten for the weight.
    rank: u32,
    pub(crate) range: &'a [u8],
}

impl<'a> Best<'a> {
    pub(crate) const NONE: Self = Self {
        rank: 0,
        range: &[],
    };

    fn new(precision: u16, met: u16, weight: u16, range: &'a [u8]) -> Self {
        let rank = u32::from(precision) << 26 | u32::from(met) << 10 | u32::from(weight);
        Self { rank, range }
    }

    fn raise(&mut self, other: Self) {
        if other.rank > self.rank {
            *self = other;
        }
    }

    pub(crate) fn weight(&self) -> u16 {
        (self.rank & 0x3FF) as u16
    }

    pub(crate) fn met(&self) -> u16 {
        (self.rank >> 10) as u16
    }

    /// By weight first, then by how specific the range is; 0 where it refuses.
    pub(crate) fn preference(&self) -> u32 {
        match self.rank & 0x3FF {
            0 => 0,
            weight => weight << 18 | self.rank >> 10,
        }
    }
}
