//! Authors of different roles, a guard, and a replica that only sees what the guard lets through.

mod before;
mod broken;
mod hostile;
mod kept;
mod oracle;
mod random;

use super::*;
use crate::document::{Check, Delta, Edit, Json, Kind, New, Shared, Value};
use crate::policy::Role;
use crate::update::Id;

/// A client id that no author has.
const ROOM: u64 = 1 << 52;

pub(super) const ROOTS: &[(&str, Kind)] = &[
    ("title", Kind::Text),
    ("notes", Kind::Text),
    ("fixed", Kind::Text),
    ("meta", Kind::Map),
    ("tasks", Kind::Map),
    ("log", Kind::Array),
    ("comments", Kind::Array),
    ("page", Kind::XmlFragment),
];

pub(super) const SCHEMA: &str = r#"{
  "version": 3,
  "roles": { "reviewer": { "like": "commenter" } },
  "roots": {
    "title": { "type": "text", "maxCharacters": 20 },
    "notes": { "type": "text", "insert": ["commenter", "editor"] },
    "fixed": { "type": "text", "insert": [], "change": [], "delete": [] },
    "meta": { "type": "map", "keys": {
      "owner": { "insert": ["owner"], "change": ["owner"], "delete": [],
        "value": { "type": "string", "maxLength": 64 } },
      "state": { "value": { "enum": ["open", "closed"] } },
      "created": { "writeOnce": true, "value": { "type": "number" } },
      "*": { "value": { "type": ["string", "number", "boolean"] } } }, "required": ["state"] },
    "tasks": { "type": "map", "keys": { "*": { "type": "map", "closed": true, "keys": {
      "done": { "value": { "type": "boolean" } },
      "text": { "type": "text", "maxCharacters": 10 },
      "boss": { "insert": ["owner"], "change": ["owner"], "delete": ["owner"] } } } } },
    "log": { "type": "array", "appendOnly": true, "maxItems": 6,
      "items": { "type": "map", "keys": { "text": { "value": { "type": "string" } } },
        "required": ["text"] } },
    "comments": { "type": "array", "insert": ["commenter"], "delete": ["editor"] },
    "page": { "type": "xml", "insert": ["commenter", "editor"] }
  }
}"#;

/// Somebody who edits.
pub(super) struct Author {
    pub(super) document: Document,
    pub(super) role: Role,
    /// Who is asked about each step.
    asked: Option<before::Asked>,
}

impl Author {
    /// Another one of the same role, who has nothing yet.
    pub(super) fn like(&self, client: u64) -> Self {
        Self { document: Document::new(client), role: self.role, asked: None }
    }

    pub(super) fn edit<R>(&mut self, change: impl FnOnce(&mut Edit<'_>) -> R) -> (R, Vec<u8>) {
        let check = self.asked.as_ref().map(|asked| asked as &dyn Check);
        let (returned, update) = self.document.edit_checked(check, change);
        (returned, update.unwrap_or(update::EMPTY.to_vec()))
    }

    pub(super) fn root(&mut self, name: &str) -> Shared {
        root(&mut self.document, name)
    }

    /// What is under a path of keys.
    pub(super) fn at(&mut self, path: &[&str]) -> Shared {
        let root = self.root(path[0]);
        path[1..].iter().fold(root, |shared, key| match self.document.key(&shared, key) {
            Ok(Some(Value::Shared(below))) => below,
            other => panic!("{other:?}"),
        })
    }
}

pub(super) fn root(document: &mut Document, name: &str) -> Shared {
    let kind = ROOTS.iter().find(|(known, _)| *known == name).map_or(Kind::Map, |root| root.1);
    document.root(name, kind).unwrap()
}

/// A guard and a replica that sees what it lets through.
pub(super) struct World {
    pub(super) guard: Guard,
    pub(super) replica: Document,
    pub(super) start: Vec<u8>,
}

impl World {
    /// A document that `fill` begins, from then on held to the schema.
    pub(super) fn new(schema: &str, fill: impl FnOnce(&mut Author)) -> Self {
        let schema = Rc::new(Schema::parse(schema).unwrap());
        let role = schema.role("owner").unwrap();
        let mut first = Author { document: Document::new(1), role, asked: None };
        fill(&mut first);
        let start = first.document.encode();
        let guard = Guard::load(&start, schema, ROOM).unwrap();
        let mut replica = Document::new(2);
        replica.apply(&start).unwrap();
        Self { guard, replica, start }
    }

    /// Somebody who has what the replica has.
    pub(super) fn author(&self, client: u64, role: &str) -> Author {
        let mut document = Document::new(client);
        document.apply(&self.replica.encode()).unwrap();
        let role = self.guard.schema().role(role).unwrap();
        Author { document, role, asked: None }
    }

