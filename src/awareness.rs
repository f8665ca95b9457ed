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
//! * The room hands out the clocks that peers see. A client that reconnects repeats its last clock;
//!   peers that were told that it left would ignore it.
//! * y-protocols forgets who is silent for 30 s. Our own clients are silent while nothing changes,
//!   so that the room can sleep; the room repeats everyone to a stock client that renews itself.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::codec::{DecodeError, Reader, write_bytes, write_number};
use crate::time::Millis;
use crate::update::is_json;

/// The most bytes of presence that one session may keep. It has to fit the socket's attachment of
/// 16,384 bytes, where it survives hibernation.
pub const PRESENCE_BYTES_MAX: usize = 12 << 10;
/// What an entry takes beside its state, at most.
const ENTRY_BYTES: usize = 16;
/// How many clients that left are remembered, so that an echo cannot revive them.
const GONE_MAX: usize = 1_024;
/// How often everyone's clocks move on for the sake of stock clients, which renew every 15 s.
const RENEW_MS_MIN: u64 = 10_000;
/// How far a shown clock may be ahead of the kept one. After a wake clocks go on from there, since
/// peers ignore a clock that they have seen, and with it the news that somebody left.
const UNKEPT_CLOCKS_MAX: u32 = 512;
const NULL: &str = "null";

/// What one awareness update says about one client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Entry<'a> {
    /// The client's id.
    pub client: u64,
    /// Its clock.
    pub clock: u32,
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
    /// One session would keep more than [`PRESENCE_BYTES_MAX`].
    #[error("presence is larger than {PRESENCE_BYTES_MAX} bytes")]
    TooLarge,
}

/// The entries of an encoded awareness update.
pub fn decode(update: &[u8]) -> Result<Vec<Entry<'_>>, AwarenessError> {
    let mut r = Reader::new(update);
    let mut entries = Vec::new();
    for _ in 0..r.number()? {
        let (client, clock, state) = (r.number()?, r.number_u32()?, r.string()?);
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
    for Entry { client, clock, state } in entries {
        write_number(&mut out, client);
        write_number(&mut out, u64::from(clock));
        write_bytes(&mut out, state.as_bytes());
    }
    out
}

/// A client that is here.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Peer<Owner> {
    owner: Owner,
    /// The clock that its client used last.
    said: u32,
    /// The clock that peers were shown last.
    shown: u32,
    /// The shown clock that would survive a hibernation.
    kept: u32,
    state: String,
}

/// Everyone's presence in one room. `Owner` is a session.
#[derive(Clone, Debug)]
pub struct Presence<Owner> {
    peers: BTreeMap<u64, Peer<Owner>>,
    /// Clients that left, with the last clock that peers were shown.
    gone: BTreeMap<u64, u32>,
    changed: BTreeSet<u64>,
    unkept: BTreeSet<Owner>,
    renewed_at: Millis,
}

/// What came of an awareness update.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Received {
    /// There is something for everyone: see [`Presence::take_changes`].
    pub changed: bool,
    /// The session repeated its own state, as y-websocket does to stay in touch.
    pub renewed: bool,
}

impl<Owner: Copy + Ord> Default for Presence<Owner> {
    fn default() -> Self {
        Self {
            peers: BTreeMap::new(),
            gone: BTreeMap::new(),
            changed: BTreeSet::new(),
            unkept: BTreeSet::new(),
            renewed_at: Millis::default(),
        }
    }
}

impl<Owner: Copy + Ord> Presence<Owner> {
    /// Take what `owner` says. Entries about clients of other sessions are ignored.
    pub fn receive(&mut self, owner: Owner, update: &[u8]) -> Result<Received, AwarenessError> {
        let entries = decode(update)?;
        let own: Vec<_> = entries.iter().filter(|entry| self.may_speak(owner, entry)).collect();
        let said: usize = own.iter().map(|entry| ENTRY_BYTES + entry.state.len()).sum();
        let kept = self.of(owner).filter(|(client, _)| own.iter().all(|e| e.client != *client));
        let kept: usize = kept.map(|(_, peer)| ENTRY_BYTES + peer.state.len()).sum();
        if said + kept > PRESENCE_BYTES_MAX {
            return Err(AwarenessError::TooLarge);
        }
        let mut received = Received::default();
        for entry in own {
            match self.peers.get_mut(&entry.client) {
                Some(peer) if entry.state == peer.state => {
                    peer.said = peer.said.max(entry.clock);
                    received.renewed = true;
                }
                _ => {
                    self.set(owner, entry);
                    received.changed = true;
                }
            }
        }
        Ok(received)
    }

    /// A session ended: its clients are gone.
    pub fn leave(&mut self, owner: Owner) {
        let clients: Vec<_> = self.of(owner).map(|(client, _)| client).collect();
        for client in clients {
            self.remove(client);
        }
        self.unkept.remove(&owner);
    }

