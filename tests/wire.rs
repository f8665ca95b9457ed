//! Golden frames: the wire of both dialects, byte for byte.
//!
//! Clients in the wild speak these bytes. A change here is a change of the protocol. The file with
//! the frames is read by a test in JavaScript too (tests/worker/wire.test.mjs), so that both sides
//! agree on them. `UPDATE_EXPECT=1 cargo test --test wire` writes it anew.

use std::fmt::Write;

use expect_test::expect_file;
use selvedge::protocol::{
    Close, Denial, Dialect, FromClient, FromRoom, Hello, Limit, Refusal, Trace, Welcome, native,
};

/// "a", typed as the first thing by client 3,000,000,000 in the text `text`.
const UPDATE: &[u8] =
    &[1, 1, 0x80, 0xbc, 0xc1, 0x96, 0x0b, 0, 4, 1, 4, b't', b'e', b'x', b't', 1, b'a', 0];
/// It has clock 1 of client 3,000,000,000.
const STATE_VECTOR: &[u8] = &[1, 0x80, 0xbc, 0xc1, 0x96, 0x0b, 1];
/// Client 3,000,000,000 is here with clock 1 and state `{}`.
const AWARENESS: &[u8] = &[1, 0x80, 0xbc, 0xc1, 0x96, 0x0b, 1, 2, b'{', b'}'];
/// "a" was undone, which was in update 300, and of what was deleted in "b" something.
const REJECTED: &[u8] = &[
    2, 1, b'a', 3, b'm', b'a', b'x', 1, b'b', 6, b'd', b'e', b'l', b'e', b't', b'e', 0xac, 2, 1,
    0x80, 0xbc, 0xc1, 0x96, 0x0b, 1, 0,
];
const EPOCH: u64 = (1 << 53) - 1;

const REFUSAL: Refusal =
    Refusal { limit: Limit::DocumentBytes, value: 300, max: 299, retry_ms: Some(10_000) };

