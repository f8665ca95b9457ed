//! Valid updates, from edits of a few replicas that hear of each other late.

use fastrand::Rng;
use selvedge::document::{Attributes, Document, EditError, Json, Kind, New, Shared};
use selvedge::update;

/// The roots that every document of a run has, and their kinds.
pub(crate) const ROOTS: [(&str, Kind); 5] = [
    ("text", Kind::Text),
    ("map", Kind::Map),
    ("array", Kind::Array),
    ("xml", Kind::XmlFragment),
    // Its kind is what its parts make of it: others use one name for several kinds.
    ("other", Kind::Text),
];

/// Small ones, so that damage often makes one of another, and such that take more bytes.
const CLIENTS: [u32; 4] = [5, 7, 300, u32::MAX];

/// A history, and where it may have come to.
pub(crate) struct World {
    /// Updates, each behind all that it refers to.
    pub(crate) log: Vec<Vec<u8>>,
    /// What a document held after some of the log: how many of it, merged.
    pub(crate) bases: Vec<(usize, Vec<u8>)>,
    /// The whole, as it may be stored or answered: merged, compacted, written by yrs.
    pub(crate) wholes: Vec<Vec<u8>>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut peers: Vec<Peer> = CLIENTS[..1 + rng.usize(..4)].iter().map(Peer::new).collect();
        let mut log = Vec::new();
        for _ in 0..rng.usize(2..30) {
            let at = rng.usize(..peers.len());
            let peer = &mut peers[at];
            if rng.u8(..3) > 0 {
                peer.catch_up(&log);
            }
            log.extend(peer.edit(&mut rng));
        }
        let merged = |count: usize| {
            let updates: Vec<&[u8]> = log[..count].iter().map(Vec::as_slice).collect();
            update::merge(&updates).expect("updates of yrs can be walked")
        };
        let bases = [0, log.len() / 3, log.len() * 2 / 3, log.len()];
        let bases = bases.map(|count| (count, merged(count))).to_vec();
        let whole = merged(log.len());
        peers[0].catch_up(&log);
        let encoded = peers[0].document.encode();
        let compacted = update::compact(&[&whole]).expect("what was merged can be walked");
        let wholes = vec![whole, compacted, encoded];
        Self { log, bases, wholes }
    }
}

/// One replica, and what it can edit.
struct Peer {
    document: Document,
    shared: Vec<Shared>,
    /// How many updates of the log it has.
    heard: usize,
}

impl Peer {
    fn new(client: &u32) -> Self {
        let mut document = Document::new((*client).into());
        let roots = ROOTS[..4].iter();
        let shared = roots.map(|(name, kind)| document.root(name, *kind).expect("a new root"));
        Self { shared: shared.collect(), document, heard: 0 }
    }

    fn catch_up(&mut self, log: &[Vec<u8>]) {
        for update in &log[self.heard..] {
            self.document.apply(update).expect("an update of yrs");
        }
        self.heard = log.len();
    }

    /// One transaction of a few steps. A step that does not fit is none.
    fn edit(&mut self, rng: &mut Rng) -> Option<Vec<u8>> {
        let mut steps = Vec::new();
        for _ in 0..1 + rng.usize(..3) {
            let shared = self.shared[rng.usize(..self.shared.len())].clone();
            let len = self.document.len(&shared).unwrap_or(0);
            steps.push((shared, len));
        }
        let mut made = Vec::new();
        let (_, update) = self.document.edit(|edit| {
            for (shared, len) in &steps {
                // Of a text or a list that has changed since: an index may be out of range.
                let _ = step(edit, rng, shared, *len, &mut made);
            }
        });
        self.shared.extend(made);
        update
    }
}

fn step(
    edit: &mut selvedge::document::Edit<'_>,
    rng: &mut Rng,
    shared: &Shared,
    len: u32,
    made: &mut Vec<Shared>,
) -> Result<(), EditError> {
    let index = rng.u32(..=len);
    let some = rng.u32(..=(len - index).min(6));
    let key = ["a", "b", "name"][rng.usize(..3)];
    match shared.kind {
        Kind::Text | Kind::XmlText => match rng.u8(..8) {
            0 => edit.delete_text(shared, index, some),
            1 => edit.format(shared, index, some, &attributes(rng)),
            2 => edit.insert_embed(shared, index, &json(rng, 2), None),
            3 => edit.insert_text(shared, index, &string(rng), Some(&attributes(rng))),
            4 if shared.kind == Kind::XmlText => edit.set_key(shared, key, &json(rng, 1)),
            _ => edit.insert_text(shared, index, &string(rng), None),
        },
        Kind::Map => match rng.u8(..6) {
            0 => edit.delete_key(shared, key),
            1 | 2 => edit.set_key_new(shared, key, new(rng, false)).map(|new| made.push(new)),
            _ => edit.set_key(shared, key, &json(rng, 2)),
        },
        Kind::Array => match rng.u8(..6) {
            0 => edit.delete_items(shared, index, some),
            1 | 2 => edit.insert_new(shared, index, new(rng, false)).map(|new| made.push(new)),
            _ => {
                let values: Vec<Json> = (0..1 + rng.usize(..3)).map(|_| json(rng, 2)).collect();
                edit.insert_items(shared, index, &values)
            }
        },
        Kind::XmlFragment | Kind::XmlElement => match rng.u8(..6) {
            0 => edit.delete_items(shared, index, some),
            1 if shared.kind == Kind::XmlElement => edit.set_key(shared, key, &json(rng, 1)),
            _ => edit.insert_new(shared, index, new(rng, true)).map(|new| made.push(new)),
        },
    }
}

fn new(rng: &mut Rng, is_node: bool) -> New {
    match rng.u8(..if is_node { 2 } else { 6 }) {
        0 => New::XmlText,
        1 => New::XmlElement("p".into()),
        2 => New::Map,
        3 => New::Array,
        4 => New::XmlFragment,
        _ => New::Text,
    }
}

pub(crate) fn string(rng: &mut Rng) -> String {
    const PIECES: [&str; 7] = ["a", "bc ", "é", "漢字", "🧵", "\0", "word word word "];
    let len = [1, 1, 2, 5, 30][rng.usize(..5)];
    (0..len).map(|_| PIECES[rng.usize(..PIECES.len())]).collect()
}

fn attributes(rng: &mut Rng) -> Attributes {
    let name = ["b", "i", "link"][rng.usize(..3)];
    vec![(name.into(), if rng.u8(..4) == 0 { Json::Null } else { json(rng, 1) })]
}

fn json(rng: &mut Rng, depth: usize) -> Json {
    match rng.u8(..if depth == 0 { 8 } else { 10 }) {
        0 => Json::Undefined,
        1 => Json::Null,
        2 | 3 => Json::Bool(rng.bool()),
        4 => Json::Number(rng.i32(..).into()),
        5 => Json::Number(rng.f64() * 1e20),
        6 => Json::String(string(rng)),
        7 => Json::Bytes(vec![rng.u8(..); rng.usize(..20)]),
        8 => Json::Array((0..rng.usize(..3)).map(|_| json(rng, depth - 1)).collect()),
        _ => Json::Object(vec![("k".into(), json(rng, depth - 1))]),
    }
}
