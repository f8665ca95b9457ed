//! One input: made from a number, kept as bytes, read again.

use fastrand::Rng;
use selvedge::awareness::{self, Entry};
use selvedge::codec::{Reader, write_bytes};
use selvedge::protocol::native::{encode_from_client, encode_from_room};
use selvedge::protocol::{
    Denial, FromClient, FromRoom, Hello, Limit, Refusal, Rejection, Rejections, Welcome,
};
use selvedge::update::{self, EMPTY, StateVector};

use crate::craft::craft;
use crate::mutate::mutate;
use crate::world::World;
use crate::{schema, token};

/// Inputs that are made of one world, since that takes longer than to damage a part of it.
const INPUTS_OF_WORLD: u64 = 256;

/// What the bytes are for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// An update, for the algebra and for a document.
    Update,
    /// A state vector.
    StateVector,
    /// An awareness update.
    Awareness,
    /// A frame of a stock client, for a room.
    FromStock,
    /// A frame of a native client, for a room.
    FromNative,
    /// A frame of a room, for a replica.
    FromRoom,
    /// A token, for a deployment that has keys of every kind.
    Token,
    /// A schema, to which a room holds its document.
    Schema,
}

pub(crate) const KINDS: usize = 8;
const ALL: [Kind; KINDS] = [
    Kind::Update,
    Kind::StateVector,
    Kind::Awareness,
    Kind::FromStock,
    Kind::FromNative,
    Kind::FromRoom,
    Kind::Token,
    Kind::Schema,
];

/// Bytes of a peer, and what was there before.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) kind: Kind,
    /// What the document or the log holds: an update.
    pub(crate) base: Vec<u8>,
    pub(crate) bytes: Vec<u8>,
}

impl Input {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = vec![self.kind as u8];
        write_bytes(&mut out, &self.base);
        out.extend_from_slice(&self.bytes);
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let kind = *ALL.get(usize::from(reader.byte().ok()?))?;
        let base = reader.bytes().ok()?.to_vec();
        Some(Self { kind, base, bytes: reader.rest().to_vec() })
    }
}

/// Makes inputs, and keeps the world of the last.
#[derive(Default)]
pub(crate) struct Source(Option<(u64, World)>);

impl Source {
    pub(crate) fn make(&mut self, number: u64) -> Input {
        let seed = number / INPUTS_OF_WORLD;
        if self.0.as_ref().is_none_or(|(of, _)| *of != seed) {
            self.0 = Some((seed, World::new(seed)));
        }
        let Some((_, world)) = &self.0 else { unreachable!("just made") };
        // Not the seed of a world, and far from that of the number before.
        let mut rng = Rng::with_seed(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5e1f);
        make(&mut rng, world)
    }
}

fn make(rng: &mut Rng, world: &World) -> Input {
    let kind = match rng.u8(..22) {
        0..8 => Kind::Update,
        8 => Kind::StateVector,
        9..11 => Kind::Awareness,
        11..14 => Kind::FromStock,
        14..17 => Kind::FromNative,
        17..20 => Kind::FromRoom,
        20 => Kind::Token,
        _ => Kind::Schema,
    };
    let (at, base) = &world.bases[rng.usize(..world.bases.len())];
    let known = update::state_vector(base).unwrap_or_default();
    let other = pick(rng, &world.log).to_vec();
    let mut bytes = match kind {
        // They damage what they make themselves: there is more to it than bytes.
        Kind::Token | Kind::Schema => {
            let make = if kind == Kind::Token { token::make } else { schema::make };
            return Input { kind, base: base.clone(), bytes: make(rng) };
        }
        Kind::Update => update_of(rng, world, *at, &known),
        Kind::StateVector => vector_of(rng, world),
        Kind::Awareness => awareness_of(rng),
        Kind::FromStock | Kind::FromNative | Kind::FromRoom => {
            let update = update_of(rng, world, *at, &known);
            let vector = vector_of(rng, world);
            let awareness = awareness_of(rng);
            frame(rng, kind, &[update, vector, awareness])
        }
    };
    mutate(rng, &mut bytes, &other);
    if rng.u16(..2_000) == 0 {
        // Large, in case that memory grows with a power of the size.
        let twice = bytes.clone();
        let at = rng.usize(..=bytes.len());
        let times = (1 << 16) / (1 + bytes.len());
        bytes.splice(at..at, twice.repeat(times));
    }
    Input { kind, base: base.clone(), bytes }
}

fn pick<'a>(rng: &mut Rng, updates: &'a [Vec<u8>]) -> &'a [u8] {
    match updates.len() {
        0 => &EMPTY,
        len => &updates[rng.usize(..len)],
    }
}

