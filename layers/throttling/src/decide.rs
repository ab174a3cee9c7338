//! One decision of the memory store: all claims checked, then all written.

use crate::{
    Change, Claims, Rate, Reading, Verdict,
    buckets::{Answer, Buckets},
    few::Few,
    line::{Line, resized},
    log::Log,
    logs::{HeldLogs, Logs},
    reading::Hold,
    table::{Held, Place, Table, mix},
};

/// One or two buckets of one key: what lies in one place of the table.
#[derive(Clone, Copy, Default)]
struct Pair<'c> {
    fingerprint: u64,
    buckets: Option<&'c Buckets>,
    cost: u32,
    place: Option<Place>,
    answer: Answer,
}

/// A sliding rate of one key.
struct Window {
    fingerprint: u64,
    cost: u32,
    rate: Rate,
    hold: Hold,
}

/// Decides all claims at `now` and adds to the verdict what each rate has left, in the order of the
/// claims. (It is filled in place: copying it out would take as long as the decision.)
#[inline]
pub(crate) fn decide<'l>(
    table: &Table,
    logs: impl FnOnce() -> &'l Logs,
    claims: &Claims<'_>,
    now: u64,
    verdict: &mut Verdict,
) {
    if let Some(claim) = claims.only()
        && let Some(buckets) = claim.limits().only()
        && let Some(answer) = take_one(table, claim.fingerprint(), buckets, claim.cost(), now)
    {
        return buckets.read(&answer, answer.is_yes(), now, verdict);
    }
    decide_all(table, logs, claims, Change::Take, now, verdict);
}

/// Decides about one key of one or two rates, where it is kept: `None` where it is not, and nothing
/// has been done.
///
/// A key lies in one line, and never moves to its other; so it is looked for in one after the
/// other. That both are held at once is needed for a new key alone.
#[inline]
pub(crate) fn take_one(
    table: &Table,
    fingerprint: u64,
    buckets: &Buckets,
    cost: u32,
    now: u64,
) -> Option<Answer> {
    let first = table.first(fingerprint);
    let answer = take_in(first, fingerprint, buckets, cost, now);
    match answer {
        Some(answer) => Some(answer),
        None => take_second(table, fingerprint, buckets, cost, now),
    }
}

#[inline(never)]
fn take_second(
    table: &Table,
    fingerprint: u64,
    buckets: &Buckets,
    cost: u32,
    now: u64,
) -> Option<Answer> {
    take_in(table.second(fingerprint), fingerprint, buckets, cost, now)
}

#[inline(always)]
fn take_in(
    line: &Line,
    fingerprint: u64,
    buckets: &Buckets,
    cost: u32,
    now: u64,
) -> Option<Answer> {
    let word = line.lock();
    let Some(index) = line.find(fingerprint) else {
        line.unlock_as(word);
        return None;
    };
    let slot = line.slot(index);
    let answer = buckets.ask(slot.load(), now, cost);
    if answer.is_yes() && cost > 0 {
        slot.move_to(answer.next);
        line.unlock_as(resized(word, index, buckets.sizes()));
    } else {
        line.unlock_as(word);
    }
    Some(answer)
}

/// Decides any number of claims, or changes their counts in another way.
pub(crate) fn decide_all<'l>(
    table: &Table,
    logs: impl FnOnce() -> &'l Logs,
    claims: &Claims<'_>,
    change: Change,
    now: u64,
    verdict: &mut Verdict,
) {
    let mut pairs = pairs(claims);
    let mut windows = windows(claims);
    let held = seek(table, &mut pairs);
    let mut shelves =
        (!windows.is_empty()).then(|| logs().hold(windows.iter().map(|window| window.fingerprint)));

    let mut admitted = true;
    for pair in &mut *pairs {
        admitted &= pair.ask(&held, change, now);
    }
    if let Some(shelves) = &mut shelves {
        for window in &mut windows {
            admitted &= window.ask(shelves, now);
        }
    }
    if admitted
        && change == Change::Take
        && let Err(wait) = claims.ask_last()
    {
        verdict.hold(wait);
        admitted = false;
    }
    let written = match change {
        Change::Take => admitted,
        Change::Peek => false,
        Change::Charge | Change::Refund | Change::Reset => true,
    };
    if written {
        write(table, &held, &mut pairs, change, now);
        if let Some(shelves) = &mut shelves {
            record(shelves, &windows, change, now);
        }
    }
    let shelves = shelves.as_mut();
    read(claims, &pairs, &windows, shelves, written, now, verdict);
}

