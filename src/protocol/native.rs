//! `selvedge.v1`: the dialect of our own client.
//!
//! A frame is a tag followed by the message's fields (rule W2). A field that is an encoded update,
//! state vector or awareness update is the last one and runs to the end of the frame, so one typed
//! character costs two or three bytes over its update.

use super::FRAME_BYTES_MAX;
use super::denial::Denial;
use super::limit::{Limit, Refusal};
use super::message::{FromClient, FromRoom, Granted, Hello, Welcome};
use super::trace::Trace;
use crate::codec::{DecodeError, Reader, write_number};

mod tag {
    pub(super) const HELLO: u64 = 0;
    pub(super) const WELCOME: u64 = 0;
    pub(super) const SYNC_STEP_1: u64 = 1;
    pub(super) const SYNC_STEP_2: u64 = 2;
    pub(super) const UPDATE: u64 = 3;
    pub(super) const AWARENESS: u64 = 4;
    pub(super) const ACK: u64 = 5;
    pub(super) const PART: u64 = 6;
    pub(super) const RECEIVED: u64 = 7;
    pub(super) const REFUSED: u64 = 6;
    pub(super) const DENIED: u64 = 7;
    pub(super) const PROBE: u64 = 8;
    pub(super) const SEEN: u64 = 9;
    pub(super) const MEASURED: u64 = 10;
    pub(super) const AUTH: u64 = 11;
    pub(super) const ACCESS: u64 = 11;
    pub(super) const COMPARE: u64 = 12;
    pub(super) const REJECTED: u64 = 12;
    pub(super) const CONFLICT: u64 = 13;
    pub(super) const SCHEMA: u64 = 13;
    pub(super) const DOCUMENT: u64 = 14;
}

/// The first bytes of what a room says behind the hello of a poll and is no news to a client that
/// was here before: [`FromRoom::Welcome`], [`FromRoom::Access`], [`FromRoom::Schema`] and
/// [`FromRoom::Awareness`].
pub const GREETING_TAGS: [u8; 4] =
    [tag::WELCOME as u8, tag::ACCESS as u8, tag::SCHEMA as u8, tag::AWARENESS as u8];
/// And the frame that ends it: presence of nobody.
pub const GREETED: [u8; 2] = [tag::AWARENESS as u8, 0];

/// The message in a client's frame; nothing if its tag is not known.
pub fn decode_from_client(frame: &[u8]) -> Result<Option<FromClient<'_>>, DecodeError> {
    let mut r = Reader::new(frame);
    Ok(Some(match r.number()? {
        tag::HELLO => FromClient::Hello(Hello {
            protocol: r.number_u32()?,
            epoch: r.number()?,
            sequence: r.number()?,
            trace: Trace::from_bytes(r.rest()),
        }),
        tag::SYNC_STEP_1 => FromClient::SyncStep1(r.rest()),
        tag::SYNC_STEP_2 => FromClient::SyncStep2 { number: r.number()?, update: r.rest() },
        tag::UPDATE => FromClient::Update { number: r.number()?, update: r.rest() },
        tag::AWARENESS => FromClient::Awareness(r.rest()),
        tag::RECEIVED => FromClient::Received { bytes: r.number()? },
        tag::PART => FromClient::Part { total: r.number()?, offset: r.number()?, bytes: r.rest() },
        tag::PROBE => FromClient::Probe { stamp: r.number()? },
        tag::SEEN => FromClient::Seen { session: r.number_u32()?, stamp: r.number()? },
        tag::MEASURED => FromClient::Measured(r.rest()),
        tag::AUTH => FromClient::Auth { token: utf8(r.rest())? },
        tag::COMPARE => FromClient::Compare,
        tag::CONFLICT => {
            FromClient::Conflict { by: r.number()?.checked_sub(1), path: utf8(r.rest())? }
        }
        _ => return Ok(None),
    }))
}

/// The frame for a client's message. [`FromClient::QueryAwareness`] has none: a room tells a native
/// client everyone's presence by itself.
pub fn encode_from_client(message: &FromClient<'_>) -> Option<Vec<u8>> {
    Some(match *message {
        FromClient::Hello(Hello { protocol, epoch, sequence, trace }) => {
            let trace = trace.map(Trace::to_bytes);
            let trace = trace.as_ref().map_or(&[][..], |bytes| bytes);
            frame(tag::HELLO, &[u64::from(protocol), epoch, sequence], trace)
        }
        FromClient::SyncStep1(state_vector) => frame(tag::SYNC_STEP_1, &[], state_vector),
        FromClient::SyncStep2 { number, update } => frame(tag::SYNC_STEP_2, &[number], update),
        FromClient::Update { number, update } => frame(tag::UPDATE, &[number], update),
        FromClient::Awareness(update) => frame(tag::AWARENESS, &[], update),
        FromClient::Part { total, offset, bytes } => frame(tag::PART, &[total, offset], bytes),
        FromClient::Received { bytes } => frame(tag::RECEIVED, &[bytes], &[]),
        FromClient::Probe { stamp } => frame(tag::PROBE, &[stamp], &[]),
        FromClient::Seen { session, stamp } => frame(tag::SEEN, &[session.into(), stamp], &[]),
        FromClient::Measured(measured) => frame(tag::MEASURED, &[], measured),
        FromClient::Auth { token } => frame(tag::AUTH, &[], token.as_bytes()),
        FromClient::Compare => frame(tag::COMPARE, &[], &[]),
        FromClient::Conflict { by, path } => {
            // 0 is nobody.
            frame(tag::CONFLICT, &[by.map_or(0, |by| by.saturating_add(1))], path.as_bytes())
        }
        FromClient::QueryAwareness => return None,
    })
}

