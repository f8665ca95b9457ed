//! Reading columns.

use super::super::content::{DELETED, GC, SKIP, TEXT, tag_of};
use super::super::delete_set::Ranges;
use super::super::place::{KEY, ORIGIN, RIGHT};
use super::super::walk::Clients;
use super::super::{Content, Id, Malformed, Parent, Place, Struct};
use super::{Columns, Expected, says};
use crate::codec::{DecodeError, Reader, write_number};

/// Updates that stand in columns.
#[derive(Debug)]
pub struct FromColumns<'a> {
    columns: Columns<Reader<'a>>,
    expected: Expected,
}

impl<'a> FromColumns<'a> {
    /// What [`ToColumns::finish`](super::ToColumns::finish) returned, and nothing else.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Malformed> {
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
            0 => Ok(Self { columns, expected: Expected::default() }),
            trailing => Err(Malformed::Trailing(trailing)),
        }
    }

    /// The next update.
    pub fn take(&mut self) -> Result<Vec<u8>, Malformed> {
        let sections = self.columns.heads.number()?;
        let (mut update, mut said, mut seen) = (Vec::new(), Ranges::default(), Clients::default());
        write_number(&mut update, sections);
        for _ in 0..sections {
            self.section(&mut update, &mut said, &mut seen)?;
        }
        let are_all = self.columns.deletes.byte()? != 0;
        let mut deletes = if are_all { said } else { Ranges::default() };
        self.deletes(&mut deletes)?;
        deletes.into_set().write(&mut update);
        Ok(update)
    }

    /// How many bytes are behind the updates that were taken.
    pub fn rest(&self) -> usize {
        let Columns { heads, infos, clients, origins, rights, .. } = &self.columns;
        let Columns { lens, names, texts, contents, deletes, .. } = &self.columns;
        [heads, infos, clients, origins, rights, lens, names, texts, contents, deletes]
            .map(|column| column.rest().len())
            .iter()
            .sum()
    }

    fn section(
        &mut self,
        update: &mut Vec<u8>,
        said: &mut Ranges,
        seen: &mut Clients,
    ) -> Result<(), Malformed> {
        let count = self.columns.heads.number()?;
        let (at, client) = self.client()?;
        seen.add(client)?;
        let mut clock = read_distance(&mut self.columns.heads, self.expected.at(at)?.end)?;
        write_number(update, count);
        write_number(update, client);
        write_number(update, clock.into());
        for _ in 0..count {
            let item = self.item(Id { client, clock })?;
            says(said, client, &item);
            item.write(update);
            clock = item.end();
        }
        self.expected.at(at)?.end = clock;
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
        Struct::new(own.clock, len, place, content)
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
        self.expected.at(at)?.beside = clock;
        Ok(Id { client, clock })
    }

    fn right(&mut self, own: Id, origin: Option<Id>) -> Result<Id, Malformed> {
        let (at, client) = self.client()?;
        let expected = self.expected.right(at, own, origin)?;
        let clock = read_distance(&mut self.columns.rights, expected)?;
        self.expected.at(at)?.beside = clock;
        self.expected.right = clock;
        Ok(Id { client, clock })
    }

    fn deletes(&mut self, deletes: &mut Ranges) -> Result<(), Malformed> {
        for _ in 0..self.columns.deletes.number()? {
            let (at, client) = self.client()?;
            for _ in 0..self.columns.deletes.number()? {
                let gone = &mut self.expected.at(at)?.gone;
                let start = read_distance(&mut self.columns.deletes, *gone)?;
                let len = self.columns.deletes.number_u32()?;
                *gone = start.checked_add(len).ok_or(DecodeError::Range)?;
                if len == 0 {
                    return Err(Malformed::Empty);
                }
                deletes.push(client, start, *gone);
            }
        }
        Ok(())
    }

    /// Where in what is expected a client is, and which one.
    fn client(&mut self) -> Result<(usize, u64), Malformed> {
        let at = match usize::try_from(self.columns.clients.number()?) {
            Ok(0) => self.expected.name(self.columns.heads.number()?),
            Ok(place) => place - 1,
            Err(_) => return Err(DecodeError::Range.into()),
        };
        Ok((at, self.expected.at(at)?.client))
    }
}

fn read_distance(reader: &mut Reader<'_>, expected: u32) -> Result<u32, DecodeError> {
    u32::try_from(i64::from(expected) + reader.number_signed()?).map_err(|_| DecodeError::Range)
}