    /// What changed since the last call, for everyone; nothing if nothing did.
    pub fn take_changes(&mut self) -> Option<Vec<u8>> {
        let changed = std::mem::take(&mut self.changed);
        let entry = |client: &u64| match self.peers.get(client) {
            Some(peer) => Some(peer.entry(*client)),
            None => {
                self.gone.get(client).map(|&clock| Entry { client: *client, clock, state: NULL })
            }
        };
        let entries: Vec<_> = changed.iter().filter_map(entry).collect();
        (!entries.is_empty()).then(|| encode(entries.into_iter()))
    }

    /// Everyone, for one who joins; nothing if nobody is here.
    pub fn everyone(&self) -> Option<Vec<u8>> {
        let entries = self.peers.iter().map(|(&client, peer)| peer.entry(client));
        (!self.peers.is_empty()).then(|| encode(entries))
    }

    /// Everyone, under clocks that a stock client has not seen since it renewed itself last.
    pub fn renew(&mut self, now: Millis) -> Option<Vec<u8>> {
        if now.since(self.renewed_at) >= RENEW_MS_MIN {
            self.renewed_at = now;
            for peer in self.peers.values_mut() {
                peer.shown = peer.shown.saturating_add(1);
                if peer.shown - peer.kept >= UNKEPT_CLOCKS_MAX {
                    self.unkept.insert(peer.owner);
                }
            }
        }
        self.everyone()
    }

    /// Sessions whose presence has to be kept anew.
    pub fn take_unkept(&mut self) -> BTreeSet<Owner> {
        std::mem::take(&mut self.unkept)
    }

    /// What `owner` said last, to be kept over a hibernation.
    pub fn keep(&mut self, owner: Owner) -> Vec<u8> {
        for peer in self.peers.values_mut().filter(|peer| peer.owner == owner) {
            peer.kept = peer.shown;
        }
        let entries: Vec<_> = self.of(owner).map(|(client, peer)| peer.entry(client)).collect();
        encode(entries.into_iter())
    }

    /// What [`Self::keep`] kept. Nobody is told: peers know it already.
    pub fn restore(&mut self, owner: Owner, kept: &[u8]) -> Result<(), AwarenessError> {
        for Entry { client, clock, state } in decode(kept)? {
            let (shown, state) = (clock.saturating_add(UNKEPT_CLOCKS_MAX), state.to_owned());
            self.peers.insert(client, Peer { owner, said: 0, shown, kept: clock, state });
        }
        Ok(())
    }

    fn of(&self, owner: Owner) -> impl Iterator<Item = (u64, &Peer<Owner>)> {
        let own = move |(_, peer): &(&u64, &Peer<Owner>)| peer.owner == owner;
        self.peers.iter().filter(own).map(|(&client, peer)| (client, peer))
    }

    /// Whether this is the session's to say, and news or a renewal.
    fn may_speak(&self, owner: Owner, entry: &Entry<'_>) -> bool {
        match (self.peers.get(&entry.client), self.gone.get(&entry.client)) {
            (Some(peer), _) if peer.owner != owner => false,
            (Some(peer), _) if entry.state == peer.state => entry.clock >= peer.said,
            (Some(peer), _) if entry.state == NULL => entry.clock >= peer.said,
            (Some(peer), _) => entry.clock > peer.said,
            (None, _) if entry.state == NULL => false,
            // A session's own id comes first; what comes later may be an echo of one who left.
            (None, Some(&shown)) => entry.clock > shown || self.of(owner).next().is_none(),
            (None, None) => true,
        }
    }

    fn set(&mut self, owner: Owner, entry: &Entry<'_>) {
        if entry.state == NULL {
            return self.remove(entry.client);
        }
        let before = match self.peers.get(&entry.client) {
            Some(peer) => Some(peer.shown),
            None => self.gone.remove(&entry.client),
        };
        // A client that is new to a peer has clock 0 there already: 0 would be no news.
        let before = before.unwrap_or(0);
        let shown = entry.clock.max(before.saturating_add(1));
        let (said, state) = (entry.clock, entry.state.to_owned());
        self.peers.insert(entry.client, Peer { owner, said, shown, kept: 0, state });
        self.changed.insert(entry.client);
        self.unkept.insert(owner);
    }

    fn remove(&mut self, client: u64) {
        let Some(peer) = self.peers.remove(&client) else { return };
        if self.gone.len() >= GONE_MAX {
            self.gone.pop_first();
        }
        self.gone.insert(client, peer.shown.saturating_add(1));
        self.changed.insert(client);
        self.unkept.insert(peer.owner);
    }
}

impl<Owner> Peer<Owner> {
    fn entry(&self, client: u64) -> Entry<'_> {
        Entry { client, clock: self.shown, state: &self.state }
    }
}
