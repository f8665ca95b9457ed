//! A history segment: the rows that a snapshot took the place of, with their fields in columns.
//!
//! Two bytes say which form it has; no segment of the first form begins like that, since it begins
//! with a sequence number. Then come the columns, each behind its length:
//!
//! | column | what it holds |
//! |---|---|
//! | numbers | each row's flags and count, and how far its start and time are from the last row's |
//! | clocks | those that its update does not say |
//! | authors, decisions | as in the row |
//! | chains | those that do not follow from the row before, and the last one |
//! | others | updates that columns would not say byte for byte |
//! | updates | all other updates, in columns: [`ToColumns`] |
//!
//! A row starts behind a sequence number, mostly that of the last row; times are in ms. The chain
//! of a row is computed from the row before, and what it is compared with is in the last row of
//! the segment: who changes one in between breaks that. Numbers and bytes are as in
//! [`crate::codec`].
//!
//! In the second form each row is whole: sequence number, count, time, whether it deletes, clocks,
//! authors, decisions, chain, update. The first had only number, count, time, clocks and update.

use std::collections::BTreeMap;

use super::chain::Chain;
use super::log::{LogError, Row, write_clocks};
use crate::codec::{DecodeError, Reader, write_bytes, write_number, write_number_signed};
use crate::time::Millis;
use crate::update::{self, FromColumns, Malformed, Part, ToColumns, from_columns, to_columns};

/// The form of a segment that this build writes.
const FORM: u8 = 3;
const MARK: [u8; 2] = [0, FORM];

mod flag {
    pub(super) const DELETES: u64 = 1;
    /// It has a chain.
    pub(super) const CHAINED: u64 = 2;
    /// Its chain is the next in the column.
    pub(super) const LINKED: u64 = 4;
    /// Its clocks are the next in the column.
    pub(super) const CLOCKS: u64 = 8;
    /// Its update is the next of the others.
    pub(super) const OTHER: u64 = 16;
}

/// A segment, as it is made.
#[derive(Debug, Default)]
pub struct Segment {
    numbers: Vec<u8>,
    clocks: Vec<u8>,
    authors: Vec<u8>,
    decisions: Vec<u8>,
    chains: Vec<u8>,
    others: Vec<u8>,
    updates: ToColumns,
    before: Before,
}

/// Where a row ends.
#[derive(Clone, Debug, Default)]
struct Before {
    sequence: u64,
    at: Millis,
    chain: Option<Chain>,
}

impl Segment {
    /// Put a row behind the others.
    pub fn add(&mut self, row: &Row) {
        let mut flags = if row.deletes { flag::DELETES } else { 0 };
        if let Some(chain) = row.chain {
            flags |= flag::CHAINED;
            if self.before.chain.is_none_or(|before| row.chained(&before) != chain) {
                flags |= flag::LINKED;
                self.chains.extend(chain);
            }
        }
        if clocks_of(&row.update).as_ref() != Ok(&row.clocks) {
            flags |= flag::CLOCKS;
            write_bytes(&mut self.clocks, &row.clocks);
        }
        let said = to_columns(&row.update).and_then(|columns| from_columns(&columns));
        if said.as_ref() != Ok(&row.update) || self.updates.push(&row.update).is_err() {
            flags |= flag::OTHER;
            write_bytes(&mut self.others, &row.update);
        }
        let first = row.sequence as i64 - i64::from(row.updates);
        write_number(&mut self.numbers, flags);
        write_number(&mut self.numbers, row.updates.into());
        write_number_signed(&mut self.numbers, first - self.before.sequence as i64);
        write_number_signed(&mut self.numbers, row.at.0 as i64 - self.before.at.0 as i64);
        write_bytes(&mut self.authors, &row.authors);
        write_bytes(&mut self.decisions, &row.decisions);
        self.before = Before { sequence: row.sequence, at: row.at, chain: row.chain };
    }

    /// All of it.
    pub fn finish(mut self) -> Vec<u8> {
        self.chains.extend(self.before.chain.iter().flatten());
        let mut bytes = MARK.to_vec();
        let Self { numbers, clocks, authors, decisions, chains, others, updates, .. } = self;
        for column in [numbers, clocks, authors, decisions, chains, others, updates.finish()] {
            write_bytes(&mut bytes, &column);
        }
        bytes
    }

    /// The rows in a segment, of this form or of one before.
    pub fn read(bytes: &[u8]) -> Result<Vec<Row>, LogError> {
        let mut r = Reader::new(bytes);
        if bytes.first() != Some(&0) {
            return all(r, read_first_form);
        }
        match r.take(MARK.len())? {
            [0, 2] => all(r, read_second_form),
            [0, FORM] => read_columns(r),
            _ => Err(LogError::Damaged("a segment of a form that is not known".into())),
        }
    }
}

