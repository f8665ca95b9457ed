//! Several authors of several roles who do anything, at once and late.

use super::*;
use crate::document::{Attributes, EditError};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A few numbers from a seed (splitmix64).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, end: u32) -> u32 {
        (self.next() % u64::from(end.max(1))) as u32
    }

    pub(super) fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u32) as usize]
    }

    fn value(&mut self) -> Json {
        match self.below(7) {
            0 => Json::Bool(true),
            1 => Json::Number(f64::from(self.below(9))),
            2 => Json::Null,
            3 => Json::Array(vec![string("x")]),
            4 => string("open"),
            5 => string(&"long".repeat(20)),
            _ => string("closed"),
        }
    }

    fn words(&mut self) -> &'static str {
        self.of(&["a", "bc", "🧵", "three", "four words are"])
    }

    fn formats(&mut self) -> Attributes {
        let value = self.of(&[0, 1, 2]);
        let value = [Json::Null, Json::Bool(true), string("x")][value].clone();
        vec![(self.of(&["b", "i"]).to_owned(), value)]
    }
}

/// Any change of a text.
fn text(dice: &mut Dice, edit: &mut Edit<'_>, text: &Shared, len: u32) -> Result<(), EditError> {
    let at = dice.below(len + 1);
    let run = dice.below(len.saturating_sub(at).min(6) + 1);
    match dice.below(5) {
        0 => edit.delete_text(text, at, run),
        1 => edit.format(text, at, run, &dice.formats()),
        2 => edit.insert_text(text, at, dice.words(), Some(&dice.formats())),
        3 => {
            let image = Json::Object(vec![("image".into(), Json::Number(1.0))]);
            edit.insert_embed(text, at, &image, None)
        }
        _ => edit.insert_text(text, at, dice.words(), None),
    }
}

fn map(dice: &mut Dice, edit: &mut Edit<'_>, map: &Shared, keys: &[&str]) -> Result<(), EditError> {
    let key = dice.of(keys);
    if dice.below(4) == 0 {
        return edit.delete_key(map, key);
    }
    edit.set_key(map, key, &dice.value())
}

fn entry(dice: &mut Dice, edit: &mut Edit<'_>, entry: &Shared) -> Result<(), EditError> {
    for _ in 0..dice.below(3) {
        map(dice, edit, entry, &["done", "boss", "text", "done"])?;
    }
    if dice.below(2) == 0 {
        let text = edit.set_key_new(entry, "text", New::Text)?;
        edit.insert_text(&text, 0, dice.words(), None)?;
    }
    Ok(())
}

/// One change anywhere.
fn change(dice: &mut Dice, author: &mut Author) -> Vec<u8> {
    let mut shared: Vec<Shared> = ROOTS.iter().map(|(name, _)| author.root(name)).collect();
    let mut at = 0;
    while at < shared.len() {
        let it = shared[at].clone();
        let below: Vec<Value> = match it.kind {
            Kind::Map => {
                let keys = author.document.keys(&it).unwrap();
                keys.iter().filter_map(|key| author.document.key(&it, key).unwrap()).collect()
            }
            Kind::Text | Kind::XmlText => Vec::new(),
            _ => author.document.items(&it).unwrap(),
        };
        shared.extend(below.into_iter().filter_map(|value| match value {
            Value::Shared(below) => Some(below),
            _ => None,
        }));
        at += 1;
    }
    let lengths: Vec<u32> = shared.iter().map(|it| author.document.len(it).unwrap()).collect();
    let steps = 1 + dice.below(4);
    let (_, update) = author.edit(|edit| {
        for step in 0..steps {
            let at = dice.below(shared.len() as u32) as usize;
            let (it, mut len) = (&shared[at], lengths[at]);
            if step > 0 {
                // It may be another by now; then the step is refused.
                len = len.saturating_sub(dice.below(3));
            }
            let index = dice.below(len + 1);
            let run = dice.below(len.saturating_sub(index).min(2) + 1);
            let _ = match (it.kind, &it.id) {
                (Kind::Text | Kind::XmlText, _) => text(dice, edit, it, len),
                (Kind::Map, crate::document::SharedId::Root(name)) if &**name == "meta" => {
                    map(dice, edit, it, &["owner", "state", "created", "other"])
                }
                (Kind::Map, crate::document::SharedId::Root(_)) => {
                    let key = dice.of(&["one", "two", "new"]);
                    match dice.below(3) {
                        0 => edit.delete_key(it, key),
                        1 => edit.set_key(it, key, &dice.value()),
                        _ => edit
                            .set_key_new(it, key, New::Map)
                            .and_then(|made| entry(dice, edit, &made)),
                    }
                }
                (Kind::Map, _) => entry(dice, edit, it),
                (Kind::Array, _) => match dice.below(4) {
                    0 => edit.delete_items(it, index, run),
                    1 => edit.insert_items(it, index, &[dice.value(), dice.value()]),
                    2 => edit
                        .insert_new(it, index, New::Map)
                        .and_then(|made| edit.set_key(&made, "text", &string(dice.words()))),
                    _ => edit.insert_new(it, len, New::Map).and_then(|made| {
                        edit.set_key(&made, dice.of(&["text", "text", "x"]), &string("entry"))
                    }),
                },
                _ => match dice.below(4) {
                    0 => edit.delete_items(it, index, run),
                    1 if it.kind == Kind::XmlElement => map(dice, edit, it, &["class", "id"]),
                    2 => edit.insert_new(it, index, New::XmlElement("i".into())).map(|_| ()),
                    _ => edit
                        .insert_new(it, index, New::XmlText)
                        .and_then(|made| text(dice, edit, &made, 0)),
                },
            };
        }
    });
    update
}