/// The message in a room's frame; nothing if its tag is not known.
pub fn decode_from_room(frame: &[u8]) -> Result<Option<FromRoom<'_>>, DecodeError> {
    let mut r = Reader::new(frame);
    Ok(Some(match r.number()? {
        tag::WELCOME => FromRoom::Welcome(Welcome {
            protocol: r.number_u32()?,
            epoch: r.number()?,
            sequence: r.number()?,
            frame_bytes_max: read_limit(&mut r)?,
            update_bytes_max: read_limit(&mut r)?,
            window_bytes: if r.is_empty() { 0 } else { r.number()? },
        }),
        tag::REJECTED => FromRoom::Rejected(r.rest()),
        tag::SCHEMA => FromRoom::Schema(utf8(r.rest())?),
        tag::ACCESS => FromRoom::Access(read_granted(&mut r)?),
        tag::SYNC_STEP_1 => FromRoom::SyncStep1(r.rest()),
        tag::SYNC_STEP_2 => FromRoom::SyncStep2 { sequence: r.number()?, update: r.rest() },
        tag::DOCUMENT => FromRoom::Document { sequence: r.number()?, deflated: r.rest() },
        tag::UPDATE => FromRoom::Update { sequence: r.number()?, update: r.rest() },
        tag::AWARENESS => FromRoom::Awareness(r.rest()),
        tag::ACK => FromRoom::Ack { number: r.number()?, sequence: r.number()? },
        tag::PROBE => FromRoom::Probe { session: r.number_u32()?, stamp: r.number()? },
        tag::SEEN => FromRoom::Seen { stamp: r.number()? },
        tag::REFUSED => FromRoom::Refused { number: r.number()?, refusal: read_refusal(&mut r)? },
        tag::DENIED => {
            FromRoom::Denied { number: r.number()?, denial: Denial::from_number(r.number()?) }
        }
        _ => return Ok(None),
    }))
}

/// The frame for a room's message.
pub fn encode_from_room(message: &FromRoom<'_>) -> Vec<u8> {
    match *message {
        FromRoom::Welcome(it) => {
            let numbers = [it.protocol.into(), it.epoch, it.sequence];
            let limits = [it.frame_bytes_max, it.update_bytes_max, it.window_bytes];
            frame(tag::WELCOME, &[numbers, limits].concat(), &[])
        }
        FromRoom::Rejected(rejections) => frame(tag::REJECTED, &[], rejections),
        FromRoom::Schema(json) => frame(tag::SCHEMA, &[], json.as_bytes()),
        FromRoom::Access(Granted { role, may_write, may_present, left_ms }) => {
            let may = u64::from(may_write) | u64::from(may_present) << 1;
            let left = left_ms.map_or(0, |ms| ms + 1);
            frame(tag::ACCESS, &[may, left], role.as_bytes())
        }
        FromRoom::SyncStep1(state_vector) => frame(tag::SYNC_STEP_1, &[], state_vector),
        FromRoom::SyncStep2 { sequence, update } => frame(tag::SYNC_STEP_2, &[sequence], update),
        FromRoom::Document { sequence, deflated } => frame(tag::DOCUMENT, &[sequence], deflated),
        FromRoom::Update { sequence, update } => frame(tag::UPDATE, &[sequence], update),
        FromRoom::Awareness(update) => frame(tag::AWARENESS, &[], update),
        FromRoom::Ack { number, sequence } => frame(tag::ACK, &[number, sequence], &[]),
        FromRoom::Probe { session, stamp } => frame(tag::PROBE, &[session.into(), stamp], &[]),
        FromRoom::Seen { stamp } => frame(tag::SEEN, &[stamp], &[]),
        FromRoom::Refused { number, refusal } => {
            let Refusal { limit, value, max, retry_ms } = refusal;
            // 0 is never, so that each number says one thing.
            let retry = retry_ms.map_or(0, |ms| ms + 1);
            frame(tag::REFUSED, &[number, limit.number(), value, max, retry], &[])
        }
        FromRoom::Denied { number, denial } => frame(tag::DENIED, &[number, denial.number()], &[]),
    }
}

fn read_granted<'a>(r: &mut Reader<'a>) -> Result<Granted<'a>, DecodeError> {
    let (may, left) = (r.number()?, r.number()?);
    Ok(Granted {
        role: utf8(r.rest())?,
        may_write: may & 1 > 0,
        may_present: may & 2 > 0,
        left_ms: left.checked_sub(1),
    })
}

