//! Two documents that exchange updates.

use super::*;
mod authors;
mod checked;
mod conflict;
mod position;
mod tracked;
mod undo;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A document with a text that is watched.
struct Peer {
    document: Document,
    text: Shared,
    sent: Vec<Vec<u8>>,
}

impl Peer {
    fn new(client_id: u64) -> Self {
        let mut document = Document::new(client_id);
        let text = document.root("text", Kind::Text).unwrap();
        document.watch(&text, false).unwrap();
        Self { document, text, sent: Vec::new() }
    }

    fn edit<R>(&mut self, change: impl FnOnce(&mut Edit<'_>, &Shared) -> R) -> R {
        let text = self.text.clone();
        let (returned, update) = self.document.edit(|edit| change(edit, &text));
        self.sent.extend(update);
        returned
    }

    fn insert(&mut self, index: u32, string: &str) -> Result<(), EditError> {
        self.edit(|edit, text| edit.insert_text(text, index, string, None))
    }

    fn string(&self) -> String {
        self.document.string(&self.text).unwrap()
    }
}

fn exchange(a: &mut Peer, b: &mut Peer) {
    for update in a.sent.drain(..) {
        b.document.apply(&update).unwrap();
    }
    for update in b.sent.drain(..) {
        a.document.apply(&update).unwrap();
    }
}

fn text(string: &str) -> Delta {
    Delta::Insert(Inserted::Text(string.into()), Attributes::new())
}

fn deltas(document: &mut Document) -> Vec<(bool, Vec<Delta>)> {
    document.take_events().into_iter().map(|event| (event.local, event.delta)).collect()
}

#[test]
fn v1_concurrent_edits_converge() {
    let (mut a, mut b) = (Peer::new(1), Peer::new(2));
    a.insert(0, "The quick fox").unwrap();
    exchange(&mut a, &mut b);
    a.insert(10, "brown ").unwrap();
    b.edit(|edit, text| edit.delete_text(text, 0, 4)).unwrap();
    b.edit(|edit, text| edit.format(text, 0, 5, &vec![("b".into(), Json::Bool(true))])).unwrap();
    exchange(&mut a, &mut b);
    assert_eq!(a.string(), "quick brown fox");
    assert_eq!(a.document.delta(&a.text), b.document.delta(&b.text));
    assert_eq!(a.document.state_vector(), b.document.state_vector());
}

#[test]
fn events_tell_changes_in_utf16_units() {
    let (mut a, mut b) = (Peer::new(1), Peer::new(2));
    a.insert(0, "🧵x").unwrap();
    a.insert(3, "y").unwrap();
    let stay = |len| Delta::Retain(len, Attributes::new());
    let expected = [(true, vec![text("🧵x")]), (true, vec![stay(3), text("y")])];
    assert_eq!(deltas(&mut a.document), expected);
    exchange(&mut a, &mut b);
    let remote = [(false, vec![text("🧵x")]), (false, vec![stay(3), text("y")])];
    assert_eq!(deltas(&mut b.document), remote);
    assert!(b.document.take_events().is_empty());
}

#[test]
fn o2_a_diff_holds_what_a_state_vector_lacks() {
    let (mut a, mut b) = (Peer::new(1), Peer::new(2));
    a.insert(0, "one").unwrap();
    exchange(&mut a, &mut b);
    a.insert(3, " two").unwrap();
    let diff = a.document.diff(&b.document.state_vector()).unwrap();
    assert!(diff.len() < a.document.encode().len());
    b.document.apply(&diff).unwrap();
    assert_eq!(b.string(), "one two");
    assert_eq!(a.document.diff(&a.document.state_vector()), Ok(update::EMPTY.to_vec()));
}

#[test]
fn one_typed_character_is_small() {
    let mut a = Peer::new(u32::MAX.into());
    a.insert(0, "a").unwrap();
    a.sent.clear();
    a.insert(1, "b").unwrap();
    assert!(a.sent[0].len() <= 25, "{} bytes", a.sent[0].len());
}

#[test]
fn refused_steps_change_nothing() {
    let mut a = Peer::new(1);
    a.insert(0, "a🧵b").unwrap();
    a.sent.clear();
    for (index, len, error) in [
        (5, 0, EditError::Range),
        (4, 1, EditError::Range),
        (u32::MAX, 2, EditError::Range),
        (2, 0, EditError::Surrogate),
        (0, 2, EditError::Surrogate),
        (2, 1, EditError::Surrogate),
    ] {
        assert_eq!(a.edit(|edit, text| edit.delete_text(text, index, len)), Err(error.clone()));
        if len == 0 {
            assert_eq!(a.insert(index, "x"), Err(error));
        }
    }
    let mut deep = Json::Null;
    for _ in 0..=JSON_DEPTH_MAX {
        deep = Json::Array(vec![deep]);
    }
    let embed = a.edit(|edit, text| edit.insert_embed(text, 0, &deep, None));
    assert_eq!(embed, Err(EditError::TooDeep));
    let large = "x".repeat(VALUE_BYTES_MAX + 1);
    assert_eq!(a.insert(0, &large), Err(EditError::TooLarge));
    assert!(a.sent.is_empty());
    a.edit(|edit, text| edit.delete_text(text, 1, 2)).unwrap();
    assert_eq!(a.string(), "ab");
}

#[test]
fn a_root_keeps_its_kind() {
    let mut a = Peer::new(1);
    assert_eq!(a.document.root("text", Kind::Map), Err(EditError::Kind));
    let map = a.document.root("map", Kind::Map).unwrap();
    assert_eq!(a.edit(|edit, _| edit.insert_text(&map, 0, "x", None)), Err(EditError::Kind));
    assert_eq!(a.document.items(&map), Err(EditError::Kind));
}

#[test]
fn names_of_what_was_deleted_lead_nowhere() {
    let (mut a, mut b) = (Peer::new(1), Peer::new(2));
    let map = a.document.root("map", Kind::Map).unwrap();
    let inner = a.edit(|edit, _| edit.set_key_new(&map, "k", New::Map)).unwrap();
    let nested = a.edit(|edit, _| edit.set_key_new(&inner, "t", New::Text)).unwrap();
    a.edit(|edit, _| edit.insert_text(&nested, 0, "x", None)).unwrap();
    let watch = a.document.watch(&nested, false).unwrap();
    exchange(&mut a, &mut b);
    let there = b.document.root("map", Kind::Map).unwrap();
    b.edit(|edit, _| edit.delete_key(&there, "k")).unwrap();
    exchange(&mut a, &mut b);
    assert_eq!(a.document.string(&nested), Err(EditError::Gone));
    assert_eq!(a.edit(|edit, _| edit.set_key(&inner, "k", &Json::Null)), Err(EditError::Gone));
    assert_eq!(a.document.watch(&nested, true), Err(EditError::Gone));
    a.document.unwatch(&nested, watch);
}

#[test]
fn o3_who_starts_over_has_nothing_and_says_so() {
    let mut a = Peer::new(1);
    let map = a.document.root("map", Kind::Map).unwrap();
    a.document.watch(&map, true).unwrap();
    a.edit(|edit, text| {
        edit.insert_text(text, 0, "before", None).unwrap();
        edit.set_key(&map, "k", &Json::Bool(true)).unwrap();
    });
    let nested = a.edit(|edit, _| edit.set_key_new(&map, "n", New::Text)).unwrap();
    let old = a.document.encode();
    a.document.take_events();

    a.document.start_over(7);
    assert_eq!((a.document.client_id(), a.string()), (7, String::new()));
    assert_eq!(a.document.encode(), update::EMPTY);
    assert_eq!(a.document.string(&nested), Err(EditError::Gone));
    let events = a.document.take_events();
    assert_eq!(events[0].delta, [Delta::Delete(6)]);
    let keys = [
        ("k".to_owned(), KeyChange::Delete(Value::Json(Json::Bool(true)))),
        ("n".to_owned(), KeyChange::Delete(Value::Opaque)),
    ];
    assert_eq!((&events[1].keys[..], events.len()), (&keys[..], 2));

    // Whoever watched goes on watching, and another watch gets another id.
    a.insert(0, "after").unwrap();
    a.document.apply(&old).unwrap();
    let events = a.document.take_events();
    assert_eq!(events.iter().map(|event| event.watch.0).collect::<Vec<_>>(), [1, 1, 2]);
    assert_eq!(a.document.watch(&map, false), Ok(WatchId(3)));
}

#[test]
fn v1_values_come_back_as_they_were_set() {
    let (mut a, mut b) = (Peer::new(1), Peer::new(2));
    let map = a.document.root("map", Kind::Map).unwrap();
    let values = [
        Json::Undefined,
        Json::Null,
        Json::Bool(false),
        Json::Number(-0.0),
        Json::Number(1.5),
        Json::Number(9_007_199_254_740_991.0),
        Json::Number(f64::INFINITY),
        Json::String("\0🧵".into()),
        Json::Bytes(vec![0, 255]),
        Json::Array(vec![Json::Null, Json::Array(vec![])]),
        Json::Object(vec![("".into(), Json::Null), ("a".into(), Json::Object(vec![]))]),
    ];
    for (index, value) in values.iter().enumerate() {
        a.edit(|edit, _| edit.set_key(&map, &index.to_string(), value)).unwrap();
    }
    exchange(&mut a, &mut b);
    for document in [&mut a.document, &mut b.document] {
        let map = document.root("map", Kind::Map).unwrap();
        for (index, value) in values.iter().enumerate() {
            let found = document.key(&map, &index.to_string()).unwrap();
            assert_eq!(found, Some(Value::Json(value.clone())));
        }
        assert_eq!(document.len(&map), Ok(11));
    }
}

#[test]
fn xml_is_written_as_yjs_writes_it() {
    let mut a = Peer::new(1);
    let page = a.document.root("page", Kind::XmlFragment).unwrap();
    a.edit(|edit, _| {
        let p = edit.insert_new(&page, 0, New::XmlElement("P".into()))?;
        edit.set_key(&p, "n", &Json::Number(2.0))?;
        edit.set_key(&p, "class", &Json::String("a".into()))?;
        let words = edit.insert_new(&p, 0, New::XmlText)?;
        let link = Json::Object(vec![("href".into(), Json::String("/".into()))]);
        let formats = vec![("b".into(), Json::Object(vec![])), ("a".into(), link)];
        edit.insert_text(&words, 0, "hi", Some(&formats))?;
        edit.insert_new(&page, 1, New::XmlElement("br".into()))?;
        assert_eq!(edit.insert_new(&page, 0, New::Map), Err(EditError::Kind));
        Ok::<_, EditError>(())
    })
    .unwrap();
    let markup = r#"<p class="a" n="2"><a href="/"><b>hi</b></a></p><br></br>"#;
    assert_eq!(a.document.string(&page).unwrap(), markup);
}

/// S1: a peer uses one root as a text and as an array. yrs counts the elements as text but does
/// not delete them, and panics when fewer units than asked for were deleted.
#[test]
fn s1_foreign_content_in_a_text_is_refused() {
    let (mut a, mut b) = (Peer::new(1), Peer::new(2));
    let mut hostile = Document::new(3);
    let array = hostile.root("text", Kind::Array).unwrap();
    let values = vec![Json::Null; 5];
    let (_, update) = hostile.edit(|edit| edit.insert_items(&array, 0, &values));
    a.insert(0, "mine").unwrap();
    exchange(&mut a, &mut b);
    let update = update.unwrap();
    for peer in [&mut a, &mut b] {
        peer.document.apply(&update).unwrap();
        let length = peer.document.len(&peer.text).unwrap();
        let deleted = peer.edit(|edit, text| edit.delete_text(text, 0, length));
        assert_eq!(deleted, Err(EditError::Kind));
        assert_eq!(peer.string(), "mine");
    }
}

/// S1: what yrs 0.28.1 or the stack cannot take is refused or survived.
#[test]
fn s1_deeply_nested_types_are_survived() {
    let mut a = Document::new(1);
    let root = a.root("map", Kind::Map).unwrap();
    let mut update = Vec::new();
    let depth = 1_000u32;
    // One section of client 5: maps, each inside the one before.
    update.push(1);
    crate::codec::write_number(&mut update, u64::from(depth));
    update.extend([5, 0]);
    update.extend([0x27, 1, 3, b'm', b'a', b'p', 1, b'k', 1]);
    for clock in 0..depth - 1 {
        update.extend([0x27, 0, 5]);
        crate::codec::write_number(&mut update, u64::from(clock));
        update.extend([1, b'k', 1]);
    }
    update.push(0);
    a.apply(&update).unwrap();
    assert_eq!(a.json(&root), Err(EditError::TooDeep));
    let (deleted, _) = a.edit(|edit| edit.delete_key(&root, "k"));
    assert_eq!(deleted, Ok(()));
}

/// S1: yrs reads one element too many of the older list encoding, and traps on wasm32 at the end.
#[test]
fn s1_lists_in_the_older_encoding_are_refused() {
    let mut a = Peer::new(1);
    let list = [&[1, 1, 5, 0, 2, 1, 4][..], b"text", &[1, 1, b'1', 0]].concat();
    assert_eq!(a.document.apply(&list), Err(ApplyError::Unreadable));
}

/// S1: yrs takes in ids behind a gap, and panics when a deletion looks for one in front of them.
#[test]
fn s1_ids_behind_a_gap_are_not_taken_in() {
    let mut a = Peer::new(1);
    let behind = [&[1, 1, 5, 9, 4, 1, 4][..], b"text", &[1, b'x', 1, 5, 1, 2, 3]].concat();
    assert_eq!(a.document.apply(&behind), Ok(()));
    assert!(a.document.has_missing_updates());
    assert_eq!((a.string(), a.document.encode()), (String::new(), update::EMPTY.to_vec()));
    let first = [&[1, 1, 5, 0, 4, 1, 4][..], b"text", &[9], b"012345678", &[0]].concat();
    assert_eq!(a.document.apply(&first), Ok(()));
    assert!(!a.document.has_missing_updates());
    assert_eq!(a.document.apply(&behind), Ok(()));
    assert_eq!(a.string().len(), 7);
}

/// S1: under a key yrs panics on a format when it tells what changed, and reads freed memory after
/// a run. Whether an item is under a key it may have to learn from the one beside it.
#[test]
fn s1_what_no_map_holds_is_refused_under_a_key() {
    let entry = [0x28, 1, 3, b'm', b'a', b'p', 1, b'k', 1, 126];
    let under = |content: &[u8]| [&[0x20 | content[0]], &entry[1..8], &content[1..]].concat();
    let beside = |content: &[u8]| [&[0x80 | content[0], 5, 0], &content[1..]].concat();
    for content in [&[6, 1, b'b', 1, b'1'][..], &[8, 2, 126, 126], &[4, 2, b'h', b'i']] {
        for (count, structs) in [(1, under(content)), (2, [&entry, &beside(content)[..]].concat())]
        {
            let mut a = Document::new(1);
            let map = a.root("map", Kind::Map).unwrap();
            a.watch(&map, true).unwrap();
            let update = [&[1, count, 5, 0], &structs[..], &[0]].concat();
            assert_eq!(a.apply(&update), Err(ApplyError::Unreadable), "{update:?}");
        }
    }
}

/// S1: a peer puts text into a list, where yrs never ends to read a character of two units.
#[test]
fn s1_text_in_a_list_is_not_read() {
    for kind in [Kind::Array, Kind::XmlFragment] {
        let (mut a, mut hostile) = (Document::new(1), Document::new(3));
        let list = a.root("list", kind).unwrap();
        let text = hostile.root("list", Kind::Text).unwrap();
        let (_, update) = hostile.edit(|edit| edit.insert_text(&text, 0, "🧵", None));
        a.apply(&update.unwrap()).unwrap();
        assert_eq!(a.items(&list), Err(EditError::Kind));
        assert_eq!(a.item(&list, 0), Err(EditError::Kind));
        let shown = a.json(&list);
        assert!(shown == Err(EditError::Kind) || shown == Ok(Json::String("".into())), "{shown:?}");
    }
}

/// S1: the largest id that Yjs has, and the largest clock of it.
#[test]
fn s1_the_last_ids_are_taken_in_and_told() {
    let client = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
    let last = [0xfe, 0xff, 0xff, 0xff, 0x0f];
    // 2^32 - 2 ids that are gone, and one that is not.
    let structs = [&[0][..], &last, &[4, 1, 4], b"text", &[1, b'x']].concat();
    let update = [&[1, 2][..], &client, &[0], &structs, &[0]].concat();
    let (mut a, mut b) = (Peer::new(1), Peer::new(2));
    a.document.apply(&update).unwrap();
    b.document.apply(&a.document.encode()).unwrap();
    assert_eq!((a.string(), b.string()), ("x".into(), "x".into()));
    let vector = update::StateVector::decode(&b.document.state_vector()).unwrap();
    assert_eq!(vector.clock(crate::codec::NUMBER_MAX), u32::MAX);
}

#[test]
fn s1_unreadable_updates_are_refused() {
    let mut a = Peer::new(1);
    a.insert(0, "a").unwrap();
    assert_eq!(a.document.apply(&[]), Err(ApplyError::Malformed));
    assert_eq!(a.document.apply(&[0, 0, 0]), Err(ApplyError::Malformed));
    assert_eq!(a.document.diff(&[1]), Err(ApplyError::Malformed));
    // An XmlHook, which Yjs has and yrs has not.
    let hook = [1, 1, 5, 0, 7, 1, 4, b't', b'e', b'x', b't', 5, 1, b'h', 0];
    assert_eq!(a.document.apply(&hook), Err(ApplyError::Unreadable));
    assert_eq!(a.string(), "a");
}