fn is_within<T: PartialEq>(few: &[T], many: &[T]) -> bool {
    let mut many = many.iter();
    few.iter().all(|one| many.any(|other| other == one))
}

fn array(json: &Json) -> &[Json] {
    match json {
        Json::Array(items) => items,
        other => panic!("{other:?}"),
    }
}

fn object(json: &Json) -> &[(String, Json)] {
    match json {
        Json::Object(entries) => entries,
        other => panic!("{other:?}"),
    }
}

fn get<'a>(json: &'a Json, key: &str) -> Option<&'a Json> {
    object(json).iter().find(|(known, _)| known == key).map(|(_, value)| value)
}

fn utf16(json: &Json) -> Vec<u16> {
    match json {
        Json::String(string) => string.encode_utf16().collect(),
        other => panic!("{other:?}"),
    }
}

pub(super) type Content = Vec<(Json, Vec<Delta>)>;

/// What the schema says, said once more: of a state, and of a step from one to the next.
pub(super) fn check(before: &Content, after: &Content, role: &str) {
    let [title, notes, fixed, meta, tasks, log, comments, page] = [0, 1, 2, 3, 4, 5, 6, 7];
    let is_editor = ["editor", "owner"].contains(&role);
    let is_commenter = ["commenter", "reviewer"].contains(&role);
    let is_owner = role == "owner";
    let (was, is) = (|at: usize| &before[at], |at: usize| &after[at]);

    assert_eq!(was(fixed), is(fixed));
    assert!(utf16(&is(title).0).len() <= 20);
    assert!(is_editor || was(title) == is(title));
    assert!(is_editor || is_commenter || was(notes) == is(notes));
    assert!(is_editor || is_within(&utf16(&was(notes).0), &utf16(&is(notes).0)));
    // Each with its formats.
    let units = |delta: &[Delta]| -> Vec<Delta> {
        use crate::document::Inserted::Text;
        let each = |piece: &Delta| match piece {
            Delta::Insert(Text(string), formats) => {
                string.chars().map(|c| Delta::Insert(Text(c.into()), formats.clone())).collect()
            }
            piece => vec![piece.clone()],
        };
        delta.iter().flat_map(each).collect()
    };
    assert!(is_editor || is_within(&units(&was(notes).1), &units(&is(notes).1)));
    assert!(is_editor || is_commenter || was(page) == is(page));

    let (old, new) = (&was(meta).0, &is(meta).0);
    assert!(is_editor || old == new);
    assert!(matches!(get(new, "owner"), Some(Json::String(name)) if name.len() <= 64));
    assert!(is_owner || get(old, "owner") == get(new, "owner"));
    assert!([Some(&string("open")), Some(&string("closed"))].contains(&get(new, "state")));
    assert!(get(old, "created").is_none() || get(old, "created") == get(new, "created"));
    assert!(matches!(get(new, "created"), None | Some(Json::Number(_))));
    let other = get(new, "other");
    assert!(matches!(other, None | Some(Json::Number(_) | Json::String(_) | Json::Bool(_))));

    let (old, new) = (&was(tasks).0, &is(tasks).0);
    assert!(is_editor || old == new);
    for (name, task) in object(new) {
        for (key, value) in object(task) {
            match key.as_str() {
                "done" => assert!(matches!(value, Json::Bool(_))),
                "text" => assert!(utf16(value).len() <= 10),
                "boss" => {
                    let before = get(old, name).and_then(|task| get(task, "boss"));
                    assert!(is_owner || before == Some(value));
                }
                other => panic!("{other}"),
            }
        }
    }
    for (name, task) in object(old).iter().filter(|_| !is_owner) {
        let boss = get(task, "boss");
        assert!(boss.is_none() || get(new, name).and_then(|task| get(task, "boss")) == boss);
    }

    let (old, new) = (array(&was(log).0), array(&is(log).0));
    assert!(new.len() <= 6 && old.len() <= new.len());
    assert!(new.iter().all(|entry| matches!(get(entry, "text"), Some(Json::String(_)))));
    assert!(is_editor || old == new);

    // What is in a map is not plain: keys may come into it.
    let plain = |json: &Json| -> Vec<Json> {
        let is_plain = |json: &&Json| !matches!(json, Json::Object(_));
        array(json).iter().filter(is_plain).cloned().collect()
    };
    let (old, new) = (plain(&was(comments).0), plain(&is(comments).0));
    assert!(is_owner || is_editor || is_within(&old, &new));
    assert!(is_owner || is_commenter || is_within(&new, &old));
}

