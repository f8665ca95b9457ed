//! The rows of a result, many at a time.
//!
//! A value that is looked at from here takes up to ten calls into JavaScript, and a row of the log
//! has a dozen: that was most of what a room took to wake with a long log, or to send all of it. So
//! JavaScript makes bytes of as many rows as fit (`rows.js`), and they are copied at once.

use std::vec;

use js_sys::{Array, Iterator as JsIterator};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::worker_sys::SqlStorage as SqlStorageSys;
use worker::{SqlStorage, SqlStorageValue};

use super::Values;
use crate::codec::{DecodeError, Reader};
use crate::room::LogError;

/// Rows are copied once they have this many bytes.
const BATCH_BYTES_MIN: u32 = 64 << 10;

#[wasm_bindgen(module = "/src/worker/storage/rows.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    fn take(rows: &JsIterator, bytes_min: u32) -> Result<Vec<u8>, JsValue>;
}

/// Rows that are read as they are asked for.
pub(super) struct Rows {
    rows: JsIterator,
    batch: vec::IntoIter<Values>,
    is_over: bool,
}

impl Rows {
    pub(super) fn of(
        sql: &SqlStorage,
        statement: &str,
        bindings: Values,
    ) -> Result<Self, LogError> {
        let sql: &SqlStorageSys = sql.as_ref().unchecked_ref();
        let bindings: Array = bindings.into_iter().map(JsValue::from).collect();
        let rows = sql.exec(statement, bindings)?.raw();
        Ok(Self { rows, batch: Vec::new().into_iter(), is_over: false })
    }

    fn read(&mut self) -> Result<(), LogError> {
        let bytes = take(&self.rows, BATCH_BYTES_MIN)?;
        self.is_over = bytes.is_empty();
        self.batch = rows_in(&bytes)?.into_iter();
        Ok(())
    }
}

impl Iterator for Rows {
    type Item = Result<Values, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.batch.len() == 0
            && !self.is_over
            && let Err(error) = self.read()
        {
            self.is_over = true;
            return Some(Err(error));
        }
        self.batch.next().map(Ok)
    }
}

/// A cursor that is left before its end keeps its table locked.
impl Drop for Rows {
    fn drop(&mut self) {
        while !self.is_over {
            self.is_over |= self.read().is_err();
        }
    }
}

/// What `rows.js` wrote: for each row how many values it has, and these.
fn rows_in(bytes: &[u8]) -> Result<Vec<Values>, DecodeError> {
    let mut r = Reader::new(bytes);
    let mut rows = Vec::new();
    while !r.is_empty() {
        let count = r.byte()?;
        rows.push((0..count).map(|_| value(&mut r)).collect::<Result<_, _>>()?);
    }
    Ok(rows)
}

fn value(r: &mut Reader<'_>) -> Result<SqlStorageValue, DecodeError> {
    Ok(match r.byte()? {
        0 => SqlStorageValue::Null,
        1 => {
            let number = f64::from_le_bytes(array(r)?);
            // A sequence number, a size, a time or an id: what is not below 2^53 is none.
            let is_integer = number.trunc() == number && number.abs() < (1u64 << 53) as f64;
            match is_integer {
                true => SqlStorageValue::Integer(number as i64),
                false => SqlStorageValue::Float(number),
            }
        }
        2 => SqlStorageValue::Blob(sized(r)?.to_vec()),
        3 => SqlStorageValue::String(String::from_utf8_lossy(sized(r)?).into_owned()),
        _ => return Err(DecodeError::Range),
    })
}

fn sized<'a>(r: &mut Reader<'a>) -> Result<&'a [u8], DecodeError> {
    let len = u32::from_le_bytes(array(r)?);
    r.take(len as usize)
}

fn array<const N: usize>(r: &mut Reader<'_>) -> Result<[u8; N], DecodeError> {
    r.take(N)?.try_into().map_err(|_| DecodeError::Range)
}
