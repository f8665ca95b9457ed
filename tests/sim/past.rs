//! S6: the log can be read from its first row to its last, it is what was written, and the document
//! at each length of it is what it was then.

use selvedge::document::Document;
use selvedge::room::{Limits, Log, Room, What, replay, replay_all};

use crate::disk::Tables;
use crate::oracle::{Oracle, Roots, View, view};

/// Few enough that there are several pages.
const ROWS_MAX: usize = 50;

fn view_of<'a>(updates: impl Iterator<Item = &'a [u8]>) -> View {
    let mut document = Document::new(0);
    let roots = Roots::of(&mut document);
    updates.for_each(|update| document.apply(update).expect("an update of the log"));
    view(&document, &roots)
}

impl Oracle {
    /// Nothing that is durable was ever damaged.
    pub fn check_past(&mut self, durable: &Tables) {
        if !self.lost.is_empty() || self.rows.is_empty() {
            return;
        }
        self.check_chain(durable);
        let expected = self.expected();
        for replayed in [replay(durable, self.head), replay_all(durable, self.head)] {
            let replayed = replayed.expect("a log that can be read");
            if replayed.sequence != self.head {
                self.violated(format!(
                    "S6: replayed up to {}, not {}",
                    replayed.sequence, self.head
                ));
            }
            let view = view_of([&replayed.update[..]].into_iter());
            if view != expected {
                self.violated(format!("S6: the log replays to {}", view.difference(&expected)));
            }
        }
        // At each length, if there are few; in the middle of a commit, or at its end.
        let step = usize::try_from(self.head).map_or(1, |head| 1 + head / 8);
        for through in (0..self.head).step_by(step) {
            self.check_replay(durable, through);
        }
    }

    fn check_replay(&mut self, durable: &Tables, through: u64) {
        let Ok(replayed) = replay_all(durable, through) else {
            return self.violated(format!("S6: row {through} cannot be replayed"));
        };
        let rows = self.rows.iter().take_while(|(sequence, _)| *sequence <= through);
        let (view, then) =
            (view_of([&replayed.update[..]].into_iter()), view_of(rows.map(|(_, row)| &row[..])));
        if view != then {
            self.violated(format!("S6: {through} replays to {}", view.difference(&then)));
        }
    }

    fn check_chain(&mut self, durable: &Tables) {
        let room = Room::load(&durable.stored(), Limits::default());
        let (mut after, mut updates, mut compacted) = (0, 0, 0);
        loop {
            let page = room.audit(durable, after, ROWS_MAX).expect("a log that can be read");
            if let Some(broken) = page.breaks.first() {
                return self.violated(format!("S6: the chain breaks: {broken:?}"));
            }
            for entry in &page.entries {
                match entry.decision.what {
                    What::Accepted { updates: more, .. } => updates += u64::from(more),
                    What::Compacted { .. } => compacted += 1,
                    _ => {}
                }
            }
            after = page.sequence;
            if !page.has_more {
                break;
            }
        }
        let segments = durable.segments().expect("a list").len();
        if after != self.head || updates > self.head || compacted != segments {
            let found = format!("{updates} updates and {compacted} compactions up to {after}");
            self.violated(format!("S6: {found} of {} and {segments}", self.head));
        }
    }
}
