//! A browser with several tabs that have one storage and one connection, and the room that is at
//! its other end.

use std::collections::{BTreeMap, VecDeque};

use super::super::keep::Record;
use super::super::*;
use super::{EPOCH, START};
use crate::protocol::native::{decode_from_client, encode_from_room};
use crate::protocol::{FromRoom, Welcome};
use crate::update::{self, StateVector};

/// splitmix64 (Steele, Lea and Flood, 2014).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

/// A tab, and what is on its way to it.
pub(super) struct Tab {
    pub(super) replica: Replica,
    pub(super) text: Shared,
    pub(super) timer: Option<Millis>,
    pub(super) inbox: VecDeque<(TabId, Vec<u8>)>,
}

/// What its only client sees of a room.
#[derive(Default)]
pub(super) struct Room {
    pub(super) log: Vec<Vec<u8>>,
    pub(super) known: StateVector,
    /// The tab whose socket it is, and what is on its way to it.
    pub(super) client: Option<TabId>,
    pub(super) is_welcomed: bool,
    pub(super) down: VecDeque<Vec<u8>>,
    pub(super) resyncing: bool,
    pub(super) is_away: bool,
}

pub(super) struct Browser {
    pub(super) tabs: BTreeMap<TabId, Tab>,
    /// The one that holds the lock, and those that wait for it.
    pub(super) leader: Option<TabId>,
    pub(super) waiting: VecDeque<TabId>,
    pub(super) records: Vec<Vec<u8>>,
    /// What the leader has asked to be kept, and is not yet.
    pub(super) writing: VecDeque<(Vec<u8>, bool)>,
    pub(super) keeps: bool,
    pub(super) room: Room,
    pub(super) now: Millis,
    pub(super) last: u32,
    pub(super) random: Random,
    /// What followers were told of whether the document is kept.
    pub(super) told_kept: Vec<(TabId, bool)>,
    /// Who was told that a page wants it to be forgotten, and that it is.
    pub(super) told_forgotten: Vec<(TabId, bool)>,
    /// Who was told that a page wants it to be kept.
    pub(super) told_wanted: Vec<TabId>,
}

impl Browser {
    pub(super) fn new(seed: u64, keeps: bool) -> Self {
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
            random: Random(seed),
            told_kept: Vec::new(),
            told_forgotten: Vec::new(),
            told_wanted: Vec::new(),
        }
    }

    pub(super) fn open(&mut self) -> TabId {
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

    pub(super) fn read(&mut self, id: TabId) {
        if self.keeps {
            let records = self.records.clone();
            self.input(id, Input::Restored(&records));
        } else {
            self.input(id, Input::KeepFailed);
        }
    }

    /// The tab is gone without a word.
    pub(super) fn kill(&mut self, id: TabId) {
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

    /// The page of a tab wants nothing to be kept any more.
    pub(super) fn forget(&mut self, id: TabId) {
        self.input(id, Input::PageKeeps(false));
        if self.leader == Some(id) {
            self.keeps = false;
            self.writing.clear();
            self.records.clear();
            self.input(id, Input::Forgotten(true));
        }
    }

    pub(super) fn tab(&mut self, id: TabId) -> &mut Tab {
        self.tabs.get_mut(&id).expect("an open tab")
    }

    pub(super) fn write(&mut self, id: TabId, words: &str) {
        let now = self.now;
        let tab = self.tab(id);
        let text = tab.text.clone();
        let (_, outputs) = tab.replica.edit(now, |edit| edit.insert_text(&text, 0, words, None));
        self.perform(id, outputs);
    }

    pub(super) fn input(&mut self, id: TabId, input: Input<'_>) {
        let now = self.now;
        let outputs = self.tab(id).replica.handle(now, input);
        self.perform(id, outputs);
    }

    pub(super) fn perform(&mut self, id: TabId, outputs: Vec<Output>) {
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
                Output::KeptElsewhere(keeps) => self.told_kept.push((id, keeps)),
                Output::PageKeeps(false) => {
                    self.told_forgotten.push((id, false));
                    if self.leader == Some(id) {
                        self.forget(id);
                    }
                }
                Output::PageKeeps(true) => self.told_wanted.push(id),
                Output::Forgotten(_) => self.told_forgotten.push((id, true)),
                Output::SendPing => self.input(id, Input::Pong),
                Output::Disconnect => self.room.client = None,
                Output::Send(frame) if self.room.client == Some(id) => {
                    self.expect_bound(&frame);
                    self.room.take(&frame);
                }
                _ => {}
            }
        }
    }

    /// O3: what is sent goes into a history of which the storage knows. Or a page that is loaded
    /// again could send it into another one.
    fn expect_bound(&self, frame: &[u8]) {
        let brings = match decode_from_client(frame).unwrap().unwrap() {
            FromClient::Update { .. } => true,
            FromClient::SyncStep2 { update, .. } => *update != update::EMPTY,
            _ => false,
        };
        if brings && self.keeps {
            let epoch = |record: &Vec<u8>| match Record::decode(record) {
                Ok(Record::All { epoch, .. } | Record::Epoch(epoch)) => Some(epoch),
                _ => None,
            };
            assert_eq!(self.records.iter().rev().find_map(epoch), Some(EPOCH));
        }
    }

    pub(super) fn post(&mut self, from: TabId, to: TabId, message: Vec<u8>) {
        if let Some(tab) = self.tabs.get_mut(&to) {
            tab.inbox.push_back((from, message));
        }
    }

    /// One thing that is on its way arrives. Whether there was any.
    pub(super) fn step(&mut self) -> bool {
        let ready: Vec<_> =
            self.tabs.iter().filter(|(_, tab)| !tab.inbox.is_empty()).map(|(&id, _)| id).collect();
        let writes = !self.writing.is_empty();
        let receives = self.room.client.is_some() && !self.room.down.is_empty();
        let choices = ready.len() + usize::from(writes) + usize::from(receives);
        if choices == 0 {
            return false;
        }
        let choice = self.random.below(choices as u64) as usize;
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

    pub(super) fn pass(&mut self, ms: u64) {
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

    pub(super) fn strings(&self) -> Vec<String> {
        let string = |tab: &Tab| tab.replica.document().string(&tab.text).unwrap();
        self.tabs.values().map(string).collect()
    }
}

impl Room {
    pub(super) fn say(&mut self, message: &FromRoom<'_>) {
        self.down.push_back(encode_from_room(message));
    }

    pub(super) fn head(&self) -> u64 {
        self.log.len() as u64
    }

    pub(super) fn take(&mut self, frame: &[u8]) {
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

    pub(super) fn ask(&mut self) {
        self.resyncing = true;
        let known = self.known.encode();
        self.say(&FromRoom::SyncStep1(&known));
    }

    pub(super) fn string(&self) -> String {
        let mut document = Document::new(9);
        let text = document.root("text", Kind::Text).unwrap();
        self.log.iter().for_each(|update| document.apply(update).unwrap());
        document.string(&text).unwrap()
    }
}
