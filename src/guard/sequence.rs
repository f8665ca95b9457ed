//! What happened to a list or a text.

use super::arrival::{Came, Group, Held};
use super::faults::Faults;
use super::list::{ListFaults, came_before};
use super::place::Place;
use super::text::TextFaults;
use super::{Guard, GuardError, Inexact};
use crate::document::{Delta, Kind, WatchId};
use crate::policy::{Role, Rule, Violation};

/// A list or a text in which something happened.
pub(super) struct Sequence<'s, 'g> {
    pub(super) place: Place<'s>,
    pub(super) group: &'g Group,
    pub(super) watch: Option<WatchId>,
}

impl Guard {
    /// A list or a text, watched if it matters where in it something happens.
    pub(super) fn watched<'s, 'g>(
        &mut self,
        place: Place<'s>,
        group: &'g Group,
        role: Role,
    ) -> Result<Sequence<'s, 'g>, GuardError> {
        let needs = place.needs_delta(group, role);
        if needs && place.is_foreign(group) {
            // It cannot be read, so it could not be put back.
            let path = self.documents.path(&place.parent.id, &self.spots);
            let rule = place.rules.err().unwrap_or(Rule::Delete);
            return Err(GuardError::Refused(Violation { path, rule }));
        }
        let trial = &mut self.documents.trial;
        // What is gone there goes with what is around it.
        let watch = if needs { trial.watch(&place.parent, false).ok() } else { None };
        Ok(Sequence { place, group, watch })
    }

    /// Find what breaks a rule in a list or a text.
    pub(super) fn look_at(
        &self,
        sequence: &Sequence<'_, '_>,
        delta: Option<Vec<Delta>>,
        role: Role,
        faults: &mut Faults,
    ) -> Result<(), Inexact> {
        let (place, group) = (&sequence.place, sequence.group);
        let list = &place.parent;
        let documents = &self.documents;
        let Ok(after) = documents.trial.len(list) else { return Ok(()) };
        let before = documents.settled.len(list)?;
        let path = || documents.path(&list.id, &self.spots);
        let has_content = group.came.iter().any(|came| came.held.counts());

        let mut remove = place.rules.err().filter(|_| !group.came.is_empty());
        if place.is_foreign(group) {
            remove = remove.or(Some(Rule::Type));
        }
        let first = |which: fn(Held) -> bool| {
            group.came.iter().find(|came| which(came.held)).map(Came::first)
        };
        let mut rules_broken = Vec::new();
        let (mut kept, mut without) = (after, None);
        let (mut text, mut items) = (TextFaults::default(), ListFaults::default());
        if let Ok(rules) = place.rules
            && has_content
        {
            remove = remove.or(rules.may_insert(role).err());
            let names_right = || {
                group.came.iter().any(|came| {
                    came.right.is_some_and(|id| id.clock < self.spots.known().clock(id.client))
                })
            };
            let delta = delta.as_deref().unwrap_or_default();
            if rules.is_append_only() && came_before(delta, before) && names_right() {
                remove = remove.or(Some(Rule::AppendOnly));
            }
        }
        if let Some(delta) = delta {
            if is_text(list.kind) {
                let mark = first(|held| held == Held::Format);
                text = TextFaults::find(delta, place.rules, role, mark, &mut rules_broken);
                let lengths = text.lengths(after);
                (kept, without) = (lengths.0, Some(lengths.1));
            } else {
                items = documents.look_at_list(place, role, delta, &path(), faults)?;
                remove = remove.or(items.too_many());
                let lengths = items.lengths(after);
                (kept, without) = (lengths.0, Some(lengths.1));
            }
        }
        let too_long = place.rules.and_then(|rules| rules.fits_length(list.kind, kept)).err();
        if place.rules.is_ok() && has_content && kept > before {
            remove = remove.or(too_long);
        }
        // Marks that change nothing else may come with new text; see its formats.
        let marks = group.came.iter().any(|came| came.held == Held::Format);
        let may_change = place.rules.and_then(|rules| rules.may_change(role));
        let bare = marks && !has_content;
        if let Err(rule) = may_change
            && bare
        {
            rules_broken.push((rule, first(|held| held == Held::Format)));
        }
        if marks && may_change.is_err() && (bare || text.formats || remove.is_some()) {
            // Without them, what else was done to formats may show.
            text.formats |= sequence.watch.is_some();
            faults.marks.extend(ids(group, |held| held == Held::Format));
        }
        if let Some(rule) = remove {
            rules_broken.push((rule, first(Held::counts)));
            text.removed = true;
            faults.ids.extend(ids(group, |held| held != Held::Format));
            items.keep_extra();
        }
        if !rules_broken.is_empty() || !items.is_empty() {
            let length = if remove.is_some() { without } else { Some(kept) };
            faults.lengths.extend(length.map(|length| (list.clone(), length)));
            if is_text(list.kind) {
                faults.texts.push((list.clone(), text));
            } else if !items.is_empty() {
                faults.lists.push((list.clone(), items));
            }
            for (rule, id) in rules_broken {
                faults.tell(id, || (path(), rule));
            }
        }
        Ok(())
    }
}

impl Place<'_> {
    /// Whether it matters where in a list something happens.
    fn needs_delta(&self, group: &Group, role: Role) -> bool {
        let kind = self.parent.kind;
        let Ok(rules) = self.rules else { return group.deletes && kind != Kind::Map };
        let came = group.came.iter().any(|came| came.held.counts());
        let marks = group.came.iter().any(|came| came.held == Held::Format);
        if is_text(kind) {
            return came && rules.is_append_only()
                || group.deletes && rules.may_delete(role).is_err()
                || (group.deletes || marks) && rules.may_change(role).is_err();
        }
        let here = rules.item();
        let may_delete = rules.may_delete(role).and_then(|()| here.may_delete(role)).is_ok();
        kind != Kind::Map
            && (came && (rules.is_append_only() || rules.has_item_rules())
                || group.deletes && !(may_delete && here.is_uniform()))
    }

    /// Whether something came that a shared type of this kind does not hold.
    fn is_foreign(&self, group: &Group) -> bool {
        let holds = |held: Held| match (self.parent.kind, held) {
            (_, Held::Nothing) => true,
            (Kind::Map, _) => false,
            (Kind::Text | Kind::XmlText, held) => held != Held::Values,
            (Kind::Array, held) => matches!(held, Held::Values | Held::Shared),
            (Kind::XmlFragment | Kind::XmlElement, held) => held == Held::Shared,
        };
        !self.is_unknown && !group.came.iter().all(|came| holds(came.held))
    }
}

fn is_text(kind: Kind) -> bool {
    matches!(kind, Kind::Text | Kind::XmlText)
}

pub(super) fn ids(
    group: &Group,
    which: impl Fn(Held) -> bool,
) -> impl Iterator<Item = (u64, u32, u32)> {
    let came = group.came.iter().filter(move |came| which(came.held));
    came.map(|came| (came.client, came.start, came.end))
}
