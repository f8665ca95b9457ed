//! Updates by hand: every kind of content that Yjs knows, in places where no replica would put it.
//!
//! Most can be walked and refer to what is there, so that they come through to yrs.

use fastrand::Rng;
use selvedge::codec::{NUMBER_MAX, write_bytes, write_number};
use selvedge::update::StateVector;

use crate::world::{ROOTS, string};

const STRANGERS: [u64; 6] = [1, 5, 300, u32::MAX as u64, 1 << 32, NUMBER_MAX];

/// An update for a document that has the ids below `known`.
pub(crate) fn craft(rng: &mut Rng, known: &StateVector) -> Vec<u8> {
    let mut craft = Craft { rng, known: known.clone(), is_wild: false };
    craft.is_wild = craft.rng.u8(..4) == 0;
    let mut sections = Vec::new();
    for client in craft.clients() {
        sections.push(craft.section(client));
    }
    if craft.is_wild {
        craft.rng.shuffle(&mut sections);
    }
    let mut out = Vec::new();
    write_number(&mut out, sections.len() as u64);
    out.extend(sections.concat());
    craft.deletes(&mut out);
    out
}

struct Craft<'a> {
    rng: &'a mut Rng,
    /// What is there, and what the update brings before the present place.
    known: StateVector,
    /// Whether clocks may leave gaps and repeat, and references lead nowhere.
    is_wild: bool,
}

