//! When a connection is tried again, and when it is probed.

use super::*;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn ten_thousand_clients_that_a_deploy_cuts_off_come_back_spread_out_and_soon() {
    const CLIENTS: usize = 10_000;
    let now = Millis(1_000_000);
    let mut in_window = [0; 20];
    for seed in 0..CLIENTS as u64 {
        let mut connection = Connection::new(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
        connection.want(now);
        connection.opened(now);
        connection.welcomed(now, 0);
        connection.closed(now + LASTED_MS_MIN, close::Close::Restarted.code(), "", false);
        let at = connection.due_at(0, None).map_or(u64::MAX, |at| at.since(now));
        in_window[(at - LASTED_MS_MIN) as usize / 100] += 1;
    }
    let most = in_window.into_iter().max().unwrap_or(0);
    assert!(most < CLIENTS / 15, "{most} in 100 ms: {in_window:?}");
}

const START: Millis = Millis(1_000_000);

fn live() -> Connection {
    let mut connection = Connection::new(1);
    connection.want(START);
    connection.opened(START);
    connection.welcomed(START, 0);
    connection
}

/// Let a second pass, `seconds` times; return in which of them a probe was due.
fn probes(
    connection: &mut Connection,
    seconds: u64,
    mut each: impl FnMut(&mut Connection, Millis),
) -> Vec<u64> {
    let mut probes = Vec::new();
    for second in 1..=seconds {
        let now = START + second * 1_000;
        each(connection, now);
        match connection.due(now, 0, None) {
            Some(Due::Ping) => {
                connection.says(now, &[Output::SendPing]);
                connection.heard(now);
                probes.push(second);
            }
            due => assert_eq!(due, None),
        }
    }
    probes
}

#[test]
fn one_who_only_listens_says_something_now_and_then() {
    let listens = |it: &mut Connection, now| assert!(it.heard(now));
    assert_eq!(probes(&mut live(), 70, listens), [20, 40, 60]);
}

fn speaks(connection: &mut Connection, now: Millis) {
    connection.says(now, &[Output::Send(Vec::new())]);
}

#[test]
fn one_who_only_speaks_asks_whether_anybody_hears() {
    assert_eq!(probes(&mut live(), 70, speaks), [20, 40, 60]);
}

#[test]
fn one_who_speaks_and_is_heard_needs_no_probe() {
    let talks = |it: &mut Connection, now| {
        speaks(it, now);
        it.heard(now);
    };
    assert!(probes(&mut live(), 70, talks).is_empty());
    assert_eq!(probes(&mut live(), 70, |_, _| {}), [20, 40, 60]);
}
