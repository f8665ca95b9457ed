//! What of one's own changes loses to others who did not know it.

use super::undo::Desk;
use super::*;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Two who are apart.
fn desks() -> [Desk; 2] {
    [1, 2].map(|client| {
        let mut desk = Desk::new(client);
        desk.document.compare();
        desk
    })
}

/// Both get what the other did. Returns what lost, for each of them.
fn meet(desks: &mut [Desk; 2]) -> [Vec<Conflict>; 2] {
    let [a, b] = desks.each_mut().map(|desk| core::mem::take(&mut desk.sent));
    let mut take = |at: usize, sent: Vec<Vec<u8>>| {
        let document = &mut desks[at].document;
        sent.iter().flat_map(|update| document.apply_and_compare(update).unwrap().lost).collect()
    };
    [take(0, b), take(1, a)]
}

/// Everything is acknowledged.
fn acknowledge(desks: &mut [Desk; 2]) {
    for desk in desks {
        desk.document.is_numbered(1);
        desk.document.is_acknowledged(1);
    }
}

fn path(path: &[&str]) -> Vec<PathSegment> {
    let segment = |it: &&str| match it.parse() {
        Ok(index) => PathSegment::Index(index),
        Err(_) => PathSegment::Key((*it).to_owned()),
    };
    path.iter().map(segment).collect()
}

fn json(string: &str) -> Json {
    Json::String(string.into())
}

fn restore(desk: &mut Desk, conflict: &Conflict) {
    let (restored, update) = desk.document.restore(conflict, None);
    assert_eq!(restored, Ok(()));
    desk.sent.extend(update);
}

#[test]
fn of_two_values_of_a_key_one_loses_and_its_author_is_told_once() {
    let mut both = desks();
    both[0].set("k", "before");
    meet(&mut both);
    acknowledge(&mut both);
    both[0].set("k", "first");
    both[0].set("k", "of a");
    both[1].set("k", "of b");
    let [of_a, of_b] = meet(&mut both);
    let winner = both[0].value("k").unwrap();
    assert_eq!(both[1].value("k"), Some(winner.clone()));
    let (loser, told, silent) =
        if winner == json("of b") { (0, of_a, of_b) } else { (1, of_b, of_a) };
    assert_eq!(silent, []);
    let [conflict] = &told[..] else { panic!("{told:?}") };
    assert_eq!((&conflict.path, &conflict.lost), (&path(&["map", "k"]), &Lost::Key));
    let ours = json(["of a", "of b"][loser]);
    assert_eq!((&conflict.ours, &conflict.theirs), (&ours, &winner));
    assert_eq!(conflict.by, Some(2 - loser as u64));
    assert_eq!(meet(&mut both), [vec![], vec![]]);
    restore(&mut both[loser], conflict);
    assert_eq!(meet(&mut both), [vec![], vec![]], "who knew it and changed it is no conflict");
    assert_eq!(both[1 - loser].value("k"), Some(ours.clone()));
    assert!(both[loser].undo(), "it is an edit like any other");
    assert_eq!(both[loser].value("k"), Some(winner));
}

#[test]
fn what_is_acknowledged_or_known_loses_to_nobody() {
    let mut both = desks();
    both[0].set("k", "of a");
    acknowledge(&mut both);
    both[1].set("k", "of b");
    assert_eq!(meet(&mut both)[0], []);
    // Not acknowledged, but known to who changes it, or deletes it.
    for (key, deletes) in [("l", false), ("m", true)] {
        both[0].set(key, "of a");
        for update in core::mem::take(&mut both[0].sent) {
            both[1].document.apply(&update).unwrap();
        }
        let map = both[1].map.clone();
        both[1]
            .step(|edit| match deletes {
                true => edit.delete_key(&map, key),
                false => edit.set_key(&map, key, &json("of b")),
            })
            .unwrap();
        assert_eq!(meet(&mut both), [vec![], vec![]]);
    }
}

