//! Several updates as one.

use std::collections::BTreeMap;

use super::delete_set::Ranges;
use super::{Content, DeleteSet, Malformed, Struct, walk};
use crate::codec::write_number;

/// One update with all that `updates` hold, in any order and however they overlap.
///
/// Ids that none of them holds, between ids that some do, are skipped. Where two hold the same id,
/// the struct that begins first counts, then the one that came first.
pub fn merge(updates: &[&[u8]]) -> Result<Vec<u8>, Malformed> {
    Gathered::from(updates)?.write(|client, item, out| {
        push(client, out, item);
        Ok(())
    })
}

/// The structs and the deletions of several updates.
#[derive(Debug, Default)]
pub(super) struct Gathered<'a> {
    /// In the order in which they came, runs of typing already joined.
    structs: BTreeMap<u64, Vec<Struct<'a>>>,
    pub(super) deletes: DeleteSet,
}

impl<'a> Gathered<'a> {
    pub(super) fn from(updates: &[&'a [u8]]) -> Result<Self, Malformed> {
        let mut structs: BTreeMap<u64, Vec<Struct<'a>>> = BTreeMap::new();
        let mut deletes = Ranges::default();
        for update in updates {
            let mut walk = walk(update);
            while let Some(section) = walk.next_section()? {
                let client = section.client;
                let list = structs.entry(client).or_default();
                while let Some(item) = section.next()? {
                    if item.content != Content::Skip {
                        push(client, list, item);
                    }
                }
            }
            while let Some((client, start, end)) = walk.next_delete()? {
                deletes.push(client, start, end);
            }
        }
        for list in structs.values_mut() {
            // Stable, and linear if they came in order.
            list.sort_by_key(|item| item.clock);
        }
        Ok(Self { structs, deletes: deletes.into_set() })
    }

    /// Write an update. `each` is given every id once, in order, and puts what is to be written into
    /// the list.
    pub(super) fn write<'s>(
        &'s self,
        mut each: impl FnMut(u64, Struct<'s>, &mut Vec<Struct<'s>>) -> Result<(), Malformed>,
    ) -> Result<Vec<u8>, Malformed> {
        let mut sections = 0u64;
        let mut body = Vec::new();
        for (&client, list) in self.structs.iter().rev() {
            let mut out = Vec::new();
            let mut end = 0;
            for item in list {
                if item.end() <= end {
                    continue;
                }
                let mut item = item.view();
                if item.clock < end {
                    item = item.split(client, end)?.1;
                }
                end = item.end();
                each(client, item, &mut out)?;
            }
            if let Some(first) = out.first() {
                sections += 1;
                write_section(client, first.clock, &out, &mut body);
            }
        }
        let mut update = Vec::with_capacity(body.len() + 16);
        write_number(&mut update, sections);
        update.append(&mut body);
        self.deletes.write(&mut update);
        Ok(update)
    }
}

/// Append the structs of one client, and skips between them where ids are missing.
fn write_section(client: u64, start: u32, structs: &[Struct<'_>], out: &mut Vec<u8>) {
    let gaps = structs.windows(2).filter(|pair| pair[0].end() < pair[1].clock).count();
    write_number(out, (structs.len() + gaps) as u64);
    write_number(out, client);
    write_number(out, start.into());
    let mut next = start;
    for item in structs {
        if next < item.clock {
            Struct::skip(next, item.clock - next).write(out);
        }
        item.write(out);
        next = item.end();
    }
}

/// Put `item` behind the others, joined to the last if that says the same.
pub(super) fn push<'a>(client: u64, list: &mut Vec<Struct<'a>>, mut item: Struct<'a>) {
    if !list.last_mut().is_some_and(|last| last.append(client, &mut item)) {
        list.push(item);
    }
}