/// A key's buckets, two by two.
fn pairs<'c>(claims: &'c Claims<'_>) -> Few<Pair<'c>, 4> {
    let mut pairs = Few::new();
    for claim in claims.iter() {
        for (part, buckets) in (0..).zip(claim.limits().buckets()) {
            pairs.push(Pair {
                fingerprint: derived(claim.fingerprint(), part),
                buckets: Some(buckets),
                cost: claim.cost(),
                ..Pair::default()
            });
        }
    }
    pairs
}

/// A key's windows, each with a log.
fn windows(claims: &Claims<'_>) -> Vec<Window> {
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
    if pairs.len() > 1 {
        let held = table.hold(pairs.iter().map(first).collect());
        for pair in &mut *pairs {
            pair.place = held.find(&[first(pair)], pair.fingerprint);
        }
        if pairs.iter().all(|pair| pair.place.is_some()) {
            return held;
        }
    }
    let both = |pair: &Pair<'_>| table.homes(pair.fingerprint);
    let held = table.hold(pairs.iter().flat_map(both).collect());
    for pair in &mut *pairs {
        pair.place = held.find(&both(pair), pair.fingerprint);
    }
    held
}

fn write(table: &Table, held: &Held<'_>, pairs: &mut [Pair<'_>], change: Change, now: u64) {
    for index in 0..pairs.len() {
        let makes_room = matches!(change, Change::Take | Change::Charge) && pairs[index].cost > 0;
        if pairs[index].place.is_none() && makes_room {
            // The places of this request's other keys are not for the taking.
            let taken: Few<Place, 4> = pairs.iter().filter_map(|pair| pair.place).collect();
            let homes = table.homes(pairs[index].fingerprint);
            pairs[index].place = held.make_room(homes, now, &taken);
        }
        pairs[index].write(held, change);
    }
}

fn record(shelves: &mut HeldLogs<'_>, windows: &[Window], change: Change, now: u64) {
    let own: Few<u64, 8> = windows.iter().map(|window| window.fingerprint).collect();
    for window in windows {
        match (change, shelves.find(window.fingerprint, now, window.rate)) {
            (Change::Take | Change::Charge, Some(log)) => {
                log.record(now, window.cost.min(log.room(window.rate)));
            }
            (Change::Take | Change::Charge, None) => {
                let cost = window.cost.min(window.rate.limit());
                if cost > 0 {
                    shelves.record(window.fingerprint, now, window.rate, cost, &own);
                }
            }
            (Change::Refund, Some(log)) => log.forget_latest(window.cost),
            (Change::Reset, Some(log)) => *log = Log::default(),
            (Change::Peek | Change::Refund | Change::Reset, _) => {}
        }
    }
}

/// One for each rate, in the order in which the limits have them.
fn read(
    claims: &Claims<'_>,
    pairs: &[Pair<'_>],
    windows: &[Window],
    mut shelves: Option<&mut HeldLogs<'_>>,
    written: bool,
    now: u64,
    verdict: &mut Verdict,
) {
    let mut buckets = Verdict::new([]);
    for pair in pairs {
        if let Some(rates) = pair.buckets {
            rates.read(&pair.answer, written, now, &mut buckets);
        }
    }
    let mut buckets = buckets.readings().iter().copied();
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

impl Pair<'_> {
    /// Whether both buckets admit the request; notes what to write if all others do, too.
    fn ask(&mut self, held: &Held<'_>, change: Change, now: u64) -> bool {
        // A key that is not kept has full buckets.
        let full_at = self.place.map_or([0; 2], |place| held.read(place));
        if let Some(buckets) = self.buckets {
            self.answer = match change {
                Change::Take | Change::Peek => buckets.ask(full_at, now, self.cost),
                Change::Charge => buckets.charge(full_at, now, self.cost),
                Change::Refund => buckets.refund(full_at, now, self.cost),
                Change::Reset => buckets.ask([0; 2], now, 0),
            };
        }
        self.answer.is_yes()
    }

    fn write(&mut self, held: &Held<'_>, change: Change) {
        if let Some((place, buckets)) = self.place.zip(self.buckets) {
            match change {
                Change::Take | Change::Peek if self.cost == 0 => {}
                Change::Reset => held.clear(place),
                _ => held.write(place, self.fingerprint, self.answer.next, buckets.sizes()),
            }
        }
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
