//! D3: several tabs with one storage and one connection, against a room that these tests play.

use std::collections::{BTreeMap, VecDeque};

use super::super::*;
use super::{EPOCH, START};
use crate::protocol::Welcome;
use crate::protocol::native::{decode_from_client, encode_from_room};
use crate::update::{self, StateVector};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A tab, and what is on its way to it.
struct Tab {
    replica: Replica,
    text: Shared,
    timer: Option<Millis>,
    inbox: VecDeque<(TabId, Vec<u8>)>,
}

/// What its only client sees of a room.
#[derive(Default)]
struct Room {
    log: Vec<Vec<u8>>,
    known: StateVector,
    /// The tab whose socket it is, and what is on its way to it.
    client: Option<TabId>,
    is_welcomed: bool,
    down: VecDeque<Vec<u8>>,
    resyncing: bool,
    is_away: bool,
}

struct Browser {
    tabs: BTreeMap<TabId, Tab>,
    /// The one that holds the lock, and those that wait for it.
    leader: Option<TabId>,
    waiting: VecDeque<TabId>,
    records: Vec<Vec<u8>>,
    /// What the leader has asked to be kept, and is not yet.
    writing: VecDeque<(Vec<u8>, bool)>,
    keeps: bool,
    room: Room,
    now: Millis,
    last: u32,
    rng: fastrand::Rng,
}

impl Browser {
    fn new(seed: u64, keeps: bool) -> Self {
        Self {
            tabs: BTreeMap::new(),
            leader: None,
            waiting: VecDeque::new(),
            records: Vec::new(),
            writing: VecDeque::new(),
            keeps,
            room: Room::default(),
            now: START,
            last: 0,
            rng: fastrand::Rng::with_seed(seed),
        }
    }

    fn open(&mut self) -> TabId {
        self.last += 1;
        let id = self.last;
        let mut replica = Replica::new(id, id.into());
        let text = replica.root("text", Kind::Text).unwrap();
        replica.await_stored(self.now);
        self.tabs.insert(id, Tab { replica, text, timer: None, inbox: VecDeque::new() });
        let outputs = self.tab(id).replica.present(START, Some("{}")).unwrap();
        self.perform(id, outputs);
        self.input(id, Input::Connect);
        if self.leader.is_none() {
            self.leader = Some(id);
            self.read(id);
        } else {
            self.waiting.push_back(id);
            self.input(id, Input::Follow);
        }
        id
    }

    fn read(&mut self, id: TabId) {
        if self.keeps {
            let records = self.records.clone();
            self.input(id, Input::Restored(&records));
        } else {
            self.input(id, Input::KeepFailed);
        }
    }

    /// The tab is gone without a word.
    fn kill(&mut self, id: TabId) {
        self.tabs.remove(&id);
        self.waiting.retain(|&waiting| waiting != id);
        if self.leader != Some(id) {
            if let Some(leader) = self.leader {
                self.input(leader, Input::Left(id));
            }
            return;
        }
        self.writing.clear();
        if self.room.client == Some(id) {
            self.room.client = None;
        }
        self.leader = self.waiting.pop_front();
        if let Some(next) = self.leader {
            self.input(next, Input::Lead { keeps: self.keeps });
            if self.keeps {
                self.read(next);
            }
        }
    }

    fn tab(&mut self, id: TabId) -> &mut Tab {
        self.tabs.get_mut(&id).expect("an open tab")
    }

    fn write(&mut self, id: TabId, words: &str) {
        let now = self.now;
        let tab = self.tab(id);
        let text = tab.text.clone();
        let (_, outputs) = tab.replica.edit(now, |edit| edit.insert_text(&text, 0, words, None));
        self.perform(id, outputs);
    }

    fn input(&mut self, id: TabId, input: Input<'_>) {
        let now = self.now;
        let outputs = self.tab(id).replica.handle(now, input);
        self.perform(id, outputs);
    }

