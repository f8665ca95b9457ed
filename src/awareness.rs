//! Presence: who is here, and what they say about themselves.
//!
//! The format is that of y-protocols' `awareness.js`: a count, then for each client its id, a clock
//! and a state as JSON, where `null` means gone. A peer takes an entry if its clock is higher than
//! the one it knows.
//!
//! y-protocols lets anyone speak for anyone. A room does not:
//!
//! * A client id belongs to the session that used it first, for as long as that session lives.
//!   y-websocket repeats what it hears about others; such an echo changes nothing.
//! * When a session ends, its presence is gone at once. An echo that arrives later finds the id in
//!   [`Presence::gone`] and does not bring it back.
//! * A client that reconnects before its old session ended waits for that, and is shown then.
//! * Nobody hears of itself. y-protocols takes what it hears about its own client over what its
//!   app said, and repeats it; under a new clock that would go round for ever.
//! * The room hands out the clocks that peers see, and takes them from the time: so they grow over
//!   reconnects, and after the room's memory was lost. Peers remember clocks, and would ignore what
//!   comes under a lower one, also the news that somebody left.
//! * y-protocols forgets who is silent for 30 s. Our own clients are silent while nothing changes,
//!   so that the room can sleep; the room repeats everyone to a stock client that renews itself.

mod changes;
mod identity;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

pub use changes::Changes;
pub use identity::{Identity, identified};

use crate::codec::{DecodeError, NUMBER_MAX, Reader, write_bytes, write_number};
use crate::time::Millis;
use crate::update::is_json;

/// The most bytes of presence that one session may keep. It has to fit the socket's attachment of
/// 16,384 bytes, where it survives hibernation.
pub const PRESENCE_BYTES_MAX: usize = 12 << 10;
/// What an entry takes beside its state, at most.
const ENTRY_BYTES: usize = 16;
/// How many clients that left are remembered, so that an echo cannot revive them.
const GONE_MAX: usize = 1_024;
const NULL: &str = "null";

/// The awareness update that says nothing.
pub const EMPTY: [u8; 1] = [0];

/// What one awareness update says about one client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Entry<'a> {
    /// The client's id.
    pub client: u64,
    /// Its clock.
    pub clock: u64,
    /// Its state as JSON; `null` if it is gone.
    pub state: &'a str,
}

/// Why an awareness update was refused.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum AwarenessError {
    /// It cannot be read.
    #[error("awareness update: {0}")]
    Decode(#[from] DecodeError),
    /// A state is not JSON.
    #[error("awareness state is not JSON")]
    Json,
    /// Bytes were left over.
    #[error("bytes after the awareness update")]
    Trailing,
    /// One session would keep more than it may.
    #[error("presence of {bytes} bytes is too large")]
    TooLarge {
        /// What it would keep.
        bytes: usize,
    },
}

/// The entries of an encoded awareness update.
pub fn decode(update: &[u8]) -> Result<Vec<Entry<'_>>, AwarenessError> {
    let mut r = Reader::new(update);
    let mut entries = Vec::new();
    for _ in 0..r.number()? {
        let (client, clock, state) = (r.number()?, r.number()?, r.string()?);
        if !is_json(state) {
            return Err(AwarenessError::Json);
        }
        entries.push(Entry { client, clock, state });
    }
    if r.is_empty() { Ok(entries) } else { Err(AwarenessError::Trailing) }
}

/// An awareness update of these entries.
pub fn encode<'a>(entries: impl ExactSizeIterator<Item = Entry<'a>>) -> Vec<u8> {
    let mut out = Vec::new();
    write_number(&mut out, entries.len() as u64);
    for entry in entries {
        out.extend(encode_entry(&entry));
    }
    out
}

fn encode_entry(entry: &Entry<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(24 + entry.state.len());
    write_number(&mut out, entry.client);
    write_number(&mut out, entry.clock);
    write_bytes(&mut out, entry.state.as_bytes());
    out
}

/// A client that is here.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Peer<Owner> {
    owner: Owner,
    /// The clock that its client used last.
    said: u64,
    /// The clock that peers were shown last.
    shown: u64,
    state: String,
}

/// What a session said about its own client while another session had that.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Waiting {
    said: u64,
    state: String,
}

/// Whose words a session's awareness updates are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Speaker {
    /// Only its own, said once.
    Own,
    /// Its own, said again and again, and repetitions of what it heard, as y-websocket sends them.
    Repeats,
}

/// Everyone's presence in one room. `Owner` is a session; a later session is a greater one.
#[derive(Clone, Debug)]
pub struct Presence<Owner> {
    peers: BTreeMap<u64, Peer<Owner>>,
    /// For each session, the client that it spoke of first: its own.
    own: BTreeMap<Owner, u64>,
    waiting: BTreeMap<Owner, Waiting>,
    /// Clients that left, with the last clock that peers were shown.
    gone: BTreeMap<u64, u64>,
    changed: BTreeSet<u64>,
    unkept: BTreeSet<Owner>,
}

