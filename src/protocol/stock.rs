//! y-websocket's framing, for stock Yjs clients.
//!
//! Source: y-websocket 3 and y-protocols 1: a tag (0 sync, 1 awareness, 2 auth, 3 query awareness);
//! a sync message has a second tag (0 step 1, 1 step 2, 2 update) and one length-prefixed field.

use super::Rejections;
use super::message::{FromClient, FromRoom};
use crate::codec::{DecodeError, Reader, write_bytes};

const SYNC: u8 = 0;
const AWARENESS: u8 = 1;
const AUTH: u8 = 2;
const QUERY_AWARENESS: u8 = 3;
const SYNC_STEP_1: u8 = 0;
const SYNC_STEP_2: u8 = 1;
const SYNC_UPDATE: u8 = 2;
const PERMISSION_DENIED: u8 = 0;
/// What Hocuspocus's clients say with a token; y-protocols has no word for it.
const TOKEN: u8 = 0;

/// The message in a client's frame; nothing if its tag is not known.
pub fn decode(frame: &[u8]) -> Result<Option<FromClient<'_>>, DecodeError> {
    let mut r = Reader::new(frame);
    Ok(Some(match r.byte()? {
        SYNC => match (r.byte()?, r.bytes()?) {
            (SYNC_STEP_1, state_vector) => FromClient::SyncStep1(state_vector),
            (SYNC_STEP_2, update) => FromClient::SyncStep2 { number: 0, update },
            (SYNC_UPDATE, update) => FromClient::Update { number: 0, update },
            _ => return Ok(None),
        },
        AWARENESS => FromClient::Awareness(r.bytes()?),
        QUERY_AWARENESS => FromClient::QueryAwareness,
        AUTH => match r.byte()? {
            TOKEN => match r.string()? {
                "" => return Ok(None),
                token => FromClient::Auth { token },
            },
            _ => return Ok(None),
        },
        _ => return Ok(None),
    }))
}

/// The frame for a room's message; nothing for what stock clients have no word for.
pub fn encode(message: &FromRoom<'_>) -> Option<Vec<u8>> {
    match *message {
        FromRoom::SyncStep1(state_vector) => Some(frame(&[SYNC, SYNC_STEP_1], state_vector)),
        FromRoom::SyncStep2 { update, .. } => Some(frame(&[SYNC, SYNC_STEP_2], update)),
        FromRoom::Update { update, .. } => Some(frame(&[SYNC, SYNC_UPDATE], update)),
        FromRoom::Awareness(update) => Some(frame(&[AWARENESS], update)),
        // The only word of y-protocols for no. y-websocket shows the reason in the console.
        FromRoom::Refused { refusal, .. } => {
            Some(frame(&[AUTH, PERMISSION_DENIED], refusal.to_string().as_bytes()))
        }
        FromRoom::Denied { denial, .. } => {
            Some(frame(&[AUTH, PERMISSION_DENIED], denial.to_string().as_bytes()))
        }
        FromRoom::Rejected(rejections) => {
            let first = Rejections::decode(rejections).ok()?.all.into_iter().next()?;
            Some(frame(&[AUTH, PERMISSION_DENIED], first.to_string().as_bytes()))
        }
        FromRoom::Welcome(_)
        | FromRoom::Document { .. }
        | FromRoom::Schema(_)
        | FromRoom::Access(_)
        | FromRoom::Ack { .. }
        | FromRoom::Probe { .. }
        | FromRoom::Seen { .. } => None,
    }
}

fn frame(tags: &[u8], field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(tags.len() + 8 + field.len());
    out.extend_from_slice(tags);
    write_bytes(&mut out, field);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn frames_are_those_of_y_websocket() {
        assert_eq!(decode(&[0, 0, 1, 0]), Ok(Some(FromClient::SyncStep1(&[0]))));
        let step_2 = FromClient::SyncStep2 { number: 0, update: &[0, 0] };
        assert_eq!(decode(&[0, 1, 2, 0, 0]), Ok(Some(step_2)));
        let update = FromClient::Update { number: 0, update: &[0, 0] };
        assert_eq!(decode(&[0, 2, 2, 0, 0]), Ok(Some(update)));
        assert_eq!(decode(&[1, 1, 0]), Ok(Some(FromClient::Awareness(&[0]))));
        assert_eq!(decode(&[3]), Ok(Some(FromClient::QueryAwareness)));

        let update = FromRoom::Update { sequence: 9, update: &[0, 0] };
        assert_eq!(encode(&update), Some(vec![0, 2, 2, 0, 0]));
        assert_eq!(encode(&FromRoom::Ack { number: 1, sequence: 1 }), None);
    }

    /// S1: these two frames panic yrs 0.28.1 on wasm32.
    #[test]
    fn s1_hostile_lengths_are_errors() {
        let sync = [0, 2, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3, 4, 5];
        assert_eq!(decode(&sync), Err(DecodeError::Truncated));
        let awareness = [1, 0xff, 0xff, 0xff, 0xff, 0x0f];
        assert_eq!(decode(&awareness), Err(DecodeError::Truncated));
    }

    #[test]
    fn unknown_tags_are_skipped() {
        assert_eq!(decode(&[2, 1]), Ok(None));
        assert_eq!(decode(&[0, 9, 0]), Ok(None));
        assert_eq!(decode(&[]), Err(DecodeError::Truncated));
    }
}
