//! S2: everything has a limit, and what is over one gets a typed answer.

use super::shell::{EPOCH, NOW, Shell, room_says, text};
use crate::awareness::{self, Entry};
use crate::codec::{write_bytes, write_number};
use crate::protocol::native::encode_from_client;
use crate::protocol::{Close, Dialect, FromClient, FromRoom, Limit, Refusal, stock};
use crate::room::{Input, Limits, SessionId};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn refused(shell: &mut Shell, session: SessionId) -> Vec<(u64, Refusal)> {
    let frames = shell.heard(session);
    let refusals = room_says(&frames).into_iter().filter_map(|message| match message {
        FromRoom::Refused { number, refusal } => Some((number, refusal)),
        _ => None,
    });
    refusals.collect()
}

fn acks(shell: &mut Shell, session: SessionId) -> Vec<u64> {
    let frames = shell.heard(session);
    let acks = room_says(&frames).into_iter().filter_map(|message| match message {
        FromRoom::Ack { number, .. } => Some(number),
        _ => None,
    });
    acks.collect()
}

/// Say `message` in parts of `size` bytes.
fn in_parts(shell: &mut Shell, session: SessionId, message: &FromClient<'_>, size: usize) {
    let frame = encode_from_client(message).unwrap();
    for (at, bytes) in frame.chunks(size).enumerate() {
        let (total, offset) = (frame.len() as u64, (at * size) as u64);
        shell.say(session, &FromClient::Part { total, offset, bytes });
    }
}

#[test]
fn s2_settings_have_names_and_bounds() {
    let setting = |name: &str| (name == "SESSIONS_MAX").then(|| "7".to_owned());
    let limits = Limits { sessions_max: 7, ..Limits::default() };
    assert_eq!(Limits::read(setting), Ok(limits));
    for value in ["0", "-1", "many", "", "1e3", "99999999999999999999"] {
        let setting = |name: &str| (name == "SESSIONS_MAX").then(|| value.to_owned());
        let text =
            format!("SESSIONS_MAX is {value:?}, but has to be a whole number from 1 to 32768");
        assert_eq!(Limits::read(setting).map_err(|error| error.to_string()), Err(text));
    }
}

#[test]
fn s2_an_update_over_the_limit_is_refused_and_the_session_goes_on() {
    let mut shell = Shell::limited(Limits { update_bytes_max: 1_024, ..Limits::default() });
    let (writer, reader) = (shell.native(0, 0), shell.native(0, 0));
    let large = text(5, 0, &"x".repeat(1_024));
    shell.heard(writer);
    shell.update(writer, 1, &large);
    let value = large.len() as u64;
    let refusal = Refusal { limit: Limit::UpdateBytes, value, max: 1_024, retry_ms: None };
    assert_eq!(refused(&mut shell, writer), [(1, refusal)]);
    // What refers to it is not taken either, and asked for in vain only by a client that repeats.
    shell.update(writer, 2, &text(5, 1_024, "y"));
    shell.take(Input::Commit);
    assert_eq!((shell.heard(writer), shell.log.updates().len()), (vec![], 0));
    shell.update(reader, 1, &text(6, 0, "z"));
    shell.take(Input::Commit);
    assert_eq!(
        (shell.log.updates().len(), shell.heard(writer).len(), &shell.closed[..]),
        (1, 1, &[][..])
    );
}

#[test]
fn s2_an_update_of_too_many_clients_is_refused() {
    let mut shell = Shell::limited(Limits::default());
    let writer = shell.native(0, 0);
    shell.heard(writer);
    let deleted = |clients: u64| {
        let mut update = Vec::new();
        write_number(&mut update, clients);
        for client in 0..clients {
            // One struct of one id, of which nothing is left.
            write_number(&mut update, 1);
            write_number(&mut update, client);
            update.extend([0, 0, 1]);
        }
        [update, vec![0]].concat()
    };
    let (most, many) = (deleted(8_192), deleted(30_000));
    let (value, max) = (30_000, 8_192 + many.len() as u64 / 16);
    shell.update(writer, 1, &most);
    shell.update(writer, 2, &many);
    let refusal = Refusal { limit: Limit::UpdateClients, value, max, retry_ms: None };
    assert_eq!(refused(&mut shell, writer), [(2, refusal)]);
    shell.take(Input::Commit);
    assert_eq!((acks(&mut shell, writer), shell.log.rows.len()), (vec![1], 1));
}

