//! Who wrote what, in histories in which each client writes only what tells who it is.

use super::*;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const CLIENTS: u32 = 3;
const NESTED: &str = "nested";

pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as u32 % end.max(1)
    }
}

/// What each client writes: of one UTF-16 unit, of two, and of one.
fn word(client: u32) -> &'static str {
    ["", "aa", "🧵", "ü"][client as usize]
}

struct Party {
    document: Document,
    text: Shared,
    list: Shared,
    map: Shared,
    nested: Option<Shared>,
}

impl Party {
    fn new(client: u64) -> Self {
        let mut document = Document::new(client);
        let text = document.root("text", Kind::Text).unwrap();
        let list = document.root("list", Kind::Array).unwrap();
        let map = document.root("map", Kind::Map).unwrap();
        Self { document, text, list, map, nested: None }
    }

    fn acts(&mut self, dice: &mut Dice) -> Option<Vec<u8>> {
        let client = self.document.client_id() as u32;
        let [text, list] = [&self.text, &self.list].map(|it| self.document.len(it).unwrap());
        let number = Json::Number(client.into());
        let ((), update) = self.document.edit(|edit| match dice.below(8) {
            0..=2 => {
                // In the middle of a character it is refused.
                let at = dice.below(text + 1);
                let _ = edit.insert_text(&self.text, at, word(client), None);
            }
            3 if text > 0 => {
                let at = dice.below(text);
                let _ = edit.delete_text(&self.text, at, 1 + dice.below(3).min(text - at - 1));
            }
            4 => {
                let values = vec![number.clone(), number];
                let _ = edit.insert_items(&self.list, dice.below(list + 1), &values);
            }
            5 if list > 0 => {
                let _ = edit.delete_items(&self.list, dice.below(list), 1);
            }
            6 => {
                let _ = edit.delete_key(&self.map, ["k", "l", "m"][dice.below(3) as usize]);
            }
            _ => {
                let key = ["k", "l", "m"][dice.below(3) as usize];
                let map = self.nested.as_ref().filter(|_| dice.below(2) == 0).unwrap_or(&self.map);
                let _ = edit.set_key(map, key, &number);
            }
        });
        update
    }

    fn check(&mut self) {
        let string: Vec<u16> = self.document.string(&self.text).unwrap().encode_utf16().collect();
        let runs = self.document.authors_of_text(&self.text).unwrap();
        let mut at = 0;
        for Run { start, len, client } in runs {
            assert_eq!(start, at);
            let run = String::from_utf16(&string[at as usize..(at + len) as usize]).unwrap();
            assert_eq!(
                run.replace(word(client as u32).chars().next().unwrap(), ""),
                "",
                "{client}"
            );
            at += len;
        }
        assert_eq!(at as usize, string.len());

        let clients = self.document.authors_of_list(&self.list).unwrap().into_iter();
        let clients = clients.flat_map(|run| vec![run.client as f64; run.len as usize]);
        let clients = clients.map(|client| Value::Json(Json::Number(client)));
        assert_eq!(clients.collect::<Vec<_>>(), self.document.items(&self.list).unwrap());

        for map in [Some(&self.map), self.nested.as_ref()].into_iter().flatten() {
            let authors = self.document.authors_of_map(map).unwrap();
            let keys = authors.iter().map(|(key, _)| key.clone());
            assert_eq!(keys.collect::<Vec<_>>(), self.document.keys(map).unwrap());
            for (key, client) in authors {
                let value = Value::Json(Json::Number(client as f64));
                if key != NESTED {
                    assert_eq!(self.document.key(map, &key), Ok(Some(value)), "{key}");
                }
            }
        }
    }
}

#[test]
fn s5_who_wrote_each_part_is_told_in_random_histories() {
    for seed in 0..60 {
        let mut dice = Dice(seed);
        let mut parties: Vec<_> = (1..=CLIENTS).map(u64::from).map(Party::new).collect();
        let mut late = Party::new(9);
        let mut sent = vec![Vec::new(); CLIENTS as usize];
        let map = parties[0].map.clone();
        let (nested, made) =
            parties[0].document.edit(|edit| edit.set_key_new(&map, NESTED, New::Map).unwrap());
        for party in parties.iter_mut().chain([&mut late]) {
            party.document.apply(made.as_ref().unwrap()).unwrap();
            party.nested = Some(nested.clone());
        }
        for _ in 0..120 {
            let author = dice.below(CLIENTS) as usize;
            if let Some(update) = parties[author].acts(&mut dice) {
                sent[author].push(update);
            }
            if dice.below(6) == 0 {
                for update in sent.iter_mut().flat_map(std::mem::take) {
                    parties.iter_mut().for_each(|it| it.document.apply(&update).unwrap());
                    late.document.apply(&update).unwrap();
                }
                parties.iter_mut().for_each(Party::check);
            }
        }
        late.check();
    }
}

#[test]
fn s5_what_is_embedded_and_formatted_has_authors() {
    let mut ann = Party::new(1);
    let mut bob = Party::new(2);
    let bold = vec![("bold".to_owned(), Json::Bool(true))];
    let typed = ann.document.edit(|edit| {
        edit.insert_text(&ann.text, 0, "aaaa", None).unwrap();
        edit.insert_embed(&ann.text, 2, &Json::Number(1.0), None).unwrap();
    });
    bob.document.apply(&typed.1.unwrap()).unwrap();
    bob.document.edit(|edit| {
        edit.format(&bob.text, 1, 3, &bold).unwrap();
        edit.insert_embed(&bob.text, 4, &Json::Number(2.0), None).unwrap();
    });
    let runs = bob.document.authors_of_text(&bob.text).unwrap();
    let runs: Vec<_> = runs.iter().map(|run| (run.start, run.len, run.client)).collect();
    assert_eq!(runs, [(0, 4, 1), (4, 1, 2), (5, 1, 1)]);
    assert_eq!(bob.document.authors_of_text(&bob.map), Err(EditError::Kind));
    assert_eq!(bob.document.authors_of_map(&bob.text), Err(EditError::Kind));
}
