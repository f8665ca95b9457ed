//! The pieces of work whose instructions are counted. Each prepares what it needs, and hands only
//! what is to be counted to [`measured`].

use std::hint::black_box;
use std::rc::Rc;

use selvedge::access::{Access, Role};
use selvedge::awareness::{self, Entry};
use selvedge::document::Shared;
use selvedge::guard::{Guard, Verdict};
use selvedge::policy::Schema;
use selvedge::protocol::native::encode_from_client;
use selvedge::protocol::{Dialect, FromClient};
use selvedge::replica::{self, Replica};
use selvedge::room::{Carrier, Input, Output, SessionId};
use selvedge::update::{self, StateVector};

use crate::parties::{NOW, Server, committed, hello, online};
use crate::typing::{Typist, keystrokes, slices};

const AUTHOR: u64 = 3_141_592_653;
/// Keystrokes of a large document.
const LARGE: usize = 20_000;
const SESSIONS: u64 = 50;
const GATHERED: u64 = 100;
const CURSOR: &str = r##"{"user":{"name":"Ada","color":"#2e7d4f"},"caret":{"anchor":1042}}"##;

/// A piece of work, by name.
pub type Case = (&'static str, fn());

/// All of them.
pub const CASES: &[Case] = &[
    ("walk a document of 20,000 keystrokes", walk),
    ("admit a keystroke", admit),
    ("take a keystroke into a room of 50", frame),
    ("commit 100 keystrokes to 50 sessions", commit),
    ("merge 100 keystrokes", merge),
    ("compact a log of 20,000 keystrokes", compact),
    ("relay a caret to 50 sessions", presence),
    ("resume 100 updates behind", resume),
    ("diff a document of 20,000 keystrokes", diff),
    ("apply a keystroke to a document of 20,000", apply),
    ("apply a keystroke that somebody watches", apply_watched),
    ("type a key in a document of 20,000", edit),
    ("type a key after somebody else's", edit_after_other),
    ("take a key back after somebody else's", erase_after_other),
    ("load a document of 20,000 keystrokes", load),
    ("judge a keystroke in a document of 2,000", judge_small),
    ("judge a keystroke in a document of 20,000", judge),
];

/// The only function in which callgrind counts. It must be called once, and not become part of
/// another.
#[inline(never)]
pub fn measured<R>(work: impl FnOnce() -> R) -> R {
    black_box(work())
}

fn large() -> Vec<u8> {
    update::compact(&slices(&keystrokes(AUTHOR, LARGE))).expect("keystrokes")
}

/// All keystrokes that a large document lacks.
fn later() -> impl Iterator<Item = Vec<u8>> {
    Typist::new(AUTHOR).skip(LARGE)
}

fn walk() {
    let document = large();
    let parts = measured(|| update::walk(black_box(&document)).filter(Result::is_ok).count());
    assert!(parts > 1_000, "{parts} parts");
}

fn admit() {
    let mut known = StateVector::default();
    for client in 0..SESSIONS {
        known.advance(AUTHOR + client, 10);
    }
    let typed = keystrokes(AUTHOR, 11);
    let admission = measured(|| update::admit(black_box(&typed[10]), &known));
    assert_eq!(admission.expect("a keystroke").fresh[..], typed[10]);
}

/// What a rule costs may not grow with the document.
fn judge() {
    judge_behind(LARGE);
}

fn judge_small() {
    judge_behind(LARGE / 10);
}

fn judge_behind(keys: usize) {
    let rules = r#"{ "roots": { "t": { "type": "text", "maxCharacters": 1000000 } } }"#;
    let schema = Rc::new(Schema::parse(rules).expect("a schema"));
    let document = update::compact(&slices(&keystrokes(AUTHOR, keys))).expect("keystrokes");
    let mut guard = Guard::load(&document, Rc::clone(&schema), 1 << 52).expect("a document");
    let role = schema.role("editor").expect("a role");
    let mut later = Typist::new(AUTHOR).skip(keys);
    // The first one finds nothing in place.
    let before = later.next().expect("a typist never ends");
    assert_eq!(guard.judge(&before, role), Ok(Verdict::Accepted));
    let typed = later.next().expect("a typist never ends");
    let verdict = measured(|| guard.judge(black_box(&typed), role));
    assert_eq!(verdict, Ok(Verdict::Accepted));
}

/// A room in which half of the clients are ours and half are y-websocket's.
fn crowd() -> (Server, Vec<SessionId>) {
    let mut server = Server::new(&[]);
    let dialect = |n: u64| if n.is_multiple_of(2) { Dialect::Native } else { Dialect::Stock };
    let sessions = (0..SESSIONS).map(|n| server.join(dialect(n), 0)).collect();
    let _ = server.take(Input::Commit);
    (server, sessions)
}

fn frame() {
    let (mut server, sessions) = crowd();
    let typed = keystrokes(AUTHOR, 2);
    server.write(sessions[0], 1, &typed[0]);
    let _ = server.take(Input::Commit);
    let message = FromClient::Update { number: 2, update: &typed[1] };
    let bytes = &encode_from_client(&message).expect("a native message");
    let session = sessions[0];
    let outputs =
        measured(|| server.room.handle(NOW, Input::Frame { session, bytes }, &server.log));
    assert!(!outputs.iter().any(is_refusal), "{outputs:?}");
    let rows = server.log.rows.len();
    let _ = server.take(Input::Commit);
    assert_eq!(server.log.rows.len(), rows + 1, "it was gathered");
}

fn commit() {
    let (mut server, sessions) = crowd();
    let native = sessions.into_iter().step_by(2);
    let mut typists: Vec<_> = (0..).zip(native).map(|(n, id)| (id, Typist::new(n + 1))).collect();
    let each = GATHERED / typists.len() as u64;
    for number in 1..=each {
        for (session, typist) in &mut typists {
            let typed = typist.next().expect("a typist never ends");
            server.write(*session, number, &typed);
        }
    }
    let outputs = measured(|| server.room.handle(NOW, Input::Commit, &server.log));
    let Some(Output::Append(row)) = outputs.first() else { panic!("{outputs:?}") };
    assert_eq!(u64::from(row.updates), GATHERED);
}

fn merge() {
    let typed = keystrokes(AUTHOR, 100);
    let parts = slices(&typed);
    let merged = measured(|| update::merge(black_box(&parts)));
    assert!(merged.expect("keystrokes").len() < 1_000);
}

fn compact() {
    let log = keystrokes(AUTHOR, LARGE);
    let parts = slices(&log);
    let document = measured(|| update::compact(black_box(&parts)));
    assert!(document.expect("keystrokes").len() < parts.iter().map(|part| part.len()).sum());
}

fn presence() {
    let (mut server, sessions) = crowd();
    let update = awareness::encode([Entry { client: 1, clock: 1, state: CURSOR }].into_iter());
    let bytes = &encode_from_client(&FromClient::Awareness(&update)).expect("a native message");
    let session = sessions[0];
    let outputs = measured(|| {
        let _ = server.room.handle(NOW, Input::Frame { session, bytes }, &server.log);
        server.room.handle(NOW, Input::Commit, &server.log)
    });
    let sent = outputs.iter().map(|output| match output {
        Output::Send { to, .. } => to.len() as u64,
        _ => 0,
    });
    assert_eq!(sent.sum::<u64>(), SESSIONS - 1);
}

fn resume() {
    let mut server = Server::new(&keystrokes(AUTHOR, 900));
    let sequence = server.log.rows.len() as u64 - GATHERED;
    let session = server.room.next_session();
    let _ = server.take(Input::Connect {
        session,
        dialect: Dialect::Native,
        carrier: Carrier::Socket,
        trace: None,
        access: &Access::of_everyone(Role::Owner),
    });
    let bytes = &hello(sequence);
    let outputs =
        measured(|| server.room.handle(NOW, Input::Frame { session, bytes }, &server.log));
    assert!(outputs.iter().filter(|it| matches!(it, Output::Send { .. })).count() >= 2);
}

fn diff() {
    let document = large();
    let mut known = StateVector::default();
    known.advance(AUTHOR, LARGE as u32 / 2);
    let missing = measured(|| update::diff(&[black_box(&document)], &known));
    assert!(missing.expect("a document").len() < document.len());
}

/// A replica with a large document in it.
fn filled(watched: bool) -> (Replica, Shared) {
    let (mut replica, text) = online(watched);
    let _ = replica.handle(NOW, replica::Input::Frame(&committed(1, &large())));
    assert_eq!(replica.sequence(), 1, "the document was taken in");
    (replica, text)
}

fn apply() {
    apply_to(filled(false).0);
}

fn apply_watched() {
    apply_to(filled(true).0);
}

fn apply_to(mut replica: Replica) {
    let frame = committed(2, &later().next().expect("a typist never ends"));
    let outputs = measured(|| replica.handle(NOW, replica::Input::Frame(&frame)));
    assert_eq!(replica.sequence(), 2, "{outputs:?}");
}

/// A replica in a large document in which somebody has been typing for a while.
fn at_work() -> (Replica, Shared) {
    let (mut replica, text) = filled(false);
    (0..20).for_each(|_| type_in_the_middle(&mut replica, &text));
    (replica, text)
}

fn hear_another(replica: &mut Replica) {
    let frame = committed(2, &later().next().expect("a typist never ends"));
    let _ = replica.handle(NOW, replica::Input::Frame(&frame));
}

fn edit() {
    let (mut replica, text) = at_work();
    measured(|| type_in_the_middle(&mut replica, &text));
}

fn edit_after_other() {
    let (mut replica, text) = at_work();
    hear_another(&mut replica);
    measured(|| type_in_the_middle(&mut replica, &text));
}

fn erase_after_other() {
    let (mut replica, text) = at_work();
    hear_another(&mut replica);
    let middle = replica.document().len(&text).expect("a text") / 2;
    let (erased, _) = measured(|| replica.edit(NOW, |edit| edit.delete_text(&text, middle, 1)));
    assert_eq!(erased, Ok(()));
}

fn type_in_the_middle(replica: &mut Replica, text: &Shared) {
    let middle = replica.document().len(text).expect("a text") / 2;
    let (inserted, _) = replica.edit(NOW, |edit| edit.insert_text(text, middle, "x", None));
    assert_eq!(inserted, Ok(()));
}

fn load() {
    let (mut replica, _) = online(false);
    let frame = committed(1, &large());
    let outputs = measured(|| replica.handle(NOW, replica::Input::Frame(&frame)));
    assert_eq!(replica.sequence(), 1, "{outputs:?}");
}

fn is_refusal(output: &Output) -> bool {
    matches!(output, Output::Close { .. } | Output::Abandon)
}
