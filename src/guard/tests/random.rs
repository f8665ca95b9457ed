//! Several authors of several roles who do anything, at once and late.

use super::oracle::{check, check_rights};
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
pub(super) fn change(dice: &mut Dice, author: &mut Author) -> Vec<u8> {
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

/// A schema of the same parts with any rights.
pub(super) fn any_rights(dice: &mut Dice) -> String {
    let mut node = |rest: &str| {
        let mut node = format!("{{ {rest}");
        for right in ["insert", "change", "delete"] {
            let list = dice.of(&["[]", r#"["commenter"]"#, r#"["editor"]"#, "", "", ""]);
            if !list.is_empty() {
                let comma = if node == "{ " { "" } else { ", " };
                node += &format!("{comma}\"{right}\": {list}");
            }
        }
        node + " }"
    };
    let text = r#""type": "text""#;
    let roots = [
        ("title", node(text)),
        ("notes", node(text)),
        ("fixed", node(text)),
        ("page", node(r#""type": "xml""#)),
        ("comments", node(r#""type": "array""#)),
    ];
    let meta = format!(r#""type": "map", "keys": {{ "owner": {}, "*": {} }}"#, node(""), node(""));
    let task =
        format!(r#""type": "map", "keys": {{ "done": {}, "text": {} }}"#, node(""), node(text));
    let tasks = format!(r#""type": "map", "keys": {{ "*": {} }}"#, node(&task));
    let log = format!(r#""type": "array", "items": {}"#, node(""));
    let roots = roots.map(|(name, node)| format!("\"{name}\": {node}")).join(", ");
    let [meta, tasks, log] = [meta, tasks, log].map(|it| node(&it));
    format!(
        r#"{{ "roles": {{ "reviewer": {{ "like": "commenter" }} }}, "roots": {{
        {roots}, "meta": {meta}, "tasks": {tasks}, "log": {log} }} }}"#
    )
}

/// A history on one seed. Returns how many updates were judged and how many were mended.
fn history(seed: u64, has_any_rights: bool) -> (u32, u32) {
    let dice = &mut Dice(seed);
    let schema = if has_any_rights { any_rights(dice) } else { SCHEMA.to_owned() };
    let mut world = World::new(&schema, begun);
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
            if has_any_rights {
                check_rights(&before, &after, world.guard.schema(), role);
            } else {
                check(&before, &after, role);
            }
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

fn histories(has_any_rights: bool) {
    let number = |name| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    let first = number("SELVEDGE_SEED").unwrap_or(0);
    let (mut judged, mut mended) = (0, 0);
    for seed in first..first + number("SELVEDGE_SEEDS").unwrap_or(150) {
        let result = std::panic::catch_unwind(|| history(seed, has_any_rights));
        let (updates, broken) = result.unwrap_or_else(|_| panic!("seed {seed}"));
        judged += updates;
        mended += broken;
    }
    println!("{judged} judged, {mended} mended");
    assert!(mended > judged / 10 && mended < judged, "{mended} of {judged}");
}

#[test]
fn s4_random_histories_keep_every_rule() {
    histories(false);
}

#[test]
fn s4_random_histories_keep_any_rights() {
    histories(true);
}
