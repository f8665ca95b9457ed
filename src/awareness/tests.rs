use super::*;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A room and the time; later sessions have later letters.
struct Bench {
    presence: Presence<char>,
    now: Millis,
}

impl Bench {
    fn new() -> Self {
        Self { presence: Presence::default(), now: Millis(1_000) }
    }

    fn stock(&mut self, owner: char, client: u64, clock: u64, state: &str) -> bool {
        self.say(owner, Speaker::Repeats, client, clock, state)
    }

    fn native(&mut self, owner: char, client: u64, clock: u64, state: &str) -> bool {
        self.say(owner, Speaker::Own, client, clock, state)
    }

    fn say(&mut self, owner: char, by: Speaker, client: u64, clock: u64, state: &str) -> bool {
        let said = [Entry { client, clock, state }];
        self.presence.receive(self.now, owner, by, PRESENCE_BYTES_MAX, &said).unwrap()
    }

    fn leave(&mut self, owner: char) {
        self.presence.leave(self.now, owner);
    }

    fn told(&mut self) -> Vec<(u64, u64, String)> {
        entries(self.presence.take_changes().and_then(|changes| changes.update_for(None)))
    }

    fn everyone(&mut self) -> Vec<(u64, u64, String)> {
        entries(self.presence.everyone(self.now, '?'))
    }

    /// A room that remembers only what its sockets keep, a second later.
    fn woken(&self, owners: &[char]) -> Self {
        let mut woken = Self { presence: Presence::default(), now: self.now + 1_000 };
        for &owner in owners {
            let kept = self.presence.keep(owner);
            woken.presence.restore(woken.now, owner, &kept).unwrap();
        }
        woken
    }
}

fn entries(update: Option<Vec<u8>>) -> Vec<(u64, u64, String)> {
    let update = update.unwrap_or(vec![0]);
    let entries = decode(&update).unwrap();
    entries.into_iter().map(|e| (e.client, e.clock, e.state.to_owned())).collect()
}

#[test]
fn what_a_session_says_is_told_once() {
    let mut bench = Bench::new();
    assert!(!bench.stock('a', 7, 0, "{}"));
    assert_eq!(bench.told(), [(7, 1_000, "{}".into())]);
    assert_eq!(bench.told(), []);
    assert!(bench.stock('a', 7, 1, "{}"), "a renewal");
    assert_eq!(bench.told(), []);
}

/// y-protocols takes and repeats what it hears of its own client.
#[test]
fn nobody_hears_of_itself() {
    let mut bench = Bench::new();
    bench.stock('a', 7, 0, "1");
    bench.stock('b', 8, 0, "2");
    let changes = bench.presence.take_changes().unwrap();
    assert_eq!(changes.owners(), ['a', 'b'].into());
    assert_eq!(entries(changes.update_for(Some('a'))), [(8, 1_000, "2".into())]);
    assert_eq!(entries(changes.update_for(Some('c'))).len(), 2);
    assert_eq!(entries(bench.presence.everyone(bench.now, 'b')), [(7, 1_001, "1".into())]);
    bench.leave('b');
    assert_eq!(bench.presence.everyone(bench.now, 'a'), None);
}

#[test]
fn a_client_belongs_to_its_session() {
    let mut bench = Bench::new();
    bench.stock('a', 7, 0, "1");
    assert!(!bench.stock('b', 7, 9, "2"));
    bench.leave('b');
    assert_eq!(bench.everyone(), [(7, 1_001, "1".into())]);
}

#[test]
fn an_echo_does_not_revive_one_who_left() {
    let mut bench = Bench::new();
    bench.stock('a', 7, 5, "1");
    bench.stock('b', 8, 0, "2");
    bench.leave('a');
    bench.stock('b', 7, 5, "1");
    assert_eq!(bench.told(), [(7, 1_001, "null".into()), (8, 1_000, "2".into())]);
}

/// As when a proxy dies that many came through.
#[test]
fn everyone_is_told_gone_of_a_crowd_that_leaves_at_once() {
    let mut bench = Bench::new();
    let crowd = 'a'..='d';
    for (index, owner) in crowd.clone().enumerate() {
        let clients = (0..500).map(|client| 500 * index as u64 + client);
        let said: Vec<_> = clients.map(|client| Entry { client, clock: 1, state: "1" }).collect();
        bench.presence.receive(bench.now, owner, Speaker::Own, PRESENCE_BYTES_MAX, &said).unwrap();
    }
    assert_eq!(bench.told().len(), 2_000);
    crowd.for_each(|owner| bench.leave(owner));
    let told = bench.told();
    assert_eq!((told.len(), told[0].2.as_str()), (2_000, "null"));
}

#[test]
fn of_many_who_left_those_are_forgotten_who_left_first() {
    let mut bench = Bench::new();
    let crowd = (1..GONE_MAX as u64).rev();
    for client in crowd.chain([0, 2_000, 2_001]) {
        bench.stock('a', client, 1, "1");
        bench.leave('a');
        bench.told();
        bench.now = bench.now + 1;
    }
    assert_eq!(bench.presence.gone.len(), GONE_MAX);
    bench.stock('b', 9_999, 1, "2");
    bench.stock('b', 0, 1, "1");
    assert_eq!(bench.told().len(), 1, "an echo does not revive one of the last who left");
}

