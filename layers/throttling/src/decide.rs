//! One decision of the memory store: all claims checked, then all written.

use std::slice;

use crate::{
    Claim, Claims, Rate, Reading, Verdict,
    few::Few,
    gcra,
    log::Log,
    logs::{HeldLogs, Logs},
    reading::Hold,
    table::{Held, Place, Table, mix},
};

/// One or two buckets of one key: what lies in one place of the table.
#[derive(Clone, Copy, Default)]
struct Pair<'c> {
    fingerprint: u64,
    rates: &'c [Rate],
    cost: u32,
    place: Option<Place>,
    full_at: [u64; 2],
    next: [u64; 2],
    holds: [Hold; 2],
}

/// A sliding rate of one key.
struct Window {
    fingerprint: u64,
    cost: u32,
    rate: Rate,
    hold: Hold,
}

/// Decides all claims at `now` and adds to the verdict what each rate has left, in the order of the
/// claims. (Copying a verdict on its way out takes as long as the decision.)
pub(crate) fn decide<'l>(
    table: &Table,
    logs: impl FnOnce() -> &'l Logs,
    claims: &Claims,
    now: u64,
    verdict: &mut Verdict,
) {
    if let Some(mut pair) = Pair::only(claims) {
        return decide_pair(table, &mut pair, now, verdict);
    }
    let mut pairs = pairs(claims);
    let mut windows = windows(claims);
    let held = seek(table, &mut pairs);
    let mut shelves =
        (!windows.is_empty()).then(|| logs().hold(windows.iter().map(|window| window.fingerprint)));

    let mut admitted = true;
    for pair in &mut *pairs {
        admitted &= pair.ask(pair.state(&held), now);
    }
    if let Some(shelves) = &mut shelves {
        for window in &mut windows {
            admitted &= window.ask(shelves, now);
        }
    }
    if admitted {
        write(table, &held, &mut pairs, now);
        if let Some(shelves) = &mut shelves {
            record(shelves, &windows, now);
        }
    }
    read(claims, &pairs, &windows, shelves.as_mut(), now, verdict);
}

/// The same for the commonest request, which has one place in the table, most often in its first
/// line.
fn decide_pair(table: &Table, pair: &mut Pair<'_>, now: u64, verdict: &mut Verdict) {
    let line = table.hold_first(pair.fingerprint);
    if let Some(slot) = line.find(pair.fingerprint) {
        if pair.ask(line.slot(slot).load(), now) && pair.cost > 0 {
            pair.full_at = pair.next;
            line.slot(slot).store(pair.fingerprint, pair.next);
            line.resize(slot, pair.capacities());
        }
        return pair.readings(now).for_each(|reading| verdict.push(reading));
    }
    drop(line);
    let held = seek(table, slice::from_mut(pair));
    if pair.ask(pair.state(&held), now) {
        write(table, &held, slice::from_mut(pair), now);
    }
    pair.readings(now).for_each(|reading| verdict.push(reading));
}

/// A key's buckets, two by two.
fn pairs(claims: &Claims) -> Few<Pair<'_>, 4> {
    let mut pairs = Few::new();
    for claim in claims.iter() {
        for (part, rates) in (0..).zip(claim.limits().buckets().chunks(2)) {
            pairs.push(Pair::new(claim, part, rates));
        }
    }
    pairs
}

/// A key's windows, each with a log.
fn windows(claims: &Claims) -> Vec<Window> {
    let mut windows = Vec::new();
    for claim in claims.iter() {
        for (part, &rate) in (0..).zip(claim.limits().windows()) {
            windows.push(Window {
                fingerprint: derived(claim.fingerprint(), u64::MAX - part),
                cost: claim.cost(),
                rate,
                hold: Hold::NO,
            });
        }
    }
    windows
}

/// A key's own fingerprint, and others for what does not fit into one place.
fn derived(fingerprint: u64, part: u64) -> u64 {
    match part {
        0 => fingerprint,
        part => mix(fingerprint ^ part.wrapping_mul(0x9e37_79b9_7f4a_7c15)).max(1),
    }
}

