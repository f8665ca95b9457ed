//! A tab that does not lead: another one is its room.

use super::super::{Output, Replica};
use super::Message;
use crate::protocol::close;
use crate::replica::Status;
use crate::time::Millis;

impl Replica {
    /// Another tab leads: it is the room for this one.
    pub(in crate::replica) fn follow(&mut self, now: Millis, out: &mut Vec<Output>) {
        (self.tabs.leader, self.tabs.leader_transport) = (Some(Status::Connecting), None);
        self.tabs.leader_keeps = true;
        self.keep.follow();
        self.greet_leader(now, out);
    }

    /// Another tab, or the room, is who this one speaks with from now on.
    pub(super) fn turn_to_another(&mut self, out: &mut Vec<Output>) {
        self.forget_session(out);
        self.connection.rest();
        // What one lacks another may have.
        self.asked = None;
    }

    fn greet_leader(&mut self, now: Millis, out: &mut Vec<Output>) {
        if let Some(wants) = self.tabs.wish {
            // The one before may not have heard that, or not come to it.
            self.wish_kept(wants, out);
        }
        self.turn_to_another(out);
        if self.connection.want(now) {
            self.opened(now, out);
        }
    }

    /// A follower has no socket: what would go there goes to the leader.
    pub(in crate::replica) fn through_leader(&mut self, now: Millis, out: &mut Vec<Output>) {
        let mut connects = false;
        // A leader that is gone is noticed by its lock, not by its silence.
        if out.iter().any(|it| matches!(it, Output::SendPing)) {
            self.connection.heard(now);
        }
        for output in out.iter_mut() {
            if let Output::Send(frame) = output {
                let message = Message::Frame(frame).encode();
                *output = Output::Tell { tab: None, message };
            }
        }
        out.retain(|output| match output {
            Output::Connect => {
                connects = true;
                false
            }
            Output::Disconnect | Output::SendPing | Output::RenewToken => false,
            _ => true,
        });
        if connects {
            let mut hello = Vec::new();
            self.opened(now, &mut hello);
            self.through_leader(now, &mut hello);
            out.extend(hello);
        }
    }

    /// The page wants the tabs to be connected, or cut off.
    pub(in crate::replica) fn wish(&mut self, wants: bool, out: &mut Vec<Output>) {
        out.push(Output::Tell { tab: None, message: Message::Wish(wants).encode() });
    }

    /// The page wants the document to be kept, or no longer: the tab that leads sees to it.
    pub(in crate::replica) fn wish_kept(&mut self, wants: bool, out: &mut Vec<Output>) {
        self.tabs.wish = Some(wants);
        out.push(Output::Tell { tab: None, message: Message::Keeps(wants).encode() });
    }

    /// This tab closes the document.
    pub(in crate::replica) fn leave(&mut self, out: &mut Vec<Output>) {
        if self.tabs.follows() {
            out.push(Output::Tell { tab: None, message: Message::Left.encode() });
        }
    }

    pub(super) fn told_by_leader(
        &mut self,
        now: Millis,
        message: Message<'_>,
        out: &mut Vec<Output>,
    ) {
        match message {
            Message::Frame(frame) => {
                if self.connection.heard(now) {
                    self.frame(now, frame, out);
                }
            }
            Message::Leading => self.greet_leader(now, out),
            Message::Upstream { epoch, keeps, status, transport } => {
                if keeps != self.tabs.leader_keeps {
                    self.tabs.leader_keeps = keeps;
                    out.push(Output::KeptElsewhere(keeps));
                }
                if self.epoch == 0 {
                    self.epoch = epoch;
                }
                self.tabs.leader = Some(status);
                self.tabs.leader_transport = transport;
            }
            Message::Kept(number) => self.keep.kept_by_leader(number),
            Message::Closed(code) => {
                let why = u16::try_from(code).ok().and_then(close::of_copy);
                if let Some(why) = why {
                    self.forget_session(out);
                    self.start_over(why, out);
                    self.greet_leader(now, out);
                }
            }
            Message::Keeps(true) => self.tabs.wish = None,
            // What the page wants since is on its way.
            Message::Keeps(false) if self.tabs.wish == Some(true) => {}
            Message::Keeps(false) => out.push(Output::PageKeeps(false)),
            Message::Forgotten(all) => {
                self.tabs.wish.take_if(|wants| !*wants);
                out.push(Output::Forgotten(all));
            }
            Message::Wish(_) | Message::Left => {}
        }
    }
}
