//! The client's state machine: a local copy of one document, and the changes that its room has not
//! acknowledged yet.
//!
//! An edit is applied at once, numbered and put into the outbox. While there is a connection the
//! outbox is sent in batches; what was not acknowledged is sent again after every reconnect (D3).
//! A connection begins with hello and welcome: epochs are compared before anything else is said
//! (O3), and the room sends what was missed since the last sequence number (O2).
//!
//! The shell performs the returned outputs in order and reports what happens as inputs. It has one
//! socket and one timer. After [`Output::Disconnect`] it reports nothing more of that socket.

mod aside;
mod attention;
mod brought;
mod catch_up;
mod checked;
mod conflict;
mod connection;
mod due;
mod granted;
mod greeting;
mod heard;
mod inflating;
mod interface;
mod keep;
mod latency;
mod made;
mod outbox;
mod presence;
mod refused;
mod rejected;
mod standing;
mod tabs;
#[cfg(test)]
mod tests;
mod transport;
mod undo;

use crate::document::{Document, Edit, EditError, Kind, Shared, WatchId};
use crate::protocol::{Close, FRAME_BYTES_MAX, FromClient, Trace, close};
use crate::time::Millis;

use checked::Rules;
use conflict::Policies;
use connection::{Connection, Due};
use granted::Access;
use inflating::Inflating;
use keep::Keep;
use latency::Latency;
use made::Made;
use outbox::{Batch, Outbox};
use presence::Presence;
use refused::send;
use tabs::Tabs;

pub use aside::Aside;
pub use attention::ActivityLimits;
pub use conflict::{Conflicted, Policy};
pub use connection::Status;
pub use granted::Grant;
pub use interface::{Input, Output, Saved};
pub use presence::{PeersChanged, PresenceError, STATE_BYTES_MAX};
pub use rejected::Rejected;
pub use standing::Standing;
pub use tabs::TabId;
pub use transport::{Transport, Way};
pub use undo::{UndoState, Undone};

/// A local copy of one document.
pub struct Replica {
    document: Document,
    connection: Connection,
    outbox: Outbox,
    made: Made,
    presence: Presence,
    /// The history that this copy belongs to; 0 if it has none yet.
    epoch: u64,
    /// Everything up to this sequence number is here.
    sequence: u64,
    /// A state vector was sent, and the SyncStep2 that answers it has not come.
    resynchronizing: bool,
    /// The state vector that the room sent last, and the number of the answer; nothing once that is
    /// acknowledged. Owed over reconnects: the room may have died before it stored the answer.
    asked: Option<(Vec<u8>, u64)>,
    /// The document came deflated, and is not inflated yet.
    inflating: Option<Inflating>,
    /// Whether that works here.
    inflates: bool,
    /// The largest frame and the largest update that the room takes, in bytes.
    frame_bytes_max: usize,
    update_bytes_max: usize,
    /// What was not confirmed, and what may be on the way, in bytes.
    received_bytes: u64,
    window_bytes: u64,
    timer: Option<Millis>,
    access: Access,
    rules: Rules,
    policies: Policies,
    /// What this visit belongs to.
    trace: Option<Trace>,
    latency: Latency,
    keep: Keep,
    tabs: Tabs,
    /// When this copy was last known to be what the room has.
    synced_at: Option<Millis>,
    told_status: (Status, Option<Transport>),
    told_saved: Saved,
    /// Whether the page is told every update.
    tells_updates: bool,
    told_undo: UndoState,
}

