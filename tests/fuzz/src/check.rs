//! What is done with an input, and what has to hold: no panic, and memory within bounds.

use selvedge::awareness::{self, AwarenessError, PRESENCE_BYTES_MAX, Presence, Speaker};
use selvedge::document::{ApplyError, Document, Json, Kind as Shape, Shared};
use selvedge::protocol::native::encode_from_room;
use selvedge::protocol::{Close, Dialect, FromRoom};
use selvedge::replica;
use selvedge::update::{self, DeleteSet, Malformed, StateVector};
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{ReadTxn, Transact};

use crate::input::{Input, Kind, welcome};
use crate::memory::growth;
use crate::parties::{Client, EPOCH, NOW, PEER, Server};
use crate::tally::{self, Count};
use crate::world::ROOTS;
use crate::{schema, token};

/// By how much memory may grow for an input: so much, and so much for each byte of it.
const GROWTH_BYTES_MAX: usize = 1 << 20;
const GROWTH_FACTOR_MAX: usize = 8;
/// From this size on, growth is told for each byte, and for some the factor is another.
const LARGE_BYTES_MIN: usize = 16 << 10;

/// Whose memory it is, and by how much that may grow for each byte of a large input.
#[derive(Clone, Copy)]
enum Side {
    /// A room's that takes an input.
    Room = GROWTH_FACTOR_MAX as isize,
    /// A room's that compacts its log later, for which it has a budget: `tests/memory.rs`.
    Later = 16,
    /// A client's. Its document is yrs's, which makes a branch for each nested type.
    Client = 128,
}

/// Check `input`. With `bare`, yrs gets the bytes as they are, to see that this is noticed.
pub(crate) fn check(input: &Input, bare: bool) {
    tally::add(input.kind, Count::Inputs);
    let accepted = match input.kind {
        _ if bare => bounded(input, Side::Client, || yrs_alone(input)),
        Kind::Update => update(input),
        Kind::StateVector => state_vector(input),
        Kind::Awareness => bounded(input, Side::Room, || presence(&input.bytes)),
        Kind::FromStock => from_client(input, Dialect::Stock),
        Kind::FromNative => from_client(input, Dialect::Native),
        Kind::FromRoom => from_room(input),
        Kind::Token => token(input),
        Kind::Schema => schema(input),
    };
    if accepted {
        tally::add(input.kind, Count::Accepted);
    }
}

/// What `work` returns, if it took no more memory than it may.
fn bounded<R>(input: &Input, side: Side, work: impl FnOnce() -> R) -> R {
    let (returned, grown) = growth(work);
    let len = input.bytes.len();
    let factor = if len < LARGE_BYTES_MIN { GROWTH_FACTOR_MAX } else { side as usize };
    let allowed = factor * len + GROWTH_BYTES_MAX;
    tally::at_least(input.kind, Count::Growth, grown);
    tally::at_least(input.kind, Count::Share, grown.saturating_mul(1_000) / allowed);
    if len >= LARGE_BYTES_MIN {
        tally::at_least(input.kind, Count::Factor, grown.saturating_mul(100) / len);
    }
    assert!(grown <= allowed, "memory grew by {grown} bytes for an input of {len}");
    returned
}

fn update(input: &Input) -> bool {
    let Input { base, bytes, .. } = input;
    let accepted = algebra(input);
    columns(input);
    let mut document = watched(base);
    let applied = bounded(input, Side::Client, || document.apply(bytes));
    match applied {
        Ok(()) => {
            assert!(accepted, "applied what cannot be walked");
            tally::add(input.kind, Count::Applied);
            use_document(input, &mut document);
        }
        Err(ApplyError::Unreadable) => tally::add(input.kind, Count::Unreadable),
        Err(ApplyError::Malformed) => assert!(!accepted, "refused what can be walked"),
    }
    accepted
}

/// All that a room may do with an update, on top of what its log holds.
fn algebra(input: &Input) -> bool {
    let Input { base, bytes, .. } = input;
    let side = side_of(bytes, Side::Room);

    let is_update = bounded(input, side, || update::walk(bytes).all(|part| part.is_ok()));
    let known = update::state_vector(base).expect("a base can be walked");
    let deleted = update::delete_set(&[base]).expect("a base can be walked");
    let agrees = |work: &dyn Fn() -> Result<Vec<u8>, Malformed>| {
        let result = bounded(input, side, work);
        assert_eq!(result.is_ok(), is_update, "one walk says {result:?}");
        if let Ok(update) = result {
            assert!(update::walk(&update).all(|part| part.is_ok()), "the result cannot be walked");
        }
    };
    agrees(&|| Ok(update::admit(bytes, &known)?.fresh.into_owned()));
    agrees(&|| update::merge(&[base, bytes]));
    agrees(&|| update::merge(&[bytes, base]));
    agrees(&|| update::diff(&[base, bytes], &known));
    agrees(&|| Ok(update::without_deletes(bytes, &deleted)?.into_owned()));
    agrees(&|| update::compact(&[base, bytes]));
    let vector = bounded(input, side, || update::state_vector(bytes));
    let deletes = bounded(input, side, || update::delete_set(&[bytes]));
    assert_eq!((vector.is_ok(), deletes.is_ok()), (is_update, is_update));
    if let (Ok(vector), Ok(deletes)) = (vector, deletes) {
        assert_eq!(StateVector::decode(&vector.encode()), Ok(vector));
        assert_eq!(DeleteSet::decode(&deletes.encode()), Ok(deletes));
    }
    is_update
}

