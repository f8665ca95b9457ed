//! Several updates as one.

use std::collections::BTreeMap;

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
    Gathered::from(updates)?.write(|item, out| {
        out.push(item);
        Ok(())
    })
}

/// The structs and the deletions of several updates.
#[derive(Debug, Default)]
pub(super) struct Gathered<'a> {
    clients: BTreeMap<u64, Runs<'a>>,
    pub(super) deletes: DeleteSet,
}

impl<'a> Gathered<'a> {
    pub(super) fn from(updates: &[&'a [u8]]) -> Result<Self, Malformed> {
        let mut clients: BTreeMap<u64, Runs<'a>> = BTreeMap::new();
        let mut deletes = Ranges::default();
        for update in updates {
            let mut walk = walk(update);
            while let Some(section) = walk.next_section()? {
                let client = section.client;
                let is_crowded = clients.len() > OPEN_MAX;
                let runs = clients.entry(client).or_default();
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
        for runs in clients.values_mut() {
            runs.close();
            // Stable, and linear if they came in order.
            runs.closed.sort_by_key(|run| run.clock);
        }
        Ok(Self { clients, deletes: deletes.into_set() })
    }

    /// Write an update. `each` is given every id once, in order, and pushes what is to be written.
    pub(super) fn write<'s>(
        &'s self,
        mut each: impl FnMut(Struct<'s>, &mut Output<'s>) -> Result<(), Malformed>,
    ) -> Result<Vec<u8>, Malformed> {
        let mut sections = 0u64;
        let mut body = Vec::new();
        for (&client, runs) in self.clients.iter().rev() {
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
