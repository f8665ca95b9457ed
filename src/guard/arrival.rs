//! What an update does, and where, found without looking into the document.

use std::collections::BTreeMap;

use super::spots::{Number, Spot, Spots};
use super::{GuardError, NESTING_MAX};
use crate::document::SharedId;
use crate::update::{Content, Id, Parent, Part, Place, delete_set, walk};

/// What a struct holds, as far as rules go.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Held {
    /// Nothing any more.
    Nothing,
    /// Characters.
    Text,
    /// Plain values, bytes, subdocuments.
    Values,
    /// Something in a text that is no text.
    Embed,
    /// A mark in a text: from here on a format is another.
    Format,
    /// A shared type.
    Shared,
}

impl Held {
    /// Whether it has a place in a list that shows.
    pub(super) fn counts(self) -> bool {
        !matches!(self, Self::Nothing | Self::Format)
    }
}

/// Ids that came, and what stood to their right when they were made.
#[derive(Clone, Debug)]
pub(super) struct Came {
    pub(super) client: u64,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) held: Held,
    pub(super) right: Option<Id>,
}

impl Came {
    /// The first of the ids.
    pub(super) fn first(&self) -> Id {
        Id { client: self.client, clock: self.start }
    }

    /// The last of them.
    pub(super) fn last(&self) -> Id {
        Id { client: self.client, clock: self.end - 1 }
    }
}

/// What an update does at one spot that was there before.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub(super) came: Vec<Came>,
    /// Ids that were there and go, or are gone already.
    pub(super) deletes: bool,
}

/// What an update does, by spot. What is inside of types that it brings is left out.
pub(super) type Arrival = BTreeMap<Number, Group>;

struct Item<'a> {
    client: u64,
    clock: u32,
    end: u32,
    place: Place<'a>,
    held: Option<Held>,
    spot: State,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Unknown,
    /// It waits for a neighbour.
    Asked,
    At(Option<Number>),
}

/// Sort out an update of which all is new and ready, and note where its ids are.
pub(super) fn arrive(update: &[u8], spots: &mut Spots) -> Result<Arrival, GuardError> {
    let mut items = Vec::new();
    for part in walk(update) {
        match part.map_err(|_| GuardError::Malformed)? {
            Part::Struct(client, item) => items.push(Item {
                client,
                clock: item.clock,
                end: item.end(),
                place: item.place,
                held: held(&item.content),
                spot: State::Unknown,
            }),
            Part::Delete(..) => {}
        }
    }
    items.sort_by_key(|item| (item.client, item.clock));
    for index in 0..items.len() {
        resolve(index, &mut items, spots)?;
    }
    let mut arrival = Arrival::new();
    for item in &items {
        let State::At(spot) = item.spot else { return Err(GuardError::Malformed) };
        spots.push(item.client, item.end, spot);
    }
    let before = spots.known();
    let is_old = |id: &SharedId| match *id {
        SharedId::Root(_) => true,
        SharedId::Nested { client, clock } => clock < before.clock(client),
    };
    for item in &items {
        let (State::At(Some(number)), Some(held)) = (item.spot, item.held) else { continue };
        let Some(spot) = spots.spot(number) else { continue };
        if held == Held::Shared && depth(&spot.parent, spots) > NESTING_MAX {
            return Err(GuardError::TooDeep);
        }
        if is_old(&spot.parent) {
            let right = match item.place {
                Place::Beside { right, .. } => right,
                _ => None,
            };
            let (client, start, end) = (item.client, item.clock, item.end);
            arrival.entry(number).or_default().came.push(Came { client, start, end, held, right });
        }
    }
    // Joined: a range that is named often is looked up once.
    let deletes = delete_set(&[update]).map_err(|_| GuardError::Malformed)?;
    for (client, start, end) in deletes.iter() {
        spots.split(client, start, end, |number| {
            arrival.entry(number).or_default().deletes = true;
        });
    }
    Ok(arrival)
}

/// Find where an item stands, and those before that it learns it from. A list instead of the stack,
/// which a peer could exhaust.
fn resolve(index: usize, items: &mut [Item<'_>], spots: &mut Spots) -> Result<(), GuardError> {
    let mut stack = vec![index];
    while let Some(&at) = stack.last() {
        if let State::At(_) = items[at].spot {
            stack.pop();
            continue;
        }
        let place = items[at].place;
        let mut found = [None, None];
        let mut waits = false;
        let asked = match place {
            Place::Beside { origin, right, .. } => [origin, right],
            _ => [None, None],
        };
        for (id, found) in asked.into_iter().zip(&mut found) {
            let Some(id) = id else { continue };
            match find(id, items) {
                None => *found = spots.at(id),
                Some(other) => match items[other].spot {
                    State::At(spot) => *found = spot,
                    // Two that wait for each other cannot be ready.
                    State::Asked => return Err(GuardError::Malformed),
                    State::Unknown => {
                        stack.push(other);
                        waits = true;
                    }
                },
            }
            if waits {
                break;
            }
        }
        if waits {
            items[at].spot = State::Asked;
            continue;
        }
        let spot = match place {
            Place::Nowhere => None,
            Place::Beside { keyed, .. } => {
                let spot = match found {
                    // Yjs and yrs would not put it into the same type.
                    [Some(left), Some(right)] if left != right => return Err(GuardError::Forged),
                    [left, right] => left.or(right),
                };
                let key = spot.and_then(|number| spots.spot(number)).map(|spot| &spot.key);
                if keyed && key == Some(&None) {
                    return Err(GuardError::Forged);
                }
                spot
            }
            Place::Under { parent, key } => {
                let parent = match parent {
                    Parent::Root(name) => SharedId::Root(name.into()),
                    Parent::Nested(Id { client, clock }) => SharedId::Nested { client, clock },
                };
                Some(spots.number(Spot { parent, key: key.map(Into::into) }))
            }
        };
        items[at].spot = State::At(spot);
        stack.pop();
    }
    Ok(())
}

/// Which of the items has this id.
fn find(id: Id, items: &[Item<'_>]) -> Option<usize> {
    let behind = items.partition_point(|it| (it.client, it.clock) <= (id.client, id.clock));
    let at = behind.checked_sub(1)?;
    let item = items.get(at)?;
    (item.client == id.client && id.clock < item.end).then_some(at)
}

/// In how many shared types something in `parent` is.
fn depth(parent: &SharedId, spots: &Spots) -> usize {
    let mut depth = 1;
    let mut at = parent;
    while let Some(spot) = spots.of(at) {
        depth += 1;
        at = &spot.parent;
        if depth > NESTING_MAX {
            break;
        }
    }
    depth
}

fn held(content: &Content<'_>) -> Option<Held> {
    const EMBED: u8 = 5;
    const FORMAT: u8 = 6;
    Some(match content {
        Content::Gc | Content::Skip => return None,
        Content::Deleted => Held::Nothing,
        Content::Text(_) => Held::Text,
        Content::Values(_) | Content::Json(_) => Held::Values,
        Content::Type(_) => Held::Shared,
        Content::One(EMBED, _) => Held::Embed,
        Content::One(FORMAT, _) => Held::Format,
        Content::One(..) => Held::Values,
    })
}
