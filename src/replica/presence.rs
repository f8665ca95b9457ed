//! What this replica says about itself, and what others say about themselves.

use thiserror::Error;

use super::attention::Attention;
use super::{Output, Replica, send};
use crate::awareness::{self, AwarenessError, Entry};
use crate::protocol::FromClient;
use crate::time::Millis;
use crate::update::is_json;

/// The largest state, in bytes of JSON.
pub const STATE_BYTES_MAX: usize = 8 << 10;
/// Own states go out at most this often, in milliseconds.
const PRESENCE_MS_MIN: u64 = 50;

const GONE: &str = "null";

/// Why a state was refused.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum PresenceError {
    /// It is not JSON.
    #[error("presence is not JSON")]
    Json,
    /// It is larger than [`STATE_BYTES_MAX`].
    #[error("presence is larger than 8192 bytes of JSON")]
    TooLarge,
}

/// Who came, who said something else, who went: client ids.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PeersChanged {
    /// They are here now.
    pub added: Vec<u64>,
    /// Their state is another one.
    pub updated: Vec<u64>,
    /// They are gone.
    pub removed: Vec<u64>,
}

#[derive(Clone, Debug)]
struct Peer {
    client: u64,
    clock: u64,
    state: String,
}

impl Peer {
    fn entry(&self) -> Entry<'_> {
        Entry { client: self.client, clock: self.clock, state: &self.state }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Presence {
    client: u64,
    clock: u64,
    state: Option<String>,
    changed_at: Option<Millis>,
    sent_at: Millis,
    pub(super) attention: Attention,
    /// By client id, ascending.
    peers: Vec<Peer>,
    /// May have gone unheard, ascending.
    doubtful: Vec<u64>,
}

impl Presence {
    pub(super) fn new(client_id: u32) -> Self {
        Self {
            client: client_id.into(),
            clock: 0,
            state: None,
            changed_at: None,
            sent_at: Millis(0),
            attention: Attention::default(),
            peers: Vec::new(),
            doubtful: Vec::new(),
        }
    }

    /// Be somebody else from now on.
    pub(super) fn rename(&mut self, client_id: u32) {
        (self.client, self.clock) = (client_id.into(), 0);
    }

    pub(super) fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    pub(super) fn peers(&self) -> impl Iterator<Item = (u64, &str)> {
        self.peers.iter().map(|peer| (peer.client, peer.state.as_str()))
    }

    /// Say this from now on.
    pub(super) fn set(&mut self, now: Millis, state: Option<&str>) -> Result<(), PresenceError> {
        if let Some(state) = state {
            if state.len() > STATE_BYTES_MAX {
                return Err(PresenceError::TooLarge);
            }
            if !is_json(state) {
                return Err(PresenceError::Json);
            }
        }
        let state = state.filter(|&state| state != GONE);
        if self.state.as_deref() != state {
            self.state = state.map(str::to_owned);
            self.changed_at.get_or_insert(now);
        }
        Ok(())
    }

    /// A connection began: say it again, if there is anything to say.
    pub(super) fn announce(&mut self, now: Millis) {
        self.attention.look(now);
        self.changed_at = self.state.is_some().then_some(now);
    }

    /// Whether somebody is at work may be another matter now, and is said then.
    pub(super) fn look(&mut self, now: Millis) {
        if self.attention.look(now) && self.shows_activity() {
            self.changed_at.get_or_insert(now);
        }
    }

    fn shows_activity(&self) -> bool {
        self.state.as_ref().is_some_and(|state| state.trim_start().starts_with('{'))
    }

    /// When the next state is due.
    pub(super) fn due_at(&self) -> Option<Millis> {
        self.changed_at.map(|at| at.max(self.sent_at + PRESENCE_MS_MIN))
    }

    /// When to look again.
    pub(super) fn look_at(&self) -> Option<Millis> {
        self.attention.due_at().filter(|_| self.shows_activity())
    }

    /// The own state as an awareness update, if there is anything new in it.
    pub(super) fn take_update(&mut self, now: Millis) -> Option<Vec<u8>> {
        self.changed_at.take()?;
        self.sent_at = now;
        // Peers ignore a clock that they have seen.
        self.clock = self.clock.saturating_add(1);
        let state = self.state.as_deref().unwrap_or(GONE);
        let state = &self.attention.beside(state);
        let entry = Entry { client: self.client, clock: self.clock, state };
        Some(awareness::encode([entry].into_iter()))
    }

