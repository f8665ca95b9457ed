//! The tab that leads: it is the room of the others.

use super::super::{Output, Replica, send};
use super::{Follower, Message, TabId};
use crate::awareness::{self, Entry};
use crate::protocol::native::{decode_from_client, encode_from_room};
use crate::protocol::{Close, FromClient, FromRoom, Granted, PROTOCOL_VERSION, Welcome};
use crate::replica::Status;
use crate::time::Millis;
use crate::update;

impl Replica {
    /// The tab that led is gone, and this one leads.
    pub(in crate::replica) fn lead(&mut self, now: Millis, keeps: bool, out: &mut Vec<Output>) {
        let upstream = self.tabs.leader.take();
        let was_wanted = !matches!(upstream, Some(Status::Closed { .. }));
        (self.tabs.compares, self.tabs.wish) = (true, None);
        self.turn_to_another(out);
        self.keep.read_again(now, was_wanted);
        if !keeps {
            self.stop_keeping(now, out);
        }
    }

    /// What is kept is known: followers may come.
    pub(in crate::replica) fn tell_leading(&mut self, out: &mut Vec<Output>) {
        self.tabs.told = None;
        out.push(Output::Tell { tab: None, message: Message::Leading.encode() });
    }

    pub(in crate::replica) fn told(
        &mut self,
        now: Millis,
        tab: TabId,
        message: &[u8],
        out: &mut Vec<Output>,
    ) {
        // What cannot be read is of another build.
        let Ok(message) = Message::decode(message) else { return };
        if self.tabs.follows() {
            return self.told_by_leader(now, message, out);
        }
        if let Message::Keeps(wants) = message {
            if wants {
                out.push(Output::Tell { tab: Some(tab), message: message.encode() });
            }
            return out.push(Output::PageKeeps(wants));
        }
        // Followers hear when it is known what is kept.
        if self.keep.is_reading() {
            return;
        }
        match message {
            Message::Frame(frame) => {
                if let Ok(Some(message)) = decode_from_client(frame) {
                    self.follower_says(now, tab, message, out);
                }
            }
            Message::Wish(true) if self.connection.want(now) => out.push(Output::Connect),
            Message::Wish(false) => self.cut_off(now, out),
            Message::Left => self.left(tab, out),
            _ => {}
        }
    }

    /// A page wants the document to be kept no longer, in any tab.
    pub(in crate::replica) fn forget(&mut self, now: Millis, out: &mut Vec<Output>) {
        // First, or others would say that the storage failed.
        out.push(Output::Tell { tab: None, message: Message::Keeps(false).encode() });
        self.stop_keeping(now, out);
    }

    /// What was kept is thrown away, or could not be.
    pub(in crate::replica) fn tell_forgotten(&mut self, all: bool, out: &mut Vec<Output>) {
        out.push(Output::Tell { tab: None, message: Message::Forgotten(all).encode() });
    }

    fn follower_says(
        &mut self,
        now: Millis,
        tab: TabId,
        message: FromClient<'_>,
        out: &mut Vec<Output>,
    ) {
        if let FromClient::Hello(hello) = message {
            return self.welcome_follower(now, tab, hello.epoch, out);
        }
        let sequence = self.sequence;
        if self.tabs.followers.get(&tab).is_none() {
            return;
        }
        match message {
            FromClient::SyncStep1(state_vector) => {
                if let Ok(update) = self.document.diff(state_vector) {
                    out.push(to(tab, &FromRoom::SyncStep2 { sequence, update: &update }));
                }
            }
            FromClient::SyncStep2 { number, update } => {
                // It repeats what it knows.
                let own = self.document.encode();
                let Ok(news) = update::beyond(update, &own) else { return };
                self.follower_edits(now, tab, (number, &news), out);
            }
            FromClient::Update { number, update } => {
                self.follower_edits(now, tab, (number, update), out);
            }
            FromClient::Awareness(update) => {
                let client = awareness::decode(update).ok().and_then(|it| Some(it.first()?.client));
                if let (Some(client), Some(follower)) = (client, self.tabs.followers.get_mut(&tab))
                {
                    follower.presence = Some((client, update.to_vec()));
                    self.present_follower(Some(tab), update, out);
                }
            }
            FromClient::Conflict { .. } if self.connection.is_live() => {
                send(out, self.frame_bytes_max, &message);
            }
            _ => {}
        }
    }

