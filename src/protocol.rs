//! What goes over the wire, and nothing else.
//!
//! A room speaks two dialects. They carry the same [`FromClient`] and [`FromRoom`] messages; a
//! dialect only says how one of them becomes a WebSocket frame.
//!
//! * [`stock`]: y-websocket's framing, for clients that already use Yjs.
//! * [`native`]: the WebSocket subprotocol `selvedge.v1`, for our own client. It adds epochs,
//!   sequence numbers and acknowledgements.
//!
//! Rules of the wire:
//!
//! * **W1** One message is one binary frame.
//! * **W2** A native frame is a tag, the message's fields, and whatever a later version adds behind
//!   them. A receiver ignores tags that it does not know and bytes behind the fields that it knows.
//! * **W3** A native client says [`FromClient::Hello`] first, or [`FromClient::Auth`] if no token
//!   came with its request. The room compares epochs before it takes anything else.
//! * **W4** [`FromRoom::Ack`] covers every update of this session up to its number, and leaves the
//!   room only after they are durable.
//!   [`FromRoom::Refused`] says which update was not taken instead, and why; so does
//!   [`FromRoom::Denied`] of one that is not the client's to write.
//! * **W5** Text frames are only `ping` and `pong`. The platform answers them; a room never sees
//!   them. A native client that has said nothing for 20 s says `ping`, even if it hears the room.
//! * **W6** A native frame larger than the welcome allows is sent in [`FromClient::Part`]s, each a
//!   frame of its own. The room takes the whole as if it had come at once, or nothing of it.
//! * **W7** A native client says [`FromClient::Received`] at the latest after an eighth of the
//!   window in the welcome. Beyond the window the room sends it no updates, until it has.
//! * **W8** A native client that says version 3 in its hello, and has nothing, may be sent the
//!   document in columns and deflated, as [`FromRoom::Document`]. One that cannot inflate says
//!   version 1.
//! * **W9** Without a WebSocket the same frames go in [`records`], and a poll is a session: it
//!   begins with a hello, and [`FromRoom::Awareness`] of nobody ends the answer to that. Whoever
//!   was not named by then is gone.

pub mod bearer;
pub mod close;
pub mod denial;
pub mod events;
pub mod limit;
pub mod measured;
pub mod message;
pub mod native;
pub mod records;
pub mod rejection;
pub mod route;
pub mod stock;
pub mod trace;

pub use close::Close;
pub use denial::Denial;
pub use limit::{Limit, Refusal};
pub use measured::Measured;
pub use message::{FromClient, FromRoom, Granted, Hello, Welcome};
pub use rejection::{Rejection, Rejections};
pub use trace::Trace;

use crate::codec::DecodeError;

/// The WebSocket subprotocol of our own client.
pub const SUBPROTOCOL: &str = "selvedge.v1";
/// The newest version of the native protocol that this build speaks.
pub const PROTOCOL_VERSION: u32 = 3;
/// From this version on a client takes a document in columns and deflated. Version 2 took it
/// deflated and not in columns; here it is sent the document as it is.
pub const INFLATES: u32 = 3;
/// A client that says this takes a document only as it is, from rooms of any build.
pub const PLAIN: u32 = 1;
/// What a native client sends to see whether the connection lives.
pub const PING: &str = "ping";
/// What the platform answers without waking the room.
pub const PONG: &str = "pong";
/// What the Worker says over a room's socket once it has handed on what a poll began with: the
/// session before this one, of the same client, is over. Nobody else can say it.
pub const OVER: &str = "over";
/// The largest frame that the platform delivers, in bytes.
pub const FRAME_BYTES_MAX: usize = 32 << 20;

/// How a session's messages become frames.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dialect {
    /// y-websocket's framing.
    Stock,
    /// `selvedge.v1`.
    Native,
}

impl Dialect {
    /// The message in `frame`; nothing if this build does not know its kind.
    pub fn decode<'a>(self, frame: &'a [u8]) -> Result<Option<FromClient<'a>>, DecodeError> {
        match self {
            Self::Stock => stock::decode(frame),
            Self::Native => native::decode_from_client(frame),
        }
    }

    /// The frame for `message`; nothing if the dialect has no such message.
    pub fn encode(self, message: &FromRoom<'_>) -> Option<Vec<u8>> {
        match self {
            Self::Stock => stock::encode(message),
            Self::Native => Some(native::encode_from_room(message)),
        }
    }
}
