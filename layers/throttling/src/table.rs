//! The buckets of the memory store: lines of five places, each line behind a lock of one word.
//!
//! A place holds a fingerprint and two buckets (a key with more rates has more places). A key may
//! lie in one of two lines. A place whose buckets are full again is free, so nothing is swept. Where
//! all ten places are taken the one with the least debt is given away: an exhausted client is
//! forgotten only among ten exhausted ones.

use crate::{
    few::Few,
    line::{Line, PLACES, Slot},
};

pub(crate) struct Table {
    lines: Box<[Line]>,
}

/// A place in a line that is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    line: u32,
    slot: u8,
}

impl Table {
    /// A table for so many keys of one or two rates: a quarter of the places stays free, so that
    /// hardly any two keys get into each other's way.
    pub(crate) fn new(keys: usize) -> Self {
        let places = keys.saturating_add(keys.saturating_mul(6) / 19);
        let lines = places.div_ceil(PLACES).clamp(2, 1 << 31);
        Self {
            lines: (0..lines).map(|_| Line::default()).collect(),
        }
    }

    /// The two lines that a key may lie in.
    pub(crate) fn homes(&self, fingerprint: u64) -> [u32; 2] {
        [
            self.first_home(fingerprint),
            self.first_home(mix(fingerprint)),
        ]
    }

    /// The line to look at first.
    #[inline]
    pub(crate) fn first_home(&self, fingerprint: u64) -> u32 {
        let product = u128::from(fingerprint) * self.lines.len() as u128;
        // Below the number of lines, which fits.
        (product >> 64) as u32
    }

    /// The line that a key is looked for first.
    #[inline]
    pub(crate) fn first(&self, fingerprint: u64) -> &Line {
        &self.lines[self.first_home(fingerprint) as usize]
    }

    /// The other line that it may lie in.
    #[inline]
    pub(crate) fn second(&self, fingerprint: u64) -> &Line {
        self.first(mix(fingerprint))
    }

    /// Locks these lines, in the order of their index, so that two requests never wait for each
    /// other.
    pub(crate) fn hold(&self, mut lines: Few<u32, 8>) -> Held<'_> {
        if lines.len() > 1 {
            lines.sort_and_deduplicate();
        }
        for &line in &*lines {
            self.lines[line as usize].lock();
        }
        Held { table: self, lines }
    }
}

/// Lines that are held until this is dropped.
pub(crate) struct Held<'t> {
    table: &'t Table,
    lines: Few<u32, 8>,
}

impl Held<'_> {
    /// Where a fingerprint lies in these lines, all of which must be held.
    pub(crate) fn find(&self, homes: &[u32], fingerprint: u64) -> Option<Place> {
        homes.iter().find_map(|&line| {
            let slot = self.line(line).find(fingerprint)?;
            Some(Place { line, slot })
        })
    }

    pub(crate) fn read(&self, place: Place) -> [u64; 2] {
        self.slot(place).load()
    }

    pub(crate) fn write(&self, place: Place, fingerprint: u64, full_at: [u64; 2], sizes: u64) {
        self.slot(place).store(fingerprint, full_at);
        self.line(place.line).resize(place.slot, sizes);
    }

    /// Forgets a key.
    pub(crate) fn clear(&self, place: Place) {
        self.slot(place).clear();
    }

    /// A place for a new key: in the emptier of its two lines, or else the one with the least
    /// debt. Places in `taken` belong to the same request.
    pub(crate) fn make_room(&self, homes: [u32; 2], now: u64, taken: &[Place]) -> Option<Place> {
        let mut best: Option<(Place, (u64, usize))> = None;
        for line in homes {
            let debts = self.line(line).debts(now);
            let crowd = debts.iter().filter(|debt| **debt > 0).count();
            for (slot, debt) in debts.into_iter().enumerate() {
                let place = Place::new(line, slot);
                let worth = (debt, crowd);
                let better = best.is_none_or(|(_, least)| worth < least);
                if better && !taken.contains(&place) {
                    best = Some((place, worth));
                }
            }
        }
        best.map(|(place, _)| place)
    }

    fn line(&self, line: u32) -> &Line {
        debug_assert!(self.lines.contains(&line), "a line that is not held");
        &self.table.lines[line as usize]
    }

    fn slot(&self, place: Place) -> &Slot {
        self.line(place.line).slot(place.slot)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        for &line in &*self.lines {
            self.line(line).unlock();
        }
    }
}

impl Place {
    fn new(line: u32, slot: usize) -> Self {
        let slot = u8::try_from(slot).unwrap_or(0);
        Self { line, slot }
    }
}

/// Makes another fingerprint of a fingerprint (the finalizer of SplitMix64, public domain).
pub(crate) fn mix(fingerprint: u64) -> u64 {
    let hash = (fingerprint ^ fingerprint >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ hash >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ hash >> 31
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::sizes;

    const DAY: u64 = 86_400_000_000_000;

    fn both(homes: [u32; 2]) -> Few<u32, 8> {
        homes.into_iter().collect()
    }

    /// Fingerprints that all have the same first line.
    fn neighbours(table: &Table) -> impl Iterator<Item = u64> {
        let first = |fingerprint| table.homes(fingerprint)[0] == 0;
        (1..)
            .map(mix)
            .filter(move |fingerprint| first(*fingerprint))
    }

    #[test]
    fn what_is_written_is_found() {
        let table = Table::new(1000);
        for fingerprint in (1..300).map(mix) {
            let homes = table.homes(fingerprint);
            let held = table.hold(both(homes));
            let place = held.make_room(homes, 0, &[]).expect("nothing is taken");
            held.write(place, fingerprint, [fingerprint, 7], sizes([DAY, 0]));
        }
        for fingerprint in (1..300).map(mix) {
            let homes = table.homes(fingerprint);
            let held = table.hold(both(homes));
            let place = held.find(&homes, fingerprint).expect("written");
            assert_eq!(held.read(place), [fingerprint, 7]);
        }
    }

    #[test]
    fn the_least_debt_is_given_away_and_relative_to_its_rate() {
        let table = Table::new(1);
        let held = table.hold(both([0, 1]));
        let minute = DAY / 1440;
        let mut places = Vec::new();
        for fingerprint in neighbours(&table).take(10) {
            let place = held.make_room([0, 1], 0, &[]).expect("nothing is taken");
            // Exhausted for a minute.
            held.write(place, fingerprint, [minute, 0], sizes([minute, 0]));
            places.push(place);
        }
        // One in a thousand a day is more seconds, and less of its rate.
        held.write(places[6], 99, [DAY / 1000, 0], sizes([DAY, 0]));
        assert_eq!(held.make_room([0, 1], 0, &[]), Some(places[6]));
        assert_ne!(held.make_room([0, 1], 0, &[places[6]]), Some(places[6]));
        // A place whose bucket is full again is free.
        held.write(places[3], 98, [5, 0], sizes([minute, 0]));
        assert_eq!(held.make_room([0, 1], 5, &[]), Some(places[3]));
    }

    #[test]
    fn a_held_line_is_let_go_when_dropped() {
        let table = Table::new(1);
        drop(table.hold(both([1, 0])));
        drop(table.hold(both([1, 1])));
        drop(table.hold(both([0, 1])));
    }
}