const FROM_CLIENT: &[(&str, FromClient<'_>)] = &[
    ("hello first", FromClient::Hello(Hello { protocol: 1, epoch: 0, sequence: 0, trace: None })),
    (
        "hello traced",
        FromClient::Hello(Hello { protocol: 1, epoch: 0, sequence: 0, trace: Trace::new(0x5e1) }),
    ),
    (
        "hello again",
        FromClient::Hello(Hello { protocol: 1, epoch: EPOCH, sequence: 300, trace: None }),
    ),
    ("syncStep1", FromClient::SyncStep1(STATE_VECTOR)),
    ("syncStep2", FromClient::SyncStep2 { number: 128, update: UPDATE }),
    ("conflict", FromClient::Conflict { by: Some(9), path: "tasks/1" }),
    ("update", FromClient::Update { number: 1, update: UPDATE }),
    ("awareness", FromClient::Awareness(AWARENESS)),
    ("received", FromClient::Received { bytes: 300 }),
    ("probe", FromClient::Probe { stamp: 1_000_000 }),
    ("seen", FromClient::Seen { session: 300, stamp: 1_000_000 }),
    ("measured", FromClient::Measured(&[0; 34])),
    ("part", FromClient::Part { total: 300, offset: 128, bytes: UPDATE }),
];

const FROM_ROOM: &[(&str, FromRoom<'_>)] = &[
    (
        "welcome",
        FromRoom::Welcome(Welcome {
            protocol: 1,
            epoch: EPOCH,
            sequence: 300,
            frame_bytes_max: 1 << 20,
            update_bytes_max: 32 << 20,
            window_bytes: 8 << 20,
        }),
    ),
    ("syncStep1", FromRoom::SyncStep1(STATE_VECTOR)),
    ("syncStep2", FromRoom::SyncStep2 { sequence: 128, update: UPDATE }),
    ("document", FromRoom::Document { sequence: 128, deflated: &[3, 0] }),
    ("update", FromRoom::Update { sequence: 1, update: UPDATE }),
    ("ack", FromRoom::Ack { number: 300, sequence: 128 }),
    ("awareness", FromRoom::Awareness(AWARENESS)),
    ("probe", FromRoom::Probe { session: 300, stamp: 1_000_000 }),
    ("seen", FromRoom::Seen { stamp: 1_000_000 }),
    ("refused", FromRoom::Refused { number: 300, refusal: REFUSAL }),
    ("denied", FromRoom::Denied { number: 300, denial: Denial::Author }),
    ("rejected", FromRoom::Rejected(REJECTED)),
];

/// What stock clients send, as y-websocket 3.1.0 frames it.
const FROM_STOCK_CLIENT: &[(&str, &[u8], FromClient<'_>)] = &[
    ("syncStep1", &[0, 0, 1, 0], FromClient::SyncStep1(&[0])),
    ("syncStep2", &[0, 1, 2, 0, 0], FromClient::SyncStep2 { number: 0, update: &[0, 0] }),
    ("update", &[0, 2, 2, 0, 0], FromClient::Update { number: 0, update: &[0, 0] }),
    ("awareness", &[1, 1, 0], FromClient::Awareness(&[0])),
    ("queryAwareness", &[3], FromClient::QueryAwareness),
];

#[test]
fn w1_frames_are_these_bytes() {
    let mut lines = String::new();
    let mut line = |who: &str, name: &str, frame: &[u8]| {
        let hex = frame.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let _ = writeln!(lines, "{who}: {name}: {hex}");
    };
    for (name, message) in FROM_CLIENT {
        let frame = native::encode_from_client(message).expect("a native message");
        line("native client", name, &frame);
    }
    for (name, message) in FROM_ROOM {
        line("native room", name, &native::encode_from_room(message));
    }
    for (name, frame, _) in FROM_STOCK_CLIENT {
        line("stock client", name, frame);
    }
    for (name, message) in FROM_ROOM {
        if let Some(frame) = Dialect::Stock.encode(message) {
            line("stock room", name, &frame);
        }
    }
    expect_file!["./wire.txt"].assert_eq(&lines);
}

#[test]
fn w1_frames_are_read_as_what_they_were() {
    for (name, message) in FROM_CLIENT {
        let frame = native::encode_from_client(message).expect("a native message");
        assert_eq!(Dialect::Native.decode(&frame), Ok(Some(*message)), "{name}");
    }
    for (name, message) in FROM_ROOM {
        let frame = native::encode_from_room(message);
        assert_eq!(native::decode_from_room(&frame), Ok(Some(*message)), "{name}");
    }
    for (name, frame, message) in FROM_STOCK_CLIENT {
        assert_eq!(Dialect::Stock.decode(frame), Ok(Some(*message)), "{name}");
    }
}

/// Stock clients have no word for these.
#[test]
fn stock_clients_are_not_welcomed_nor_acknowledged() {
    for (name, message) in FROM_ROOM {
        let is_native = matches!(
            message,
            FromRoom::Welcome(_)
                | FromRoom::Document { .. }
                | FromRoom::Ack { .. }
                | FromRoom::Probe { .. }
                | FromRoom::Seen { .. }
        );
        assert_eq!(Dialect::Stock.encode(message).is_none(), is_native, "{name}");
    }
}

/// A client decides by the number whether to come back.
#[test]
fn close_codes_are_these_numbers() {
    for (close, code) in [
        (Close::BadFrame, 4400),
        (Close::EpochMismatch, 4409),
        (Close::TooLarge, 4413),
        (Close::Unreadable, 4422),
        (Close::Protocol, 4426),
        (Close::Storage, 4500),
        (Close::Restarted, 1012),
    ] {
        assert_eq!(close.code(), code);
        assert!((1..=123).contains(&close.reason().len()), "{close:?}");
    }
}
