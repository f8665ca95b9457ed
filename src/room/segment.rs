//! A history segment: the rows that a snapshot took the place of, one behind the other.
//!
//! Two bytes say which form it has; no segment of the first form begins like that, since it begins
//! with a sequence number. For each row: sequence number, count of updates, time in ms, whether it
//! deletes, clocks, authors, decisions, chain, update; numbers and length-prefixed bytes as in
//! [`crate::codec`]. The first form had only number, count, time, clocks and update.

use super::log::{LogError, Row};
use crate::codec::{Reader, write_bytes, write_number};
use crate::time::Millis;
use crate::update;

/// The form of a segment that this build writes.
const FORM: u8 = 2;
const MARK: [u8; 2] = [0, FORM];

/// A segment, as it is made.
#[derive(Debug)]
pub struct Segment {
    bytes: Vec<u8>,
}

impl Default for Segment {
    fn default() -> Self {
        Self { bytes: MARK.to_vec() }
    }
}

impl Segment {
    /// Put a row behind the others.
    pub fn add(&mut self, row: &Row) {
        let out = &mut self.bytes;
        write_number(out, row.sequence);
        write_number(out, u64::from(row.updates));
        write_number(out, row.at.0);
        out.push(u8::from(row.deletes));
        let chain = row.chain.as_ref().map_or(&[][..], |chain| chain);
        for field in [&row.clocks[..], &row.authors, &row.decisions, chain, &row.update] {
            write_bytes(out, field);
        }
    }

    /// All of it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The rows in a segment, of this form or of one before.
    pub fn read(bytes: &[u8]) -> Result<Vec<Row>, LogError> {
        let mut r = Reader::new(bytes);
        let is_first_form = bytes.first() != Some(&0);
        if !is_first_form && r.take(MARK.len())? != MARK {
            return Err(LogError::Damaged("a segment of a form that is not known".into()));
        }
        let mut rows = Vec::new();
        while !r.is_empty() {
            rows.push(if is_first_form { read_first_form(&mut r)? } else { read_row(&mut r)? });
        }
        Ok(rows)
    }
}

fn read_row(r: &mut Reader<'_>) -> Result<Row, LogError> {
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
    use super::*;
    use crate::update::EMPTY;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn row(sequence: u64) -> Row {
        Row {
            sequence,
            updates: 3,
            at: Millis(7),
            clocks: vec![5, 1],
            authors: vec![5, 2],
            deletes: true,
            decisions: vec![9],
            chain: Some([sequence as u8; 32]),
            update: EMPTY.to_vec(),
            returns: Vec::new(),
        }
    }

    #[test]
    fn s6_rows_come_back_as_written() {
        let rows = vec![row(3), Row { chain: None, ..row(300) }];
        let mut segment = Segment::default();
        rows.iter().for_each(|row| segment.add(row));
        assert_eq!(Segment::read(segment.bytes()), Ok(rows));
        assert_eq!(Segment::read(&MARK), Ok(vec![]));
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
        let mut segment = Segment::default();
        segment.add(&row(3));
        for end in 1..segment.bytes().len() {
            let read = Segment::read(&segment.bytes()[..end]);
            assert!(end == MARK.len() || read.is_err_and(|error| error.is_damage()), "{end}");
        }
        assert!(Segment::read(&[0, 9]).is_err_and(|error| error.is_damage()));
    }
}
