use super::*;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn say(client: u64, clock: u32, state: &str) -> Vec<u8> {
    encode([Entry { client, clock, state }].into_iter())
}

fn shown(update: Option<Vec<u8>>) -> Vec<(u64, u32, String)> {
    let update = update.unwrap_or(vec![0]);
    let entries = decode(&update).unwrap();
    entries.into_iter().map(|e| (e.client, e.clock, e.state.to_owned())).collect()
}

#[test]
fn what_a_session_says_is_told_once() {
    let mut presence = Presence::default();
    let received = presence.receive('a', &say(7, 0, "{}")).unwrap();
    assert_eq!(received, Received { changed: true, renewed: false });
    assert_eq!(shown(presence.take_changes()), [(7, 1, "{}".into())]);
    assert_eq!(presence.take_changes(), None);
    let received = presence.receive('a', &say(7, 1, "{}")).unwrap();
    assert_eq!(received, Received { changed: false, renewed: true });
    assert_eq!(presence.take_changes(), None);
}

#[test]
fn a_client_belongs_to_its_session() {
    let mut presence = Presence::default();
    presence.receive('a', &say(7, 0, "1")).unwrap();
    assert_eq!(presence.receive('b', &say(7, 9, "2")).unwrap(), Received::default());
    presence.leave('b');
    assert_eq!(shown(presence.everyone()), [(7, 1, "1".into())]);
}

#[test]
fn an_echo_does_not_revive_one_who_left() {
    let mut presence = Presence::default();
    presence.receive('a', &say(7, 5, "1")).unwrap();
    presence.receive('b', &say(8, 0, "2")).unwrap();
    presence.leave('a');
    assert_eq!(presence.receive('b', &say(7, 5, "1")).unwrap(), Received::default());
    assert_eq!(shown(presence.take_changes()), [(7, 6, "null".into()), (8, 1, "2".into())]);
}

#[test]
fn a_client_that_reconnects_is_shown_under_a_higher_clock() {
    let mut presence = Presence::default();
    presence.receive('a', &say(7, 5, "1")).unwrap();
    presence.leave('a');
    assert_eq!(shown(presence.take_changes()), [(7, 6, "null".into())]);
    presence.receive('b', &say(7, 5, "1")).unwrap();
    assert_eq!(shown(presence.take_changes()), [(7, 7, "1".into())]);
    presence.receive('b', &say(7, 6, "2")).unwrap();
    assert_eq!(shown(presence.take_changes()), [(7, 8, "2".into())]);
}

#[test]
fn presence_survives_a_hibernation() {
    let mut before = Presence::default();
    before.receive('a', &say(7, 5, "1")).unwrap();
    assert_eq!(before.take_unkept(), ['a'].into());
    let mut after = Presence::default();
    after.restore('a', &before.keep('a')).unwrap();
    assert_eq!(after.take_changes(), None);
    assert_eq!(after.everyone().map(|_| ()), before.everyone().map(|_| ()));
    after.leave('a');
    let told = shown(after.take_changes());
    assert!(matches!(&told[..], [(7, 6.., state)] if state == "null"), "{told:?}");
}

/// Stock clients forget who is silent; what they are told must be news to them, also after a
/// wake, or they would ignore that somebody left.
#[test]
fn renewals_move_clocks_on_and_are_kept_in_time() {
    let mut presence = Presence::default();
    presence.receive('a', &say(7, 0, "1")).unwrap();
    let mut kept = presence.keep('a');
    presence.take_unkept();
    let mut now = Millis(1_000_000);
    for _ in 0..3 * UNKEPT_CLOCKS_MAX {
        now = now + RENEW_MS_MIN;
        let clock = shown(presence.everyone())[0].1;
        let renewed = shown(presence.renew(now))[0].1;
        assert_eq!(renewed, clock + 1);
        assert_eq!(shown(presence.renew(now))[0].1, renewed);
        if !presence.take_unkept().is_empty() {
            kept = presence.keep('a');
        }
        let mut woken = Presence::default();
        woken.restore('a', &kept).unwrap();
        woken.leave('a');
        assert!(shown(woken.take_changes())[0].1 > renewed);
    }
}

#[test]
fn s2_presence_has_a_limit() {
    let mut presence = Presence::default();
    let large = format!("\"{}\"", "x".repeat(PRESENCE_BYTES_MAX));
    assert_eq!(presence.receive('a', &say(7, 0, &large)), Err(AwarenessError::TooLarge));
    assert_eq!(presence.everyone(), None);
}

#[test]
fn s1_hostile_bytes_are_errors() {
    for bytes in [
        &[1, 0xff, 0xff, 0xff, 0xff, 0x0f][..],
        &[0xff, 0xff, 0xff, 0xff, 0x0f],
        &[1, 7, 0, 1, b'{'],
        &[0, 0],
    ] {
        assert!(decode(bytes).is_err(), "{bytes:?}");
    }
}
