//! What a log can take of an update now (promise O1).

use std::borrow::Cow;

use super::delete_set::Ranges;
use super::walk::{Section, Walk};
use super::{Content, EMPTY, Id, Malformed, Place, StateVector, Struct, client_count, walk};
use crate::codec::write_number;

/// What the log lacks of an update and can take now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Admission<'a> {
    /// The part that is new and whose every reference is known: the input itself if that is all of
    /// it, [`EMPTY`] if that is nothing.
    pub fresh: Cow<'a, [u8]>,
    /// For each client with structs in `fresh` its next clock afterwards.
    pub ends: Vec<(u64, u32)>,
    /// Whether `fresh` deletes anything.
    pub has_deletes: bool,
    /// Whether the log had some of the structs already, or the update brought none at all.
    pub repeats: bool,
    /// Whether some of the update refers to what is unknown, and is not in `fresh`.
    pub missing: bool,
    /// Whether a CRDT can take `fresh` as it is: its deletions are in order, each once, and its
    /// runs are joined as far as that is worth it. Otherwise [`super::merge`] makes it so.
    pub plain: bool,
}

/// Sort out what a log that has all ids below `known` can take of `update`.
///
/// A struct is ready when all ids of its client before it are known, and so are its neighbours or
/// its parent; the update may bring these itself, in any order that is possible. A deleted range is
/// ready as far as its ids are known then. Whatever is ready, stock Yjs integrates at once and
/// keeps nothing pending.
pub fn admit<'a>(update: &'a [u8], known: &StateVector) -> Result<Admission<'a>, Malformed> {
    admit_seen(update, known, |_| {})
}

/// The same, showing each struct of `update` on the way, some of them more than once, whether it is
/// taken or not: whoever asks something of all of them needs no walk of their own.
pub fn admit_seen<'a>(
    update: &'a [u8],
    known: &StateVector,
    mut see: impl FnMut(&Struct<'a>),
) -> Result<Admission<'a>, Malformed> {
    match admit_whole(update, known, &mut see)? {
        Some(admission) => Ok(admission),
        None => admit_parts(update, known, &mut see),
    }
}

/// The usual case, decided on the way without holding anything: at most one client, and all of it
/// is new and ready.
fn admit_whole<'a>(
    update: &'a [u8],
    known: &StateVector,
    see: &mut impl FnMut(&Struct<'a>),
) -> Result<Option<Admission<'a>>, Malformed> {
    let mut walk = walk(update);
    let (mut client, mut next, mut structs) = (0, 0, 0u32);
    let (mut runs, mut order) = (Runs::default(), Order::default());
    if let Some(section) = walk.next_section()? {
        client = section.client;
        next = known.clock(client);
        while let Some(item) = section.next()? {
            see(&item);
            let is_known =
                |id: Id| id.clock < if id.client == client { next } else { known.clock(id.client) };
            let fits = item.clock == next && item.content != Content::Skip;
            if !fits || !item.place.references().all(is_known) {
                return Ok(None);
            }
            next = item.end();
            structs += 1;
            runs.see(client, &item);
        }
        if walk.next_section()?.is_some() {
            return Ok(None);
        }
    }
    while let Some((target, start, end)) = walk.next_delete()? {
        let end_known = if structs > 0 && target == client { next } else { known.clock(target) };
        if end > end_known {
            return Ok(None);
        }
        order.see(target, start, end);
    }
    let has_deletes = order.last.is_some();
    let plain = runs.are_joined(update.len()) && order.is_kept;
    let ends = if structs > 0 { vec![(client, next)] } else { Vec::new() };
    let (repeats, missing) = (structs == 0, false);
    Ok(Some(Admission { fresh: update.into(), ends, has_deletes, repeats, missing, plain }))
}