fn utf8(bytes: &[u8]) -> Result<&str, DecodeError> {
    std::str::from_utf8(bytes).map_err(|_| DecodeError::Utf8)
}

/// A room of the build before says nothing and takes what the platform delivers.
fn read_limit(r: &mut Reader<'_>) -> Result<u64, DecodeError> {
    if r.is_empty() { Ok(FRAME_BYTES_MAX as u64) } else { r.number() }
}

fn read_refusal(r: &mut Reader<'_>) -> Result<Refusal, DecodeError> {
    Ok(Refusal {
        limit: Limit::from_number(r.number()?),
        value: r.number()?,
        max: r.number()?,
        retry_ms: r.number()?.checked_sub(1),
    })
}

fn frame(tag: u64, numbers: &[u64], rest: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(8 + 8 * numbers.len() + rest.len());
    write_number(&mut out, tag);
    for &number in numbers {
        write_number(&mut out, number);
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn client_messages_come_back_as_sent() {
        for message in [
            FromClient::Hello(Hello { protocol: 1, epoch: 1 << 52, sequence: 300, trace: None }),
            FromClient::Hello(Hello {
                protocol: 1,
                epoch: 1,
                sequence: 0,
                trace: Trace::new(1 << 100),
            }),
            FromClient::SyncStep1(&[0]),
            FromClient::SyncStep2 { number: 0, update: &[0, 0] },
            FromClient::Update { number: 128, update: &[0, 0] },
            FromClient::Awareness(&[0]),
            FromClient::Received { bytes: 300 },
            FromClient::Probe { stamp: 1 << 40 },
            FromClient::Seen { session: 7, stamp: 1 << 40 },
            FromClient::Measured(&[0, 1]),
            FromClient::Auth { token: "a.b.c" },
            FromClient::Conflict { by: Some(0), path: "tasks/1/title" },
            FromClient::Conflict { by: None, path: "note" },
            FromClient::Part { total: 1 << 21, offset: 1 << 20, bytes: &[1, 2] },
        ] {
            let frame = encode_from_client(&message).unwrap();
            assert_eq!(decode_from_client(&frame), Ok(Some(message)));
        }
    }

    #[test]
    fn room_messages_come_back_as_sent() {
        let refusal = Refusal { limit: Limit::UpdateBytes, value: 9, max: 8, retry_ms: None };
        let granted =
            Granted { role: "reader", may_write: false, may_present: true, left_ms: Some(0) };
        for message in [
            FromRoom::Welcome(Welcome {
                protocol: 1,
                epoch: 7,
                sequence: 0,
                frame_bytes_max: 9,
                update_bytes_max: 1 << 30,
                window_bytes: 1 << 20,
            }),
            FromRoom::SyncStep1(&[0]),
            FromRoom::SyncStep2 { sequence: 9, update: &[0, 0] },
            FromRoom::Document { sequence: 300, deflated: &[3, 0] },
            FromRoom::Update { sequence: 1 << 40, update: &[0, 0] },
            FromRoom::Awareness(&[0]),
            FromRoom::Ack { number: 3, sequence: 4 },
            FromRoom::Probe { session: 7, stamp: 1 << 40 },
            FromRoom::Seen { stamp: 1 << 40 },
            FromRoom::Rejected(&[0]),
            FromRoom::Schema("{}"),
            FromRoom::Access(granted),
            FromRoom::Access(Granted { may_write: true, left_ms: None, ..granted }),
            FromRoom::Denied { number: 3, denial: Denial::Author },
            FromRoom::Denied { number: 0, denial: Denial::Other },
            FromRoom::Refused { number: 3, refusal },
            FromRoom::Refused { number: 0, refusal: Refusal { retry_ms: Some(0), ..refusal } },
        ] {
            assert_eq!(decode_from_room(&encode_from_room(&message)), Ok(Some(message)));
        }
    }

    /// W2: a newer build meets an older one.
    #[test]
    fn w2_a_welcome_of_the_build_before_is_read() {
        let welcome = FromRoom::Welcome(Welcome {
            protocol: 1,
            epoch: 7,
            sequence: 3,
            frame_bytes_max: FRAME_BYTES_MAX as u64,
            update_bytes_max: FRAME_BYTES_MAX as u64,
            window_bytes: 0,
        });
        assert_eq!(decode_from_room(&[0, 1, 7, 3]), Ok(Some(welcome)));
    }

    /// W2: an older build meets a newer one.
    #[test]
    fn w2_unknown_tags_and_later_fields_are_ignored() {
        assert_eq!(decode_from_client(&[99, 1, 2, 3]), Ok(None));
        assert_eq!(decode_from_room(&[99]), Ok(None));
        let ack = [5, 3, 4, 77, 78];
        assert_eq!(decode_from_room(&ack), Ok(Some(FromRoom::Ack { number: 3, sequence: 4 })));
    }

    #[test]
    fn a_cut_frame_is_an_error() {
        assert_eq!(decode_from_client(&[]), Err(DecodeError::Truncated));
        assert_eq!(decode_from_client(&[0, 1]), Err(DecodeError::Truncated));
        assert_eq!(decode_from_room(&[5, 3]), Err(DecodeError::Truncated));
    }
}