impl<Owner: Copy + Ord> Default for Presence<Owner> {
    fn default() -> Self {
        Self {
            peers: BTreeMap::new(),
            own: BTreeMap::new(),
            waiting: BTreeMap::new(),
            gone: BTreeMap::new(),
            changed: BTreeSet::new(),
            unkept: BTreeSet::new(),
        }
    }
}

impl<Owner: Copy + Ord> Presence<Owner> {
    /// Take what `owner` says, if it keeps no more than `bytes_max` then. Entries about clients of
    /// other sessions are ignored. Returns whether the session repeated its own state, as
    /// y-websocket does to stay in touch.
    pub fn receive(
        &mut self,
        now: Millis,
        owner: Owner,
        speaker: Speaker,
        bytes_max: usize,
        entries: &[Entry<'_>],
    ) -> Result<bool, AwarenessError> {
        if let Some(first) = entries.first() {
            self.own.entry(owner).or_insert(first.client);
        }
        let may_speak = |entry: &&Entry<'_>| self.may_speak(owner, speaker, entry);
        let said: Vec<_> = entries.iter().filter(may_speak).collect();
        let bytes = self.bytes_after(owner, &said);
        if bytes > bytes_max.min(PRESENCE_BYTES_MAX) {
            return Err(AwarenessError::TooLarge { bytes });
        }
        let mut renewed = false;
        for entry in said {
            match self.peers.get_mut(&entry.client) {
                Some(peer) if entry.state == peer.state => {
                    peer.said = peer.said.max(entry.clock);
                    renewed = true;
                }
                _ => self.set(now, owner, entry),
            }
        }
        for entry in entries.iter().filter(|_| speaker == Speaker::Own) {
            self.wait(owner, entry);
        }
        Ok(renewed)
    }

    /// How many clients are shown.
    pub fn count(&self) -> usize {
        self.peers.len()
    }

    /// Sessions of which somebody is shown, or waits to be.
    pub fn owners(&self) -> BTreeSet<Owner> {
        self.peers.values().map(|peer| peer.owner).chain(self.waiting.keys().copied()).collect()
    }

    /// A session ended: its clients are gone, or those of the session that waits for them.
    pub fn leave(&mut self, now: Millis, owner: Owner) {
        self.own.remove(&owner);
        self.waiting.remove(&owner);
        let clients: Vec<_> = self.of(owner).map(|(client, _)| client).collect();
        for client in clients {
            self.remove(now, client);
            let mut waiting = self.waiting.keys();
            if let Some(&next) = waiting.find(|waiting| self.own.get(*waiting) == Some(&client))
                && let Some(Waiting { said, state }) = self.waiting.remove(&next)
            {
                self.set(now, next, &Entry { client, clock: said, state: &state });
            }
        }
        self.unkept.remove(&owner);
    }

    /// What changed since the last call; nothing if nothing did.
    pub fn take_changes(&mut self) -> Option<Changes<Owner>> {
        let changed = std::mem::take(&mut self.changed);
        let entry = |client: &u64| {
            let peer = self.peers.get(client);
            let entry = match (peer, self.gone.get(client)) {
                (Some(peer), _) => peer.entry(*client),
                (None, Some(&clock)) => Entry { client: *client, clock, state: NULL },
                (None, None) => return None,
            };
            Some((peer.map(|peer| peer.owner), encode_entry(&entry)))
        };
        let entries: Vec<_> = changed.iter().filter_map(entry).collect();
        self.forget_gone();
        Changes::new(entries)
    }

    /// Forget who left first, if many left. Not before they were told: nothing would tell it later.
    fn forget_gone(&mut self) {
        let excess = self.gone.len().saturating_sub(GONE_MAX);
        if excess > 0 {
            // Clocks are from the time.
            let clocks = self.gone.iter().map(|(&client, &clock)| (clock, client));
            for (_, client) in clocks.collect::<BTreeSet<_>>().into_iter().take(excess) {
                self.gone.remove(&client);
            }
        }
    }

    /// Everyone else, for one who joins or renews itself; nothing if nobody is here. Under new
    /// clocks: y-protocols forgets states but remembers clocks.
    pub fn everyone(&mut self, now: Millis, but: Owner) -> Option<Vec<u8>> {
        let mut others: Vec<_> =
            self.peers.iter_mut().filter(|(_, peer)| peer.owner != but).collect();
        for (_, peer) in &mut others {
            peer.shown = next_clock(now, peer.shown);
        }
        let entries = others.iter().map(|(client, peer)| peer.entry(**client));
        (!others.is_empty()).then(|| encode(entries))
    }

    /// Sessions whose presence has to be kept anew.
    pub fn take_unkept(&mut self) -> BTreeSet<Owner> {
        std::mem::take(&mut self.unkept)
    }

    /// What `owner` said last, its own client first, to be kept over a hibernation.
    pub fn keep(&self, owner: Owner) -> Vec<u8> {
        let own = self.own.get(&owner).copied();
        let waiting = self.waiting.get(&owner).zip(own).map(|(waiting, client)| Entry {
            client,
            clock: waiting.said,
            state: &waiting.state,
        });
        let peers = self.of(owner).map(|(client, peer)| peer.entry(client));
        let mut entries: Vec<_> = waiting.into_iter().chain(peers).collect();
        entries.sort_by_key(|entry| Some(entry.client) != own);
        encode(entries.into_iter())
    }

    /// What [`Self::keep`] kept. Nobody is told: peers know it already.
    pub fn restore(
        &mut self,
        now: Millis,
        owner: Owner,
        kept: &[u8],
    ) -> Result<(), AwarenessError> {
        for Entry { client, clock, state } in decode(kept)? {
            self.own.entry(owner).or_insert(client);
            let peer =
                Peer { owner, said: 0, shown: next_clock(now, clock), state: state.to_owned() };
            // Of two sessions with one client the later one waits.
            let later = match self.peers.remove(&client) {
                Some(other) if other.owner < owner => {
                    self.peers.insert(client, other);
                    Some(peer)
                }
                other => {
                    self.peers.insert(client, peer);
                    other
                }
            };
            if let Some(Peer { owner, said, state, .. }) = later {
                self.waiting.insert(owner, Waiting { said, state });
            }
        }
        Ok(())
    }

    fn of(&self, owner: Owner) -> impl Iterator<Item = (u64, &Peer<Owner>)> {
        let own = move |(_, peer): &(&u64, &Peer<Owner>)| peer.owner == owner;
        self.peers.iter().filter(own).map(|(&client, peer)| (client, peer))
    }

    /// What the session would keep if it said this.
    fn bytes_after(&self, owner: Owner, said: &[&Entry<'_>]) -> usize {
        let kept = self.of(owner).filter(|(client, _)| said.iter().all(|e| e.client != *client));
        let kept: usize = kept.map(|(_, peer)| ENTRY_BYTES + peer.state.len()).sum();
        let waiting = self.waiting.get(&owner).map_or(0, |w| ENTRY_BYTES + w.state.len());
        kept + waiting + said.iter().map(|entry| ENTRY_BYTES + entry.state.len()).sum::<usize>()
    }

    /// Whether this is the session's to say, and news or a renewal.
    fn may_speak(&self, owner: Owner, speaker: Speaker, entry: &Entry<'_>) -> bool {
        match (self.peers.get(&entry.client), self.gone.get(&entry.client)) {
            (Some(peer), _) if peer.owner != owner => false,
            (Some(peer), _) if entry.state == peer.state => entry.clock > peer.said,
            (Some(peer), _) if entry.state == NULL => entry.clock >= peer.said,
            (Some(peer), _) => entry.clock > peer.said,
            (None, _) if entry.state == NULL => false,
            // Unless it is the session's own, this may be an echo of one who left. Who repeats
            // nothing speaks for the tabs of its browser.
            (None, Some(&shown)) => {
                let is_own = self.own.get(&owner) == Some(&entry.client);
                speaker == Speaker::Own || is_own || entry.clock > shown
            }
            (None, None) => true,
        }
    }

    /// Remember what `owner` says about its own client, if another session has that.
    fn wait(&mut self, owner: Owner, entry: &Entry<'_>) {
        let is_taken = self.peers.get(&entry.client).is_some_and(|peer| peer.owner != owner);
        if !is_taken || self.own.get(&owner) != Some(&entry.client) {
            return;
        }
        self.unkept.insert(owner);
        self.waiting.remove(&owner);
        if entry.state != NULL && self.bytes_after(owner, &[entry]) <= PRESENCE_BYTES_MAX {
            let waiting = Waiting { said: entry.clock, state: entry.state.to_owned() };
            self.waiting.insert(owner, waiting);
        }
    }

    fn set(&mut self, now: Millis, owner: Owner, entry: &Entry<'_>) {
        if entry.state == NULL {
            return self.remove(now, entry.client);
        }
        let before = match self.peers.get(&entry.client) {
            Some(peer) => Some(peer.shown),
            None => self.gone.remove(&entry.client),
        };
        let shown = next_clock(now, before.unwrap_or(0)).max(entry.clock);
        let (said, state) = (entry.clock, entry.state.to_owned());
        self.peers.insert(entry.client, Peer { owner, said, shown, state });
        self.changed.insert(entry.client);
        self.unkept.insert(owner);
    }

    fn remove(&mut self, now: Millis, client: u64) {
        let Some(peer) = self.peers.remove(&client) else { return };
        self.gone.insert(client, next_clock(now, peer.shown));
        self.changed.insert(client);
        self.unkept.insert(peer.owner);
    }
}

impl<Owner> Peer<Owner> {
    fn entry(&self, client: u64) -> Entry<'_> {
        Entry { client, clock: self.shown, state: &self.state }
    }
}

/// A clock behind `shown` that is also news to who saw clocks of a room that forgot them.
fn next_clock(now: Millis, shown: u64) -> u64 {
    now.0.max(shown.saturating_add(1)).min(NUMBER_MAX)
}
