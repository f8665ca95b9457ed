//! What the browser keeps of documents, in IndexedDB.
//!
//! One database for all documents of an origin. `records` holds what the replica asks to be kept,
//! by document and number; `asides` the copies that could not go on; `documents` what there is, so
//! that it can be listed and thrown away without reading it. Whatever is queued goes into one
//! transaction; the first that fails is the last.

mod database;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use idb::{Database, KeyRange, Request, Transaction, TransactionMode};
use js_sys::{Array, Date, Uint8Array};
use wasm_bindgen::prelude::*;

use super::convert::object;
use super::lock::Lock;
use super::options::Place;
use super::shell::Shell;
use super::timer;
use database::{ASIDES, Answer, DOCUMENTS, RECORDS, Then, open, read, transaction, when_over};

pub(super) use database::{Trouble, is_there};

/// Something to store.
pub(super) enum Write {
    Record(Vec<u8>),
    /// In the place of all records.
    All(Vec<u8>),
    /// A copy that could not go on, by its number.
    Aside(f64, JsValue),
    /// The page has seen to it.
    NoAside(f64),
}

/// What is stored of a document.
#[derive(Default)]
pub(super) struct Stored {
    pub(super) records: Vec<Vec<u8>>,
    /// The copies that could not go on, with their numbers.
    pub(super) asides: Vec<(f64, JsValue)>,
}

/// What is kept of one document.
pub(super) struct Storage {
    database: Rc<Database>,
    place: Place,
    /// The next number of a record or a copy that was put aside.
    next: Cell<f64>,
    bytes: Cell<f64>,
    queue: RefCell<Vec<Write>>,
    /// Whether what waits is begun with soon.
    due: Cell<bool>,
    /// The one that is under way.
    transaction: RefCell<Option<Transaction>>,
}

/// A document's key among all.
fn key_of(place: &Place) -> Array {
    [&place.url, &place.document, &place.profile].map(|it| JsValue::from_str(it)).iter().collect()
}

fn numbered(place: &Place, number: f64) -> JsValue {
    let key = key_of(place);
    key.push(&number.into());
    key.into()
}

/// All numbers of a document below `end`.
fn all_of(place: &Place, end: f64) -> Result<KeyRange, idb::Error> {
    KeyRange::bound(&numbered(place, 0.0), &numbered(place, end), Some(false), Some(true))
}

/// The numbers of these keys.
fn numbers(keys: &JsValue) -> Vec<f64> {
    let keys = keys.unchecked_ref::<Array>().iter();
    keys.map(|key| key.unchecked_ref::<Array>().get(3).as_f64().unwrap_or_default()).collect()
}

impl Storage {
    /// Open what is kept of a document, and go on with what that is.
    pub(super) fn open(place: Place, then: Then<Result<(Self, Stored), Trouble>>) {
        open(Box::new(move |opened| match opened {
            Ok(database) => Self::load(database, place, then),
            Err(trouble) => then(Err(trouble)),
        }));
    }

    fn load(database: Database, place: Place, then: Then<Result<(Self, Stored), Trouble>>) {
        let of = place.clone();
        let ask = move |transaction: &Transaction| {
            let all = |name| {
                let store = transaction.object_store(name)?;
                let range = || all_of(&of, f64::INFINITY);
                let keys = store.get_all_keys(Some(range()?.into()), None)?;
                Ok::<_, idb::Error>((keys, store.get_all(Some(range()?.into()), None)?))
            };
            let (records, asides) = (all(RECORDS)?, all(ASIDES)?);
            let answer: Answer<_> = Box::new(move || {
                let values = records.1.result()?;
                let bytes = |value: JsValue| Uint8Array::new(&value).to_vec();
                let values = values.unchecked_ref::<Array>().iter().map(bytes).collect();
                let copies = asides.1.result()?;
                let copies = copies.unchecked_ref::<Array>().iter();
                let (taken, aside) = (numbers(&records.0.result()?), numbers(&asides.0.result()?));
                let last =
                    taken.last().into_iter().chain(aside.last()).copied().fold(0.0, f64::max);
                let asides = aside.into_iter().zip(copies).collect();
                Ok((Stored { records: values, asides }, last))
            });
            Ok(answer)
        };
        let database = Rc::new(database);
        let go_on = Rc::clone(&database);
        let read_all = move |answer: Result<(Stored, f64), Trouble>| {
            then(answer.map(|(stored, last)| {
                let bytes = stored.records.iter().map(|record| record.len() as f64).sum();
                let (next, bytes) = (Cell::new(last + 1.0), Cell::new(bytes));
                let (queue, due, transaction) = Default::default();
                (Self { database, place, next, bytes, queue, due, transaction }, stored)
            }));
        };
        read(go_on, &ask, Box::new(read_all));
    }

    /// Store this behind everything before it, as soon as what the page does now is done: to begin
    /// a transaction takes a millisecond, for which no key should wait.
    pub(super) fn write(&self, shell: &Rc<Shell>, write: Write) {
        self.queue(write);
        if self.transaction.borrow().is_some() || self.due.replace(true) {
            return;
        }
        let shell = Rc::downgrade(shell);
        timer::soon(move || {
            if let Some(shell) = shell.upgrade() {
                shell.with_storage(|storage| storage.flush(&shell));
            }
        });
    }

    /// Store this with what comes next.
    pub(super) fn queue(&self, write: Write) {
        self.queue.borrow_mut().push(write);
    }

    /// Store a copy that could not go on. Returns its number.
    pub(super) fn put_aside(&self, shell: &Rc<Shell>, aside: JsValue) -> f64 {
        let number = self.number();
        self.write(shell, Write::Aside(number, aside));
        number
    }

