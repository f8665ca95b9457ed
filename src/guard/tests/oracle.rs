//! What schemas say, said once more.

use super::*;
use crate::document::Attributes;

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
    assert!(is_editor || is_within(&units(&was(notes).1, false), &units(&is(notes).1, false)));
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

/// What the rights of a schema say of texts and of a map.
pub(super) fn check_rights(before: &Content, after: &Content, schema: &Schema, role: &str) {
    let role = schema.role(role).unwrap();
    for (index, name) in [(0, "title"), (1, "notes"), (2, "fixed")] {
        let rules = schema.root(name).unwrap();
        let may_change = rules.may_change(role).is_ok();
        let (was, is) = (units(&before[index].1, may_change), units(&after[index].1, may_change));
        assert!(rules.may_insert(role).is_ok() || is_within(&is, &was), "{name}");
        assert!(rules.may_delete(role).is_ok() || is_within(&was, &is), "{name}");
    }
    let (old, new) = (&before[3].0, &after[3].0);
    for key in ["owner", "state", "created", "other"] {
        let rules = schema.root("meta").unwrap().key(key).unwrap();
        let may = match (get(old, key), get(new, key)) {
            (None, Some(_)) => rules.may_insert(role),
            (Some(_), None) => rules.may_delete(role),
            (one, other) if one == other => Ok(()),
            _ => rules.may_change(role),
        };
        assert_eq!(may, Ok(()), "{key}");
    }
    let rules = schema.root("comments").unwrap();
    let (old, new) = (array(&before[6].0), array(&after[6].0));
    assert!(rules.may_insert(role).is_ok() || new.len() <= old.len());
    assert!(rules.may_delete(role).is_ok() || old.len() <= new.len());
}

/// Each unit with its formats, or without.
fn units(delta: &[Delta], without: bool) -> Vec<Delta> {
    use crate::document::Inserted::Text;
    let formats = |formats: &Attributes| if without { vec![] } else { formats.clone() };
    let each = |piece: &Delta| match piece {
        Delta::Insert(Text(string), given) => {
            string.chars().map(|c| Delta::Insert(Text(c.into()), formats(given))).collect()
        }
        Delta::Insert(embed, given) => vec![Delta::Insert(embed.clone(), formats(given))],
        piece => vec![piece.clone()],
    };
    delta.iter().flat_map(each).collect()
}
