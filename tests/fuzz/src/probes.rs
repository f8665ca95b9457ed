//! Inputs by name: what is known to be dangerous, for others or to other builds.

use selvedge::codec::{write_bytes, write_number};
use selvedge::protocol::FromClient;
use selvedge::protocol::native::encode_from_client;
use selvedge::update::{self, EMPTY};

use crate::input::{Input, Kind};
use crate::{schema, token};

const MANY: [u8; 5] = [0xff, 0xff, 0xff, 0xff, 0x0f];
/// So large that what memory grows by for each byte shows.
const LARGE_BYTES: usize = 256 << 10;

/// All of them.
pub(crate) fn all() -> Vec<(&'static str, Input)> {
    let mut all = Vec::new();
    let mut add = |name, kind, bytes: Vec<u8>| {
        all.push((name, Input { kind, base: EMPTY.to_vec(), bytes }));
    };
    add("the length of an update in a frame", Kind::FromStock, [&[0, 2], &MANY[..], &[1]].concat());
    add("the length of presence in a frame", Kind::FromStock, [&[1], &MANY[..]].concat());
    add("the length of a state vector in a frame", Kind::FromStock, [&[0, 0], &MANY[..]].concat());
    add("the length of a string", Kind::Update, one_item(&[&[4], &MANY[..], b"abc"].concat()));
    add("the length of a root's name", Kind::Update, [&[1, 1, 7, 0, 4, 1], &MANY[..]].concat());
    for number in [1_000_000, 50_000_000, u64::from(u32::MAX)] {
        let mut count = Vec::new();
        write_number(&mut count, number);
        add("a count of clients", Kind::Update, count.clone());
        add("a count of structs", Kind::Update, [&[1], &count[..], &[7, 0]].concat());
        add("a count of values", Kind::Update, one_item(&[&[8], &count[..], &[126]].concat()));
        add("a count of deletions", Kind::Update, [&[0], &count[..]].concat());
        add("a count of ranges", Kind::Update, [&[0, 1, 7], &count[..]].concat());
        add("a count of elements", Kind::Update, one_item(&[&[8, 1, 117], &count[..]].concat()));
        add("a count of keys", Kind::Update, one_item(&[&[8, 1, 118], &count[..]].concat()));
        add("a count of clocks", Kind::StateVector, count.clone());
        add("a count of peers", Kind::Awareness, count);
    }
    for depth in [256, 257, 10_000, 100_000] {
        let value = [[117, 1].repeat(depth).as_slice(), &[126]].concat();
        add("arrays in arrays", Kind::Update, one_item(&[&[8, 1], &value[..]].concat()));
        let value = [[118, 1, 0].repeat(depth).as_slice(), &[126]].concat();
        add("objects in objects", Kind::Update, one_item(&[&[8, 1], &value[..]].concat()));
        let mut embed = vec![5];
        write_bytes(&mut embed, ("[".repeat(depth) + &"]".repeat(depth)).as_bytes());
        add("JSON in JSON", Kind::Update, one_item(&embed));
        let mut presence = vec![1, 7, 0];
        write_bytes(&mut presence, &embed[embed.len() - 2 * depth..]);
        add("presence in presence", Kind::Awareness, presence);
    }
    add("a clock of 2^32 - 1", Kind::Update, [&[1, 1, 7], &MANY[..], &[0, 1, 0]].concat());
    add("a run up to 2^32 - 1", Kind::Update, [&[1, 1, 7, 0, 0], &MANY[..], &[0]].concat());
    let wraps = [&[1, 2, 7, 0, 0], &MANY[..], &[0, 1, 0]].concat();
    add("a run that wraps", Kind::Update, wraps);
    let presence = [&[1, 7], &MANY[..], &[2, b'{', b'}']].concat();
    add("a clock of presence of 2^32 - 1", Kind::Awareness, presence);
    let client = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
    let stranger = [&[1, 1], &client[..], &[0, 4, 1, 4], b"text", &[1, b'x', 0]].concat();
    add("a client of 53 bits", Kind::Update, stranger);
    for depth in [256, 1_000, 3_000] {
        add("types in types", Kind::Update, types_in_types(depth));
    }
    dense(&mut add);
    token::forged().into_iter().for_each(|(name, bytes)| add(name, Kind::Token, bytes));
    schema::dangerous().into_iter().for_each(|(name, bytes)| add(name, Kind::Schema, bytes));
    let large = all.iter().filter(|(_, it)| it.kind == Kind::Update && it.bytes.len() > 64 << 10);
    let framed = large.map(|(name, Input { bytes: update, .. })| {
        let bytes =
            encode_from_client(&FromClient::Update { number: 1, update }).expect("a message");
        (*name, Input { kind: Kind::FromNative, base: EMPTY.to_vec(), bytes })
    });
    let framed: Vec<_> = framed.collect();
    all.extend(framed);
    all
}

