//! S1: no token and no key set makes the check panic, or is taken for another.

use selvedge::access::{Entrance, Exclusion, Keys, Visitor, Wish};
use selvedge::time::Millis;

const NOW: Millis = Millis(1_800_000_000_000);
const LOCAL: Visitor<'static> =
    Visitor { is_operator: false, token: None, says_later: false, origin: None, host: "localhost" };
const ELSEWHERE: Visitor<'static> = Visitor { host: "sync.example", ..LOCAL };
const JWK: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"one","use":"sig",
    "x":"zAnfTK0hqOdqOTfsnwk4cKstCxPc444eb67cTot6sLA",
    "y":"CLnRwJygSBNt5kNlzF2ttIRQoWjNRmewjaZwowyzEIE"}]}"#;

fn entrance() -> Entrance {
    let setting = |name: &str| {
        Some(match name {
            "TOKEN_SECRET" => "a secret that is at least 32 bytes".to_owned(),
            "TOKEN_PUBLIC_KEY" => JWK.to_owned(),
            "OPEN_ON_LOCALHOST" => "true".to_owned(),
            _ => return None,
        })
    };
    Entrance::read(setting).expect("settings that can be used")
}

fn mutated(random: &mut fastrand::Rng, text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..random.usize(1..6) {
        let place = random.usize(..bytes.len());
        match random.u8(..3) {
            0 => bytes[place] = random.u8(32..127),
            1 => drop(bytes.remove(place)),
            _ => bytes.insert(place, b"=.{\"A_[,"[random.usize(..8)]),
        }
    }
    String::from_utf8(bytes).expect("ASCII")
}

#[test]
fn s1_a_mutated_token_is_refused() {
    let (entrance, mut random) = (entrance(), fastrand::Rng::with_seed(7));
    let wish = Wish::from_query("sub=ann&name=Ann&role=editor").expect("a wish");
    let token = entrance.issue(&LOCAL, &wish, NOW).expect("a token");
    let admit = |token: &str| {
        let visitor = Visitor { token: Some(token), ..ELSEWHERE };
        entrance.admit(&visitor, &Keys::default(), "a", NOW)
    };
    assert!(admit(&token).is_ok());
    for _ in 0..20_000 {
        let mutated = mutated(&mut random, &token);
        let is_other = mutated != token && !mutated.is_empty();
        assert!(!is_other || matches!(admit(&mutated), Err(Exclusion::Token(_))), "{mutated}");
    }
}

#[test]
fn s1_a_mutated_key_set_is_read_or_refused() {
    let mut random = fastrand::Rng::with_seed(8);
    let mut read = 0;
    for _ in 0..20_000 {
        read += usize::from(Keys::public(&mutated(&mut random, JWK)).is_ok());
    }
    assert!((1..20_000).contains(&read));
}