    /// An edit of a follower, or what it had when it came; without a number of its own or of a tab
    /// that is gone.
    fn follower_edits(
        &mut self,
        now: Millis,
        tab: TabId,
        (number, update): (u64, &[u8]),
        out: &mut Vec<Output>,
    ) {
        let Ok(lost) = self.take_in(update, out) else { return };
        if self.document.has_missing_updates() {
            let state_vector = self.document.state_vector();
            out.push(to(tab, &FromRoom::SyncStep1(&state_vector)));
            return self.lost(now, lost, out);
        }
        if *update != update::EMPTY {
            self.push(now, Some(tab), update.to_vec(), out);
        }
        let (last, is_acknowledged) = (self.outbox.last(), self.outbox.pending() == 0);
        let Some(follower) = self.tabs.followers.get_mut(&tab) else { return };
        if number > follower.last {
            follower.last = number;
            follower.edits.push_back((last, number));
        }
        if is_acknowledged && number > 0 {
            // It did not hear that.
            self.acknowledge_followers(last, out);
        }
        self.lost(now, lost, out);
    }

    fn welcome_follower(&mut self, now: Millis, tab: TabId, epoch: u64, out: &mut Vec<Output>) {
        if self.epoch == 0 {
            self.epoch = epoch;
            self.keep_history(now, out);
        }
        let (protocol, sequence) = (PROTOCOL_VERSION, self.sequence);
        let (frame_bytes_max, update_bytes_max) = (u64::from(u32::MAX), u64::from(u32::MAX));
        let epoch = self.epoch;
        let (status, transport) = (self.connection.status(sequence), self.transport());
        let window_bytes = 0;
        let keeps = self.keep.is_on();
        if self.tabs.followers.get(&tab).is_none() {
            out.push(Output::Watch(tab));
            self.tabs.followers.insert(tab, Follower::default());
        }
        let upstream = Message::Upstream { epoch, keeps, status, transport }.encode();
        out.push(Output::Tell { tab: Some(tab), message: upstream });
        out.push(to(
            tab,
            &FromRoom::Welcome(Welcome {
                protocol,
                epoch,
                sequence,
                frame_bytes_max,
                update_bytes_max,
                window_bytes,
            }),
        ));
        for frame in self.tabs.access.iter().chain(&self.tabs.schema) {
            let message = Message::Frame(frame).encode();
            out.push(Output::Tell { tab: Some(tab), message });
        }
        // It answers with what is missing here, and asks for what is missing there.
        let state_vector = self.document.state_vector();
        out.push(to(tab, &FromRoom::SyncStep1(&state_vector)));
        if let Some(everyone) = self.presence.everyone() {
            out.push(to(tab, &FromRoom::Awareness(&everyone)));
        }
    }

    /// A tab is gone, and so are those whom it showed.
    pub(in crate::replica) fn left(&mut self, tab: TabId, out: &mut Vec<Output>) {
        let Some(follower) = self.tabs.followers.remove(&tab) else { return };
        let Some((_, update)) = follower.presence else { return };
        let Ok(entries) = awareness::decode(&update) else { return };
        let gone = entries.iter().map(|it| Entry { clock: it.clock + 1, state: "null", ..*it });
        let gone = awareness::encode(gone.collect::<Vec<_>>().into_iter());
        self.present_follower(None, &gone, out);
    }

    /// Somebody in another tab says something about themselves.
    fn present_follower(&mut self, tab: Option<TabId>, update: &[u8], out: &mut Vec<Output>) {
        if let Ok(changed) = self.presence.receive(update) {
            out.extend(changed.map(Output::Peers));
        }
        self.tabs.tell(tab, &FromRoom::Awareness(update), out);
        if self.connection.is_live() {
            send(out, self.frame_bytes_max, &FromClient::Awareness(update));
        }
    }

    /// The room welcomed this tab: it is told who is in the others.
    pub(in crate::replica) fn announce_followers(&self, out: &mut Vec<Output>) {
        for (_, update) in self.tabs.followers.iter().filter_map(|(_, it)| it.presence.as_ref()) {
            send(out, self.frame_bytes_max, &FromClient::Awareness(update));
        }
    }

    /// What the room says about others: what it says about those in other tabs is old.
    pub(in crate::replica) fn heard_of(
        &mut self,
        update: &[u8],
        out: &mut Vec<Output>,
    ) -> Result<(), Close> {
        let mut entries = awareness::decode(update).map_err(|_| Close::BadFrame)?;
        let gone = if entries.is_empty() { self.presence.take_gone() } else { Vec::new() };
        for (client, clock) in gone {
            if !self.tabs.is_of_follower(client) {
                entries.push(Entry { client, clock, state: "null" });
            }
        }
        if self.tabs.are_there() {
            let gone = entries.iter().filter(|it| it.state == "null");
            if gone.filter(|it| self.tabs.is_of_follower(it.client)).count() > 0 {
                // That was its old session.
                self.announce_followers(out);
            }
            entries.retain(|entry| !self.tabs.is_of_follower(entry.client));
        }
        let update = awareness::encode(entries.into_iter());
        let changed = self.presence.receive(&update).map_err(|_| Close::BadFrame)?;
        out.extend(changed.map(Output::Peers));
        self.tabs.tell(None, &FromRoom::Awareness(&update), out);
        Ok(())
    }

