//! Reading columns.

use super::super::content::{DELETED, GC, JSON, SKIP, TAG, TEXT, VALUES};
use super::super::delete_set::Ranges;
use super::super::place::{KEY, ORIGIN, RIGHT};
use super::super::text::utf16_len;
use super::super::{Id, Malformed};
use super::{Columns, Expected, says};
use crate::codec::{DecodeError, Reader, write_bytes, write_number};

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
        let (mut update, mut said) = (Vec::new(), Ranges::default());
        write_number(&mut update, sections);
        for _ in 0..sections {
            self.section(&mut update, &mut said)?;
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

    fn section(&mut self, update: &mut Vec<u8>, said: &mut Ranges) -> Result<(), Malformed> {
        let count = self.columns.heads.number()?;
        let (at, client) = self.client()?;
        let mut clock = read_distance(&mut self.columns.heads, self.expected.at(at)?.end)?;
        write_number(update, count);
        write_number(update, client);
        write_number(update, clock.into());
        for _ in 0..count {
            let info = self.columns.infos.byte()?;
            let tag = info & TAG;
            update.push(info);
            if !matches!(tag, GC | SKIP) {
                self.place(Id { client, clock }, info, update)?;
            }
            let end = clock.checked_add(self.content(tag, update)?).ok_or(DecodeError::Range)?;
            says(said, tag, client, clock, end);
            clock = end;
        }
        self.expected.at(at)?.end = clock;
        Ok(())
    }

    fn place(&mut self, own: Id, info: u8, update: &mut Vec<u8>) -> Result<(), Malformed> {
        let origin = if info & ORIGIN != 0 { Some(self.near(own, update)?) } else { None };
        if info & RIGHT != 0 {
            self.right(own, origin, update)?;
        }
        if info & (ORIGIN | RIGHT) != 0 {
            return Ok(());
        }
        let is_root = self.columns.names.byte()?;
        update.push(is_root);
        if is_root == 1 {
            write_bytes(update, self.columns.names.bytes()?);
        } else {
            self.near(own, update)?;
        }
        if info & KEY != 0 {
            write_bytes(update, self.columns.names.bytes()?);
        }
        Ok(())
    }

    fn near(&mut self, own: Id, update: &mut Vec<u8>) -> Result<Id, Malformed> {
        let (at, client) = self.client()?;
        let clock = read_distance(&mut self.columns.origins, self.expected.origin(at, own)?)?;
        self.expected.at(at)?.beside = clock;
        let id = Id { client, clock };
        id.write(update);
        Ok(id)
    }

    fn right(
        &mut self,
        own: Id,
        origin: Option<Id>,
        update: &mut Vec<u8>,
    ) -> Result<(), Malformed> {
        let (at, client) = self.client()?;
        let expected = self.expected.right(at, own, origin)?;
        let clock = read_distance(&mut self.columns.rights, expected)?;
        self.expected.at(at)?.beside = clock;
        self.expected.right = clock;
        Id { client, clock }.write(update);
        Ok(())
    }

    /// Write the content of a struct. Returns how many ids it has.
    fn content(&mut self, tag: u8, update: &mut Vec<u8>) -> Result<u32, Malformed> {
        let Columns { lens, texts, contents, .. } = &mut self.columns;
        let len = lens.number_u32()?;
        Ok(match tag {
            GC | SKIP | DELETED => {
                write_number(update, len.into());
                len
            }
            TEXT => {
                let text = texts.take(len as usize)?;
                write_bytes(update, text);
                utf16_len(text) as u32
            }
            _ => {
                let content = contents.take(len as usize)?;
                update.extend_from_slice(content);
                // These begin with how many they are.
                let are_many = matches!(tag, JSON | VALUES);
                if are_many { Reader::new(content).number_u32()? } else { 1 }
            }
        })
    }

    fn deletes(&mut self, deletes: &mut Ranges) -> Result<(), Malformed> {
        for _ in 0..self.columns.deletes.number()? {
            let at = self.place_of_client()?;
            let client = match at {
                Some(at) => self.expected.at(at)?.client,
                None => self.columns.heads.number()?,
            };
            let mut gone = self.expected.gone(at)?;
            for _ in 0..self.columns.deletes.number()? {
                let start = read_distance(&mut self.columns.deletes, gone)?;
                let len = self.columns.deletes.number_u32()?;
                gone = start.checked_add(len).ok_or(DecodeError::Range)?;
                deletes.push(client, start, gone);
            }
            self.expected.goes(at, gone)?;
        }
        Ok(())
    }

    /// Where in what is expected a client is, and which one.
    fn client(&mut self) -> Result<(usize, u64), Malformed> {
        let at = match self.place_of_client()? {
            Some(at) => at,
            None => self.expected.name(self.columns.heads.number()?),
        };
        Ok((at, self.expected.at(at)?.client))
    }

    /// Where in what is expected a client is, if it was named.
    fn place_of_client(&mut self) -> Result<Option<usize>, Malformed> {
        let place = usize::try_from(self.columns.clients.number()?);
        Ok(place.map_err(|_| DecodeError::Range)?.checked_sub(1))
    }
}

fn read_distance(reader: &mut Reader<'_>, expected: u32) -> Result<u32, DecodeError> {
    u32::try_from(i64::from(expected) + reader.number_signed()?).map_err(|_| DecodeError::Range)
}