impl Replica {
    /// An empty replica. `client_id` and `seed` are random: the first names its edits and must
    /// never be used again, the second spreads reconnects.
    pub fn new(client_id: u32, seed: u64) -> Self {
        Self {
            document: undo::recorded(client_id),
            connection: Connection::new(seed),
            outbox: Outbox::default(),
            made: Made::default(),
            presence: Presence::new(client_id),
            epoch: 0,
            sequence: 0,
            resynchronizing: false,
            asked: None,
            inflating: None,
            inflates: true,
            frame_bytes_max: FRAME_BYTES_MAX,
            update_bytes_max: FRAME_BYTES_MAX,
            received_bytes: 0,
            window_bytes: 0,
            timer: None,
            access: Access::default(),
            rules: Rules::default(),
            policies: Policies::default(),
            trace: None,
            latency: Latency::default(),
            keep: Keep::default(),
            tabs: Tabs::default(),
            synced_at: None,
            told_status: (Status::Offline, None),
            told_saved: Saved::default(),
            tells_updates: false,
            told_undo: UndoState::default(),
        }
    }

    /// Have the room write down what this replica's visit belongs to.
    pub fn set_trace(&mut self, trace: Trace) {
        self.trace = Some(trace);
    }

    /// The document.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The shared type `name` at the root of the document.
    pub fn root(&mut self, name: &str, kind: Kind) -> Result<Shared, EditError> {
        self.document.root(name, kind)
    }

    /// Have [`Output::Changed`] tell what changes in `target`; with `deep`, also inside it.
    pub fn watch(&mut self, target: &Shared, deep: bool) -> Result<WatchId, EditError> {
        self.document.watch(target, deep)
    }

    /// End a watch.
    pub fn unwatch(&mut self, target: &Shared, watch: WatchId) {
        self.document.unwatch(target, watch);
    }

    /// How the connection stands.
    pub fn status(&self) -> Status {
        match self.tabs.upstream() {
            // It stands with the room as the tab does that speaks with it.
            Some(upstream) if self.connection.is_live() => upstream.clone(),
            _ => self.connection.status(self.sequence),
        }
    }

    /// When this copy was last known to be what the room has, but for what is pending.
    pub fn synced_at(&self) -> Option<Millis> {
        self.synced_at
    }

    /// How long the room's last answer took, in milliseconds. Unknown where another tab speaks with
    /// the room.
    pub fn rtt_ms(&self) -> Option<u64> {
        self.connection.rtt_ms().filter(|_| !self.tabs.follows())
    }

    /// Whether another tab speaks with the room, and keeps the document.
    pub fn follows(&self) -> bool {
        self.tabs.follows()
    }

    /// How many changes the room has not acknowledged.
    pub fn pending(&self) -> u64 {
        self.outbox.pending()
    }