    fn perform(&mut self, id: TabId, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::SetTimer(at) => self.tab(id).timer = Some(at),
                Output::Tell { tab: Some(to), message } => self.post(id, to, message),
                Output::Tell { tab: None, message } if self.leader == Some(id) => {
                    for to in self.waiting.clone() {
                        self.post(id, to, message.clone());
                    }
                }
                Output::Tell { tab: None, message } => {
                    let leader = self.leader.expect("a leader of whoever follows");
                    self.post(id, leader, message);
                }
                Output::Keep(record) => self.writing.push_back((record, false)),
                Output::KeepAll(record) => self.writing.push_back((record, true)),
                Output::Connect => {
                    assert_eq!(self.leader, Some(id), "one tab speaks with the room");
                    if self.room.is_away {
                        self.input(id, Input::Closed { code: 1006, reason: "" });
                    } else {
                        (self.room.client, self.room.is_welcomed) = (Some(id), false);
                        self.room.down.clear();
                        self.room.resyncing = false;
                        self.input(id, Input::Opened);
                    }
                }
                Output::Watch(tab) if !self.tabs.contains_key(&tab) => {
                    self.input(id, Input::Left(tab))
                }
                Output::SendPing => self.input(id, Input::Pong),
                Output::Disconnect => self.room.client = None,
                Output::Send(frame) if self.room.client == Some(id) => self.room.take(&frame),
                _ => {}
            }
        }
    }

    fn post(&mut self, from: TabId, to: TabId, message: Vec<u8>) {
        if let Some(tab) = self.tabs.get_mut(&to) {
            tab.inbox.push_back((from, message));
        }
    }

    /// One thing that is on its way arrives. Whether there was any.
    fn step(&mut self) -> bool {
        let ready: Vec<_> =
            self.tabs.iter().filter(|(_, tab)| !tab.inbox.is_empty()).map(|(&id, _)| id).collect();
        let writes = !self.writing.is_empty();
        let receives = self.room.client.is_some() && !self.room.down.is_empty();
        let choices = ready.len() + usize::from(writes) + usize::from(receives);
        if choices == 0 {
            return false;
        }
        let choice = self.rng.usize(..choices);
        if let Some(&id) = ready.get(choice) {
            let (from, message) = self.tab(id).inbox.pop_front().expect("a message");
            self.input(id, Input::Told { tab: from, message: &message });
        } else if writes && choice == ready.len() {
            let (record, replaces_all) = self.writing.pop_front().expect("a record");
            if replaces_all {
                self.records.clear();
            }
            self.records.push(record);
            let leader = self.leader.expect("a leader that keeps");
            self.input(leader, Input::Kept(1));
        } else if let (Some(frame), Some(id)) = (self.room.down.pop_front(), self.room.client) {
            self.input(id, Input::Frame(&frame));
        }
        true
    }

    fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        loop {
            while self.step() {}
            let due = self.tabs.iter().filter_map(|(&id, tab)| Some((tab.timer?, id))).min();
            let Some((at, id)) = due.filter(|(at, _)| *at <= end) else { break };
            self.now = self.now.max(at);
            self.tab(id).timer = None;
            self.input(id, Input::Timeout);
        }
        self.now = end;
    }

    fn strings(&self) -> Vec<String> {
        let string = |tab: &Tab| tab.replica.document().string(&tab.text).unwrap();
        self.tabs.values().map(string).collect()
    }
}

impl Room {
    fn say(&mut self, message: &FromRoom<'_>) {
        self.down.push_back(encode_from_room(message));
    }

    fn head(&self) -> u64 {
        self.log.len() as u64
    }

    fn take(&mut self, frame: &[u8]) {
        match decode_from_client(frame).unwrap().unwrap() {
            FromClient::Hello(hello) => {
                let (sequence, max) = (self.head(), 1 << 20);
                self.say(&FromRoom::Welcome(Welcome {
                    protocol: 1,
                    epoch: EPOCH,
                    sequence,
                    frame_bytes_max: max,
                    update_bytes_max: max,
                    window_bytes: 0,
                }));
                for (at, update) in self.log.clone().iter().enumerate() {
                    let sequence = at as u64 + 1;
                    if sequence > hello.sequence {
                        self.say(&FromRoom::Update { sequence, update });
                    }
                }
            }
            FromClient::Compare => self.ask(),
            FromClient::Update { .. } if self.resyncing => {}
            FromClient::Update { number, update } | FromClient::SyncStep2 { number, update } => {
                let admission = update::admit(update, &self.known).unwrap();
                if admission.missing {
                    return self.ask();
                }
                self.resyncing = false;
                for (client, end) in admission.ends {
                    self.known.advance(client, end);
                }
                self.log.push(admission.fresh.into_owned());
                let sequence = self.head();
                self.say(&FromRoom::Ack { number, sequence });
            }
            FromClient::SyncStep1(_) => {
                let all: Vec<_> = self.log.iter().map(Vec::as_slice).collect();
                let update = update::merge(&all).unwrap();
                self.say(&FromRoom::SyncStep2 { sequence: self.head(), update: &update });
            }
            _ => {}
        }
    }

    fn ask(&mut self) {
        self.resyncing = true;
        let known = self.known.encode();
        self.say(&FromRoom::SyncStep1(&known));
    }

    fn string(&self) -> String {
        let mut document = Document::new(9);
        let text = document.root("text", Kind::Text).unwrap();
        self.log.iter().for_each(|update| document.apply(update).unwrap());
        document.string(&text).unwrap()
    }
}

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

/// Tabs come, write and die at any step, and so does the network.
#[test]
fn d3_whatever_tab_dies_nothing_that_others_have_is_lost_or_doubled() {
    for seed in 0..500 {
        let mut browser = Browser::new(seed, seed % 3 > 0);
        let mut words = 0u32;
        let mut written: BTreeMap<TabId, Vec<String>> = BTreeMap::new();
        for _ in 0..40 {
            let ids: Vec<_> = browser.tabs.keys().copied().collect();
            match browser.rng.u8(..10) {
                _ if ids.is_empty() => drop(browser.open()),
                0 if ids.len() < 4 => drop(browser.open()),
                1 => {
                    let id = ids[browser.rng.usize(..ids.len())];
                    browser.kill(id);
                    written.remove(&id);
                }
                2 => browser.room.is_away ^= true,
                3 if browser.room.client.is_some() => {
                    let id = browser.room.client.take().unwrap();
                    browser.input(id, Input::Closed { code: 1006, reason: "" });
                }
                4 => {
                    let ms = browser.rng.u64(1..5_000);
                    browser.pass(ms);
                }
                5 | 6 => drop((0..browser.rng.u8(..6)).map(|_| browser.step()).count()),
                _ => {
                    words += 1;
                    let id = ids[browser.rng.usize(..ids.len())];
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
