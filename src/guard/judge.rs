//! One update: taken in, compared, mended.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::arrival::{Arrival, Group, Held, arrive};
use super::copy::copy_key;
use super::list::{ListFaults, came_before};
use super::place::Place;
use super::spots::set;
use super::text::{TextFaults, content};
use super::{Broken, Documents, Guard, GuardError, Inexact, VIOLATIONS_MAX, Verdict};
use crate::document::{Delta, Kind, Shared, Value, WatchId};
use crate::policy::{Role, Rule, Violation};
use crate::update::{self, admit, compact};

type Ids = Vec<(u64, u32, u32)>;

/// A list or a text in which something happened.
struct Sequence<'s, 'g> {
    place: Place<'s>,
    group: &'g Group,
    watch: Option<WatchId>,
}

/// What has to be undone of an update.
#[derive(Default)]
struct Faults {
    broken: Vec<Broken>,
    /// Keys that have to be as they were.
    keys: Vec<(Shared, Rc<str>)>,
    texts: Vec<(Shared, TextFaults)>,
    lists: Vec<(Shared, ListFaults)>,
    /// Ids that have to go: marks of formats first.
    marks: Ids,
    ids: Ids,
    /// How long lists and texts are when all is undone.
    lengths: Vec<(Shared, u32)>,
}

impl Guard {
    /// Take in an update of somebody who has `role`. It has to be new and ready, as
    /// [`admit`] leaves it.
    pub fn judge(&mut self, update: &[u8], role: Role) -> Result<Verdict, GuardError> {
        if self.broken {
            return Err(GuardError::Broken);
        }
        let admission = admit(update, self.spots.known()).map_err(|_| GuardError::Malformed)?;
        if admission.missing {
            return Err(GuardError::NotReady);
        }
        if admission.ends.iter().any(|(client, _)| *client == self.room) {
            return Err(GuardError::Forged);
        }
        let fresh = admission.fresh;
        if fresh[..] == update::EMPTY {
            return Ok(Verdict::Accepted);
        }
        let judged = match arrive(&fresh, &mut self.spots) {
            Ok(arrival) => self.take_in(&fresh, admission.ends, &arrival, role),
            Err(error) => {
                self.spots.forget();
                return Err(error);
            }
        };
        match &judged {
            Ok(_) => self.spots.settle(),
            Err(_) => self.roll_back(),
        }
        judged
    }

    fn take_in(
        &mut self,
        fresh: &[u8],
        mut ends: Vec<(u64, u32)>,
        arrival: &Arrival,
        role: Role,
    ) -> Result<Verdict, GuardError> {
        let schema = Rc::clone(&self.schema);
        let (mut keys, mut sequences) = (Vec::new(), Vec::new());
        for (&number, group) in arrival {
            let Some(spot) = self.spots.spot(number).cloned() else { continue };
            let Some(place) = self.documents.place(&spot, &self.spots, &schema) else { continue };
            if place.is_unknown && place.rules.is_ok_and(|rules| rules.may_insert(role).is_ok()) {
                continue;
            }
            match &spot.key {
                Some(key) if place.lets_key(key, role) => {}
                Some(key) => keys.push((place, Rc::clone(key), group)),
                None => sequences.push(self.watched(place, group, role)?),
            }
        }
        self.documents.trial.apply(fresh)?;
        let mut deltas = BTreeMap::new();
        for event in self.documents.trial.take_events() {
            deltas.insert(event.watch, event.delta);
        }

        let mut faults = Faults::default();
        for (place, key, group) in &keys {
            let came = !group.came.is_empty();
            if let Err(why) = self.documents.look_at_key(place, key, came, role, &self.spots) {
                faults.broken.push(why);
                if matches!(place.parent.kind, Kind::Array | Kind::XmlFragment | Kind::Text) {
                    faults.ids.extend(ids(group, |_| true));
                } else {
                    faults.keys.push((place.parent.clone(), Rc::clone(key)));
                }
            }
        }
        for sequence in &sequences {
            let delta = sequence.watch.and_then(|watch| deltas.remove(&watch));
            if let Some(watch) = sequence.watch {
                self.documents.trial.unwatch(&sequence.place.parent, watch);
            }
            self.look_at(sequence, delta, role, &mut faults).map_err(|Inexact| {
                let path = self.documents.path(&sequence.place.parent.id, &self.spots);
                GuardError::Refused(Violation { path, rule: Rule::Delete })
            })?;
        }
        let Some((path, rule)) = faults.broken.first().cloned() else {
            self.documents.settled.apply(fresh).map_err(|_| self.lost_step())?;
            return Ok(Verdict::Accepted);
        };
        let refused = || GuardError::Refused(Violation { path: path.clone(), rule });
        let mends = self.documents.mend(&faults).map_err(|Inexact| refused())?;
        if !self.documents.is_mended(&faults) {
            return Err(refused());
        }
        for mend in &mends {
            arrive(mend, &mut self.spots)?;
        }
        let updates: Vec<&[u8]> =
            std::iter::once(fresh).chain(mends.iter().map(Vec::as_slice)).collect();
        let update = compact(&updates).map_err(|_| GuardError::Malformed)?;
        let end = self.spots.end(self.room);
        if end > self.spots.known().clock(self.room) {
            ends.push((self.room, end));
        }
        self.documents.settled.apply(&update).map_err(|_| self.lost_step())?;
        let violations = told(faults.broken);
        Ok(Verdict::Compensated { update, ends, violations })
    }

