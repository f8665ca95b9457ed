//! What must hold at every moment: nothing that anybody was told may be lost, and the log makes
//! sense at every length.

use std::collections::BTreeSet;

use selvedge::document::{Document, EditError, Kind, Shared};
use selvedge::room::{Repair, Row, Snapshot};
use selvedge::update::{self, StateVector};

use crate::disk::{Damaged, Tables};
use crate::rules::{Seen, broken, mark, marks_in};

/// The roots of the document.
pub struct Roots {
    /// Every edit inserts its token here, and nobody deletes.
    pub tokens: Shared,
    /// Anything goes.
    pub draft: Shared,
    pub map: Shared,
    /// Those of a document with rules; see [`crate::rules`].
    pub meta: Shared,
    pub title: Shared,
    pub log: Shared,
    /// One that nobody may write to.
    pub stray: Shared,
}

impl Roots {
    pub fn of(document: &mut Document) -> Self {
        Self::named(|name, kind| document.root(name, kind))
    }

    pub fn named(mut root: impl FnMut(&str, Kind) -> Result<Shared, EditError>) -> Self {
        let mut root = |name, kind| root(name, kind).expect("a root of its only kind");
        Self {
            tokens: root("tokens", Kind::Text),
            draft: root("draft", Kind::Text),
            map: root("map", Kind::Map),
            meta: root("meta", Kind::Map),
            title: root("title", Kind::Text),
            log: root("log", Kind::Array),
            stray: root("stray", Kind::Text),
        }
    }
}

/// Everything that can be seen of a document.
#[derive(Debug, Eq, PartialEq)]
pub struct View {
    pub tokens: String,
    draft: String,
    map: String,
    ruled: String,
    state_vector: Vec<(u64, u32)>,
}

pub fn view(document: &Document, roots: &Roots) -> View {
    let state_vector = StateVector::decode(&document.state_vector()).expect("a state vector");
    let ruled = [&roots.meta, &roots.title, &roots.log, &roots.stray];
    View {
        tokens: document.string(&roots.tokens).expect("a text"),
        draft: document.string(&roots.draft).expect("a text"),
        map: format!("{:?}", document.json(&roots.map)),
        ruled: format!("{:?}", ruled.map(|root| document.json(root))),
        state_vector: state_vector.iter().collect(),
    }
}

impl View {
    /// Where two views differ, briefly.
    pub fn difference(&self, other: &Self) -> String {
        let tokens = |view: &Self| tokens_in(view.tokens.as_bytes()).collect::<BTreeSet<_>>();
        let (ours, theirs) = (tokens(self), tokens(other));
        format!(
            "extra {:?}, lacks {:?}, draft {} and {}, same map: {}, {} and {}, clocks {:?} and {:?}",
            ours.difference(&theirs).collect::<Vec<_>>(),
            theirs.difference(&ours).collect::<Vec<_>>(),
            self.draft.len(),
            other.draft.len(),
            self.map == other.map,
            self.ruled,
            other.ruled,
            self.state_vector,
            other.state_vector,
        )
    }
}

/// What somebody writes under another's client id.
pub const FORGED: &str = "FORGED";

/// A token is as many bytes long as it is UTF-16 units.
pub const TOKEN_LEN: u32 = 7;

pub fn token(number: u32) -> String {
    format!("<{number:05}>")
}

/// The tokens in encoded or plain text.
pub fn tokens_in(bytes: &[u8]) -> impl Iterator<Item = u32> {
    numbers_in(bytes, b'<', b'>')
}

/// The numbers between these, as long as a token.
pub fn numbers_in(bytes: &[u8], open: u8, close: u8) -> impl Iterator<Item = u32> {
    bytes.windows(TOKEN_LEN as usize).filter_map(move |window| match window {
        [first, digits @ .., last]
            if (*first, *last) == (open, close) && digits.iter().all(u8::is_ascii_digit) =>
        {
            std::str::from_utf8(digits).ok()?.parse().ok()
        }
        _ => None,
    })
}

