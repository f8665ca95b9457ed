//! The database, and what is asked of it: once, whichever event comes first.

use std::cell::Cell;
use std::rc::Rc;

use idb::{Database, DatabaseEvent, Event, Factory, ObjectStoreParams, Request};
use idb::{Transaction, TransactionMode};
use js_sys::Reflect;
use wasm_bindgen::prelude::*;

const NAME: &str = "selvedge";
/// The form of what is stored. A newer one is left alone: the browser does not open it.
const VERSION: u32 = 1;
pub(super) const DOCUMENTS: &str = "documents";
pub(super) const RECORDS: &str = "records";
pub(super) const ASIDES: &str = "asides";

/// Why nothing is kept, or not any more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::client) enum Trouble {
    /// This browser, or this mode of it, keeps nothing.
    Unavailable,
    /// There is no space left.
    Full,
    /// It did not say in time what it has.
    Slow,
    /// It failed, or was taken away.
    Failed,
}

impl Trouble {
    pub(in crate::client) fn name(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Full => "full",
            Self::Slow => "slow",
            Self::Failed => "failed",
        }
    }
}

impl From<idb::Error> for Trouble {
    fn from(error: idb::Error) -> Self {
        match error {
            idb::Error::IndexedDbNotFound(_) | idb::Error::IndexedDbOpenFailed(_) => {
                Self::Unavailable
            }
            idb::Error::UpdateFailed(why) if is_of_quota(&why) => Self::Full,
            _ => Self::Failed,
        }
    }
}

pub(super) fn transaction(
    database: &Database,
    mode: TransactionMode,
) -> Result<Transaction, idb::Error> {
    database.transaction(&[DOCUMENTS, RECORDS, ASIDES], mode)
}

/// What a request or a transaction ends in: once, whichever event comes first.
pub(super) fn once<T>(
    then: impl FnOnce(T) + 'static,
) -> (impl Fn(T) + 'static, impl Fn(T) + 'static) {
    let then = Rc::new(Cell::new(Some(then)));
    let again = Rc::clone(&then);
    let call = |cell: &Cell<Option<_>>, argument: T| {
        if let Some(then) = cell.take() {
            let then: Box<dyn FnOnce(T)> = Box::new(then);
            then(argument);
        }
    };
    (move |argument| call(&then, argument), move |argument| call(&again, argument))
}

/// Whether this is a browser that may keep something.
pub(in crate::client) fn is_there() -> bool {
    Factory::new().is_ok()
}

/// Open the database.
pub(super) fn open(then: impl FnOnce(Result<Database, Trouble>) + 'static) {
    let request = Factory::new().and_then(|factory| factory.open(NAME, Some(VERSION)));
    let mut request = match request {
        Ok(request) => request,
        Err(error) => return then(Err(error.into())),
    };
    request.on_upgrade_needed(|event| {
        let Ok(database) = event.database() else { return };
        for name in [DOCUMENTS, RECORDS, ASIDES] {
            // Should one be missing, the first transaction says so.
            let _ = database.create_object_store(name, ObjectStoreParams::new());
        }
    });
    let (opened, failed) = once(then);
    request.on_error(move |_| failed(Err(Trouble::Unavailable)));
    request.on_success(move |event| {
        opened(event.target().and_then(|request| request.database()).map_err(Trouble::from));
    });
    request.forget_callbacks();
}

/// What requests answer, once their transaction is done.
pub(super) type Answer<T> = Box<dyn FnOnce() -> Result<T, idb::Error>>;

/// Read something, and go on with that.
pub(super) fn read<T: 'static>(
    database: &Rc<Database>,
    ask: impl FnOnce(&Transaction) -> Result<Answer<T>, idb::Error>,
    then: impl FnOnce(Result<T, Trouble>) + 'static,
) {
    let asked = transaction(database, TransactionMode::ReadOnly)
        .and_then(|transaction| ask(&transaction).map(|answer| (transaction, answer)));
    let (mut transaction, answer) = match asked {
        Ok(asked) => asked,
        Err(error) => return then(Err(error.into())),
    };
    let (done, failed) = once(then);
    let answer = Cell::new(Some(answer));
    let database = Rc::clone(database);
    transaction.on_complete(move |_| {
        // It is open until here.
        let _database = &database;
        if let Some(answer) = answer.take() {
            done(answer().map_err(Trouble::from));
        }
    });
    transaction.on_abort(move |_| failed(Err(Trouble::Failed)));
    transaction.forget_callbacks();
}

pub(super) fn is_of_quota(error: &JsValue) -> bool {
    Reflect::get(error, &"name".into()).is_ok_and(|name| name == "QuotaExceededError")
}