/// A room does not look at an update that is too dense; a client may have to.
fn side_of(update: &[u8], side: Side) -> Side {
    let clients = update::client_count(update).unwrap_or(0);
    if clients > update::clients_max(update.len()) { Side::Client } else { side }
}

/// A document as it is stored, and what a client makes of bytes that may not be one.
fn columns(input: &Input) {
    let Input { base, bytes, .. } = input;
    let later = side_of(bytes, Side::Later);
    if let Ok(compacted) = update::compact(&[base, bytes]) {
        let columns = bounded(input, later, || update::to_columns(&compacted));
        let back =
            columns.and_then(|it| bounded(input, Side::Client, || update::from_columns(&it)));
        assert_eq!(back, Ok(compacted));
    }
    // What comes of that need not be an update: whoever takes it walks it.
    let _ = bounded(input, Side::Client, || update::from_columns(bytes));
    if let Ok(columns) = bounded(input, later, || update::to_columns(bytes)) {
        let update = update::from_columns(&columns).expect("columns");
        assert!(update::walk(&update).all(|part| part.is_ok()), "columns of what is no update");
    }
}

/// A document as a page has it, which holds `base`.
fn watched(base: &[u8]) -> Document {
    let mut document = Document::new(9);
    for (name, kind) in ROOTS {
        let root = document.root(name, kind).expect("a new root");
        document.watch(&root, true).expect("a root that is there");
    }
    document.apply(base).expect("a base is an update of yrs");
    // What is known of texts then has to hold behind what comes next.
    for root in roots(&mut document) {
        let _ = document.edit(|edit| edit.delete_text(&root, 0, 0));
    }
    document
}

/// Look at everything, send it on, load it again, and edit on top of what a peer left.
fn use_document(input: &Input, document: &mut Document) {
    if document.has_missing_updates() {
        tally::add(input.kind, Count::Missing);
    }
    document.take_events();
    bounded(input, Side::Client, || look(document));
    encode(input, document);
    bounded(input, Side::Client, || edit(document));
    document.take_events();
    encode(input, document);
}

fn encode(input: &Input, document: &Document) {
    let whole = bounded(input, Side::Client, || {
        let known = update::state_vector(&input.base).unwrap_or_default().encode();
        for known in [known, document.state_vector()] {
            let rest = document.diff(&known).expect("a state vector");
            assert!(update::walk(&rest).all(|part| part.is_ok()), "yrs wrote what is no update");
        }
        document.encode()
    });
    let mut loaded = Document::new(10);
    match bounded(input, Side::Client, || loaded.apply(&whole)) {
        Ok(()) => drop(loaded.encode()),
        Err(ApplyError::Malformed) => panic!("yrs wrote what is no update"),
        Err(ApplyError::Unreadable) => tally::add(input.kind, Count::NotReloaded),
    }
}

fn roots(document: &mut Document) -> Vec<Shared> {
    ROOTS.iter().filter_map(|(name, kind)| document.root(name, *kind).ok()).collect()
}

fn look(document: &mut Document) {
    for root in roots(document) {
        // What is nested too deeply is refused, which is fine.
        let _ = document.json(&root);
        let _ = document.string(&root);
        let _ = document.delta(&root);
        let _ = document.items(&root);
        let _ = document.keys(&root);
    }
}

/// The result of a step is of no interest: it may have been refused.
fn edit(document: &mut Document) {
    for root in roots(document) {
        let len = document.len(&root).unwrap_or(0);
        let keys = document.keys(&root).unwrap_or_default();
        let bold = vec![("b".into(), Json::Bool(true))];
        document.edit(|edit| match root.kind {
            Shape::Text => {
                let _ = edit.insert_text(&root, len / 2, "mine", None);
                let _ = edit.format(&root, 0, len, &bold);
                let _ = edit.delete_text(&root, 0, len / 2);
                let _ = edit.delete_text(&root, 0, len - len / 2);
            }
            Shape::Map => {
                for key in &keys {
                    let _ = edit.set_key(&root, key, &Json::Null);
                    let _ = edit.delete_key(&root, key);
                }
            }
            _ => {
                let _ = edit.delete_items(&root, 0, len / 2);
                let _ = edit.insert_items(&root, 0, &[Json::Null]);
                let _ = edit.delete_items(&root, 0, len - len / 2);
            }
        });
    }
}