    /// This tab says something about itself.
    pub(in crate::replica) fn tell_presence(&self, update: &[u8], out: &mut Vec<Output>) {
        self.tabs.tell(None, &FromRoom::Awareness(update), out);
    }

    /// Nobody can be heard any more, but for those in other tabs.
    pub(in crate::replica) fn forget_peers(&mut self, out: &mut Vec<Output>) {
        let tabs = &self.tabs;
        let Some((changed, update)) = self.presence.clear_peers(|it| tabs.is_of_follower(it))
        else {
            return;
        };
        out.push(Output::Peers(changed));
        self.tabs.tell(None, &FromRoom::Awareness(&update), out);
    }

    /// An update is in the document: others get it as well.
    pub(in crate::replica) fn tell_tabs(
        &self,
        but: Option<TabId>,
        update: &[u8],
        out: &mut Vec<Output>,
    ) {
        let sequence = self.sequence;
        self.tabs.tell(but, &FromRoom::Update { sequence, update }, out);
    }

    /// The room said something that is for all tabs.
    pub(in crate::replica) fn hand_on(&mut self, message: &FromRoom<'_>, out: &mut Vec<Output>) {
        let message = match *message {
            // Who leads renews the token.
            FromRoom::Access(granted) => FromRoom::Access(Granted { left_ms: None, ..granted }),
            other => other,
        };
        self.tabs.tell(None, &message, out);
        match message {
            FromRoom::Access(_) => self.tabs.access = Some(encode_from_room(&message)),
            FromRoom::Schema(_) => self.tabs.schema = Some(encode_from_room(&message)),
            _ => {}
        }
    }

    /// The room says its rules anew, if there are any.
    pub(in crate::replica) fn forget_schema(&mut self) {
        self.tabs.schema = None;
    }

    /// Everything up to `number` is acknowledged: those whose it is are told.
    pub(in crate::replica) fn acknowledge_followers(&mut self, number: u64, out: &mut Vec<Output>) {
        let sequence = self.sequence;
        for (&tab, follower) in self.tabs.followers.iter_mut() {
            let mut last = None;
            while let Some(&(ours, theirs)) = follower.edits.front()
                && ours <= number
            {
                follower.edits.pop_front();
                last = Some(theirs);
            }
            out.extend(last.map(|number| to(tab, &FromRoom::Ack { number, sequence })));
        }
    }

    /// What is kept: the same.
    pub(in crate::replica) fn tell_kept(&mut self, out: &mut Vec<Output>) {
        let number = self.keep.here();
        for (&tab, follower) in self.tabs.followers.iter_mut() {
            let kept = follower.edits.iter().take_while(|(ours, _)| *ours <= number).last();
            if let Some(&(_, theirs)) = kept
                && theirs > follower.told_kept
            {
                follower.told_kept = theirs;
                let message = Message::Kept(theirs).encode();
                out.push(Output::Tell { tab: Some(tab), message });
            }
        }
    }

    /// This copy cannot go on, and neither can those of other tabs.
    pub(in crate::replica) fn close_followers(&mut self, why: Close, out: &mut Vec<Output>) {
        for (tab, _) in std::mem::take(&mut self.tabs.followers) {
            let message = Message::Closed(why.code().into()).encode();
            out.push(Output::Tell { tab: Some(tab), message });
        }
    }

    /// How it stands with the room, if that is news.
    pub(in crate::replica) fn tell_upstream(&mut self, out: &mut Vec<Output>) {
        if !self.tabs.are_there() {
            return;
        }
        let status = self.connection.status(self.sequence);
        let news = (self.epoch, self.keep.is_on(), status, self.transport());
        if self.tabs.told.as_ref() != Some(&news) {
            let (epoch, keeps, status, transport) = news.clone();
            let message = Message::Upstream { epoch, keeps, status, transport }.encode();
            for (&tab, _) in self.tabs.followers.iter() {
                out.push(Output::Tell { tab: Some(tab), message: message.clone() });
            }
            self.tabs.told = Some(news);
        }
    }
}

fn to(tab: TabId, message: &FromRoom<'_>) -> Output {
    let message = Message::Frame(&encode_from_room(message)).encode();
    Output::Tell { tab: Some(tab), message }
}