#[test]
fn s2_a_stock_client_is_told_in_words() {
    let mut shell = Shell::limited(Limits { update_bytes_max: 1_024, ..Limits::default() });
    let writer = shell.connect(Dialect::Stock);
    shell.heard(writer);
    let large = text(5, 0, &"x".repeat(1_024));
    for tag in [2, 1] {
        let mut bytes = vec![0, tag];
        crate::codec::write_bytes(&mut bytes, &large);
        shell.take(Input::Frame { session: writer, bytes: &bytes });
        let frames = shell.heard(writer);
        let said = String::from_utf8_lossy(&frames[0][3..]);
        assert_eq!((frames.len(), &frames[0][..2]), (1, &[2, 0][..]));
        assert!(said.ends_with("over the limit of 1024; trying again will not help"), "{said}");
    }
    shell.take(Input::Commit);
    assert_eq!((shell.log.updates().len(), &shell.closed[..]), (0, &[][..]));
}

#[test]
fn s2_a_full_document_takes_deletions_only() {
    let mut shell = Shell::limited(Limits { document_bytes_max: 1_024, ..Limits::default() });
    let writer = shell.native(0, 0);
    shell.update(writer, 1, &text(5, 0, &"x".repeat(990)));
    shell.take(Input::Commit);
    shell.heard(writer);
    shell.update(writer, 2, &text(5, 990, "y".repeat(30).as_str()));
    let refusals = refused(&mut shell, writer);
    assert_eq!((refusals[0].0, refusals[0].1.limit), (2, Limit::DocumentBytes));
    assert!(refusals[0].1.retry_ms.is_some());
    // The client says everything at once when it tries again: here, a deletion.
    shell.say(writer, &FromClient::SyncStep2 { number: 3, update: &[0, 1, 5, 1, 0, 9] });
    shell.take(Input::Commit);
    assert_eq!((acks(&mut shell, writer), shell.log.rows.len()), (vec![3], 2));
}

#[test]
fn s2_who_did_not_fit_is_asked_again_when_there_is_room() {
    let mut shell = Shell::limited(Limits { document_bytes_max: 1_024, ..Limits::default() });
    let writer = shell.native(0, 0);
    shell.update(writer, 1, &text(5, 0, &"x".repeat(990)));
    shell.take(Input::Commit);
    let (waits, other) = (shell.connect(Dialect::Stock), shell.connect(Dialect::Stock));
    let say = |shell: &mut Shell, update: &[u8], tag| {
        let mut bytes = vec![0, tag];
        write_bytes(&mut bytes, update);
        shell.take(Input::Frame { session: waits, bytes: &bytes });
        shell.take(Input::Commit);
    };
    let waiting = text(6, 0, &"y".repeat(100));
    say(&mut shell, &waiting, 2);
    shell.reload();
    let asks = stock::encode(&FromRoom::SyncStep1(&[1, 5, 222, 7])).unwrap();
    // Too little makes no room, and enough does.
    for (number, deleted, asked) in [(2, 9, vec![]), (3, 900, vec![asks])] {
        let mut delete = vec![0, 1, 5, 1, 0];
        write_number(&mut delete, deleted);
        shell.update(writer, number, &delete);
        shell.take(Input::Commit);
        shell.sent.clear();
        shell.now = shell.alarm.take().expect("an alarm");
        shell.take(Input::Alarm);
        assert_eq!((shell.heard(waits), shell.heard(other)), (asked, vec![]));
    }
    // Once. And only it is.
    shell.compact();
    say(&mut shell, &waiting, 1);
    assert_eq!((shell.log.updates(), shell.alarm), (vec![waiting], None));
    assert!(shell.heard(waits).is_empty());
}

#[test]
fn s2_too_much_presence_is_refused() {
    let mut shell = Shell::limited(Limits { presence_bytes_max: 100, ..Limits::default() });
    let session = shell.native(0, 0);
    shell.heard(session);
    let state = format!("{:?}", "x".repeat(100));
    let update = awareness::encode([Entry { client: 5, clock: 1, state: &state }].into_iter());
    shell.say(session, &FromClient::Awareness(&update));
    let refusals = refused(&mut shell, session);
    assert_eq!((refusals[0].1.limit, refusals[0].1.max), (Limit::PresenceBytes, 100));
    assert_eq!(shell.closed, []);
}