/// An update for a document that has the first `at` of the log.
fn update_of(rng: &mut Rng, world: &World, at: usize, known: &StateVector) -> Vec<u8> {
    match rng.u8(..8) {
        0..4 => craft(rng, known),
        // What comes next.
        4 | 5 => pick(rng, &world.log[at..(at + 1).min(world.log.len())]).to_vec(),
        6 => pick(rng, &world.log).to_vec(),
        _ => pick(rng, &world.wholes).to_vec(),
    }
}

fn vector_of(rng: &mut Rng, world: &World) -> Vec<u8> {
    let of = if rng.bool() { pick(rng, &world.log) } else { pick(rng, &world.wholes) };
    update::state_vector(of).unwrap_or_default().encode()
}

fn awareness_of(rng: &mut Rng) -> Vec<u8> {
    const STATES: [&str; 5] = ["null", "{}", "{\"name\":\"Ada\"}", "[1,[2,\"🧵\"]]", "\"x\""];
    const CLOCKS: [u64; 5] = [0, 1, 7, u32::MAX as u64, (1 << 53) - 1];
    let entries: Vec<_> = (0..rng.usize(..4))
        .map(|_| Entry {
            client: [1, 5, 7, u64::from(u32::MAX), 1 << 40][rng.usize(..5)],
            clock: CLOCKS[rng.usize(..5)],
            state: STATES[rng.usize(..5)],
        })
        .collect();
    awareness::encode(entries.into_iter())
}

const REFUSAL: Refusal =
    Refusal { limit: Limit::SessionFrames, value: 9, max: 8, retry_ms: Some(1_000) };

pub(crate) fn welcome(epoch: u64, sequence: u64) -> Welcome {
    Welcome {
        protocol: 1,
        epoch,
        sequence,
        frame_bytes_max: 32 << 20,
        update_bytes_max: 32 << 20,
        window_bytes: 8 << 20,
    }
}

fn rejections(rng: &mut Rng, number: u64) -> Rejections {
    let all = (0..rng.usize(..3)).map(|_| Rejection {
        path: ["text", "map/a~1b", ""][rng.usize(..3)].to_owned(),
        rule: "insert".to_owned(),
        id: [None, Some((9, 0)), Some((1 << 40, u32::MAX))][rng.usize(..3)],
    });
    Rejections { all: all.collect(), number }
}

fn frame(rng: &mut Rng, kind: Kind, [update, vector, awareness]: &[Vec<u8>; 3]) -> Vec<u8> {
    let number = [0, 1, 2, 127, (1 << 53) - 1][rng.usize(..5)];
    let choice = rng.u8(..10);
    match kind {
        Kind::FromStock => {
            let (tags, field): (&[u8], &[u8]) = match choice {
                0 => (&[0, 0], vector),
                1..4 => (&[0, 2], update),
                4 | 5 => (&[0, 1], update),
                6 => (&[1], awareness),
                _ => return vec![3],
            };
            let mut out = tags.to_vec();
            write_bytes(&mut out, field);
            out
        }
        Kind::FromNative => {
            let message = match choice {
                0 => FromClient::SyncStep1(vector),
                1..4 => FromClient::Update { number, update },
                4 | 5 => FromClient::SyncStep2 { number, update },
                6 => FromClient::Awareness(awareness),
                7 => FromClient::Received { bytes: number },
                8 => FromClient::Part { total: update.len() as u64, offset: 0, bytes: update },
                9 if rng.bool() => FromClient::Measured(awareness),
                9 if rng.bool() => FromClient::Seen { session: 2, stamp: number },
                9 if rng.bool() => FromClient::Probe { stamp: number },
                _ => FromClient::Hello(Hello {
                    protocol: 1,
                    epoch: number,
                    sequence: number,
                    trace: None,
                }),
            };
            encode_from_client(&message).unwrap_or_default()
        }
        _ => {
            let rejected = &rejections(rng, number).encode()[..];
            let columns = update::to_columns(update).unwrap_or_else(|_| update.to_vec());
            encode_from_room(&match choice {
                0 => FromRoom::SyncStep1(vector),
                1 | 2 => FromRoom::Update { sequence: number, update },
                3 => FromRoom::SyncStep2 { sequence: number, update },
                4 => FromRoom::Document { sequence: number, deflated: &columns },
                5 => FromRoom::Awareness(awareness),
                6 => FromRoom::Ack { number, sequence: number },
                7 => FromRoom::Refused { number, refusal: REFUSAL },
                8 if rng.bool() => FromRoom::Denied { number, denial: Denial::Author },
                8 if rng.bool() => FromRoom::Rejected(rejected),
                8 => FromRoom::Schema("{\"roots\":{\"text\":{\"type\":\"text\"}}}"),
                _ => FromRoom::Welcome(welcome(number, number)),
            })
        }
    }
}