impl Craft<'_> {
    fn clients(&mut self) -> Vec<u64> {
        let mut clients: Vec<u64> = self.known.iter().map(|(client, _)| client).collect();
        clients.extend(STRANGERS);
        self.rng.shuffle(&mut clients);
        clients.truncate([0, 1, 1, 1, 2, 3][self.rng.usize(..6)]);
        clients.sort_unstable();
        clients.dedup();
        clients
    }

    fn section(&mut self, client: u64) -> Vec<u8> {
        let next = self.known.clock(client);
        let clock = match self.rng.u8(..8) {
            0 if self.is_wild => next + self.rng.u32(..9),
            1 if self.is_wild => self.rng.u32(..=next),
            2 if self.is_wild => u32::MAX - self.rng.u32(..40),
            _ => next,
        };
        let count = [1, 1, 2, 3, 8, 30][self.rng.usize(..6)];
        let mut out = Vec::new();
        write_number(&mut out, count);
        write_number(&mut out, client);
        write_number(&mut out, clock.into());
        let mut end = clock;
        for _ in 0..count {
            let len = self.item(client, &mut out);
            end = end.saturating_add(len);
            self.known.advance(client, end);
        }
        out
    }

    /// A struct; returns how many ids it has.
    fn item(&mut self, client: u64, out: &mut Vec<u8>) -> u32 {
        let mut tag = self.rng.u8(..if self.is_wild { 11 } else { 10 });
        if tag == 2 && self.rng.u8(..8) > 0 {
            // yrs cannot read these, and one is enough to have the whole refused.
            tag = 8;
        }
        if tag == 0 || tag == 10 {
            return self.length(&[tag], out);
        }
        self.place(client, tag, out);
        self.content(tag, out)
    }

    fn place(&mut self, client: u64, tag: u8, out: &mut Vec<u8>) {
        let keyed = if self.rng.u8(..3) == 0 { 0x20 } else { 0 };
        let beside = match self.rng.u8(..6) {
            0 | 1 => 0x80,
            2 => 0xc0,
            3 => 0x40,
            _ => 0,
        };
        let last = self.known.clock(client).checked_sub(1).map(|clock| (client, clock));
        let origin = if self.rng.bool() { last } else { self.id() };
        let (Some(origin), Some(right)) = (origin.or(last), self.id()) else {
            return self.under_root(tag | keyed, out);
        };
        match beside {
            0 if self.rng.bool() => self.under_root(tag | keyed, out),
            0 => {
                out.extend([tag | keyed, 0]);
                write_id(origin, out);
                self.key(keyed, out);
            }
            _ => {
                out.push(tag | keyed | beside);
                for id in [(0x80, origin), (0x40, right)] {
                    if beside & id.0 != 0 {
                        write_id(id.1, out);
                    }
                }
            }
        }
    }

    fn under_root(&mut self, info: u8, out: &mut Vec<u8>) {
        out.extend([info, 1]);
        write_bytes(out, ROOTS[self.rng.usize(..ROOTS.len())].0.as_bytes());
        self.key(info & 0x20, out);
    }

    fn key(&mut self, keyed: u8, out: &mut Vec<u8>) {
        if keyed != 0 {
            write_bytes(out, ["a", "b", "name"][self.rng.usize(..3)].as_bytes());
        }
    }

    /// An id that is there, if any is; of a wild update sometimes one that is not.
    fn id(&mut self) -> Option<(u64, u32)> {
        if self.is_wild && self.rng.u8(..12) == 0 {
            let client = STRANGERS[self.rng.usize(..STRANGERS.len())];
            return Some((client, [0, 1, 99, u32::MAX][self.rng.usize(..4)]));
        }
        let clients: Vec<_> = self.known.iter().collect();
        let (client, end) = *self.rng.choice(&clients)?;
        Some((client, self.rng.u32(..end)))
    }

    fn content(&mut self, tag: u8, out: &mut Vec<u8>) -> u32 {
        match tag {
            1 => return self.length(&[], out),
            2 => {
                let count = 1 + self.rng.u8(..3);
                out.push(count);
                for _ in 0..count {
                    self.json(out);
                }
                return count.into();
            }
            4 => {
                let text = string(self.rng);
                write_bytes(out, text.as_bytes());
                return text.encode_utf16().count() as u32;
            }
            8 => {
                let count = 1 + self.rng.u8(..4);
                out.push(count);
                for _ in 0..count {
                    self.value(3, out);
                }
                return count.into();
            }
            3 => write_bytes(out, &vec![7; self.rng.usize(..40)]),
            5 => self.json(out),
            6 => {
                write_bytes(out, ["b", "i", ""][self.rng.usize(..3)].as_bytes());
                self.json(out);
            }
            7 => match self.rng.u8(..8) {
                3 => out.extend([3, 1, b'p']),
                5 if self.is_wild => out.extend([5, 1, b'h']),
                5 => out.push(4),
                7 => out.push(1),
                tag => out.push(tag),
            },
            _ => {
                write_bytes(out, b"guid");
                let options: &[u8] =
                    if self.rng.bool() { &[118, 0] } else { &[118, 1, 1, b'x', 120] };
                out.extend(options);
            }
        }
        1
    }

    fn length(&mut self, before: &[u8], out: &mut Vec<u8>) -> u32 {
        let len = match self.rng.u8(..12) {
            0 if self.is_wild => u32::MAX >> self.rng.u32(..3),
            1 => 1_000,
            _ => 1 + self.rng.u32(..5),
        };
        out.extend(before);
        write_number(out, len.into());
        len
    }

    fn json(&mut self, out: &mut Vec<u8>) {
        let deep = "[".repeat(100) + &"]".repeat(100);
        let texts = ["null", "true", "-1.5e3", "\"x\"", "{\"k\":[1,{}]}", "\"\\ud83d\"", &deep];
        write_bytes(out, texts[self.rng.usize(..texts.len())].as_bytes());
    }

    fn value(&mut self, depth: u8, out: &mut Vec<u8>) {
        match self.rng.u8(..if depth == 0 { 9 } else { 11 }) {
            0 => out.push(127),
            1 => out.push(126),
            2 => out.extend([125, 0x41]),
            3 => out.extend([124, 0x7f, 0xc0, 0, 1]),
            4 => out.extend([123, 0x40, 9, 0x21, 0xfb, 0x54, 0x44, 0x2d, 0x18]),
            5 => out.extend([122, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            6 => out.push(120 + self.rng.u8(..2)),
            7 => out.extend([119, 2, 0xc3, 0xa9]),
            8 => out.extend([116, 2, 0, 255]),
            tag => {
                let count = self.rng.u8(..3);
                out.extend([if tag == 9 { 117 } else { 118 }, count]);
                for _ in 0..count {
                    if tag != 9 {
                        write_bytes(out, b"k");
                    }
                    self.value(depth - 1, out);
                }
            }
        }
    }

    fn deletes(&mut self, out: &mut Vec<u8>) {
        let clients: Vec<_> = self.known.iter().collect();
        let count = if clients.is_empty() { 0 } else { self.rng.usize(..3) };
        write_number(out, count as u64);
        for _ in 0..count {
            let (client, end) = clients[self.rng.usize(..clients.len())];
            let ranges = 1 + self.rng.u8(..3);
            write_number(out, client);
            out.push(ranges);
            for _ in 0..ranges {
                let start = self.rng.u32(..end);
                let len = if self.is_wild {
                    1 + self.rng.u32(..99)
                } else {
                    self.rng.u32(1..=end - start)
                };
                write_number(out, start.into());
                write_number(out, len.into());
            }
        }
    }
}

fn write_id((client, clock): (u64, u32), out: &mut Vec<u8>) {
    write_number(out, client);
    write_number(out, clock.into());
}
