//! An update with the fields of its structs in columns, which deflates to half the size.
//!
//! Structs are alike from one to the next, but as they are written each field stands between
//! others that are not like it. Here all fields of one kind follow each other. Of an id it is only
//! said how far it is from where one would look for it: who types on does so behind their last
//! unit, and in front of what the struct before is in front of; who goes elsewhere writes between
//! two units that were typed one after the other. And what structs say themselves of what is
//! deleted is not said again.
//!
//! | column | what it holds |
//! |---|---|
//! | heads | how many sections; of each how many structs, a client, the first clock |
//! | infos | the info byte of each struct |
//! | clients | whose an id is: which of those that were named, or 0 for the next of them |
//! | origins | how far a left neighbour, or a parent, is from where it is expected, with a sign |
//! | rights | the same of a right neighbour |
//! | lens | how many ids a deletion or a gap has; how many bytes a text |
//! | names | 1 and the name of a parent at the root, or 0; keys |
//! | texts | the bytes of texts |
//! | contents | every other content as it is encoded |
//! | deletes | 1, and what no struct says is deleted; or 0, and all of it |
//!
//! Who is named first is written in full into the heads. Each column stands behind its length.
//! Numbers, strings and delete sets are as in an update.

use std::collections::BTreeMap;

use super::content::{DELETED, GC, SKIP, TEXT, tag_of};
use super::delete_set::Ranges;
use super::place::{KEY, ORIGIN, RIGHT};
use super::walk::{Clients, Section};
use super::{Content, DeleteSet, Id, Malformed, Parent, Place, Struct, client_count, walk};
use crate::codec::{DecodeError, Reader, write_bytes, write_number, write_number_signed};

/// `update` in columns. [`from_columns`] makes the same bytes of that, if they are written as this
/// module writes updates: with numbers no longer than necessary and deleted ranges in order.
pub fn to_columns(update: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut writer = Writer::default();
    write_number(&mut writer.columns.heads, client_count(update)?);
    let mut walk = walk(update);
    while let Some(section) = walk.next_section()? {
        writer.section(section)?;
    }
    let mut deletes = Ranges::default();
    while let Some((client, start, end)) = walk.next_delete()? {
        deletes.push(client, start, end);
    }
    let (said, mut deletes) = (writer.said.into_set(), deletes.into_set());
    let mut others = said.clone();
    others.subtract(&deletes);
    let are_all = others.is_empty();
    if are_all {
        deletes.subtract(&said);
    }
    writer.columns.deletes.push(u8::from(are_all));
    deletes.write(&mut writer.columns.deletes);
    let mut bytes = Vec::new();
    writer.columns.each().iter().for_each(|column| write_bytes(&mut bytes, column));
    Ok(bytes)
}

/// The update that [`to_columns`] was given.
pub fn from_columns(bytes: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut read = Read::of(bytes)?;
    let sections = read.columns.heads.number()?;
    let mut update = Vec::with_capacity(2 * bytes.len());
    write_number(&mut update, sections);
    for _ in 0..sections {
        read.section(&mut update)?;
    }
    let are_all = read.columns.deletes.byte()? != 0;
    let mut deletes = DeleteSet::read(&mut read.columns.deletes)?;
    if are_all {
        deletes.extend(&read.said.into_set());
    }
    deletes.write(&mut update);
    let trailing: usize = read.columns.each().into_iter().map(|column| column.rest().len()).sum();
    if trailing > 0 {
        return Err(Malformed::Trailing(trailing));
    }
    Ok(update)
}

/// The columns while they are written, or read.
#[derive(Debug, Default)]
struct Columns<C> {
    heads: C,
    infos: C,
    clients: C,
    origins: C,
    rights: C,
    lens: C,
    names: C,
    texts: C,
    contents: C,
    deletes: C,
}

impl<C> Columns<C> {
    fn each(self) -> [C; 10] {
        let Self { heads, infos, clients, origins, rights, lens, names, texts, contents, deletes } =
            self;
        [heads, infos, clients, origins, rights, lens, names, texts, contents, deletes]
    }
}

/// Where one would look for an id.
#[derive(Debug, Default)]
struct Expected {
    /// Clients in the order in which they were named, and what was referred to last of each.
    clients: Vec<(u64, u32)>,
    /// What the struct before was put in front of.
    right: u32,
}