pub struct Oracle {
    /// What every durable row together makes.
    shadow: Document,
    roots: Roots,
    pub head: u64,
    /// Every row that was ever durable, but for those that were damaged since.
    pub rows: Vec<(u64, Vec<u8>)>,
    /// Those that were.
    pub lost: Vec<Damaged>,
    /// Rows that refer to what was lost.
    waiting: Vec<Vec<u8>>,
    /// Something was damaged and not repaired.
    pub is_damaged: bool,
    last_token: u32,
    /// The tokens that a crash would leave.
    durable: BTreeSet<u32>,
    /// The tokens of histories that were replaced.
    retired: BTreeSet<u32>,
    /// What has to stay in a document with rules; nothing in one without.
    pub seen: Option<Seen>,
    pub violation: Option<String>,
    /// The size of the last frame that brought a native client up to date.
    pub catch_up_bytes: Option<usize>,
}

impl Oracle {
    pub fn new() -> Self {
        let mut shadow = Document::new(0);
        let roots = Roots::of(&mut shadow);
        Self {
            shadow,
            roots,
            head: 0,
            rows: Vec::new(),
            lost: Vec::new(),
            waiting: Vec::new(),
            is_damaged: false,
            last_token: 0,
            durable: BTreeSet::new(),
            retired: BTreeSet::new(),
            seen: None,
            violation: None,
            catch_up_bytes: None,
        }
    }

    pub fn violated(&mut self, what: String) {
        self.violation.get_or_insert(what);
    }

    /// A mark for an edit that no other has.
    pub fn next_token(&mut self) -> u32 {
        self.last_token += 1;
        self.last_token
    }

    /// Another history begins.
    pub fn replaced(&mut self) {
        let retired = &self.retired | &self.durable;
        let (violation, last_token) = (self.violation.take(), self.last_token);
        let seen = self.seen.as_ref().map(|_| Seen::default());
        *self = Self { retired, violation, last_token, seen, ..Self::new() };
    }

    /// O1: sequence numbers have no gap, and no prefix of the log refers to what is behind it.
    pub fn row_is_durable(&mut self, row: &Row) {
        if row.sequence.checked_sub(u64::from(row.updates)) != Some(self.head) {
            self.violated(format!("O1: row {} follows {}", row.sequence, self.head));
        }
        self.head = row.sequence;
        let tokens: Vec<_> = tokens_in(&row.update).collect();
        if let Some(token) = tokens.iter().find(|token| self.retired.contains(token)) {
            self.violated(format!("O3: <{token:05}> came back from another history"));
        }
        if row.update.windows(FORGED.len()).any(|window| window == FORGED.as_bytes()) {
            self.violated(format!("S5: row {} holds what somebody wrote as another", row.sequence));
        }
        if self.seen.is_some() {
            self.check_marks("a row", &row.update);
        }
        self.durable.extend(tokens);
        self.rows.push((row.sequence, row.update.clone()));
        if !self.lost.is_empty() {
            self.waiting.push(row.update.clone());
            return self.absorb();
        }
        if self.shadow.apply(&row.update).is_err() {
            self.violated(format!("row {} cannot be applied", row.sequence));
        }
        if self.shadow.has_missing_updates() {
            self.violated(format!("O1: row {} refers to what is not there", row.sequence));
        }
        self.check_rules();
    }

    /// S4: nothing stored or sent holds what was forbidden.
    pub fn check_marks(&mut self, what: &str, bytes: &[u8]) {
        if let Some(number) = marks_in(bytes).next() {
            self.violated(format!("S4: {what} holds {}", mark(number)));
        }
    }

    /// S4: at each length of the log the document keeps the rules, and has what is protected.
    fn check_rules(&mut self) {
        let Some(seen) = &mut self.seen else { return };
        let broken = broken(&self.shadow, &self.roots, false);
        let lacks = seen.advance(&self.shadow, &self.roots);
        if let Some(broken) = broken.or(lacks.map(|lacks| format!("lacks {lacks}"))) {
            self.violated(format!("S4: the document at {}: {broken}", self.head));
        }
    }

    /// S4: what a page shows of a document with rules.
    pub fn check_shown(
        &mut self,
        client: usize,
        document: &Document,
        roots: &Roots,
        may_be_long: bool,
    ) {
        // What is lost may be what made it shorter.
        let may_be_long = may_be_long || !self.lost.is_empty();
        if self.seen.is_some()
            && let Some(broken) = broken(document, roots, may_be_long)
        {
            self.violated(format!("S4: client {client} shows {broken}"));
        }
    }

