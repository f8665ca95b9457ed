//! How several documents stand, as one.

use super::{Saved, Status};

/// How all documents of a page stand: what one badge shows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Standing {
    /// The worst that one of them is in; live if there is none.
    pub state: &'static str,
    /// How many there are.
    pub documents: u64,
    /// How much of all of them is not saved.
    pub saved: Saved,
}

impl Status {
    /// Its name, and how bad it is: the higher, the worse.
    fn rank(&self) -> (u8, &'static str) {
        match self {
            Self::Live => (0, "live"),
            Self::Behind => (1, "behind"),
            Self::Connecting => (2, "connecting"),
            Self::Offline => (3, "offline"),
            // The page did that, and no room.
            Self::Closed { code: 1000, .. } => (0, "closed"),
            Self::Closed { .. } => (4, "refused"),
        }
    }

    /// What the page knows it by.
    pub fn name(&self) -> &'static str {
        self.rank().1
    }
}

impl Standing {
    /// How these stand together. Those that the page closed do not count.
    pub fn of(documents: impl Iterator<Item = (Status, Saved)>) -> Self {
        let (mut worst, mut count, mut sum) = (Status::Live.rank(), 0, Saved::default());
        for (status, saved) in documents {
            if status.name() == "closed" {
                continue;
            }
            worst = worst.max(status.rank());
            count += 1;
            sum.pending += saved.pending;
            sum.pending_here += saved.pending_here;
        }
        Self { state: worst.1, documents: count, saved: sum }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn closed(code: u16) -> Status {
        Status::Closed { code, reason: String::new() }
    }

    #[test]
    fn documents_stand_together_as_the_worst_of_them() {
        let order = [
            (Status::Live, "live"),
            (Status::Behind, "behind"),
            (Status::Connecting, "connecting"),
            (Status::Offline, "offline"),
            (closed(4403), "refused"),
        ];
        let saved = Saved { pending: 3, pending_here: 1 };
        for (at, (worse, name)) in order.iter().enumerate() {
            for (better, _) in &order[..=at] {
                let both = [(worse.clone(), saved), (better.clone(), saved)];
                for both in [both.clone(), [both[1].clone(), both[0].clone()]] {
                    let standing = Standing::of(both.into_iter());
                    let saved = Saved { pending: 6, pending_here: 2 };
                    assert_eq!(standing, Standing { state: name, documents: 2, saved });
                }
            }
        }
    }

    #[test]
    fn what_the_page_closed_does_not_count() {
        let saved = Saved { pending: 1, pending_here: 1 };
        let nothing = Standing { state: "live", documents: 0, saved: Saved::default() };
        assert_eq!(Standing::of([(closed(1000), saved)].into_iter()), nothing);
        assert_eq!(Standing::of(core::iter::empty()), nothing);
    }
}
