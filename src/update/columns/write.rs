//! Writing columns.

use std::collections::BTreeMap;

use super::super::content::{DELETED, GC, SKIP};
use super::super::delete_set::Ranges;
use super::super::walk::Section;
use super::super::{Content, DeleteSet, Id, Malformed, Parent, Place, Struct, client_count, walk};
use super::{Columns, Expected, says};
use crate::codec::{write_bytes, write_number, write_number_signed};

/// Updates on their way into columns.
#[derive(Debug, Default)]
pub struct ToColumns {
    columns: Columns<Vec<u8>>,
    expected: Expected,
    /// Where in `expected` a client is.
    places: BTreeMap<u64, usize>,
}

impl ToColumns {
    /// Put an update behind the others. After an error the columns are of no use.
    pub fn push(&mut self, update: &[u8]) -> Result<(), Malformed> {
        write_number(&mut self.columns.heads, client_count(update)?);
        let mut walk = walk(update);
        let (mut said, mut deletes) = (Ranges::default(), Ranges::default());
        while let Some(section) = walk.next_section()? {
            self.section(section, &mut said)?;
        }
        while let Some((client, start, end)) = walk.next_delete()? {
            deletes.push(client, start, end);
        }
        let (said, mut deletes) = (said.into_set(), deletes.into_set());
        let mut others = said.clone();
        others.subtract(&deletes);
        let are_all = others.is_empty();
        if are_all {
            deletes.subtract(&said);
        }
        self.columns.deletes.push(are_all.into());
        self.deletes(&deletes)
    }

    /// The columns of all of them.
    pub fn finish(self) -> Vec<u8> {
        let Columns { heads, infos, clients, origins, rights, .. } = &self.columns;
        let Columns { lens, names, texts, contents, deletes, .. } = &self.columns;
        let mut bytes = Vec::new();
        for column in
            [heads, infos, clients, origins, rights, lens, names, texts, contents, deletes]
        {
            write_bytes(&mut bytes, column);
        }
        bytes
    }

    fn section(&mut self, section: &mut Section<'_>, said: &mut Ranges) -> Result<(), Malformed> {
        let (count, client, mut clock) = section.head();
        write_number(&mut self.columns.heads, count);
        let at = self.client(client);
        write_distance(&mut self.columns.heads, clock, self.expected.at(at)?.end);
        while let Some(item) = section.next()? {
            self.item(client, &item)?;
            says(said, item.content.tag(), client, item.clock, item.end());
            clock = item.end();
        }
        self.expected.at(at)?.end = clock;
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
                    self.right(own, origin, id)?;
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
            (content, _) => {
                let before = contents.len();
                content.write(item.len, contents);
                write_number(lens, (contents.len() - before) as u64);
            }
        }
        Ok(())
    }

    /// The id that a struct is behind, or inside of.
    fn near(&mut self, own: Id, id: Id) -> Result<(), Malformed> {
        let at = self.client(id.client);
        let expected = self.expected.origin(at, own)?;
        write_distance(&mut self.columns.origins, id.clock, expected);
        self.expected.at(at)?.beside = id.clock;
        Ok(())
    }

    fn right(&mut self, own: Id, origin: Option<Id>, id: Id) -> Result<(), Malformed> {
        let at = self.client(id.client);
        let expected = self.expected.right(at, own, origin)?;
        write_distance(&mut self.columns.rights, id.clock, expected);
        self.expected.at(at)?.beside = id.clock;
        self.expected.right = id.clock;
        Ok(())
    }

    fn deletes(&mut self, deletes: &DeleteSet) -> Result<(), Malformed> {
        let clients: Vec<_> = deletes.clients().collect();
        write_number(&mut self.columns.deletes, clients.len() as u64);
        for client in clients {
            let at = self.places.get(&client).copied();
            write_number(&mut self.columns.clients, at.map_or(0, |at| at as u64 + 1));
            if at.is_none() {
                write_number(&mut self.columns.heads, client);
            }
            let ranges = deletes.ranges(client);
            write_number(&mut self.columns.deletes, ranges.len() as u64);
            let mut gone = self.expected.gone(at)?;
            for &(start, end) in ranges {
                write_distance(&mut self.columns.deletes, start, gone);
                write_number(&mut self.columns.deletes, (end - start).into());
                gone = end;
            }
            self.expected.goes(at, gone)?;
        }
        Ok(())
    }

    /// Say whose an id is. Returns where that one is in what is expected.
    fn client(&mut self, client: u64) -> usize {
        if let Some(&at) = self.places.get(&client) {
            write_number(&mut self.columns.clients, at as u64 + 1);
            return at;
        }
        self.columns.clients.push(0);
        write_number(&mut self.columns.heads, client);
        let at = self.expected.name(client);
        self.places.insert(client, at);
        at
    }
}

fn write_distance(out: &mut Vec<u8>, clock: u32, expected: u32) {
    write_number_signed(out, i64::from(clock) - i64::from(expected));
}