fn read_columns(mut r: Reader<'_>) -> Result<Vec<Row>, LogError> {
    let mut column = || r.bytes().map(Reader::new);
    let (mut numbers, mut clocks, mut authors) = (column()?, column()?, column()?);
    let (mut decisions, mut chains, mut others) = (column()?, column()?, column()?);
    let mut updates = FromColumns::new(r.bytes()?)?;
    let mut rows: Vec<Row> = Vec::new();
    let mut before = Before::default();
    while !numbers.is_empty() {
        let (flags, count) = (numbers.number()?, numbers.number_u32()?);
        let first = beyond(before.sequence, numbers.number_signed()?)?;
        let at = Millis(beyond(before.at.0, numbers.number_signed()?)?);
        let has = |flag| flags & flag != 0;
        let update = match has(flag::OTHER) {
            true => others.bytes()?.to_vec(),
            false => updates.take()?,
        };
        let mut row = Row {
            sequence: first.saturating_add(count.into()),
            updates: count,
            at,
            clocks: match has(flag::CLOCKS) {
                true => clocks.bytes()?.to_vec(),
                false => clocks_of(&update)?,
            },
            authors: authors.bytes()?.to_vec(),
            deletes: has(flag::DELETES),
            decisions: decisions.bytes()?.to_vec(),
            update,
            ..Row::default()
        };
        if has(flag::LINKED) {
            row.chain = Some(read_chain(&mut chains)?);
        } else if has(flag::CHAINED) {
            let before = before.chain.ok_or_else(|| LogError::Damaged("no chain before".into()))?;
            row.chain = Some(row.chained(&before));
        }
        before = Before { sequence: row.sequence, at, chain: row.chain };
        rows.push(row);
    }
    if let Some(last) = rows.last_mut().filter(|last| last.chain.is_some()) {
        last.chain = Some(read_chain(&mut chains)?);
    }
    let columns = [clocks, authors, decisions, chains, others, r];
    let rest = columns.iter().map(|column| column.rest().len()).sum::<usize>() + updates.rest();
    match rest {
        0 => Ok(rows),
        rest => Err(LogError::Damaged(format!("{rest} bytes behind the rows"))),
    }
}

/// What most updates say of the clocks behind them.
fn clocks_of(update: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut ends = BTreeMap::new();
    for part in update::walk(update) {
        if let Part::Struct(client, item) = part? {
            ends.insert(client, item.end());
        }
    }
    Ok(write_clocks(&ends.into_iter().collect::<Vec<_>>()))
}

fn beyond(before: u64, distance: i64) -> Result<u64, DecodeError> {
    before.checked_add_signed(distance).ok_or(DecodeError::Range)
}

fn read_chain(chains: &mut Reader<'_>) -> Result<Chain, LogError> {
    let chain = Row::chain_of(chains.take(size_of::<Chain>())?)?;
    chain.ok_or_else(|| LogError::Damaged("no chain".into()))
}