fn state_vector(input: &Input) -> bool {
    let Input { base, bytes, .. } = input;
    let document = watched(base);
    bounded(input, Side::Client, || {
        let vector = StateVector::decode(bytes);
        if let Ok(vector) = &vector {
            assert_eq!(StateVector::decode(&vector.encode()).as_ref(), Ok(vector));
            update::diff(&[base], vector).expect("a base can be walked");
            update::admit(base, vector).expect("a base can be walked");
        }
        let rest = document.diff(bytes);
        assert_eq!(rest.is_ok(), vector.is_ok(), "{rest:?}");
        vector.is_ok()
    })
}

fn presence(bytes: &[u8]) -> bool {
    let mut presence = Presence::default();
    let Ok(said) = awareness::decode(bytes) else { return false };
    let first = presence.receive(NOW, 'a', Speaker::Repeats, PRESENCE_BYTES_MAX, &said);
    assert!(matches!(first, Ok(_) | Err(AwarenessError::TooLarge { .. })), "{first:?}");
    let _ = presence.receive(NOW, 'b', Speaker::Own, PRESENCE_BYTES_MAX, &said);
    let changes = presence.take_changes();
    let changes = changes.as_ref();
    let told = [
        changes.and_then(|changes| changes.update_for(None)),
        changes.and_then(|changes| changes.update_for(Some('a'))),
        changes.and_then(|changes| changes.gone()),
        presence.everyone(NOW, '?'),
    ];
    for update in told.into_iter().flatten() {
        awareness::decode(&update).expect("what a room tells can be read");
    }
    let mut woken = Presence::default();
    for owner in ['a', 'b'] {
        woken.restore(NOW, owner, &presence.keep(owner)).expect("what was kept can be read");
    }
    for owner in ['a', 'b'] {
        presence.leave(NOW, owner);
        woken.leave(NOW, owner);
    }
    assert_eq!(presence.everyone(NOW, '?'), None);
    assert_eq!(woken.everyone(NOW, '?'), None);
    first.is_ok()
}

fn from_client(input: &Input, dialect: Dialect) -> bool {
    let mut server = Server::new(&input.base, dialect);
    let mut witness = Client::join(&mut server);
    assert_eq!(witness.gave_up(), None, "a witness does not read the base");
    bounded(input, Side::Room, || server.frame(PEER, &input.bytes));
    let closed = server.closed;
    bounded(input, Side::Client, || {
        witness.listen(&mut server);
        witness.speak(&mut server);
        witness.listen(&mut server);
    });
    match witness.gave_up() {
        None => tally::add(input.kind, Count::Applied),
        Some(code) if code == Close::Unreadable.code() => {
            tally::add(input.kind, Count::Unreadable);
        }
        Some(code) => panic!("a room relayed what made its replica close with {code}"),
    }
    assert!(!witness.replica.document().has_missing_updates(), "a room relayed too early");
    bounded(input, Side::Later, || server.afterwards());
    closed.is_none()
}

fn from_room(input: &Input) -> bool {
    let mut client = Client::new();
    let welcome = FromRoom::Welcome(welcome(EPOCH, 1));
    let base = FromRoom::SyncStep2 { sequence: 1, update: &input.base };
    for message in [welcome, base] {
        client.take(replica::Input::Frame(&encode_from_room(&message)));
    }
    assert_eq!(client.gave_up(), None, "a replica does not read the base");
    bounded(input, Side::Client, || client.take(replica::Input::Frame(&input.bytes)));
    match client.gave_up() {
        None => tally::add(input.kind, Count::Applied),
        Some(code) if code == Close::Unreadable.code() => {
            tally::add(input.kind, Count::Unreadable);
        }
        Some(_) => {}
    }
    client.gave_up().is_none()
}

fn token(input: &Input) -> bool {
    let (is_token, opens) = bounded(input, Side::Room, || token::check(&input.bytes));
    if opens {
        tally::add(input.kind, Count::Applied);
    }
    is_token
}

fn schema(input: &Input) -> bool {
    let Some(schema) = bounded(input, Side::Room, || schema::read(&input.bytes)) else {
        return false;
    };
    schema::check(schema, &input.base);
    true
}

/// The same without our walk before it.
fn yrs_alone(input: &Input) -> bool {
    let document = yrs::Doc::with_client_id(9);
    let Ok(base) = yrs::Update::decode_v1(&input.base) else { return false };
    let Ok(mut txn) = document.try_transact_mut() else { return false };
    let _ = txn.apply_update(base);
    let Ok(update) = yrs::Update::decode_v1(&input.bytes) else { return false };
    let taken = txn.apply_update(update).is_ok();
    txn.state_vector().encode_v1();
    txn.encode_diff_v1(&yrs::StateVector::default());
    taken
}