/// What needs few bytes and may take many: by far the most for its size.
fn dense(add: &mut impl FnMut(&'static str, Kind, Vec<u8>)) {
    let numbered = |count: usize, each: &dyn Fn(u64, &mut Vec<u8>)| {
        let mut out = Vec::new();
        write_number(&mut out, count as u64);
        (0..count as u64).for_each(|number| each(number, &mut out));
        out
    };
    let sections =
        |each: &dyn Fn(u64, &mut Vec<u8>)| [numbered(LARGE_BYTES / 6, each), vec![0]].concat();
    add(
        "many empty sections",
        Kind::Update,
        sections(&|client, out| {
            out.push(0);
            write_number(out, client);
            out.push(0);
        }),
    );
    add(
        "many clients",
        Kind::Update,
        sections(&|client, out| {
            out.push(1);
            write_number(out, client);
            out.extend([0, 0, 1]);
        }),
    );
    add("as many clients as may come", Kind::Update, crowded(4 * LARGE_BYTES));
    let clocks = numbered(LARGE_BYTES / 4, &|client, out| {
        write_number(out, client);
        out.push(1);
    });
    add("many clocks", Kind::StateVector, clocks);
    let peers = numbered(LARGE_BYTES / 6, &|client, out| {
        write_number(out, client);
        out.extend([0, 1, b'0']);
    });
    add("many peers", Kind::Awareness, peers);
    let deletes = numbered(LARGE_BYTES / 6, &|client, out| {
        write_number(out, client);
        out.extend([1, 0, 1]);
    });
    add("many clients that are deleted", Kind::Update, [vec![0], deletes].concat());
    let mut ranges = vec![0, 1, 7];
    ranges.extend(numbered(LARGE_BYTES / 3, &|number, out| {
        // Apart, in an order that cannot be joined on the way.
        write_number(out, 2 * (number % 64) + number / 64 * 128);
        out.push(1);
    }));
    add("many deleted ranges", Kind::Update, ranges);
    // One behind the other, so that nothing but their number makes them slow.
    let items = |tag: u8, content: &[u8]| {
        let count = LARGE_BYTES / (5 + content.len());
        let mut out = vec![1];
        write_number(&mut out, count as u64);
        out.extend([7, 0, tag, 1, 4]);
        out.extend([b"text", content].concat());
        for clock in 0..count as u64 - 1 {
            out.extend([tag | 0x80, 7]);
            write_number(&mut out, clock);
            out.extend(content);
        }
        out.push(0);
        out
    };
    let mut gaps = vec![1];
    write_number(&mut gaps, LARGE_BYTES as u64 / 2);
    gaps.extend([7, 0]);
    gaps.extend([0, 1, 10, 1].repeat(LARGE_BYTES / 4));
    gaps.push(0);
    add("many gaps", Kind::Update, gaps);
    add("many deleted items", Kind::Update, items(1, &[1]));
    add(
        "many nulls",
        Kind::Update,
        one_item(&[&[8], &numbered(LARGE_BYTES, &|_, out| out.push(126))[..]].concat()),
    );
    add("many texts", Kind::Update, items(4, &[1, b'x']));
    add("many formats", Kind::Update, items(6, &[1, b'b', 1, b'1']));
    add("many types", Kind::Update, items(7, &[1]));
    let mut keys = one_item(&[8, 1, 118]);
    keys.pop();
    keys.extend(numbered(LARGE_BYTES / 5, &|number, out| {
        let key = format!("{number:x}");
        write_bytes(out, key.as_bytes());
        out.push(126);
    }));
    keys.push(0);
    add("many keys", Kind::Update, keys);
    let empty = [&[8], &numbered(LARGE_BYTES / 2, &|_, out| out.extend([117, 0]))[..]].concat();
    add("many empty arrays", Kind::Update, one_item(&empty));
    let mut string = vec![4];
    write_bytes(&mut string, &[b'x'; LARGE_BYTES]);
    add("a long text", Kind::Update, one_item(&string));
}

/// An update with one item in the root `text`: the tag of its content, and the content.
fn one_item(content: &[u8]) -> Vec<u8> {
    [&[1, 1, 7, 0, content[0], 1, 4][..], b"text", &content[1..], &[0]].concat()
}

/// An update of about so many bytes with as many clients as that may bring, each of one id, and a
/// long text.
fn crowded(bytes: usize) -> Vec<u8> {
    let clients = update::clients_max(bytes);
    let mut out = Vec::new();
    write_number(&mut out, clients);
    for client in (1..clients).rev() {
        out.push(1);
        write_number(&mut out, client);
        out.extend([0, 0, 1]);
    }
    out.extend([1, 0, 0, 4, 1, 4]);
    out.extend(b"text");
    let string = "x".repeat(bytes - out.len());
    write_bytes(&mut out, string.as_bytes());
    out.push(0);
    out
}

/// Maps, each inside the one before.
fn types_in_types(depth: u32) -> Vec<u8> {
    let mut out = vec![1];
    write_number(&mut out, depth.into());
    out.extend([5, 0, 0x27, 1, 3, b'm', b'a', b'p', 1, b'k', 1]);
    for clock in 0..depth - 1 {
        out.extend([0x27, 0, 5]);
        write_number(&mut out, clock.into());
        out.extend([1, b'k', 1]);
    }
    out.push(0);
    out
}
