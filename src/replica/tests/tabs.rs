//! D3: several tabs with one storage and one connection.

use std::collections::BTreeMap;

use super::super::*;
use super::START;
use super::browser::Browser;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn d3_tabs_show_each_others_edits_without_a_network() {
    let mut browser = Browser::new(1, true);
    browser.room.is_away = true;
    let (one, two) = (browser.open(), browser.open());
    browser.write(one, "a");
    browser.write(two, "b");
    browser.pass(100);
    let three = browser.open();
    browser.pass(100);
    let strings = browser.strings();
    assert!(strings.iter().all(|it| it.len() == 2 && *it == strings[0]), "{strings:?}");
    for (id, edits) in [(one, 2), (two, 1), (three, 0)] {
        let replica = &browser.tab(id).replica;
        assert_eq!((replica.pending(), replica.pending_here()), (edits, 0), "{id}");
        assert_eq!(replica.status(), Status::Offline);
    }
    browser.room.is_away = false;
    browser.pass(60_000);
    assert_eq!(browser.room.string(), browser.strings()[0]);
    for tab in browser.tabs.values() {
        assert_eq!((tab.replica.pending(), tab.replica.status()), (0, Status::Live));
        assert_eq!(tab.replica.peers().count(), 2);
    }
    browser.kill(one);
    browser.pass(100);
    assert_eq!(
        browser.tabs.values().map(|it| it.replica.peers().count()).collect::<Vec<_>>(),
        [1, 1]
    );
    assert_eq!(browser.room.client, Some(two));
}

#[test]
fn one_tab_cuts_all_off_and_another_one_connects_them() {
    let mut browser = Browser::new(1, true);
    let (one, two) = (browser.open(), browser.open());
    browser.pass(100);
    browser.input(two, Input::Disconnect);
    browser.pass(100);
    let status = |browser: &mut Browser, id| browser.tab(id).replica.status();
    assert_eq!(
        (status(&mut browser, one), status(&mut browser, two)),
        (Status::Offline, Status::Offline)
    );
    browser.pass(60_000);
    assert_eq!(status(&mut browser, one), Status::Offline);
    browser.input(two, Input::Connect);
    browser.pass(100);
    assert_eq!(
        (status(&mut browser, one), status(&mut browser, two)),
        (Status::Live, Status::Live)
    );
}

fn pick<'a>(browser: &mut Browser, ids: &'a [TabId]) -> &'a TabId {
    &ids[browser.random.below(ids.len() as u64) as usize]
}

#[test]
fn d3_a_tab_that_follows_knows_whether_the_document_is_kept() {
    let mut browser = Browser::new(1, true);
    let (one, two) = (browser.open(), browser.open());
    browser.pass(100);
    assert!(browser.told_kept.is_empty(), "at first it is");
    browser.input(one, Input::KeepFailed);
    browser.write(two, "a");
    browser.pass(100);
    assert_eq!(browser.told_kept, [(two, false)]);
    assert_eq!(browser.tab(two).replica.pending_here(), 0, "the room has it");
}

#[test]
fn d3_any_tab_can_have_the_document_forgotten_in_all() {
    let mut browser = Browser::new(1, true);
    let (one, two, three) = (browser.open(), browser.open(), browser.open());
    browser.write(one, "a");
    browser.pass(100);
    assert!(!browser.records.is_empty());
    browser.forget(two);
    browser.pass(100);
    assert!(browser.records.is_empty());
    browser.told_forgotten.sort();
    let all = [(one, false), (two, false), (two, true), (three, false), (three, true)];
    assert_eq!(browser.told_forgotten, all);
    // That it is not kept is no news then.
    assert_eq!(browser.told_kept, [(two, false), (three, false)]);
    browser.write(three, "b");
    browser.pass(100);
    assert!(browser.records.is_empty());
    assert_eq!(browser.tab(three).replica.pending(), 0, "the room has it");
}

#[test]
fn d3_the_last_wish_of_a_page_counts() {
    let mut browser = Browser::new(1, true);
    let (one, two) = (browser.open(), browser.open());
    browser.write(one, "a");
    browser.pass(100);
    browser.forget(two);
    browser.input(two, Input::PageKeeps(true));
    browser.pass(100);
    // That it is forgotten was on its way when the page wanted it again.
    assert_eq!(browser.told_forgotten, [(one, false), (two, true)]);
    assert_eq!(browser.told_wanted, [one]);
    // And it does not count for ever.
    browser.forget(one);
    browser.pass(100);
    assert_eq!(browser.told_forgotten[2..], [(two, false), (two, true)]);
}

#[test]
fn d3_a_tab_that_leads_next_is_asked_again_to_forget() {
    let mut browser = Browser::new(1, true);
    let (one, two, three) = (browser.open(), browser.open(), browser.open());
    browser.write(one, "a");
    browser.pass(100);
    browser.forget(three);
    // It did not come to it.
    browser.kill(one);
    browser.pass(100);
    assert_eq!(browser.leader, Some(two));
    assert_eq!(browser.told_forgotten, [(two, false), (three, false), (three, true)]);
    assert!(browser.records.is_empty());
}

/// Tabs come, write and die at any step, and so does the network.
#[test]
fn d3_whatever_tab_dies_nothing_that_others_have_is_lost_or_doubled() {
    for seed in 0..500 {
        let mut browser = Browser::new(seed, seed % 3 > 0);
        let mut words = 0u32;
        let mut written: BTreeMap<TabId, Vec<String>> = BTreeMap::new();
        for _ in 0..40 {
            let ids: Vec<_> = browser.tabs.keys().copied().collect();
            match browser.random.below(10) {
                _ if ids.is_empty() => drop(browser.open()),
                0 if ids.len() < 4 => drop(browser.open()),
                1 => {
                    let id = *pick(&mut browser, &ids);
                    browser.kill(id);
                    written.remove(&id);
                }
                2 => browser.room.is_away ^= true,
                3 if browser.room.client.is_some() => {
                    let id = browser.room.client.take().unwrap();
                    browser.input(id, Input::Closed { code: 1006, reason: "" });
                }
                4 => {
                    let ms = 1 + browser.random.below(5_000);
                    browser.pass(ms);
                }
                5 | 6 => drop((0..browser.random.below(6)).map(|_| browser.step()).count()),
                _ => {
                    words += 1;
                    let id = *pick(&mut browser, &ids);
                    let word = format!("<{words}>");
                    browser.write(id, &word);
                    written.entry(id).or_default().push(word);
                }
            }
        }
        if browser.tabs.is_empty() {
            browser.open();
        }
        browser.room.is_away = false;
        browser.pass(120_000);
        let shown = browser.strings();
        let room = browser.room.string();
        assert!(shown.iter().all(|it| *it == room), "seed {seed}: {shown:?} and {room}");
        for word in written.values().flatten() {
            assert_eq!(room.split(word.as_str()).count(), 2, "seed {seed}: {word} in {room}");
        }
        for (id, tab) in &browser.tabs {
            let replica = &tab.replica;
            assert_eq!(
                (replica.pending(), replica.status()),
                (0, Status::Live),
                "seed {seed} tab {id}"
            );
            assert_eq!(replica.peers().count(), shown.len() - 1, "seed {seed} tab {id}");
        }
        if browser.keeps {
            let mut again = Replica::new(99, 99);
            let text = again.root("text", Kind::Text).unwrap();
            again.await_stored(START);
            let _ = again.handle(START, Input::Restored(&browser.records));
            assert_eq!(again.document().string(&text).unwrap(), room, "seed {seed}: what is kept");
        }
    }
}