fn all(
    mut r: Reader<'_>,
    read: fn(&mut Reader<'_>) -> Result<Row, LogError>,
) -> Result<Vec<Row>, LogError> {
    let mut rows = Vec::new();
    while !r.is_empty() {
        rows.push(read(&mut r)?);
    }
    Ok(rows)
}

fn read_second_form(r: &mut Reader<'_>) -> Result<Row, LogError> {
    let (sequence, updates, at) = (r.number()?, r.number_u32()?, Millis(r.number()?));
    let deletes = r.byte()? != 0;
    let mut field = || r.bytes().map(<[u8]>::to_vec);
    let (clocks, authors, decisions) = (field()?, field()?, field()?);
    let chain = Row::chain_of(&field()?)?;
    let update = field()?;
    let head = Row { sequence, updates, at, deletes, chain, ..Row::default() };
    Ok(Row { clocks, authors, decisions, update, ..head })
}

fn read_first_form(r: &mut Reader<'_>) -> Result<Row, LogError> {
    let (sequence, updates, at) = (r.number()?, r.number_u32()?, Millis(r.number()?));
    let (clocks, update) = (r.bytes()?.to_vec(), r.bytes()?.to_vec());
    let deletes = !update::delete_set(&[&update])?.is_empty();
    Ok(Row { sequence, updates, at, clocks, deletes, update, ..Row::default() })
}

#[cfg(test)]
mod tests {
    use super::super::chain::origin;
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// What somebody typed, a letter a row, with a chain; each tenth row takes back one.
    fn typed(rows: u64) -> Vec<Row> {
        let (mut chain, mut clock) = (origin(7), 0);
        (1..=rows)
            .map(|sequence| {
                let deletes = sequence % 10 == 0;
                let update = if deletes {
                    vec![0, 1, 5, 1, clock - 1, 1]
                } else if clock == 0 {
                    vec![1, 1, 5, 0, 4, 1, 1, b't', 1, b'a', 0]
                } else {
                    vec![1, 1, 5, clock, 0x84, 5, clock - 1, 1, b'a' + clock % 26, 0]
                };
                clock += u8::from(!deletes);
                let row = Row {
                    sequence,
                    updates: 1,
                    at: Millis(1_000 + 130 * sequence),
                    clocks: clocks_of(&update).unwrap(),
                    authors: if clock == 1 { vec![5, 2] } else { Vec::new() },
                    deletes,
                    update,
                    ..Row::default()
                };
                let row = row.chain_to(&chain);
                chain = row.chain.unwrap();
                row
            })
            .collect()
    }

    fn written(rows: &[Row]) -> Vec<u8> {
        let mut segment = Segment::default();
        rows.iter().for_each(|row| segment.add(row));
        segment.finish()
    }

    #[test]
    fn s6_rows_come_back_as_written() {
        let mut rows = typed(100);
        assert_eq!(Segment::read(&written(&rows)), Ok(rows.clone()));
        assert_eq!(Segment::read(&written(&[])), Ok(vec![]));
        // What follows from nothing: clocks, chains, times and numbers of their own, updates with
        // numbers that are longer than they have to be, and such that are none.
        rows[20] = Row { clocks: vec![5, 1, 9, 1], chain: None, ..rows[20].clone() };
        rows[30] = Row { chain: Some([9; 32]), at: Millis(3), ..rows[30].clone() };
        rows[40] = Row { sequence: 7, updates: 3, decisions: vec![1, 2], ..rows[40].clone() };
        rows[50].update = vec![0x80, 0, 0];
        rows[60].update = b"no update".to_vec();
        rows[99] = Row { chain: None, ..rows[99].clone() };
        assert_eq!(Segment::read(&written(&rows)), Ok(rows));
    }

    #[test]
    fn s6_a_row_that_is_typed_takes_a_few_bytes() {
        let rows = typed(120);
        let bytes = written(&rows).len() - written(&rows[..20]).len();
        // Its chain alone has 32. Most of these are the same in each row, and deflate to nothing.
        assert!(bytes < 20 * 100, "{bytes} bytes for 100 rows");
    }

    /// Whoever can write the storage can also make its checksums right.
    #[test]
    fn s6_what_is_changed_within_a_segment_breaks_the_chain() {
        let rows = typed(5);
        let mut bytes = written(&rows);
        let letter = bytes.iter().position(|&byte| byte == b'b').unwrap();
        bytes[letter] = b'B';
        let read = Segment::read(&bytes).unwrap();
        assert_ne!(read[1].update, rows[1].update);
        assert_eq!(read[4].chain, rows[4].chain);
        assert_ne!(read[4].chained(&read[3].chain.unwrap()), read[4].chain.unwrap());
    }

    #[test]
    fn s6_rows_of_the_second_form_are_read() {
        let rows = typed(3);
        let mut bytes = vec![0, 2];
        for row in &rows {
            for number in [row.sequence, row.updates.into(), row.at.0] {
                write_number(&mut bytes, number);
            }
            bytes.push(row.deletes.into());
            let chain = row.chain.unwrap();
            for field in [&row.clocks[..], &row.authors, &row.decisions, &chain, &row.update] {
                write_bytes(&mut bytes, field);
            }
        }
        assert_eq!(Segment::read(&bytes), Ok(rows));
    }

    #[test]
    fn s6_rows_of_the_first_form_are_read() {
        // One that types a character, and one that deletes it.
        let typed = [1, 1, 5, 0, 4, 1, 1, b't', 1, b'a', 0];
        let mut bytes = Vec::new();
        for (sequence, update) in [(1, &typed[..]), (2, &[0, 1, 5, 1, 0, 1][..])] {
            for number in [sequence, 1, 9] {
                write_number(&mut bytes, number);
            }
            write_bytes(&mut bytes, &[5, 1]);
            write_bytes(&mut bytes, update);
        }
        let rows = Segment::read(&bytes).unwrap();
        assert_eq!(rows.iter().map(|row| row.deletes).collect::<Vec<_>>(), [false, true]);
        assert_eq!((rows[0].update.clone(), rows[1].chain), (typed.to_vec(), None));
    }

    #[test]
    fn s6_a_segment_that_cannot_be_read_is_damage() {
        let bytes = written(&typed(3));
        for end in 1..bytes.len() {
            assert!(Segment::read(&bytes[..end]).is_err_and(|error| error.is_damage()), "{end}");
        }
        assert!(Segment::read(&[&bytes[..], &[0]].concat()).is_err_and(|error| error.is_damage()));
        assert!(Segment::read(&[0, 9]).is_err_and(|error| error.is_damage()));
    }
}