    /// The history that this copy belongs to; 0 if it has none yet.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Everything up to this sequence number is here.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Change the document. Returns what `change` returned. No step is taken that breaks a rule.
    pub fn edit<R>(
        &mut self,
        now: Millis,
        change: impl FnOnce(&mut Edit<'_>) -> R,
    ) -> (R, Vec<Output>) {
        let mut out = Vec::new();
        self.document.edits_at(now);
        let (returned, update) =
            self.checked(|document, check| document.edit_checked(check, change));
        self.wrote(now, update, &mut out);
        self.tell(now, &mut out);
        (returned, out)
    }

    /// Say something about this replica to its peers, as JSON; nothing to be gone for them.
    pub fn present(
        &mut self,
        now: Millis,
        state: Option<&str>,
    ) -> Result<Vec<Output>, PresenceError> {
        self.presence.set(now, state)?;
        let mut out = Vec::new();
        self.tell(now, &mut out);
        Ok(out)
    }

    /// Take one input; return what to do about it, in order.
    #[must_use]
    pub fn handle(&mut self, now: Millis, input: Input<'_>) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            Input::Connect => {
                if self.tabs.follows() {
                    self.wish(true, &mut out);
                } else if !self.keep.holds_back(true) && self.connection.want(now) {
                    out.push(Output::Connect);
                }
            }
            Input::Disconnect if self.tabs.follows() => self.wish(false, &mut out),
            Input::Disconnect => self.cut_off(now, &mut out),
            Input::Close => {
                self.keep_steps_now(now, &mut out);
                self.cut_off(now, &mut out);
                self.leave(&mut out);
            }
            Input::Follow => self.follow(now, &mut out),
            Input::Lead { keeps } => self.lead(now, keeps, &mut out),
            Input::Told { tab, message } => self.told(now, tab, message, &mut out),
            Input::Left(tab) => self.left(tab, &mut out),
            // Or it is about to end.
            Input::Wake => {
                self.keep_steps_now(now, &mut out);
                match self.connection.wake(now) {
                    Some(Due::Connect) => out.push(Output::Connect),
                    Some(Due::Ping) => out.push(Output::SendPing),
                    _ => {}
                }
            }
            Input::Noticed { hidden } => self.noticed(now, hidden),
            Input::Opened => self.opened(now, &mut out),
            Input::Frame(frame) => self.arrived(now, frame, &mut out),
            Input::Inflated(update) => self.inflated(now, update, &mut out),
            Input::Pong => self.connection.ponged(now),
            Input::Alive => drop(self.connection.heard(now)),
            Input::Over => self.over(now, &mut out),
            Input::SocketOpens => self.socket_opens(now, &mut out),
            Input::Closed { code, reason } => {
                if self.connection.closed(now, code, reason, self.access.renews) {
                    if code == Close::Restarted.code() {
                        self.outbox.suspect();
                    }
                    self.forget_session(&mut out);
                    self.connect_anew(&mut out);
                    if let Some(why) = close::of_copy(code) {
                        self.start_over(why, &mut out);
                    }
                }
            }
            Input::Token(token) => self.renewed(token, &mut out),
            Input::Restored(records) => self.restored(now, records, &mut out),
            Input::Kept(records) => self.kept(now, records, &mut out),
            Input::KeepFailed => self.stop_keeping(now, &mut out),
            Input::PageKeeps(wants) if self.tabs.follows() => self.wish_kept(wants, &mut out),
            Input::PageKeeps(true) => {}
            Input::PageKeeps(false) => self.forget(now, &mut out),
            Input::Forgotten(all) => self.tell_forgotten(all, &mut out),
            Input::Timeout => self.timeout(now, &mut out),
        }
        self.connection.says(now, &out);
        let is_news = matches!(
            input,
            Input::Frame(_) | Input::Inflated(_) | Input::Pong | Input::Alive | Input::Told { .. }
        );
        if is_news && self.status() == Status::Live {
            self.synced_at = Some(now);
        }
        self.tell(now, &mut out);
        out
    }

    /// The page wants to be cut off from the room.
    fn cut_off(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.keep.holds_back(false);
        // The socket still delivers what it was given before it was closed.
        if self.connection.is_live() && !self.outbox.is_held() {
            self.flush(now, out);
        }
        self.disconnect(out, Connection::rest);
    }

    fn flush(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.is_unbound() {
            return;
        }
        if self.outbox.release() {
            self.resume(now, out);
        }
        while let Some(batch) = self.outbox.take_batch(now, self.update_bytes_max) {
            let Batch { number, update, edited_at } = batch;
            send(out, self.frame_bytes_max, &FromClient::Update { number, update });
            if let Some(stamp) = edited_at.and_then(|at| self.latency.probe(now, at)) {
                send(out, self.frame_bytes_max, &FromClient::Probe { stamp });
            }
        }
    }

    /// Give up for good, until the page connects again.
    fn close(&mut self, close: Close, out: &mut Vec<Output>) {
        self.disconnect(out, |connection| connection.refuse(close.code(), close.reason()));
    }

    fn disconnect(&mut self, out: &mut Vec<Output>, then: impl FnOnce(&mut Connection)) {
        if self.connection.has_socket() {
            out.push(Output::Disconnect);
        }
        then(&mut self.connection);
        self.forget_session(out);
    }

    fn forget_session(&mut self, out: &mut Vec<Output>) {
        self.resynchronizing = false;
        self.inflating = None;
        self.outbox.unsend();
        self.forget_peers(out);
    }
}