fn admit_parts<'a>(
    update: &'a [u8],
    known: &StateVector,
    see: &mut impl FnMut(&Struct<'a>),
) -> Result<Admission<'a>, Malformed> {
    // Exactly as many: a list that grows takes up to three times its size on the way.
    let mut sections = Vec::with_capacity(client_count(update)? as usize);
    let mut walk = walk(update);
    let (mut runs, mut order) = (Runs::default(), Order::default());
    while let Some(section) = walk.next_section()? {
        sections.push(Cursor::new(section.clone(), known));
        let client = section.client;
        while let Some(item) = section.next()? {
            see(&item);
            runs.see(client, &item);
        }
    }
    // As Yjs writes them; it integrates these with fewer conflicts.
    sections.sort_unstable_by_key(|cursor| std::cmp::Reverse(cursor.section.client));
    let mut frontier = Frontier { sections, known };
    frontier.advance()?;

    let (mut has_deletes, mut cut) = (false, false);
    // Nothing is held of them, since most updates are taken whole.
    let mut deletes = walk.clone();
    while let Some((client, start, end)) = deletes.next_delete()? {
        let end_known = end.min(frontier.clock(client));
        cut |= end_known < end;
        has_deletes |= start < end_known;
        order.see(client, start, end);
    }

    let mut ends = Vec::with_capacity(frontier.taken().count());
    ends.extend(frontier.taken().map(|cursor| (cursor.section.client, cursor.next)));
    let sections = &frontier.sections;
    let missing = cut || sections.iter().any(|cursor| !cursor.section.is_done());
    let known_before = sections.iter().any(|cursor| cursor.repeats);
    let whole = !missing && !known_before && !sections.iter().any(|cursor| cursor.skips);
    let fresh = if whole {
        update.into()
    } else if ends.is_empty() && !has_deletes {
        Cow::Borrowed(&EMPTY[..])
    } else {
        frontier.write(walk, update.len())?.into()
    };
    let repeats = known_before || sections.iter().all(|cursor| cursor.is_empty);
    let plain = whole && runs.are_joined(update.len()) && order.is_kept;
    Ok(Admission { fresh, ends, has_deletes, repeats, missing, plain })
}

/// How far the runs of an update are joined. yrs joins those of an update that are neighbours, from
/// their end, and keeps a copy of the rest of the run for each struct until it is done.
#[derive(Debug, Default)]
struct Runs {
    /// How many structs the current run has before the last one.
    before: u64,
    /// What yrs would copy at most, in ids.
    copied: u64,
}

/// Copies of so many ids for each byte of an update are less than what it takes otherwise.
const COPIED_PER_BYTE_MAX: u64 = 2;

impl Runs {
    fn see(&mut self, client: u64, item: &Struct<'_>) {
        let is_copied = matches!(item.content, Content::Text(_) | Content::Values(_));
        let follows = matches!(item.place, Place::Beside { origin: Some(id), .. }
            if id.client == client && id.clock.wrapping_add(1) == item.clock);
        self.before = if is_copied && follows { self.before + 1 } else { 0 };
        self.copied = self.copied.saturating_add(self.before.saturating_mul(item.len.into()));
    }

    fn are_joined(&self, bytes: usize) -> bool {
        self.copied <= COPIED_PER_BYTE_MAX.saturating_mul(bytes as u64)
    }
}

/// Whether the ranges of a delete set come in order: those of a client together, and upward, the
/// clients in either direction.
#[derive(Debug)]
struct Order {
    last: Option<(u64, u32)>,
    upward: Option<bool>,
    is_kept: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self { last: None, upward: None, is_kept: true }
    }
}

impl Order {
    fn see(&mut self, client: u64, start: u32, end: u32) {
        if let Some((before, end_before)) = self.last {
            self.is_kept &= if before == client {
                end_before < start
            } else {
                let upward = before < client;
                *self.upward.get_or_insert(upward) == upward
            };
        }
        self.last = Some((client, end));
    }
}

/// How far the structs of one client are taken.
#[derive(Clone, Debug)]
struct Cursor<'a> {
    /// What is not looked at or not ready.
    section: Section<'a>,
    /// The next id that the log would take.
    next: u32,
    /// How many structs are taken, and the first id of the first.
    count: u32,
    start: u32,
    /// The first, if it had to be cut, the bytes from the next on, and how many are of those taken.
    cut: Vec<u8>,
    rest: &'a [u8],
    taken: usize,
    is_empty: bool,
    repeats: bool,
    skips: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// May go on.
    Ready,
    /// Waits for another section, which is above it on the stack.
    Waits,
    /// Will never go on: what it waits for does not come.
    Stuck,
}

/// What ended a run of one cursor.
enum Stop {
    /// It got as far as it was asked to.
    There,
    /// It needs this id first.
    Needs(Id),
    /// A gap, or the end came too early.
    Stuck,
}

impl<'a> Cursor<'a> {
    fn new(section: Section<'a>, known: &StateVector) -> Self {
        Self {
            next: known.clock(section.client),
            count: 0,
            start: 0,
            cut: Vec::new(),
            rest: &[],
            taken: 0,
            is_empty: section.is_done(),
            repeats: false,
            skips: false,
            state: State::Ready,
            section,
        }
    }

