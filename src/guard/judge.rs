//! One update: taken in, compared, mended.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::arrival::{Arrival, Came, arrive};
use super::faults::Faults;
use super::place::Place;
use super::sequence::ids;
use super::spots::{Number, set};
use super::{Guard, GuardError, Inexact, Undone, Verdict};
use crate::document::Kind;
use crate::policy::{Role, Rule, Violation};
use crate::update::{self, DeleteSet, admit, compact};

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
        let (mut unseen, mut blind) = (DeleteSet::default(), Vec::new());
        for (&number, group) in arrival {
            let Some(spot) = self.spots.spot(number).cloned() else { continue };
            let Some(place) = self.documents.place(&spot, &self.spots, &schema) else {
                unseen.extend(&set(ids(group, |_| true)));
                continue;
            };
            if place.is_unknown && place.rules.is_ok_and(|rules| rules.may_insert(role).is_ok()) {
                continue;
            }
            match &spot.key {
                Some(key) if place.lets_key(key, role) => {}
                Some(key) => keys.push((place, Rc::clone(key), group)),
                None => {
                    if place.is_unknown && group.deletes {
                        blind.push((number, place.clone()));
                    }
                    sequences.push(self.watched(place, group, role)?);
                }
            }
        }
        let deleted = self.documents.trial.apply_and_tell(fresh)?;
        if let Some(place) = self.lost_unread(&deleted, &blind) {
            let path = self.documents.path(&place.parent.id, &self.spots);
            let rule = place.rules.err().unwrap_or(Rule::Delete);
            return Err(GuardError::Refused(Violation { path, rule }));
        }
        let came = |client| self.spots.known().clock(client);
        unseen.extend(&set(deleted.iter().filter_map(|(client, start, end)| {
            let start = start.max(came(client));
            (start < end).then_some((client, start, end))
        })));
        // Nobody is shown this, and nobody judges it.
        let unseen = (!unseen.is_empty()).then(|| [&[0], &unseen.encode()[..]].concat());
        let mut deltas = BTreeMap::new();
        for event in self.documents.trial.take_events() {
            deltas.insert(event.watch, event.delta);
        }

        let mut faults = Faults::default();
        for (place, key, group) in &keys {
            let came = !group.came.is_empty();
            if let Err((below, rule)) = self.documents.look_at_key(place, key, came, role) {
                // Of several values the last is the one that counts.
                let id = group.came.last().map(Came::last);
                faults.tell(id, || {
                    let path = self.documents.path(&place.parent.id, &self.spots);
                    (path.into_iter().chain(below).collect(), rule)
                });
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
        let Some(((path, rule), _)) = faults.broken.first_key_value() else {
            let Some(unseen) = unseen else {
                self.documents.settled.apply(fresh).map_err(|_| self.lost_step())?;
                return Ok(Verdict::Accepted);
            };
            let update = compact(&[fresh, &unseen]).map_err(|_| GuardError::Malformed)?;
            self.documents.settled.apply(&update).map_err(|_| self.lost_step())?;
            return Ok(Verdict::Compensated { update, ends, undone: Vec::new() });
        };
        let refused = || GuardError::Refused(Violation { path: path.clone(), rule: *rule });
        let mends = self.documents.mend(&faults).map_err(|Inexact| refused())?;
        if !self.documents.is_mended(&faults) {
            return Err(refused());
        }
        for mend in &mends {
            arrive(mend, &mut self.spots)?;
        }
        let written = mends.iter().chain(&unseen).map(Vec::as_slice);
        let updates: Vec<&[u8]> = std::iter::once(fresh).chain(written).collect();
        let update = compact(&updates).map_err(|_| GuardError::Malformed)?;
        let end = self.spots.end(self.room);
        if end > self.spots.known().clock(self.room) {
            ends.push((self.room, end));
        }
        self.documents.settled.apply(&update).map_err(|_| self.lost_step())?;
        let undone = |((path, rule), id)| Undone { violation: Violation { path, rule }, id };
        let undone = faults.broken.into_iter().map(undone).collect();
        Ok(Verdict::Compensated { update, ends, undone })
    }

    /// One of these places, which cannot be read, if something went there: it cannot be put back.
    fn lost_unread<'a, 's>(
        &self,
        deleted: &DeleteSet,
        blind: &'a [(Number, Place<'s>)],
    ) -> Option<&'a Place<'s>> {
        let mut gone = BTreeSet::new();
        for (client, start, end) in deleted.iter().filter(|_| !blind.is_empty()) {
            let end = end.min(self.spots.known().clock(client));
            if start < end {
                self.spots.split(client, start, end, |number| {
                    gone.insert(number);
                });
            }
        }
        blind.iter().find(|(number, _)| gone.contains(number)).map(|(_, place)| place)
    }

    /// What one copy took in the other did not.
    fn lost_step(&mut self) -> GuardError {
        self.broken = true;
        GuardError::Broken
    }
}
