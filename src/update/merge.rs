//! Several updates as one.

use std::collections::{BTreeMap, BinaryHeap};

use super::delete_set::Ranges;
use super::{Content, DeleteSet, Malformed, Place, Struct, walk};
use crate::codec::{Reader, write_number};

/// Of so many clients the last run is kept open between sections. An open run takes four times the
/// memory of a closed one, and an update may bring a great many clients.
const OPEN_MAX: usize = 1_024;

/// One update with all that `updates` hold, in any order and however they overlap.
///
/// Ids that none of them holds, between ids that some do, are skipped. Where two hold the same id,
/// the struct that begins first counts, then the one that came first.
pub fn merge(updates: &[&[u8]]) -> Result<Vec<u8>, Malformed> {
    Gathered::from(updates)?.write(&mut |item, out| {
        out.push(item);
        Ok(())
    })
}

/// What is done with each struct that is to be written.
pub(super) type Each<'e, 's> =
    &'e mut dyn FnMut(Struct<'s>, &mut Output<'s>) -> Result<(), Malformed>;

/// The structs and the deletions of several updates.
#[derive(Debug, Default)]
pub(super) struct Gathered<'a> {
    /// Where in `runs` those of each client are. (A map of these would be code of its own.)
    clients: BTreeMap<u64, u32>,
    runs: Vec<Runs<'a>>,
    pub(super) deletes: DeleteSet,
}

impl<'a> Gathered<'a> {
    pub(super) fn from(updates: &[&'a [u8]]) -> Result<Self, Malformed> {
        let (mut clients, mut all) = (BTreeMap::new(), Vec::<Runs<'a>>::new());
        let (mut deletes, mut last) = (Ranges::default(), None);
        for update in updates {
            let mut walk = walk(update);
            while let Some(section) = walk.next_section()? {
                let client = section.client;
                let is_crowded = clients.len() > OPEN_MAX;
                // Who wrote the update before mostly wrote this one.
                let at = match last {
                    Some((same, at)) if same == client => at,
                    _ => *clients.entry(client).or_insert(all.len() as u32),
                };
                last = Some((client, at));
                if at as usize == all.len() {
                    all.push(Runs::default());
                }
                let Some(runs) = all.get_mut(at as usize) else { continue };
                runs.reopen()?;
                let mut before = section.rest();
                while let Some(item) = section.next()? {
                    let len = before.len().saturating_sub(section.rest().len());
                    let bytes = before.get(..len).unwrap_or_default();
                    before = section.rest();
                    if item.content != Content::Skip {
                        runs.push(client, item, bytes);
                    }
                }
                if is_crowded {
                    runs.close();
                }
            }
            while let Some((client, start, end)) = walk.next_delete()? {
                deletes.push(client, start, end);
            }
        }
        for runs in &mut all {
            runs.close();
            runs.sort();
        }
        Ok(Self { clients, runs: all, deletes: deletes.into_set() })
    }

    /// Write an update. `each` is given every id once, in order, and pushes what is to be written.
    pub(super) fn write<'s>(&'s self, each: Each<'_, 's>) -> Result<Vec<u8>, Malformed> {
        let mut sections = 0u64;
        let mut body = Vec::new();
        for (&client, &at) in self.clients.iter().rev() {
            let Some(runs) = self.runs.get(at as usize) else { continue };
            let mut out = Output { client, start: 0, count: 0, last: None, bytes: Vec::new() };
            let mut end = 0;
            for run in &runs.closed {
                let mut item = run.view()?;
                if item.end() <= end {
                    continue;
                }
                if item.clock < end {
                    item = item.split(client, end)?.1;
                }
                end = item.end();
                each(item, &mut out)?;
            }
            sections += u64::from(out.finish(&mut body));
        }
        let mut update = Vec::with_capacity(body.len() + 16);
        write_number(&mut update, sections);
        update.append(&mut body);
        self.deletes.write(&mut update);
        Ok(update)
    }
}

/// The structs of one client in the order in which they came, runs of typing already joined.
///
/// What is not joined is kept as the bytes that it came in and read again when it is written: a log
/// of many small structs would take ten times the memory otherwise.
#[derive(Debug, Default)]
struct Runs<'a> {
    closed: Vec<Run<'a>>,
    open: Option<Open<'a>>,
}

