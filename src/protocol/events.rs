//! Server-sent events: what a follower that only listens is told, from the frames of a session of
//! `selvedge.v1`. Each commit is an event, by epoch and sequence number.

use super::native::{decode_from_room, encode_from_client};
use super::{FromClient, FromRoom, Hello, PLAIN};

/// What a follower is confirmed to have, at least so many bytes at a time.
const CONFIRMED_BYTES_MIN: u64 = 64 << 10;

/// A follower, as far as its events depend on what came before.
#[derive(Clone, Copy, Debug, Default)]
pub struct Following {
    epoch: u64,
    unconfirmed_bytes: u64,
}

impl Following {
    /// What a follower says first, that has everything of an epoch up to a sequence number. An
    /// event holds an update as it is, so a document must not come deflated.
    pub fn hello(epoch: u64, sequence: u64) -> Vec<u8> {
        let hello = Hello { protocol: PLAIN, epoch, sequence, trace: None };
        encode_from_client(&FromClient::Hello(hello)).unwrap_or_default()
    }

    /// The event for a frame of the room; nothing if it tells a follower nothing.
    pub fn event(&mut self, frame: &[u8]) -> Option<String> {
        self.unconfirmed_bytes += frame.len() as u64;
        match decode_from_room(frame).ok()?? {
            FromRoom::Welcome(welcome) => {
                self.epoch = welcome.epoch;
                // It counts from here on.
                self.unconfirmed_bytes = 0;
                Some("retry: 1000\n\n".to_owned())
            }
            FromRoom::SyncStep2 { sequence, update } | FromRoom::Update { sequence, update } => {
                let epoch = self.epoch;
                Some(format!("id: {epoch}.{sequence}\ndata: {}\n\n", base64(update)))
            }
            _ => None,
        }
    }

    /// What the room is told of what is on its way to the follower, if that is due.
    pub fn confirms(&mut self) -> Option<Vec<u8>> {
        let is_due = self.unconfirmed_bytes >= CONFIRMED_BYTES_MIN;
        let bytes = is_due.then(|| std::mem::take(&mut self.unconfirmed_bytes))?;
        encode_from_client(&FromClient::Received { bytes })
    }
}

/// Bytes in letters (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize];
            out.push(if at > chunk.len() { '=' } else { letter.into() });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Welcome;
    use crate::protocol::native::{decode_from_client, encode_from_room};

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn bytes_become_letters() {
        let pairs =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")];
        for (bytes, letters) in pairs {
            assert_eq!(base64(bytes.as_bytes()), letters);
        }
        assert_eq!(base64(&[255, 254, 253]), "//79");
    }

    #[test]
    fn a_commit_is_an_event_by_epoch_and_sequence_number() {
        let mut following = Following::default();
        let mut event = |message: &FromRoom<'_>| following.event(&encode_from_room(message));
        let welcome = Welcome {
            protocol: 1,
            epoch: 7,
            sequence: 42,
            frame_bytes_max: 1,
            update_bytes_max: 1,
            window_bytes: 0,
        };
        assert_eq!(event(&FromRoom::Welcome(welcome)).as_deref(), Some("retry: 1000\n\n"));
        let update = FromRoom::Update { sequence: 42, update: b"foo" };
        assert_eq!(event(&update).as_deref(), Some("id: 7.42\ndata: Zm9v\n\n"));
        assert_eq!(event(&FromRoom::Awareness(&[0])), None);
        assert_eq!(following.event(&[]), None);
    }

    #[test]
    fn w8_a_follower_says_that_it_cannot_inflate() {
        let hello = Following::hello(7, 42);
        let hello = decode_from_client(&hello).unwrap();
        let expected = Hello { protocol: PLAIN, epoch: 7, sequence: 42, trace: None };
        assert_eq!(hello, Some(FromClient::Hello(expected)));
    }

    #[test]
    fn the_room_is_told_what_is_on_its_way() {
        let mut following = Following::default();
        following.event(&encode_from_room(&FromRoom::Update { sequence: 1, update: &[0; 70_000] }));
        assert!(following.confirms().is_some());
        assert_eq!(following.confirms(), None);
    }
}
