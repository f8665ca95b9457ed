//! What is due when, and what the page is told behind each step.

use super::connection::Due;
use super::transport::Failure;
use super::{Output, Replica, Saved};
use crate::time::Millis;

impl Replica {
    pub(super) fn timeout(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.timer = None;
        self.keep_due(now, out);
        match self.connection.due(now, self.sequence, self.overdue_at()) {
            Some(Due::Connect) => out.push(Output::Connect),
            Some(Due::Ping) => out.push(Output::SendPing),
            Some(Due::Reconnect) => {
                self.disconnect(out, |connection| connection.failed(now, Failure::Hung));
                self.connect_anew(out);
            }
            None => {}
        }
        if self.is_without_socket() && self.connection.ways.is_due(now) {
            out.push(Output::TrySocket);
        }
        if self.connection.is_live() {
            if self.access.is_due(now) {
                out.push(Output::RenewToken);
            }
            if self.outbox.due_at().is_some_and(|at| at <= now) {
                self.flush(now, out);
            }
        }
        if self.activity_due_at().is_some_and(|at| at <= now) {
            self.presence.look(now);
        }
        if self.presence_due_at().is_some_and(|at| at <= now) {
            self.flush_presence(now, out);
        }
    }

    /// When the connection counts as dead for want of an acknowledgement. Who leads may have none.
    fn overdue_at(&self) -> Option<Millis> {
        self.outbox.overdue_at().filter(|_| !self.tabs.follows())
    }

    fn presence_due_at(&self) -> Option<Millis> {
        self.presence.due_at().filter(|_| self.is_heard())
    }

    fn activity_due_at(&self) -> Option<Millis> {
        self.presence.look_at().filter(|_| self.is_heard())
    }

    fn is_heard(&self) -> bool {
        self.connection.is_live() || self.tabs.are_there()
    }

    /// Tell the page what changed, and set the timer for what is due next.
    pub(super) fn tell(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.tabs.follows() {
            self.through_leader(now, out);
        }
        self.tell_upstream(out);
        let events = self.document.take_events();
        if !events.is_empty() {
            out.push(Output::Changed(events));
        }
        self.tell_conflicts(out);
        let status = (self.status(), self.transport());
        if self.told_status != status {
            self.told_status = status.clone();
            out.push(Output::Status(status.0));
        }
        let saved = Saved { pending: self.pending(), pending_here: self.pending_here() };
        if self.told_saved != saved {
            self.told_saved = saved;
            out.push(Output::Saved(saved));
        }
        self.tell_undo(out);
        // A timer that comes too early costs less than setting a new one for every frame.
        let next = self.next_due();
        if let Some(at) = next
            && self.timer.is_none_or(|timer| at < timer)
        {
            self.timer = next;
            out.push(Output::SetTimer(at));
        }
    }

    fn next_due(&self) -> Option<Millis> {
        let connection = self.connection.due_at(self.sequence, self.overdue_at());
        let live = self.connection.is_live();
        let outbox = self.outbox.due_at().filter(|_| !self.is_unbound());
        let batches = [outbox, self.access.due_at(), self.connection.ways.due_at()];
        let presence = self.presence_due_at().into_iter().chain(self.activity_due_at());
        let keep = self.keep.due_at().into_iter();
        connection
            .into_iter()
            .chain(keep)
            .chain(presence)
            .chain(batches.into_iter().flatten().filter(|_| live))
            .min()
    }
}
