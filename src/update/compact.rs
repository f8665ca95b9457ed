//! A log as one update without what was deleted.

use super::merge::Gathered;
use super::{Content, Malformed, Struct};

/// One update that says the same as the log `updates`, less the content of what is deleted.
///
/// Ids, their order, types, formats and every kind of value stay, so any update that applies on top
/// of the log applies on top of this. Types stay even when deleted: what is inside refers to them.
/// Compacting the result again changes nothing.
pub fn compact(updates: &[&[u8]]) -> Result<Vec<u8>, Malformed> {
    let log = Gathered::from(updates)?;
    let mut place = (u64::MAX, 0);
    log.write(|item, out| {
        let client = out.client;
        let ranges = log.deletes.ranges(client);
        if place.0 != client {
            place = (client, 0);
        }
        let mut rest = Some(item);
        while let Some(mut item) = rest.take() {
            while ranges.get(place.1).is_some_and(|range| range.1 <= item.clock) {
                place.1 += 1;
            }
            let range = ranges.get(place.1).copied().unwrap_or((u32::MAX, u32::MAX));
            let deleted = range.0 <= item.clock;
            let end = if deleted { range.1 } else { range.0 };
            if end < item.end() {
                let (left, right) = item.split(client, end)?;
                (item, rest) = (left, Some(right));
            }
            if deleted {
                item.delete();
            }
            out.push(item);
        }
        Ok(())
    })
}

impl Struct<'_> {
    /// Forget the content, unless others refer to it or there is none.
    fn delete(&mut self) {
        if !matches!(self.content, Content::Gc | Content::Skip | Content::Type(_)) {
            self.content = Content::Deleted;
        }
    }
}