    /// What one copy took in the other did not.
    fn lost_step(&mut self) -> GuardError {
        self.broken = true;
        GuardError::Broken
    }

    /// A list or a text, watched if it matters where in it something happens.
    fn watched<'s, 'g>(
        &mut self,
        place: Place<'s>,
        group: &'g Group,
        role: Role,
    ) -> Result<Sequence<'s, 'g>, GuardError> {
        let needs = place.needs_delta(group, role);
        if place.is_unknown && group.deletes || needs && place.is_foreign(group) {
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
    fn look_at(
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
        let told = faults.broken.len();
        let has_content = group.came.iter().any(|came| came.held.counts());

        let mut remove = place.rules.err().filter(|_| !group.came.is_empty());
        if place.is_foreign(group) {
            remove = remove.or(Some(Rule::Type));
        }
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
                text = TextFaults::find(delta, place.rules, role, &mut rules_broken);
                let lengths = text.lengths(after);
                (kept, without) = (lengths.0, Some(lengths.1));
            } else {
                let found =
                    documents.look_at_list(place, role, delta, &path(), &mut faults.broken)?;
                let lengths = found.lengths(after);
                (kept, without) = (lengths.0, Some(lengths.1));
                items = found;
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
            rules_broken.push(rule);
        }
        if marks && may_change.is_err() && (bare || text.formats || remove.is_some()) {
            text.formats |= bare && sequence.watch.is_some();
            faults.marks.extend(ids(group, |held| held == Held::Format));
        }
        if let Some(rule) = remove {
            rules_broken.push(rule);
            faults.ids.extend(ids(group, |held| held != Held::Format));
            items.keep_extra();
        }
        faults.broken.extend(rules_broken.into_iter().map(|rule| (path(), rule)));
        if faults.broken.len() > told {
            let length = if remove.is_some() { without } else { Some(kept) };
            faults.lengths.extend(length.map(|length| (list.clone(), length)));
            if is_text(list.kind) {
                faults.texts.push((list.clone(), text));
            } else if !items.is_empty() {
                faults.lists.push((list.clone(), items));
            }
        }
        Ok(())
    }
}

impl Documents {
    /// Undo what is forbidden. Returns the room's updates.
    fn mend(&mut self, faults: &Faults) -> Result<Vec<Vec<u8>>, Inexact> {
        let (settled, trial) = (&self.settled, &mut self.trial);
        let (done, marks) = trial.edit(|edit| edit.delete_ids(&set(faults.marks.iter().copied())));
        done?;
        let mut texts = Vec::new();
        for (text, fault) in &faults.texts {
            if fault.lost || fault.formats {
                texts.push((text, fault, content(settled, text)?, content(trial, text)?));
            }
        }
        let (done, rest) = trial.edit(|edit| {
            for (map, key) in &faults.keys {
                match settled.key(map, key)? {
                    Some(value) => copy_key(settled, edit, map, key, &value)?,
                    None => edit.delete_key(map, key)?,
                }
            }
            for (list, fault) in &faults.lists {
                fault.mend(settled, edit, list)?;
            }
            for (text, fault, before, now) in &texts {
                fault.mend(before, now, edit, text)?;
            }
            edit.delete_ids(&set(faults.ids.iter().copied()))?;
            Ok::<_, Inexact>(())
        });
        done?;
        trial.take_events();
        Ok([marks, rest].into_iter().flatten().collect())
    }

    /// Whether what was undone is as it has to be.
    fn is_mended(&self, faults: &Faults) -> bool {
        let plain = |document: &crate::document::Document, map: &Shared, key: &str| match document
            .key(map, key)
        {
            Ok(Some(Value::Json(json))) => Some(json),
            Ok(Some(Value::Shared(shared))) => document.json(&shared).ok(),
            _ => None,
        };
        faults.lengths.iter().all(|(list, length)| self.trial.len(list) == Ok(*length))
            && faults
                .keys
                .iter()
                .all(|(map, key)| plain(&self.trial, map, key) == plain(&self.settled, map, key))
    }
}

impl Place<'_> {
    /// Whether nothing that may happen to this key has to be looked at.
    fn lets_key(&self, key: &str, role: Role) -> bool {
        let (Ok(rules), Kind::Map) = (self.rules, self.parent.kind) else { return false };
        let Some(here) = rules.key(key) else { return false };
        here.may_insert(role).is_ok()
            && here.may_change(role).is_ok()
            && here.may_delete(role).is_ok()
            && here.is_uniform()
            && !here.has_value_rules()
            && !rules.required().iter().any(|required| required == key)
    }

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

fn ids(group: &Group, which: impl Fn(Held) -> bool) -> impl Iterator<Item = (u64, u32, u32)> {
    let came = group.came.iter().filter(move |came| which(came.held));
    came.map(|came| (came.client, came.start, came.end))
}

/// What was broken, once each.
fn told(mut broken: Vec<Broken>) -> Vec<Violation> {
    broken.sort_unstable();
    broken.dedup();
    broken.truncate(VIOLATIONS_MAX);
    broken.into_iter().map(|(path, rule)| Violation { path, rule }).collect()
}