    /// Take the next struct, `item`; `behind` is the section after it.
    fn take(&mut self, item: &Struct<'_>, is_cut: bool, behind: Section<'a>) {
        if self.count == 0 {
            self.start = item.clock;
            self.rest = if is_cut { behind.rest() } else { self.section.rest() };
        }
        if is_cut {
            self.repeats = true;
            item.write(&mut self.cut);
        }
        self.taken = self.rest.len().saturating_sub(behind.rest().len());
        self.count += 1;
        self.next = item.end();
        self.section = behind;
    }

    fn write(&self, out: &mut Vec<u8>) {
        write_number(out, self.count.into());
        write_number(out, self.section.client);
        write_number(out, self.start.into());
        out.extend_from_slice(&self.cut);
        out.extend_from_slice(self.rest.get(..self.taken).unwrap_or_default());
    }
}

/// All sections of an update, and how far each is taken.
struct Frontier<'a, 'k> {
    /// In descending order of clients.
    sections: Vec<Cursor<'a>>,
    known: &'k StateVector,
}

impl<'a> Frontier<'a, '_> {
    fn find(&self, client: u64) -> Option<usize> {
        self.sections.binary_search_by(|cursor| client.cmp(&cursor.section.client)).ok()
    }

    /// The next id of `client` that is not known yet.
    fn clock(&self, client: u64) -> u32 {
        self.find(client).map_or_else(|| self.known.clock(client), |at| self.sections[at].next)
    }

    /// The sections of which something is taken.
    fn taken(&self) -> impl Iterator<Item = &Cursor<'a>> {
        self.sections.iter().filter(|cursor| cursor.count > 0)
    }

    /// What is taken as an update of its own, of at most `bytes_max` bytes; `walk` is at the delete
    /// set.
    fn write(&self, mut walk: Walk<'_>, bytes_max: usize) -> Result<Vec<u8>, Malformed> {
        let mut deletes = Ranges::default();
        while let Some((client, start, end)) = walk.next_delete()? {
            let end_known = end.min(self.clock(client));
            if start < end_known {
                deletes.push(client, start, end_known);
            }
        }
        let mut out = Vec::with_capacity(bytes_max);
        write_number(&mut out, self.taken().count() as u64);
        self.taken().for_each(|cursor| cursor.write(&mut out));
        deletes.into_set().write(&mut out);
        Ok(out)
    }

    /// Take every struct that is ready.
    ///
    /// A section that needs an id of another waits below it on a stack. When the one on top cannot
    /// go on, nor can any that waits for it: what it lacks is unknown, or one of these, a cycle.
    /// Each push is paid for by a struct that is taken or by a section that is stuck for good.
    fn advance(&mut self) -> Result<(), Malformed> {
        let mut stack: Vec<(usize, Option<u32>)> = Vec::new();
        for root in 0..self.sections.len() {
            if self.sections[root].state == State::Ready {
                stack.push((root, None));
            }
            while let Some(&(at, until)) = stack.last() {
                self.sections[at].state = State::Ready;
                match self.run(at, until)? {
                    Stop::There => {
                        stack.pop();
                        continue;
                    }
                    Stop::Needs(id) => {
                        self.sections[at].state = State::Waits;
                        let other = self.find(id.client);
                        if let Some(other) = other
                            && self.sections[other].state == State::Ready
                        {
                            stack.push((other, Some(id.clock)));
                            continue;
                        }
                    }
                    Stop::Stuck => {}
                }
                for (at, _) in stack.drain(..) {
                    self.sections[at].state = State::Stuck;
                }
            }
        }
        Ok(())
    }

    /// Take structs of one section until the id `until` is known, or to the end.
    fn run(&mut self, at: usize, until: Option<u32>) -> Result<Stop, Malformed> {
        loop {
            let cursor = &self.sections[at];
            if until.is_some_and(|clock| clock < cursor.next) {
                return Ok(Stop::There);
            }
            let (client, next) = (cursor.section.client, cursor.next);
            let mut section = cursor.section.clone();
            let Some(item) = section.next()? else {
                return Ok(if until.is_none() { Stop::There } else { Stop::Stuck });
            };
            let skips = item.content == Content::Skip;
            if skips || item.end() <= next {
                let cursor = &mut self.sections[at];
                cursor.section = section;
                cursor.skips |= skips;
                cursor.repeats |= !skips;
                continue;
            }
            if item.clock > next {
                return Ok(Stop::Stuck);
            }
            let is_cut = item.clock < next;
            let item = if is_cut { item.split(client, next)?.1 } else { item };
            let missing = item.place.references().find(|id| id.clock >= self.clock(id.client));
            if let Some(id) = missing {
                return Ok(Stop::Needs(id));
            }
            self.sections[at].take(&item, is_cut, section);
        }
    }
}
