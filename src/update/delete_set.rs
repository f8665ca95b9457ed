//! Which ids are deleted.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::walk::read_range;
use super::{Malformed, Part, walk};
use crate::codec::{Reader, write_number};

/// For each client the ranges of its ids that are deleted: sorted, apart, not empty.
/// A range is its first clock and the one behind its last.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DeleteSet(BTreeMap<u64, Vec<(u32, u32)>>);

impl DeleteSet {
    /// Read a delete set and nothing else.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let mut ranges = Ranges::default();
        for _ in 0..reader.number()? {
            let client = reader.number()?;
            for _ in 0..reader.number()? {
                let (start, end) = read_range(&mut reader)?;
                ranges.push(client, start, end);
            }
        }
        match reader.rest().len() {
            0 => Ok(ranges.into_set()),
            trailing => Err(Malformed::Trailing(trailing)),
        }
    }

    /// The encoding, with the clients in the order of Yjs: descending.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        write_number(out, self.0.len() as u64);
        for (&client, ranges) in self.0.iter().rev() {
            write_number(out, client);
            write_number(out, ranges.len() as u64);
            for &(start, end) in ranges {
                write_number(out, start.into());
                write_number(out, (end - start).into());
            }
        }
    }

    /// The ids of `client` from `start` to before `end` are deleted.
    ///
    /// Fast at the end of what is there; elsewhere it moves what is behind.
    pub fn insert(&mut self, client: u64, start: u32, end: u32) {
        if start >= end {
            return;
        }
        let ranges = self.0.entry(client).or_default();
        let from = ranges.partition_point(|range| range.1 < start);
        let to = from + ranges[from..].partition_point(|range| range.0 <= end);
        let touched = &ranges[from..to];
        let start = touched.first().map_or(start, |range| range.0.min(start));
        let end = touched.last().map_or(end, |range| range.1.max(end));
        ranges.splice(from..to, [(start, end)]);
    }

    /// Take in all that `other` has.
    pub fn extend(&mut self, other: &Self) {
        let mut ranges = Ranges(std::mem::take(&mut self.0));
        for (client, start, end) in other.iter() {
            ranges.push(client, start, end);
        }
        *self = ranges.into_set();
    }

    /// Whether this id is deleted.
    pub fn contains(&self, client: u64, clock: u32) -> bool {
        let ranges = self.ranges(client);
        let at = ranges.partition_point(|range| range.1 <= clock);
        ranges.get(at).is_some_and(|range| range.0 <= clock)
    }

    /// Leave what is not deleted in `other`. Whether that is less than before.
    pub fn subtract(&mut self, other: &Self) -> bool {
        let mut is_less = false;
        self.0.retain(|&client, ranges| {
            let known = other.ranges(client);
            if !known.is_empty() {
                let rest = without(ranges, known);
                is_less |= rest != *ranges;
                *ranges = rest;
            }
            !ranges.is_empty()
        });
        is_less
    }

    /// The deleted ranges of `client`.
    pub fn ranges(&self, client: u64) -> &[(u32, u32)] {
        self.0.get(&client).map_or(&[], Vec::as_slice)
    }

    /// Every range as client, first clock, clock behind the last; sorted.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u32, u32)> + '_ {
        self.0.iter().flat_map(|(&client, ranges)| ranges.iter().map(move |r| (client, r.0, r.1)))
    }

    /// Of whom anything is deleted, sorted.
    pub(super) fn clients(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.keys().copied()
    }

    /// Whether nothing is deleted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Those of `ranges` less those of `known`; both are sorted and apart.
fn without(ranges: &[(u32, u32)], known: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let mut rest = Vec::new();
    let mut push = |start, end| {
        if start < end {
            rest.push((start, end));
        }
    };
    for &(mut start, end) in ranges {
        let at = known.partition_point(|range| range.1 <= start);
        for range in known[at..].iter().take_while(|range| range.0 < end) {
            push(start, range.0);
            start = range.1;
        }
        push(start, end);
    }
    rest
}

/// Ranges in any order, on their way to be a set: sorted once instead of at each.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranges(BTreeMap<u64, Vec<(u32, u32)>>);

impl Ranges {
    pub(super) fn push(&mut self, client: u64, start: u32, end: u32) {
        // Most clients have one. A list that begins by itself has room for four.
        let ranges = self.0.entry(client).or_insert_with(|| Vec::with_capacity(1));
        match ranges.last_mut() {
            Some(last) if last.0 <= start && start <= last.1 => last.1 = last.1.max(end),
            // Backspace.
            Some(last) if start <= last.0 && last.0 <= end => {
                *last = (start, last.1.max(end));
            }
            _ => ranges.push((start, end)),
        }
    }

    pub(super) fn into_set(mut self) -> DeleteSet {
        for ranges in self.0.values_mut() {
            ranges.sort_unstable();
            ranges.dedup_by(|next, last| {
                let joins = next.0 <= last.1;
                if joins {
                    last.1 = last.1.max(next.1);
                }
                joins
            });
        }
        DeleteSet(self.0)
    }
}

/// All that the delete sets of `updates` have.
pub fn delete_set(updates: &[&[u8]]) -> Result<DeleteSet, Malformed> {
    let mut ranges = Ranges::default();
    for update in updates {
        for part in walk(update) {
            if let Part::Delete(client, start, end) = part? {
                ranges.push(client, start, end);
            }
        }
    }
    Ok(ranges.into_set())
}

/// `update` less the deletions in `known`.
pub fn without_deletes<'a>(
    update: &'a [u8],
    known: &DeleteSet,
) -> Result<Cow<'a, [u8]>, Malformed> {
    let mut walk = walk(update);
    let mut ranges = Ranges::default();
    for part in walk.by_ref() {
        if let Part::Delete(client, start, end) = part? {
            ranges.push(client, start, end);
        }
    }
    let mut deletes = ranges.into_set();
    if !deletes.subtract(known) {
        return Ok(update.into());
    }
    let structs = update.len().saturating_sub(walk.delete_section().len());
    let mut out = update.get(..structs).unwrap_or_default().to_vec();
    deletes.write(&mut out);
    Ok(out.into())
}