/// Locks the first lines of all pairs, and if one is not there, both lines of all.
fn seek<'t>(table: &'t Table, pairs: &mut [Pair<'_>]) -> Held<'t> {
    let first = |pair: &Pair<'_>| table.first_home(pair.fingerprint);
    let held = table.hold(pairs.iter().map(first).collect());
    for pair in &mut *pairs {
        pair.place = held.find(&[first(pair)], pair.fingerprint);
    }
    if pairs.iter().all(|pair| pair.place.is_some()) {
        return held;
    }
    drop(held);
    let both = |pair: &Pair<'_>| table.homes(pair.fingerprint);
    let held = table.hold(pairs.iter().flat_map(both).collect());
    for pair in &mut *pairs {
        pair.place = held.find(&both(pair), pair.fingerprint);
    }
    held
}

fn write(table: &Table, held: &Held<'_>, pairs: &mut [Pair<'_>], now: u64) {
    for index in 0..pairs.len() {
        if pairs[index].cost == 0 {
            continue;
        }
        if pairs[index].place.is_none() {
            // The places of this request's other keys are not for the taking.
            let taken: Few<Place, 4> = pairs.iter().filter_map(|pair| pair.place).collect();
            let homes = table.homes(pairs[index].fingerprint);
            pairs[index].place = held.make_room(homes, now, &taken);
        }
        pairs[index].write(held);
    }
}

fn record(shelves: &mut HeldLogs<'_>, windows: &[Window], now: u64) {
    let own: Vec<_> = windows.iter().map(|window| window.fingerprint).collect();
    for window in windows.iter().filter(|window| window.cost > 0) {
        shelves.record(window.fingerprint, now, window.rate, window.cost, &own);
    }
}

/// One for each rate, in the order in which the limits have them.
fn read(
    claims: &Claims,
    pairs: &[Pair<'_>],
    windows: &[Window],
    mut shelves: Option<&mut HeldLogs<'_>>,
    now: u64,
    verdict: &mut Verdict,
) {
    let mut buckets = pairs.iter().flat_map(|pair| pair.readings(now));
    let mut windows = windows.iter();
    for claim in claims.iter() {
        for rate in claim.limits().rates() {
            let reading = if rate.is_sliding() {
                let window = windows.next().zip(shelves.as_deref_mut());
                window.map(|(window, shelves)| window.reading(shelves, now))
            } else {
                buckets.next()
            };
            verdict.push(reading.unwrap_or_default());
        }
    }
}

impl<'c> Pair<'c> {
    fn new(claim: &Claim, part: u64, rates: &'c [Rate]) -> Self {
        Self {
            fingerprint: derived(claim.fingerprint(), part),
            rates,
            cost: claim.cost(),
            ..Self::default()
        }
    }

    /// The pair of claims that need no other.
    fn only(claims: &'c Claims) -> Option<Self> {
        let claim = claims.only()?;
        let (buckets, windows) = (claim.limits().buckets(), claim.limits().windows());
        let alone = windows.is_empty() && buckets.len() <= 2;
        alone.then(|| Self::new(claim, 0, buckets))
    }

    /// Both buckets as they are kept; a key that is not kept has full ones.
    fn state(&self, held: &Held<'_>) -> [u64; 2] {
        self.place.map_or([0; 2], |place| held.read(place))
    }

    fn capacities(&self) -> [u64; 2] {
        let capacity = |rate| self.rates.get(rate).copied().map_or(0, gcra::capacity);
        [capacity(0), capacity(1)]
    }

    /// Whether both buckets admit the request; notes what to write if all others do, too.
    fn ask(&mut self, full_at: [u64; 2], now: u64) -> bool {
        self.full_at = full_at;
        self.next = full_at;
        for (bucket, rate) in self.rates.iter().take(2).enumerate() {
            match gcra::ask(self.full_at[bucket], now, *rate, self.cost) {
                Ok(next) => self.next[bucket] = next,
                Err(hold) => self.holds[bucket] = hold,
            }
        }
        self.holds == [Hold::NO; 2]
    }

    fn write(&mut self, held: &Held<'_>) {
        self.full_at = self.next;
        if let Some(place) = self.place {
            held.write(place, self.fingerprint, self.next, self.capacities());
        }
    }

    fn readings(&self, now: u64) -> impl Iterator<Item = Reading> {
        let states = self.full_at.into_iter().zip(self.holds);
        let buckets = self.rates.iter().zip(states);
        buckets.map(move |(rate, (full_at, hold))| gcra::reading(full_at, now, *rate, hold))
    }
}

impl Window {
    fn ask(&mut self, shelves: &mut HeldLogs<'_>, now: u64) -> bool {
        let answer = match shelves.find(self.fingerprint, now, self.rate) {
            Some(log) => log.ask(now, self.rate, self.cost),
            None => Log::default().ask(now, self.rate, self.cost),
        };
        self.hold = answer.err().unwrap_or_default();
        self.hold == Hold::NO
    }

    fn reading(&self, shelves: &mut HeldLogs<'_>, now: u64) -> Reading {
        match shelves.find(self.fingerprint, now, self.rate) {
            Some(log) => log.reading(now, self.rate, self.hold),
            None => Log::default().reading(now, self.rate, self.hold),
        }
    }
}
