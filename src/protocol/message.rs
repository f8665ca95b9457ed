//! The messages, whatever their framing. Byte fields borrow from the frame.

use super::denial::Denial;
use super::limit::Refusal;
use super::trace::Trace;

/// A message from a client to its room.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FromClient<'a> {
    /// A token: the first one, if none came with the request, or one that takes its place.
    Auth {
        /// A JSON Web Token; see [`crate::access::Claims`].
        token: &'a str,
    },
    /// First message of a native client: who it is and where it stopped.
    Hello(Hello),
    /// "Here is what I have; send me the rest." An encoded state vector.
    SyncStep1(&'a [u8]),
    /// The rest, as asked for by [`FromRoom::SyncStep1`].
    SyncStep2 {
        /// Covers every update of the client up to this number. A stock client has no numbers: 0.
        number: u64,
        /// An encoded update.
        update: &'a [u8],
    },
    /// A change.
    Update {
        /// The client's number for it, 1 and up. A stock client has no numbers: 0.
        number: u64,
        /// An encoded update.
        update: &'a [u8],
    },
    /// Presence: an awareness update as in y-protocols.
    Awareness(&'a [u8]),
    /// "Send me everyone's presence."
    QueryAwareness,
    /// So many more bytes of frames have arrived. Said at the latest after an eighth of the window
    /// that the welcome gives: a client that does not keep up is not sent more.
    Received {
        /// The bytes of binary frames since the last time this was said.
        bytes: u64,
    },
    /// The update before this was made at `stamp` by the client's clock: have somebody else say
    /// when it is there.
    Probe {
        /// The client's, to know it again.
        stamp: u64,
    },
    /// The answer to [`FromRoom::Probe`].
    Seen {
        /// Whose probe it is.
        session: u32,
        /// Its stamp.
        stamp: u64,
    },
    /// "Tell me what you have, with [`FromRoom::SyncStep1`]." Said by who may hold something of
    /// others that never came to the room.
    Compare,
    /// How long edits took since this was said last: an encoded [`Measured`](super::Measured).
    Measured(&'a [u8]),
    /// A change of the client lost to somebody who did not know it.
    Conflict {
        /// The CRDT client id that wrote what is there instead; nothing if that is not known.
        by: Option<u64>,
        /// Where, as in a [`Rejection`](super::Rejection).
        path: &'a str,
    },
    /// A piece of a frame that is larger than the room takes at once.
    Part {
        /// The size of the whole frame, in bytes.
        total: u64,
        /// Where in the frame this belongs; 0 begins a frame, whatever came before.
        offset: u64,
        /// The bytes from there on.
        bytes: &'a [u8],
    },
}

/// What a native client says of itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Hello {
    /// The newest protocol version that it speaks.
    pub protocol: u32,
    /// The history that its copy belongs to; 0 if it has none yet.
    pub epoch: u64,
    /// It has everything up to this sequence number; 0 if it has nothing.
    pub sequence: u64,
    /// What this visit belongs to, if the client says so.
    pub trace: Option<Trace>,
}

/// What a room says of itself to a native client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Welcome {
    /// The protocol version that both speak.
    pub protocol: u32,
    /// The document's history.
    pub epoch: u64,
    /// The last sequence number of the log.
    pub sequence: u64,
    /// The largest frame that the room takes, in bytes. More goes as [`FromClient::Part`]s.
    pub frame_bytes_max: u64,
    /// The largest update that the room takes, in bytes.
    pub update_bytes_max: u64,
    /// The bytes that may be on the way to the client; 0 if the room does not count them.
    pub window_bytes: u64,
}

/// What a client may do, as far as that is the same in all of the document.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Granted<'a> {
    /// The name of its role.
    pub role: &'a str,
    /// Whether it may change anything.
    pub may_write: bool,
    /// Whether others are shown its presence.
    pub may_present: bool,
    /// When that ends, in milliseconds from now; nothing if it does not.
    pub left_ms: Option<u64>,
}

/// A message from a room to a client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FromRoom<'a> {
    /// Answer to [`FromClient::Hello`]. What the client missed follows.
    Welcome(Welcome),
    /// What the client may do: behind the welcome, and whenever that changes.
    Access(Granted<'a>),
    /// "Here is what I have; send me the rest." An encoded state vector.
    SyncStep1(&'a [u8]),
    /// What the client lacks, and with it everything up to `sequence`.
    SyncStep2 {
        /// The last sequence number that it covers.
        sequence: u64,
        /// An encoded update.
        update: &'a [u8],
    },
    /// The document up to `sequence`, for a client that has nothing and speaks version 3. If there
    /// is more, a [`FromRoom::SyncStep2`] with the rest is next.
    Document {
        /// The last sequence number that it covers.
        sequence: u64,
        /// An encoded update in columns ([`to_columns`](crate::update::to_columns)), deflated (RFC
        /// 1951, without a head).
        deflated: &'a [u8],
    },
    /// A commit: durable changes of one or more peers.
    Update {
        /// The last sequence number of the commit.
        sequence: u64,
        /// An encoded update.
        update: &'a [u8],
    },
    /// Every update of this client up to `number` is durable.
    Ack {
        /// The client's number.
        number: u64,
        /// The last sequence number of the commit that holds it.
        sequence: u64,
    },
    /// Presence of peers: an awareness update as in y-protocols.
    Awareness(&'a [u8]),
    /// Say [`FromClient::Seen`] once everything before this is there.
    Probe {
        /// Who asks.
        session: u32,
        /// To be said again.
        stamp: u64,
    },
    /// Some of what the client wrote breaks the document's rules, and was undone: encoded
    /// [`Rejections`](super::Rejections). The update that undoes it follows, or was sent before.
    Rejected(&'a [u8]),
    /// The document's rules: a schema, as JSON. Behind the welcome, and whenever they change.
    Schema(&'a str),
    /// Somebody else has what was marked with this stamp.
    Seen {
        /// That of [`FromClient::Probe`].
        stamp: u64,
    },
    /// Something of the client is over a limit and was not taken (S2).
    Refused {
        /// The number of the update that it was, or 0. Later updates are not taken before a
        /// [`FromClient::SyncStep2`], which covers them all.
        number: u64,
        /// Why.
        refusal: Refusal,
    },
    /// Something of the client was not taken, and will not be (S3, S5).
    Denied {
        /// The number of the update that it was, or 0. As with [`FromRoom::Refused`], later updates
        /// are not taken before a [`FromClient::SyncStep2`].
        number: u64,
        /// Why.
        denial: Denial,
    },
}