#[test]
fn s2_a_crowded_room_says_so() {
    let mut shell = Shell::limited(Limits { sessions_max: 1, ..Limits::default() });
    let first = shell.native(0, 0);
    for dialect in [Dialect::Native, Dialect::Stock] {
        let second = shell.connect(dialect);
        assert_eq!(shell.closed.pop(), Some((second, Close::Full)));
        assert_eq!(shell.heard(second).len(), 1);
    }
    shell.take(Input::Disconnect { session: first });
    shell.native(0, 0);
    assert_eq!(shell.closed, []);
}

#[test]
fn s2_who_sends_too_fast_waits_and_loses_nothing() {
    let limits = Limits { session_frames_per_second: 10, ..Limits::default() };
    let mut shell = Shell::limited(limits);
    let writer = shell.native(0, 0);
    shell.heard(writer);
    let all: Vec<_> = (0..50).map(|clock| text(5, clock, "x")).collect();
    for (at, update) in all.iter().enumerate() {
        shell.update(writer, at as u64 + 1, update);
    }
    shell.take(Input::Commit);
    let frames = shell.heard(writer);
    let said = room_says(&frames);
    let FromRoom::Refused { refusal, .. } = said[0] else { panic!("{said:?}") };
    assert_eq!((refusal.limit, refusal.max), (Limit::SessionFrames, 40));
    let &FromRoom::Ack { number, .. } = said.last().unwrap() else { panic!("{said:?}") };
    assert_eq!(number, 39);
    // Nothing that came behind was taken, so that no ack covers what was not.
    shell.now = shell.now + 2_000;
    shell.update(writer, 51, &text(6, 0, "y"));
    let rest: Vec<_> = all[39..].iter().map(|update| &update[..]).collect();
    let rest = crate::update::merge(&rest).unwrap();
    shell.say(writer, &FromClient::SyncStep2 { number: 50, update: &rest });
    shell.take(Input::Commit);
    assert_eq!(acks(&mut shell, writer), [50]);
}

#[test]
fn s2_who_does_not_listen_is_closed() {
    let limits = Limits { session_frames_per_second: 10, ..Limits::default() };
    let mut shell = Shell::limited(limits.clone());
    let writer = shell.native(0, 0);
    for number in 1..100 {
        shell.update(writer, number, &text(5, number - 1, "x"));
    }
    assert_eq!(shell.closed, [(writer, Close::TooFast)]);

    let mut shell = Shell::limited(Limits { session_frames_per_second: 0, ..limits });
    let writer = shell.native(0, 0);
    for number in 1..100 {
        shell.update(writer, number, &text(5, number - 1, "x"));
    }
    assert_eq!(shell.closed, []);
}

#[test]
fn w6_parts_are_taken_whole_or_not_at_all() {
    let mut shell = Shell::limited(Limits { frame_bytes_max: 1_024, ..Limits::default() });
    let writer = shell.native(0, 0);
    shell.heard(writer);
    let update = text(5, 0, &"x".repeat(5_000));
    let message = FromClient::Update { number: 1, update: &update };
    in_parts(&mut shell, writer, &message, 1_000);
    shell.take(Input::Commit);
    assert_eq!(acks(&mut shell, writer), [1]);
    assert_eq!(shell.log.rows[0].value.update, update);

    // A part is refused: the others are nothing, and the next frame is taken.
    shell.say(writer, &FromClient::Part { total: 5_000, offset: 1_000, bytes: &[3] });
    let message = FromClient::Update { number: 2, update: &text(6, 0, "y") };
    shell.say(writer, &FromClient::Part { total: 5_000, offset: 0, bytes: &[3] });
    in_parts(&mut shell, writer, &message, 5);
    shell.take(Input::Commit);
    assert_eq!((acks(&mut shell, writer), shell.log.rows.len()), (vec![2], 2));

    // The writer goes away in the middle: nothing of it is there.
    let writer = shell.native(0, 0);
    shell.say(writer, &FromClient::Part { total: 5_000, offset: 0, bytes: &[3] });
    shell.take(Input::Disconnect { session: writer });
    shell.take(Input::Commit);
    assert_eq!(shell.log.rows.len(), 2);
}