    fn number(&self) -> f64 {
        self.next.replace(self.next.get() + 1.0)
    }

    /// Begin with what waits, unless something is under way.
    fn flush(&self, shell: &Rc<Shell>) {
        self.due.set(false);
        if self.transaction.borrow().is_some() {
            return;
        }
        let writes = self.queue.take();
        if writes.is_empty() {
            return;
        }
        let is_record = |write: &&Write| matches!(write, Write::Record(_) | Write::All(_));
        let records = writes.iter().filter(is_record).count() as u64;
        // As it is now: the page is told behind what is stored, and a crash may come between.
        let pending = shell.replica().map_or(shell.pending(), |replica| replica.pending());
        match self.begin(writes, pending) {
            Ok(mut transaction) => {
                let weak = Rc::downgrade(shell);
                let over = move |done| match (weak.upgrade(), done) {
                    (Some(shell), Ok(())) => shell.stored(records),
                    (Some(shell), Err(trouble)) => shell.storage_failed(trouble),
                    (None, _) => {}
                };
                when_over(&mut transaction, Box::new(over));
                *self.transaction.borrow_mut() = Some(transaction);
            }
            Err(error) => shell.storage_failed(error.into()),
        }
    }

    /// What was under way is stored: go on with what waits.
    pub(super) fn go_on(&self, shell: &Rc<Shell>) {
        let done = self.transaction.take();
        self.flush(shell);
        drop(done);
    }

    /// Store what waits, or throw all of it away, and give the lock back after that.
    pub(super) fn close(&self, pending: u64, throw_away: bool, lock: Option<Lock>) {
        let begun = if throw_away {
            delete_in(&self.database, &self.place, Delete::Copy)
        } else {
            self.begin(self.queue.take(), pending)
        };
        if let Ok(mut transaction) = begun {
            when_over(&mut transaction, Box::new(move |_| drop(lock)));
            transaction.forget_callbacks();
        }
        // The transaction that is under way tells nobody any more.
        self.transaction.take().into_iter().for_each(|mut it| it.forget_callbacks());
        // It ends once its transactions have.
        self.database.close();
    }

    fn begin(&self, writes: Vec<Write>, pending: u64) -> Result<Transaction, idb::Error> {
        let transaction = transaction(&self.database, TransactionMode::ReadWrite)?;
        let records = transaction.object_store(RECORDS)?;
        let put = |bytes: &[u8]| {
            let key = numbered(&self.place, self.number());
            self.bytes.set(self.bytes.get() + bytes.len() as f64);
            records.put(&Uint8Array::from(bytes), Some(&key)).map(drop)
        };
        for write in writes {
            match write {
                Write::Record(bytes) => put(&bytes)?,
                Write::All(bytes) => {
                    records.delete(all_of(&self.place, self.next.get())?)?;
                    self.bytes.set(0.0);
                    put(&bytes)?;
                }
                Write::Aside(number, aside) => {
                    let key = numbered(&self.place, number);
                    transaction.object_store(ASIDES)?.put(&aside, Some(&key))?;
                }
                Write::NoAside(number) => {
                    let key = numbered(&self.place, number);
                    transaction.object_store(ASIDES)?.delete(key)?;
                }
            }
        }
        let summary = [
            ("url", JsValue::from_str(&self.place.url)),
            ("document", JsValue::from_str(&self.place.document)),
            ("profile", JsValue::from_str(&self.place.profile)),
            ("bytes", self.bytes.get().into()),
            ("pending", (pending as f64).into()),
            ("usedAt", Date::now().into()),
        ];
        let documents = transaction.object_store(DOCUMENTS)?;
        documents.put(&object(&summary), Some(&key_of(&self.place).into()))?;
        Ok(transaction)
    }
}

/// What is kept of all documents: their summaries, as they were stored.
pub(super) fn list(then: Then<Result<Vec<JsValue>, Trouble>>) {
    open(Box::new(move |opened| {
        let database = match opened {
            Ok(database) => database,
            Err(trouble) => return then(Err(trouble)),
        };
        let ask = |transaction: &Transaction| {
            let all = transaction.object_store(DOCUMENTS)?.get_all(None, None)?;
            let answer: Answer<_> = Box::new(move || {
                Ok(all.result()?.unchecked_ref::<Array>().iter().collect::<Vec<_>>())
            });
            Ok(answer)
        };
        read(Rc::new(database), &ask, then);
    }));
}

/// What of a document is thrown away.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Delete {
    /// The copy that can go on. What was put aside may be nowhere else.
    Copy,
    /// That too.
    All,
}

/// Throw away what is kept of a document.
pub(super) fn delete(place: Place, what: Delete, then: Then<Result<(), Trouble>>) {
    open(Box::new(move |opened| {
        let deleted = opened.and_then(|database| Ok(delete_in(&database, &place, what)?));
        match deleted {
            Ok(mut transaction) => {
                when_over(&mut transaction, then);
                transaction.forget_callbacks();
            }
            Err(trouble) => then(Err(trouble)),
        }
    }));
}

fn delete_in(database: &Database, place: &Place, what: Delete) -> Result<Transaction, idb::Error> {
    let transaction = transaction(database, TransactionMode::ReadWrite)?;
    transaction.object_store(RECORDS)?.delete(all_of(place, f64::INFINITY)?)?;
    if what == Delete::All {
        transaction.object_store(ASIDES)?.delete(all_of(place, f64::INFINITY)?)?;
    }
    transaction.object_store(DOCUMENTS)?.delete(JsValue::from(key_of(place)))?;
    Ok(transaction)
}