    /// Compaction changes nothing that can be observed.
    pub fn snapshot_is_durable(&mut self, snapshot: &Snapshot) {
        self.replays_to_shadow("a snapshot", &Tables::of_snapshot(snapshot));
        if self.seen.is_some() {
            self.check_marks("a snapshot", &snapshot.update);
        }
    }

    /// The document is now what all other rows make.
    pub fn row_is_damaged(&mut self, damaged: Damaged) {
        self.is_damaged = true;
        self.rows.retain(|(sequence, _)| *sequence != damaged.sequence);
        self.lost.retain(|before| before.sequence != damaged.sequence);
        self.lost.push(damaged);
        self.shadow = Document::new(0);
        self.roots = Roots::of(&mut self.shadow);
        self.waiting = self.rows.iter().map(|(_, update)| update.clone()).collect();
        self.absorb();
    }

    /// Take in what is ready of what waits. (yrs would also integrate ids behind a gap.)
    fn absorb(&mut self) {
        loop {
            let before = self.shadow.state_vector();
            for update in std::mem::take(&mut self.waiting) {
                let known = StateVector::decode(&self.shadow.state_vector());
                let admission = update::admit(&update, &known.expect("a state vector"));
                let admission = admission.expect("a row that was written");
                self.shadow.apply(&admission.fresh).expect("what is ready");
                if admission.missing {
                    self.waiting.push(update);
                }
            }
            if self.shadow.state_vector() == before {
                return;
            }
        }
    }

    pub fn snapshot_is_damaged(&mut self) {
        self.is_damaged = true;
    }

    /// What is left is served from now on.
    pub fn repair_is_durable(&mut self, repair: &Repair, durable: &Tables) {
        self.is_damaged = false;
        self.row_is_durable(&repair.row);
        self.check_log(durable);
    }

    /// D2: what is damaged is named, and stays.
    pub fn check_names(&mut self, durable: &Tables) {
        let is_named = |row: &&Damaged| !durable.names(row.sequence, row.is_gone);
        if let Some(row) = self.lost.iter().find(is_named) {
            self.violated(format!("D2: row {} is damaged, and not kept or named", row.sequence));
        }
    }

    /// What is durable is what became durable.
    pub fn check_log(&mut self, durable: &Tables) {
        if self.is_damaged {
            return;
        }
        self.replays_to_shadow("the log", durable);
    }

    fn replays_to_shadow(&mut self, what: &str, tables: &Tables) {
        let mut document = Document::new(0);
        let roots = Roots::of(&mut document);
        for update in tables.replay() {
            if document.apply(update).is_err() {
                self.violated(format!("D2: {what} cannot be applied"));
            }
        }
        if document.has_missing_updates() {
            self.violated(format!("O1: {what} refers to what is not there"));
        }
        let (replayed, expected) = (view(&document, &roots), self.expected());
        if replayed != expected {
            self.violated(format!("D2: {what} changed: {}", replayed.difference(&expected)));
        }
    }

    /// What everyone has to see in the end.
    pub fn expected(&self) -> View {
        view(&self.shadow, &self.roots)
    }

    /// A client id that the log has, and the next of its clocks.
    pub fn known_client(&self, nth: usize) -> Option<(u64, u32)> {
        let known = StateVector::decode(&self.shadow.state_vector()).expect("a state vector");
        let known: Vec<_> = known.iter().collect();
        (!known.is_empty()).then(|| known[nth % known.len()])
    }

    /// Whether the log has something of this client.
    pub fn knows(&self, client: u64) -> bool {
        let known = StateVector::decode(&self.shadow.state_vector()).expect("a state vector");
        known.clock(client) > 0
    }

    /// Whether a crash would leave this token.
    pub fn is_durable(&self, token: u32) -> bool {
        self.durable.contains(&token)
    }

    /// D1, D2: whoever is told of a change can rely on it.
    pub fn told(&mut self, whom: usize, how: &str, tokens: impl Iterator<Item = u32>) {
        for token in tokens {
            if !self.durable.contains(&token) {
                self.violated(format!("D1: client {whom} {how} <{token:05}>, not durable"));
            }
        }
    }
}