#[derive(Debug)]
struct Run<'a> {
    clock: u32,
    /// Whether it stands under a key, which its bytes may not say.
    keyed: bool,
    content: RunContent<'a>,
}

#[derive(Debug)]
enum RunContent<'a> {
    Bytes(&'a [u8]),
    Joined(Box<Struct<'a>>),
}

/// The last run of a client, to which the next struct may be joined.
#[derive(Debug)]
struct Open<'a> {
    item: Box<Struct<'a>>,
    /// What it came in, unless it is joined.
    bytes: Option<&'a [u8]>,
}

impl<'a> Runs<'a> {
    fn push(&mut self, client: u64, mut item: Struct<'a>, bytes: &'a [u8]) {
        if let Some(open) = &mut self.open {
            if open.item.append(client, &mut item) {
                open.bytes = None;
                return;
            }
            self.close();
        }
        self.open = Some(Open { item: Box::new(item), bytes: Some(bytes) });
    }

    fn close(&mut self) {
        let Some(Open { item, bytes }) = self.open.take() else { return };
        if self.closed.is_empty() {
            // Most clients of a large document come with one run.
            self.closed.reserve_exact(1);
        }
        let (clock, keyed) = (item.clock, item.place.is_keyed());
        let content = bytes.map_or(RunContent::Joined(item), RunContent::Bytes);
        self.closed.push(Run { clock, keyed, content });
    }

    /// Those with the same clock stay in the order in which they came.
    fn sort(&mut self) {
        if self.closed.is_sorted_by_key(|run| run.clock) {
            return;
        }
        let order = (0..).zip(&self.closed).map(|(at, run)| (run.clock, at));
        let mut order = order.collect::<BinaryHeap<(u32, u32)>>().into_sorted_vec();
        for start in 0..order.len() {
            // What belongs here changes places with what is here, which then looks for its own.
            let mut at = start;
            loop {
                let from = std::mem::replace(&mut order[at].1, at as u32) as usize;
                if from == start {
                    break;
                }
                self.closed.swap(at, from);
                at = from;
            }
        }
    }

    /// Go on with the last run, if it was closed.
    fn reopen(&mut self) -> Result<(), Malformed> {
        if self.open.is_some() {
            return Ok(());
        }
        let Some(Run { clock, keyed: was_keyed, content }) = self.closed.pop() else {
            return Ok(());
        };
        let mut open = match content {
            RunContent::Joined(item) => Open { item, bytes: None },
            RunContent::Bytes(bytes) => {
                let item = Struct::read(clock, &mut Reader::new(bytes))?;
                Open { item: Box::new(item), bytes: Some(bytes) }
            }
        };
        if let Place::Beside { keyed, .. } = &mut open.item.place {
            *keyed |= was_keyed;
        }
        self.open = Some(open);
        Ok(())
    }
}

impl Run<'_> {
    fn view(&self) -> Result<Struct<'_>, Malformed> {
        match &self.content {
            RunContent::Bytes(bytes) => Struct::read(self.clock, &mut Reader::new(bytes)),
            RunContent::Joined(item) => Ok(item.view()),
        }
    }
}

/// The section of one client that is being written.
pub(super) struct Output<'s> {
    pub(super) client: u64,
    start: u32,
    count: u64,
    /// What the next may be joined to, not written yet.
    last: Option<Struct<'s>>,
    bytes: Vec<u8>,
}

impl<'s> Output<'s> {
    /// Put `item` behind the others: joined to the last if that says the same, behind a skip if ids
    /// are missing.
    pub(super) fn push(&mut self, mut item: Struct<'s>) {
        let Some(last) = &mut self.last else {
            self.start = item.clock;
            self.last = Some(item);
            return;
        };
        if last.append(self.client, &mut item) {
            return;
        }
        let end = last.end();
        last.write(&mut self.bytes);
        self.count += 1;
        if end < item.clock {
            Struct::skip(end, item.clock - end).write(&mut self.bytes);
            self.count += 1;
        }
        self.last = Some(item);
    }

    /// Append the section to `out`. False if there is none.
    fn finish(mut self, out: &mut Vec<u8>) -> bool {
        let Some(last) = self.last.take() else { return false };
        last.write(&mut self.bytes);
        write_number(out, self.count + 1);
        write_number(out, self.client);
        write_number(out, self.start.into());
        out.append(&mut self.bytes);
        true
    }
}