/// The speaker's own client still belongs to its old session, so it has nothing yet.
#[test]
fn an_echo_is_not_taken_for_the_speakers_own_presence() {
    let mut bench = Bench::new();
    bench.stock('a', 7, 5, "1");
    bench.stock('b', 8, 0, "2");
    bench.stock('c', 8, 0, "2");
    bench.leave('a');
    bench.stock('c', 7, 5, "1");
    assert_eq!(bench.told(), [(7, 1_001, "null".into()), (8, 1_000, "2".into())]);
}

#[test]
fn a_client_that_reconnects_is_shown_under_a_higher_clock() {
    let mut bench = Bench::new();
    bench.stock('a', 7, 5, "1");
    bench.leave('a');
    assert_eq!(bench.told(), [(7, 1_001, "null".into())]);
    bench.stock('b', 7, 5, "1");
    assert_eq!(bench.told(), [(7, 1_002, "1".into())]);
    bench.stock('b', 7, 6, "2");
    assert_eq!(bench.told(), [(7, 1_003, "2".into())]);
}

#[test]
fn a_native_client_whose_old_session_lingers_is_shown_once_that_ends() {
    for slept in [false, true] {
        let mut bench = Bench::new();
        bench.native('a', 7, 1, "1");
        bench.native('b', 7, 2, "2");
        if slept {
            bench = bench.woken(&['b', 'a']);
        }
        assert_eq!(bench.everyone().len(), 1);
        bench.leave('a');
        let told = bench.told();
        assert!(matches!(&told[..], [(7, _, state)] if state == "2"), "{told:?}");
        bench.leave('b');
        assert_eq!(bench.everyone(), []);
    }
}

#[test]
fn one_who_waited_and_left_is_not_shown() {
    let mut bench = Bench::new();
    bench.native('a', 7, 1, "1");
    bench.native('b', 7, 2, "2");
    bench.native('b', 7, 3, "null");
    bench.leave('a');
    assert_eq!(bench.everyone(), []);
}

/// Stock clients remember clocks, over their own reconnects and longer than a room remembers.
#[test]
fn every_telling_is_news_also_after_the_room_forgot() {
    let mut bench = Bench::new();
    bench.stock('a', 7, 0, "1");
    let mut last = bench.told()[0].1;
    for _ in 0..3 {
        let clock = bench.everyone()[0].1;
        assert!(clock > last);
        last = clock;
    }
    let mut woken = bench.woken(&['a']);
    assert_eq!(woken.told(), [], "peers know it already");
    assert!(woken.everyone()[0].1 > last);
    let mut woken = bench.woken(&['a']);
    woken.leave('a');
    assert!(woken.told()[0].1 > last);
    let mut empty = bench.woken(&[]);
    empty.stock('b', 7, 0, "1");
    assert!(empty.told()[0].1 > last);
}

#[test]
fn s2_presence_has_a_limit_also_for_one_who_waits() {
    let mut bench = Bench::new();
    let large = format!("\"{}\"", "x".repeat(PRESENCE_BYTES_MAX));
    let said = [Entry { client: 7, clock: 0, state: &large }];
    let received = bench.presence.receive(bench.now, 'a', Speaker::Own, PRESENCE_BYTES_MAX, &said);
    assert!(matches!(received, Err(AwarenessError::TooLarge { .. })), "{received:?}");
    assert_eq!(bench.everyone(), []);
    bench.native('a', 7, 1, "1");
    bench.native('b', 7, 1, &large);
    assert!(bench.presence.keep('b').len() < 16_000);
}

/// S1: yrs 0.28.1 keeps clocks in 32 bits, and the next one after the last is 0.
#[test]
fn s1_the_last_clocks_do_not_wrap() {
    for clock in [u64::from(u32::MAX), NUMBER_MAX] {
        let mut bench = Bench::new();
        bench.stock('a', 7, clock, "1");
        assert_eq!(bench.told(), [(7, clock, "1".into())]);
        bench.leave('a');
        // A peer takes "gone" also under the clock that it knows.
        assert_eq!(bench.told(), [(7, (clock + 1).min(NUMBER_MAX), "null".into())]);
    }
    let beyond = encode([Entry { client: 7, clock: NUMBER_MAX + 1, state: "1" }].into_iter());
    assert_eq!(decode(&beyond), Err(DecodeError::Range.into()));
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

/// The tabs of a browser share a session, and those who come back share another one.
#[test]
fn who_repeats_nothing_may_bring_back_another_of_its_clients() {
    let mut bench = Bench::new();
    bench.native('a', 1, 1, "{}");
    bench.native('a', 2, 1, "{}");
    bench.leave('a');
    bench.told();
    bench.native('b', 1, 2, "{}");
    bench.native('b', 2, 1, "{}");
    let told: Vec<_> = bench.told().into_iter().map(|(client, ..)| client).collect();
    assert_eq!(told, [1, 2]);
    bench.leave('b');
    bench.told();
    bench.stock('c', 3, 1, "{}");
    bench.stock('c', 2, 1, "{}");
    let told: Vec<_> = bench.told().into_iter().map(|(client, ..)| client).collect();
    assert_eq!(told, [3], "that is an echo");
}
