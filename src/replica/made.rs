//! Which edit wrote what, as long as the room may still say something of it.

use std::collections::VecDeque;

#[derive(Clone, Copy, Debug)]
struct Edit {
    /// Which one of this page it is.
    edit: u64,
    /// The number under which it goes out.
    number: u64,
    /// The clock behind what it wrote.
    end: u32,
}

/// The edits that a page made, counted from 1.
#[derive(Clone, Debug, Default)]
pub(super) struct Made {
    last: u64,
    /// Those that are not acknowledged.
    edits: VecDeque<Edit>,
    /// Where the clocks of these begin.
    from: u32,
}

impl Made {
    /// The last one; 0 before the first.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// An edit goes out under `number`; behind it the replica's clock is `end`.
    pub(super) fn push(&mut self, number: u64, end: u32) {
        self.last += 1;
        self.edits.push_back(Edit { edit: self.last, number, end });
    }

    /// The edit that wrote this clock, if it is not acknowledged. What the room says of one it says
    /// before that.
    pub(super) fn at(&self, clock: u32) -> Option<u64> {
        let at = self.edits.partition_point(|it| it.end <= clock);
        let edit = self.edits.get(at).filter(|_| clock >= self.from);
        edit.map(|it| it.edit)
    }

    /// The edit that goes out under this number.
    pub(super) fn numbered(&self, number: u64) -> Option<u64> {
        self.edits.iter().find(|it| it.number == number).map(|it| it.edit)
    }

    /// Everything up to `number` is acknowledged.
    pub(super) fn acknowledge(&mut self, number: u64) {
        while let Some(edit) = self.edits.front().filter(|it| it.number <= number) {
            self.from = edit.end;
            self.edits.pop_front();
        }
    }

    /// Behind `before`, which was the last number that was acknowledged, numbers go on at `after`.
    pub(super) fn renumber(&mut self, before: u64, after: u64) {
        for edit in &mut self.edits {
            edit.number = edit.number - before + after;
        }
    }

    /// What was not acknowledged never will be, and clocks begin anew.
    pub(super) fn give_up(&mut self) {
        self.edits.clear();
        self.from = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn an_edit_is_known_by_its_clock_until_it_is_acknowledged() {
        let mut made = Made::default();
        // The second one only deletes.
        for (number, end) in [(1, 3), (2, 3), (3, 4), (4, 9)] {
            made.push(number, end);
        }
        let edits = |made: &Made| [0, 2, 3, 4, 8, 9].map(|clock| made.at(clock));
        assert_eq!(edits(&made), [Some(1), Some(1), Some(3), Some(4), Some(4), None]);
        made.acknowledge(2);
        assert_eq!(edits(&made), [None, None, Some(3), Some(4), Some(4), None]);
        assert_eq!((made.numbered(2), made.numbered(3)), (None, Some(3)));
        made.give_up();
        assert_eq!((made.at(0), made.last()), (None, 4));
        // Another replica, whose clocks begin anew.
        made.push(5, 2);
        assert_eq!([0, 1, 2].map(|clock| made.at(clock)), [Some(5), Some(5), None]);
    }

    #[test]
    fn an_edit_keeps_its_count_when_numbers_go_on_elsewhere() {
        let mut made = Made::default();
        made.push(1, 1);
        made.push(2, 2);
        made.acknowledge(1);
        made.renumber(1, 40);
        assert_eq!((made.numbered(41), made.at(1), made.last()), (Some(2), Some(2), 2));
    }
}