/// A history on one seed. Returns how many updates were judged and how many were mended.
fn history(seed: u64) -> (u32, u32) {
    let dice = &mut Dice(seed);
    let mut world = World::new(SCHEMA, begun);
    let roles = ["owner", "editor", "commenter", "reader", "editor", "reviewer"];
    let mut authors: Vec<_> = (0..2 + dice.below(3))
        .map(|index| {
            let role = dice.of(&roles);
            // Before and after one another, and one of 53 bits.
            let client = dice.of(&[10, 20_000, 1 << 31]) + u64::from(index);
            let client = if dice.below(8) == 0 { client | 1 << 51 } else { client };
            (role, world.author(client, role), Vec::<Vec<u8>>::new(), 0usize)
        })
        .collect();
    let mut log: Vec<Vec<u8>> = Vec::new();
    let (mut judged, mut mended) = (0, 0);
    for step in 0..40 {
        let at = dice.below(authors.len() as u32) as usize;
        let (role, author, sent, seen) = &mut authors[at];
        match dice.below(8) {
            _ if step > 30 => {}
            0..=2 => {
                let update = change(dice, author);
                sent.push(update);
                continue;
            }
            3 => {
                // Everything at once, as one who was away.
                let all: Vec<&[u8]> = sent.iter().map(Vec::as_slice).collect();
                *sent = vec![crate::update::merge(&all).unwrap()];
            }
            4 | 5 => {
                let news = dice.below(4) as usize;
                for update in log.iter().skip(*seen).take(news) {
                    author.document.apply(update).unwrap();
                }
                *seen = (*seen + news).min(log.len());
                continue;
            }
            6 if dice.below(6) == 0 => {
                let all: Vec<&[u8]> = std::iter::once(world.start.as_slice())
                    .chain(log.iter().map(Vec::as_slice))
                    .collect();
                let stored = crate::update::compact(&all).unwrap();
                let schema = Rc::clone(&world.guard.schema);
                world.guard = Guard::load(&stored, schema, ROOM).unwrap();
                world.in_step();
                continue;
            }
            _ => {}
        }
        for update in std::mem::take(sent) {
            let before = content(&mut world.replica);
            let mut raw = Document::new(3);
            raw.apply(&world.replica.encode()).unwrap();
            raw.apply(&update).unwrap();
            let (relayed, broken) = world.judge(&update, author.role);
            let after = content(&mut world.replica);
            check(&before, &after, role);
            let raw = content(&mut raw);
            for (index, (name, _)) in ROOTS.iter().enumerate() {
                let is_broken = broken
                    .iter()
                    .any(|it| it.strip_prefix(name).is_some_and(|it| it.starts_with(['/', ':'])));
                assert!(is_broken || after[index] == raw[index], "{name}: {broken:?}");
            }
            judged += 1;
            mended += u32::from(!broken.is_empty());
            log.push(relayed);
        }
    }
    for (_, author, sent, seen) in &mut authors {
        for update in std::mem::take(sent) {
            log.push(world.judge(&update, author.role).0);
        }
        for update in &log[*seen..] {
            author.document.apply(update).unwrap();
        }
        *seen = log.len();
    }
    let expected = content(&mut world.replica);
    for (_, author, _, seen) in &mut authors {
        for update in &log[*seen..] {
            author.document.apply(update).unwrap();
        }
        assert_eq!(content(&mut author.document), expected);
    }
    (judged, mended)
}

#[test]
fn s4_random_histories_keep_every_rule() {
    let seeds = std::env::var("SELVEDGE_SEEDS").ok().and_then(|seeds| seeds.parse().ok());
    let first = std::env::var("SELVEDGE_SEED").ok().and_then(|seed| seed.parse().ok());
    let first: u64 = first.unwrap_or(0);
    let (mut judged, mut mended) = (0, 0);
    for seed in first..first + seeds.unwrap_or(150) {
        let result = std::panic::catch_unwind(|| history(seed));
        let (updates, broken) = result.unwrap_or_else(|_| panic!("seed {seed}"));
        judged += updates;
        mended += broken;
    }
    assert!(mended > judged / 10 && mended < judged, "{mended} of {judged}");
}
