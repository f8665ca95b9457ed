//! The database, and what is asked of it: once, whichever event comes first.

use std::cell::Cell;
use std::rc::Rc;

use idb::{Database, DatabaseEvent, Event, Factory, ObjectStoreParams, Request};
use idb::{Transaction, TransactionMode};
use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use web_sys::EventTarget;

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

/// What follows. In a box, so that what is asked is in the client once, not for each that asks.
pub(super) type Then<T> = Box<dyn FnOnce(T)>;

/// Calls back once, whichever event comes first.
struct Once<T>(Rc<Cell<Option<Then<T>>>>);

impl<T> Once<T> {
    fn of(then: Then<T>) -> [Self; 2] {
        let then = Rc::new(Cell::new(Some(then)));
        [Self(Rc::clone(&then)), Self(then)]
    }

    fn call(&self, argument: T) {
        if let Some(then) = self.0.take() {
            then(argument);
        }
    }
}

/// Have `then` told when a transaction is over.
pub(super) fn when_over(transaction: &mut Transaction, then: Then<Result<(), Trouble>>) {
    let [done, failed] = Once::of(then);
    transaction.on_complete(move |_| done.call(Ok(())));
    transaction.on_abort(move |event| {
        let full = event.target().is_some_and(is_full);
        failed.call(Err(if full { Trouble::Full } else { Trouble::Failed }));
    });
}

fn is_full(transaction: EventTarget) -> bool {
    let error = Transaction::try_from(transaction).ok().and_then(|transaction| transaction.error());
    error.is_some_and(|error| is_of_quota(&error))
}

/// Whether this is a browser that may keep something.
pub(in crate::client) fn is_there() -> bool {
    Factory::new().is_ok()
}

/// Open the database.
pub(super) fn open(then: Then<Result<Database, Trouble>>) {
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
    let [opened, failed] = Once::of(then);
    request.on_error(move |_| failed.call(Err(Trouble::Unavailable)));
    request.on_success(move |event| {
        opened.call(event.target().and_then(|request| request.database()).map_err(Trouble::from));
    });
    request.forget_callbacks();
}

/// What requests answer, once their transaction is done.
pub(super) type Answer<T> = Box<dyn FnOnce() -> Result<T, idb::Error>>;

/// Read something, and go on with that.
pub(super) fn read<T: 'static>(
    database: Rc<Database>,
    ask: &dyn Fn(&Transaction) -> Result<Answer<T>, idb::Error>,
    then: Then<Result<T, Trouble>>,
) {
    let asked = transaction(&database, TransactionMode::ReadOnly)
        .and_then(|transaction| ask(&transaction).map(|answer| (transaction, answer)));
    let (mut transaction, answer) = match asked {
        Ok(asked) => asked,
        Err(error) => return then(Err(error.into())),
    };
    let over = move |done: Result<(), Trouble>| {
        then(done.and_then(|()| answer().map_err(Trouble::from)));
        // It is open until here.
        drop(database);
    };
    when_over(&mut transaction, Box::new(over));
    transaction.forget_callbacks();
}

fn is_of_quota(error: &JsValue) -> bool {
    Reflect::get(error, &"name".into()).is_ok_and(|name| name == "QuotaExceededError")
}