impl Expected {
    /// The clock of what a struct with the first id `own` is behind, if that is of this client.
    fn origin(&self, client: usize, own: Id) -> Result<u32, DecodeError> {
        let &(id, last) = self.clients.get(client).ok_or(DecodeError::Range)?;
        Ok(if id == own.client { own.clock.saturating_sub(1) } else { last })
    }

    /// The clock of what it is in front of, if it is behind `origin`.
    fn right(&self, client: usize, own: Id, origin: Option<Id>) -> Result<u32, DecodeError> {
        let &(id, last) = self.clients.get(client).ok_or(DecodeError::Range)?;
        Ok(match origin {
            Some(Id { client, clock })
                if client == own.client && clock.checked_add(1) == Some(own.clock) =>
            {
                self.right
            }
            Some(origin) if origin.client == id => origin.clock.saturating_add(1),
            _ => last,
        })
    }

    /// This one was there instead.
    fn was(&mut self, client: usize, clock: u32) {
        if let Some((_, last)) = self.clients.get_mut(client) {
            *last = clock;
        }
    }
}

#[derive(Debug, Default)]
struct Writer {
    columns: Columns<Vec<u8>>,
    expected: Expected,
    /// Where in `expected` a client is.
    places: BTreeMap<u64, usize>,
    /// What structs say is deleted.
    said: Ranges,
}

impl Writer {
    fn section(&mut self, section: &mut Section<'_>) -> Result<(), Malformed> {
        let (count, client, clock) = section.head();
        write_number(&mut self.columns.heads, count);
        self.client(client);
        write_number(&mut self.columns.heads, clock.into());
        while let Some(item) = section.next()? {
            self.item(client, &item)?;
        }
        Ok(())
    }

    fn item(&mut self, client: u64, item: &Struct<'_>) -> Result<(), Malformed> {
        let own = Id { client, clock: item.clock };
        self.columns.infos.push(item.place.info(item.content.tag()));
        match item.place {
            Place::Nowhere => {}
            Place::Beside { origin, right, .. } => {
                if let Some(id) = origin {
                    self.near(own, id)?;
                }
                if let Some(id) = right {
                    let client = self.client(id.client);
                    let expected = self.expected.right(client, own, origin)?;
                    write_distance(&mut self.columns.rights, id.clock, expected);
                    self.expected.was(client, id.clock);
                    self.expected.right = id.clock;
                }
            }
            Place::Under { parent, key } => {
                match parent {
                    Parent::Root(name) => {
                        self.columns.names.push(1);
                        write_bytes(&mut self.columns.names, name.as_bytes());
                    }
                    Parent::Nested(id) => {
                        self.columns.names.push(0);
                        self.near(own, id)?;
                    }
                }
                if let Some(key) = key {
                    write_bytes(&mut self.columns.names, key.as_bytes());
                }
            }
        }
        let Columns { lens, texts, contents, .. } = &mut self.columns;
        match (&item.content, item.content.tag()) {
            (Content::Text(text), _) => {
                // What was read has lost nothing.
                let text = text.as_str().unwrap_or_default();
                write_number(lens, text.len() as u64);
                texts.extend_from_slice(text.as_bytes());
            }
            (content, GC | SKIP | DELETED) => content.write(item.len, lens),
            (content, _) => content.write(item.len, contents),
        }
        says(&mut self.said, client, item);
        Ok(())
    }

    /// The id that a struct is behind, or inside of.
    fn near(&mut self, own: Id, id: Id) -> Result<(), Malformed> {
        let client = self.client(id.client);
        let expected = self.expected.origin(client, own)?;
        write_distance(&mut self.columns.origins, id.clock, expected);
        self.expected.was(client, id.clock);
        Ok(())
    }

    /// Name a client. Returns where it is in what is expected.
    fn client(&mut self, client: u64) -> usize {
        let named = self.expected.clients.len();
        let at = *self.places.entry(client).or_insert(named);
        if at < named {
            write_number(&mut self.columns.clients, at as u64 + 1);
        } else {
            self.columns.clients.push(0);
            write_number(&mut self.columns.heads, client);
            self.expected.clients.push((client, 0));
        }
        at
    }
}

#[derive(Debug)]
struct Read<'a> {
    columns: Columns<Reader<'a>>,
    expected: Expected,
    said: Ranges,
    /// Who had a section.
    seen: Clients,
}

