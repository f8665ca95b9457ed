use super::*;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn samples() -> Vec<Decision> {
    let violation = |path: &str| Rejection {
        path: path.to_owned(),
        rule: "locked".to_owned(),
        id: (!path.is_empty()).then_some((7, 300)),
    };
    let violations = vec![violation("title"), violation("")];
    let refused = |why| What::Refused { why, times: 3 };
    let whats = [
        What::Accepted { updates: 2, clients: vec![5, 1 << 52] },
        What::Compensated { clients: vec![5], violations },
        What::Compacted { sequence: 1_000 },
        What::Quarantined { part: Part::Segment, sequence: 9 },
        What::Revoked { before: 1 << 40, by: 3 },
        What::Schema { version: 7 },
        What::Epoch { epoch: (1 << 53) - 1 },
        What::Erased { number: 4 },
        What::Other { kind: 99, fields: vec![1, 2, 3] },
    ];
    let all = whats.into_iter().chain(Reason::ALL.map(refused));
    all.map(|what| Decision { subject: 3, session: 300, what }).collect()
}

fn encoded(decisions: &[Decision]) -> Vec<u8> {
    let mut out = Vec::new();
    decisions.iter().for_each(|decision| decision.write(&mut out));
    out
}

#[test]
fn s6_decisions_come_back_as_written() {
    let all = samples();
    assert_eq!(Decision::read_all(&encoded(&all)), Ok(all));
}

/// W2: a later build writes more fields.
#[test]
fn s6_later_fields_and_kinds_are_tolerated() {
    let what = What::Compacted { sequence: 9 };
    let later = [4, 5, 0, 0, 9, 77, 78, 99, 3, 1, 2, 7];
    let other = What::Other { kind: 99, fields: vec![7] };
    let other = Decision { subject: 1, session: 2, what: other };
    assert_eq!(Decision::read_all(&later), Ok(vec![Decision::of_room(what), other]));
}

#[test]
fn s6_what_is_too_long_is_cut() {
    let word = "ü".repeat(200);
    let violation = Rejection { path: word.clone(), rule: word, id: None };
    let what = What::Compensated { clients: vec![1; 1_000], violations: vec![violation; 1_000] };
    let bytes = encoded(&[Decision::of_room(what)]);
    assert!(bytes.len() < 60_000, "{} bytes", bytes.len());
    let read = Decision::read_all(&bytes).unwrap();
    let What::Compensated { clients, violations } = &read[0].what else { panic!("{read:?}") };
    assert_eq!((clients.len(), violations.len(), violations[0].path.len()), (100, 100, 254));
}

/// Any bytes end in decisions or an error, of which none is larger than its bytes allow.
#[test]
fn s6_reading_decisions_is_total() {
    let sample = encoded(&samples());
    let mut state = 1u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % below
    };
    for _ in 0..20_000 {
        let mut bytes = sample.clone();
        for _ in 0..=random(4) {
            let at = random(bytes.len());
            bytes[at] = random(256) as u8;
        }
        bytes.truncate(random(bytes.len() + 1));
        if let Ok(read) = Decision::read_all(&bytes) {
            assert!(read.len() <= bytes.len());
            // What was read can be written and read again.
            let _ = Decision::read_all(&encoded(&read));
        }
    }
    assert_eq!(Decision::read_all(&[1, 255, 255, 3]), Err(DecodeError::Truncated));
    let huge = [3, 8, 0, 0, 255, 255, 255, 255, 255, 3];
    assert!(Decision::read_all(&huge).is_err());
}