    /// The guard takes in an update. Returns what goes to everybody, and what was broken.
    pub(super) fn judge(&mut self, update: &[u8], role: Role) -> (Vec<u8>, Vec<String>) {
        let before = self.replica.state_vector();
        let verdict = self.guard.judge(update, role).unwrap();
        let (relayed, broken) = match verdict {
            Verdict::Accepted => (update.to_vec(), Vec::new()),
            Verdict::Compensated { update, ends, undone } => {
                let known = crate::update::StateVector::decode(&before).unwrap();
                let admission = crate::update::admit(&update, &known).unwrap();
                let mut expected = admission.ends.clone();
                expected.sort_unstable();
                let mut ends = ends;
                ends.sort_unstable();
                assert_eq!((ends, admission.missing), (expected, false));
                let told = |it: &Violation| format!("{it}: {}", it.rule.name());
                (update, undone.iter().map(|it| told(&it.violation)).collect())
            }
        };
        self.replica.apply(&relayed).unwrap();
        assert!(!self.replica.has_missing_updates());
        self.in_step();
        (relayed, broken)
    }

    /// Both copies of the guard and the replica are equal.
    pub(super) fn in_step(&mut self) {
        let documents = &mut self.guard.documents;
        let settled = content(&mut documents.settled);
        assert_eq!(settled, content(&mut documents.trial));
        assert_eq!(settled, content(&mut self.replica));
        let clocks = |document: &Document| {
            crate::update::StateVector::decode(&document.state_vector()).unwrap()
        };
        assert_eq!(clocks(&documents.settled), clocks(&documents.trial));
        assert_eq!(&clocks(&documents.settled), self.guard.spots.known());
    }
}

/// All that shows of a document.
pub(super) fn content(document: &mut Document) -> Vec<(Json, Vec<Delta>)> {
    let mut content = Vec::new();
    for (name, _) in ROOTS {
        let root = root(document, name);
        let json = document.json(&root).unwrap();
        content.push((json, document.delta(&root).map(joined).unwrap_or_default()));
    }
    content
}

/// Pieces of equal formats as one.
fn joined(delta: Vec<Delta>) -> Vec<Delta> {
    use crate::document::Inserted::Text;
    let mut out: Vec<Delta> = Vec::new();
    for piece in delta {
        match (out.last_mut(), piece) {
            (Some(Delta::Insert(Text(last), a)), Delta::Insert(Text(next), b)) if *a == b => {
                last.push_str(&next);
            }
            (_, piece) => out.push(piece),
        }
    }
    out
}

pub(super) fn contains(bytes: &[u8], needle: &str) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
}

pub(super) fn string(string: &str) -> Json {
    Json::String(string.into())
}

/// What every test begins with.
pub(super) fn begun(author: &mut Author) {
    let [title, notes, fixed, meta, tasks, log, comments, page] =
        ["title", "notes", "fixed", "meta", "tasks", "log", "comments", "page"]
            .map(|name| author.root(name));
    let bold = vec![("b".to_owned(), Json::Bool(true))];
    let (done, _) = author.edit(|edit| {
        edit.insert_text(&title, 0, "Plan", None)?;
        edit.insert_text(&notes, 0, "some ", None)?;
        edit.insert_text(&notes, 5, "bold", Some(&bold))?;
        edit.insert_text(&notes, 9, " notes", Some(&vec![]))?;
        edit.insert_text(&fixed, 0, "stays", None)?;
        edit.set_key(&meta, "owner", &string("ann"))?;
        edit.set_key(&meta, "state", &string("open"))?;
        let task = edit.set_key_new(&tasks, "one", New::Map)?;
        edit.set_key(&task, "done", &Json::Bool(false))?;
        edit.set_key(&task, "boss", &string("ann"))?;
        let text = edit.set_key_new(&task, "text", New::Text)?;
        edit.insert_text(&text, 0, "do it", None)?;
        let plain = edit.set_key_new(&tasks, "two", New::Map)?;
        edit.set_key(&plain, "done", &Json::Bool(true))?;
        for line in ["first", "second"] {
            let index = u32::from(line == "second");
            let entry = edit.insert_new(&log, index, New::Map)?;
            edit.set_key(&entry, "text", &string(line))?;
        }
        edit.insert_items(&comments, 0, &[string("c0"), string("c1"), string("c2")])?;
        let p = edit.insert_new(&page, 0, New::XmlElement("p".into()))?;
        edit.set_key(&p, "class", &string("intro"))?;
        let words = edit.insert_new(&p, 0, New::XmlText)?;
        edit.insert_text(&words, 0, "hello", None)
    });
    done.unwrap();
}