    /// Take what the room says about others. Returns what changed, if anything.
    pub(super) fn receive(
        &mut self,
        update: &[u8],
    ) -> Result<Option<PeersChanged>, AwarenessError> {
        let mut changed = PeersChanged::default();
        for Entry { client, clock, state } in awareness::decode(update)? {
            self.doubtful.retain(|doubtful| *doubtful != client);
            let gone = state == GONE;
            let found = self.peers.binary_search_by_key(&client, |peer| peer.client);
            let known = found.ok().and_then(|at| self.peers.get(at)).map(|peer| peer.clock);
            let news = match known {
                Some(known) => clock > known || (clock == known && gone),
                None => !gone,
            };
            if client == self.client || !news {
                continue;
            }
            let peer = Peer { client, clock, state: state.to_owned() };
            match found {
                Ok(at) if gone => {
                    self.peers.remove(at);
                    changed.removed.push(client);
                }
                Ok(at) => {
                    self.peers[at] = peer;
                    changed.updated.push(client);
                }
                Err(at) => {
                    self.peers.insert(at, peer);
                    changed.added.push(client);
                }
            }
        }
        Ok(changed.some())
    }

    /// Another session begins in the place of one.
    pub(super) fn doubt(&mut self) {
        self.doubtful = self.peers.iter().map(|peer| peer.client).collect();
    }

    /// The room has named all who are here: who has gone unheard, with the clocks that are known.
    pub(super) fn take_gone(&mut self) -> Vec<(u64, u64)> {
        let gone = core::mem::take(&mut self.doubtful);
        let is_gone = |peer: &&Peer| gone.contains(&peer.client);
        self.peers.iter().filter(is_gone).map(|peer| (peer.client, peer.clock)).collect()
    }

    /// Nobody can be heard any more, but for those who `stay`. Returns what changed, if anything,
    /// and the same as an awareness update.
    pub(super) fn clear_peers(
        &mut self,
        stays: impl Fn(u64) -> bool,
    ) -> Option<(PeersChanged, Vec<u8>)> {
        self.doubtful.clear();
        let peers = core::mem::take(&mut self.peers);
        let (stay, gone): (Vec<_>, Vec<_>) = peers.into_iter().partition(|it| stays(it.client));
        self.peers = stay;
        let entries = gone.iter().map(|it| Entry { state: GONE, ..it.entry() });
        let update = awareness::encode(entries);
        let removed = gone.iter().map(|peer| peer.client).collect();
        let changed = PeersChanged { removed, ..PeersChanged::default() }.some()?;
        Some((changed, update))
    }

    /// What is known of everybody, with this replica, as an awareness update.
    pub(super) fn everyone(&self) -> Option<Vec<u8>> {
        let own = self.state.as_deref().map(|state| self.attention.beside(state));
        let own =
            own.as_deref().map(|state| Entry { client: self.client, clock: self.clock, state });
        let all: Vec<_> = self.peers.iter().map(Peer::entry).chain(own).collect();
        (!all.is_empty()).then(|| awareness::encode(all.into_iter()))
    }
}

impl PeersChanged {
    fn some(self) -> Option<Self> {
        let none = self.added.is_empty() && self.updated.is_empty() && self.removed.is_empty();
        (!none).then_some(self)
    }
}

impl Replica {
    /// What this replica says about itself, as JSON.
    pub fn presence(&self) -> Option<&str> {
        self.presence.state()
    }

    /// What others say about themselves: their client ids and states as JSON.
    pub fn peers(&self) -> impl Iterator<Item = (u64, &str)> {
        self.presence.peers()
    }

    pub(super) fn flush_presence(&mut self, now: Millis, out: &mut Vec<Output>) {
        let Some(update) = self.presence.take_update(now) else { return };
        if self.connection.is_live() {
            send(out, self.frame_bytes_max, &FromClient::Awareness(&update));
        }
        self.tell_presence(&update, out);
    }
}