impl<'a> Read<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let mut column = || reader.bytes().map(Reader::new);
        let columns = Columns {
            heads: column()?,
            infos: column()?,
            clients: column()?,
            origins: column()?,
            rights: column()?,
            lens: column()?,
            names: column()?,
            texts: column()?,
            contents: column()?,
            deletes: column()?,
        };
        match reader.rest().len() {
            0 => {
                let (expected, said, seen) = Default::default();
                Ok(Self { columns, expected, said, seen })
            }
            trailing => Err(Malformed::Trailing(trailing)),
        }
    }

    /// Write a section of structs.
    fn section(&mut self, update: &mut Vec<u8>) -> Result<(), Malformed> {
        let count = self.columns.heads.number()?;
        let (_, client) = self.client()?;
        self.seen.add(client)?;
        let mut clock = self.columns.heads.number_u32()?;
        write_number(update, count);
        write_number(update, client);
        write_number(update, clock.into());
        for _ in 0..count {
            let item = self.item(Id { client, clock })?;
            item.write(update);
            clock = item.end();
        }
        Ok(())
    }

    fn item(&mut self, own: Id) -> Result<Struct<'a>, Malformed> {
        let info = self.columns.infos.byte()?;
        let tag = tag_of(info)?;
        let place = match tag {
            GC | SKIP => Place::Nowhere,
            _ => self.place(own, info)?,
        };
        let Columns { lens, texts, contents, .. } = &mut self.columns;
        let (content, len) = match tag {
            TEXT => Content::text(texts.string_of(lens.number()?)?)?,
            GC | SKIP | DELETED => Content::read(tag, lens)?,
            _ => Content::read(tag, contents)?,
        };
        let item = Struct::new(own.clock, len, place, content)?;
        says(&mut self.said, own.client, &item);
        Ok(item)
    }

    fn place(&mut self, own: Id, info: u8) -> Result<Place<'a>, Malformed> {
        let keyed = info & KEY != 0;
        if info & (ORIGIN | RIGHT) != 0 {
            let origin = if info & ORIGIN != 0 { Some(self.near(own)?) } else { None };
            let right = if info & RIGHT != 0 { Some(self.right(own, origin)?) } else { None };
            return Ok(Place::Beside { origin, right, keyed });
        }
        let parent = match self.columns.names.byte()? {
            1 => Parent::Root(self.columns.names.string()?),
            _ => Parent::Nested(self.near(own)?),
        };
        let key = if keyed { Some(self.columns.names.string()?) } else { None };
        Ok(Place::Under { parent, key })
    }

    fn near(&mut self, own: Id) -> Result<Id, Malformed> {
        let (at, client) = self.client()?;
        let clock = read_distance(&mut self.columns.origins, self.expected.origin(at, own)?)?;
        self.expected.was(at, clock);
        Ok(Id { client, clock })
    }

    fn right(&mut self, own: Id, origin: Option<Id>) -> Result<Id, Malformed> {
        let (at, client) = self.client()?;
        let expected = self.expected.right(at, own, origin)?;
        let clock = read_distance(&mut self.columns.rights, expected)?;
        self.expected.was(at, clock);
        self.expected.right = clock;
        Ok(Id { client, clock })
    }

    /// Where in what is expected a client is, and which one.
    fn client(&mut self) -> Result<(usize, u64), Malformed> {
        let clients = &mut self.expected.clients;
        let at = match usize::try_from(self.columns.clients.number()?) {
            Ok(0) => {
                clients.push((self.columns.heads.number()?, 0));
                clients.len() - 1
            }
            Ok(place) => place - 1,
            Err(_) => return Err(DecodeError::Range.into()),
        };
        let &(client, _) = clients.get(at).ok_or(DecodeError::Range)?;
        Ok((at, client))
    }
}

/// What a struct holds no more is deleted.
fn says(said: &mut Ranges, client: u64, item: &Struct<'_>) {
    if matches!(item.content, Content::Gc | Content::Deleted) {
        said.push(client, item.clock, item.end());
    }
}

fn write_distance(out: &mut Vec<u8>, clock: u32, expected: u32) {
    write_number_signed(out, i64::from(clock) - i64::from(expected));
}

fn read_distance(reader: &mut Reader<'_>, expected: u32) -> Result<u32, DecodeError> {
    u32::try_from(i64::from(expected) + reader.number_signed()?).map_err(|_| DecodeError::Range)
}