#[test]
fn w6_parts_have_a_budget_a_deadline_and_an_order() {
    let mut shell = Shell::new();
    let from = |total, offset, bytes| FromClient::Part { total, offset, bytes };
    let part = |total, bytes| from(total, 0, bytes);
    for wrong in [
        &[part(9, &[])][..],
        &[part(9, &[3]), from(8, 1, &[1])],
        &[part(9, &[3]), from(9, 2, &[1])],
        &[part(1, &[3, 3])],
    ] {
        let session = shell.native(0, 0);
        wrong.iter().for_each(|part| shell.say(session, part));
        assert_eq!(shell.closed.pop(), Some((session, Close::BadFrame)));
    }
    let (a, b, c) = (shell.native(0, 0), shell.native(0, 0), shell.native(0, 0));
    shell.say(a, &part(u64::from(u32::MAX), &[3]));
    assert_eq!(refused(&mut shell, a)[0].1.limit, Limit::UpdateBytes);
    for session in [a, b] {
        shell.say(session, &part(32 << 20, &[3]));
    }
    shell.say(c, &part(1 << 20, &[3]));
    assert_eq!(refused(&mut shell, c)[0].1.limit, Limit::RoomBytes);

    while let Some(at) = shell.timer.take() {
        shell.now = at;
        shell.take(Input::Commit);
    }
    assert_eq!(shell.closed, [(a, Close::Incomplete), (b, Close::Incomplete)]);
    assert_eq!(shell.now.since(NOW), 60_000);
    // Their memory is free again.
    shell.say(c, &part(1 << 20, &[3]));
    assert_eq!(refused(&mut shell, c), []);
}

#[test]
fn c3_a_frame_in_parts_keeps_the_room_awake_no_longer_than_it_takes() {
    let mut shell = Shell::new();
    for leaves in [false, true] {
        let writer = shell.native(0, 0);
        let part = |offset, bytes| FromClient::Part { total: 2, offset, bytes };
        shell.say(writer, &part(0, &[3]));
        let at = shell.timer.take().unwrap();
        assert_eq!(at.since(shell.now), 1_000);
        // However often it begins.
        shell.say(writer, &part(0, &[3]));
        assert_eq!(shell.timer, None);
        shell.now = at;
        shell.take(Input::Commit);
        shell.now = shell.timer.take().unwrap();
        if leaves {
            shell.take(Input::Disconnect { session: writer });
        } else {
            shell.say(writer, &part(1, &[1]));
        }
        shell.take(Input::Commit);
        assert_eq!(shell.timer, None);
    }
}

#[test]
fn w6_a_part_holds_no_part() {
    let mut shell = Shell::new();
    let session = shell.native(EPOCH, 0);
    let inner = encode_from_client(&FromClient::Part { total: 1, offset: 0, bytes: &[0] }).unwrap();
    shell.say(session, &FromClient::Part { total: inner.len() as u64, offset: 0, bytes: &inner });
    assert_eq!(shell.closed, [(session, Close::BadFrame)]);
    assert_eq!(stock::decode(&inner), Ok(None));
}

#[test]
fn s2_nothing_is_held_of_who_has_gone() {
    // Clients that leave in the middle of everything, and never come back.
    let room_after = |visits: u64| {
        let mut shell = Shell::new();
        for client in 1_000..1_000 + visits {
            let native = shell.native(0, 0);
            let presence =
                |client| awareness::encode([Entry { client, clock: 1, state: "{}" }].into_iter());
            shell.say(native, &FromClient::Awareness(&presence(client)));
            shell.update(native, 1, &text(client, 9, "behind a hole"));
            shell.say(native, &FromClient::Part { total: 99, offset: 0, bytes: &[3] });
            let stock = shell.connect(Dialect::Stock);
            let said = presence(client + visits);
            let said = [&[1, said.len() as u8], &said[..]].concat();
            for bytes in [&[0, 0, 1, 0], &said[..]] {
                shell.take(Input::Frame { session: stock, bytes });
            }
            shell.take(Input::Commit);
            for session in [native, stock] {
                shell.take(Input::Disconnect { session });
            }
        }
        shell.now = shell.now + 60_000;
        shell.take(Input::Commit);
        // Names and times of the same length everywhere, so that the rest can be compared.
        let digit = |c: char| if c.is_ascii_digit() { '0' } else { c };
        let mut room: Vec<_> = format!("{:?}", shell.room).chars().map(digit).collect();
        room.dedup();
        room.into_iter().collect::<String>()
    };
    // Who left lately is remembered by name, against echoes, but no more than a thousand of them.
    assert_eq!(room_after(700), room_after(600));
}