#[test]
fn a_deleted_key_that_gets_a_value_and_a_shared_type_that_loses_are_told() {
    let mut both = desks();
    both[0].set("k", "before");
    meet(&mut both);
    acknowledge(&mut both);
    let map = both[0].map.clone();
    both[0].step(|edit| edit.delete_key(&map, "k")).unwrap();
    both[1].set("k", "after");
    let [told, _] = meet(&mut both);
    assert_eq!((&told[0].ours, &told[0].theirs, told.len()), (&Json::Undefined, &json("after"), 1));
    restore(&mut both[0], &told[0]);
    assert_eq!(both[0].value("k"), None);
    meet(&mut both);
    acknowledge(&mut both);

    let mut told = Vec::new();
    for client in [0, 1] {
        let key = ["l", "m"][client];
        both[client]
            .step(|edit| {
                let made = edit.set_key_new(&map, key, New::Text)?;
                edit.insert_text(&made, 0, "ours", None)
            })
            .unwrap();
        both[1 - client].set(key, "theirs");
        told.push(core::mem::take(&mut meet(&mut both)[client]));
    }
    let told: Vec<_> = told.concat();
    let [conflict] = &told[..] else { panic!("{told:?}") };
    assert_eq!((&conflict.ours, &conflict.theirs), (&json("ours"), &json("theirs")));
    let loser = if conflict.path == path(&["map", "l"]) { 0 } else { 1 };
    restore(&mut both[loser], conflict);
    meet(&mut both);
    assert_eq!(both[0].value(["l", "m"][loser]), Some(json("ours")));
    assert_eq!(both[0].shown(), both[1].shown());
}

#[test]
fn what_is_written_into_what_somebody_deletes_is_told_and_comes_back_with_it() {
    let mut both = desks();
    let list = both[0].list.clone();
    let task = both[0]
        .step(|edit| {
            edit.insert_items(&list, 0, &[Json::Null])?;
            let task = edit.insert_new(&list, 1, New::Map)?;
            edit.set_key(&task, "title", &json("a"))?;
            Ok::<_, EditError>(task)
        })
        .unwrap();
    meet(&mut both);
    acknowledge(&mut both);
    both[0].step(|edit| edit.set_key(&task, "title", &json("b"))).unwrap();
    both[0].step(|edit| edit.set_key(&task, "done", &Json::Bool(true))).unwrap();
    both[1].step(|edit| edit.delete_items(&list, 1, 1)).unwrap();
    let [told, silent] = meet(&mut both);
    assert_eq!(silent, []);
    let [conflict] = &told[..] else { panic!("{told:?}") };
    let entries = vec![("done".into(), Json::Bool(true)), ("title".into(), json("b"))];
    let ours = Json::Object(entries);
    assert_eq!((&conflict.path, &conflict.lost), (&path(&["list", "1"]), &Lost::Inside));
    assert_eq!((&conflict.ours, &conflict.theirs, conflict.by), (&ours, &Json::Undefined, None));
    restore(&mut both[0], conflict);
    meet(&mut both);
    assert_eq!(both[1].document.json(&list), Ok(Json::Array(vec![Json::Null, ours])));
    // Where nothing was written nothing loses.
    acknowledge(&mut both);
    both[0].set("k", "a");
    both[1].step(|edit| edit.delete_items(&list, 0, 2)).unwrap();
    assert_eq!(meet(&mut both), [vec![], vec![]]);
}

#[test]
fn what_is_written_into_text_that_somebody_deletes_is_told() {
    let mut both = desks();
    both[0].write(0, "one two three");
    meet(&mut both);
    acknowledge(&mut both);
    both[0].write(5, "1½");
    both[0].write(0, "> ");
    both[1].delete(4, 3);
    let [told, silent] = meet(&mut both);
    assert_eq!((silent, both[0].string().as_str()), (vec![], "> one 1½ three"));
    let [conflict] = &told[..] else { panic!("{told:?}") };
    assert_eq!((&conflict.path, &conflict.lost), (&path(&["text"]), &Lost::Around));
    assert_eq!(conflict.ours, json("1½"));
    restore(&mut both[0], conflict);
    meet(&mut both);
    assert_eq!(both[1].string(), "> one t1½wo three");
}

#[test]
fn what_is_beside_it_is_what_stands_there_not_what_is_deleted_nor_a_format_nor_what_came_later() {
    let mut both = desks();
    both[0].write(0, "one two three");
    let bold = vec![("bold".to_owned(), Json::Bool(true))];
    let text = both[0].text.clone();
    both[0].step(|edit| edit.format(&text, 6, 1, &bold)).unwrap();
    both[0].delete(5, 1);
    meet(&mut both);
    acknowledge(&mut both);
    // Between "t" and a bold "o", of which a "w" and the mark of the format are not seen.
    both[0].write(5, "b");
    both[0].write(5, "a");
    both[1].delete(4, 2);
    let [told, _] = meet(&mut both);
    let lost: Vec<_> = told.iter().map(|it| (it.lost.clone(), it.ours.clone())).collect();
    assert_eq!(both[0].string(), "one ab three");
    assert_eq!(lost, [(Lost::Around, json("b"))]);
}

#[test]
fn of_two_formats_of_the_same_text_one_loses() {
    let mut both = desks();
    both[0].write(0, "some words");
    meet(&mut both);
    acknowledge(&mut both);
    let colour = |name: &str| vec![("colour".to_owned(), json(name))];
    let text = both[0].text.clone();
    both[0].step(|edit| edit.format(&text, 5, 5, &colour("red"))).unwrap();
    both[1].step(|edit| edit.format(&text, 5, 5, &colour("blue"))).unwrap();
    let [of_a, of_b] = meet(&mut both);
    let shown = both[0].shown();
    assert_eq!(shown, both[1].shown());
    assert_eq!(of_a.len() + of_b.len(), 1, "{of_a:?} {of_b:?}");
    let loser = usize::from(of_a.is_empty());
    let told = [of_a, of_b].concat();
    let (ours, theirs) = if loser == 0 { ("red", "blue") } else { ("blue", "red") };
    assert_eq!((&told[0].ours, &told[0].theirs), (&json(ours), &json(theirs)));
    assert_eq!(
        (&told[0].lost, told[0].by),
        (&Lost::Format("colour".into()), Some(2 - loser as u64))
    );
    assert_eq!(told[0].path, path(&["text"]));
    restore(&mut both[loser], &told[0]);
    assert_ne!(both[loser].shown(), shown);
    assert_eq!(meet(&mut both), [vec![], vec![]]);
    assert_eq!(both[0].shown(), both[1].shown());
}

#[test]
fn what_loses_can_be_kept_beside() {
    let mut both = desks();
    both[0].set("k", "of a");
    both[1].set("k", "of b");
    let told = meet(&mut both);
    let loser = usize::from(told[0].is_empty());
    let conflict = told.concat().remove(0);
    assert!(both[loser].document.map_of(&conflict).is_some());
    let (kept, update) = both[loser].document.keep_both(&conflict, "k (conflict 1)", None);
    assert_eq!(kept, Ok(()));
    both[loser].sent.extend(update);
    meet(&mut both);
    let values = ["k", "k (conflict 1)"].map(|key| both[0].value(key));
    assert!(values.contains(&Some(json("of a"))) && values.contains(&Some(json("of b"))));
}

/// A page that is loaded again has another client id, and what it wrote from its storage.
#[test]
fn what_was_written_before_a_reload_loses_what_is_around_it_too() {
    let texts = [1, 2, 3].map(|client| {
        let mut document = Document::new(client);
        let text = document.root("text", Kind::Text).unwrap();
        (document, text)
    });
    let [(mut before, text), (mut after, _), (mut other, _)] = texts;
    let (_, base) = before.edit(|edit| edit.insert_text(&text, 0, "keep all this", None));
    let base = base.unwrap();
    other.apply(&base).unwrap();
    let (_, mine) = before.edit(|edit| edit.insert_text(&text, 9, "of ", None));
    let mine = mine.unwrap();
    after.compare();
    after.apply(&base).unwrap();
    after.apply(&mine).unwrap();
    after.wrote_before(&[(1, &mine)]);
    let (_, gone) = other.edit(|edit| edit.delete_text(&text, 4, 9));
    let lost = after.apply_and_compare(&gone.unwrap()).unwrap().lost;
    let [Conflict { ours, lost: Lost::Around, .. }] = &lost[..] else { panic!("{lost:?}") };
    assert_eq!(ours, &json("of "));
    let (restored, _) = after.restore(&lost[0], None);
    assert_eq!((restored, after.string(&text).unwrap()), (Ok(()), "keep all of this".into()));
}
