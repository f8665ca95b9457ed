//! What a document with a large log costs: a compaction takes a bounded part of it at a time, and a
//! document that is too large for that still opens.
//!
//! The log is generated as it is read, so only what the room makes of it is measured.

use std::cell::RefCell;

use peak_alloc::PeakAlloc;
use selvedge::access::{Access, Role};
use selvedge::codec::{write_bytes, write_number};
use selvedge::protocol::{Dialect, FromClient, Hello, native};
use selvedge::room::{
    Carrier, Input, Limits, Log, LogError, Output, Room, Row, Snapshot, SnapshotHead, Stored,
};
use selvedge::time::Millis;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const NOW: Millis = Millis(1_000_000);
const MB: usize = 1 << 20;
/// What one compaction may take of the 128 MB that the rooms of an isolate share.
const COMPACTION_BYTES_MAX: usize = 64 * MB;

/// A log of `rows` rows, and what was made of it.
struct Generated {
    rows: u64,
    row: fn(u64) -> Vec<u8>,
    structs: u32,
    snapshot: RefCell<Option<Snapshot>>,
}

impl Generated {
    fn new(rows: u64, structs: u32, row: fn(u64) -> Vec<u8>) -> Self {
        Self { rows, row, structs, snapshot: RefCell::default() }
    }

    fn at(&self, sequence: u64) -> Row {
        let mut clocks = Vec::new();
        write_number(&mut clocks, 5);
        write_number(&mut clocks, sequence * u64::from(self.structs));
        let update = (self.row)(sequence);
        Row { sequence, updates: 1, at: NOW, clocks, update, ..Row::default() }
    }

    fn room(&self) -> Room {
        let mut stored = Stored::new(7);
        if let Some(head) = self.snapshot_head().transpose() {
            stored.add_snapshot(head).expect("a snapshot");
        }
        for sequence in self.after()..=self.rows {
            stored.add_row(sequence, Ok(self.at(sequence).head())).expect("a row");
        }
        Room::load(&stored, Limits::default())
    }

    fn after(&self) -> u64 {
        1 + self.snapshot.borrow().as_ref().map_or(0, |snapshot| snapshot.sequence)
    }

    fn bytes(&self) -> usize {
        (1..=self.rows).map(|sequence| (self.row)(sequence).len()).sum()
    }
}

impl Log for Generated {
    fn snapshot(&self) -> Result<Option<Snapshot>, LogError> {
        Ok(self.snapshot.borrow().clone())
    }

    fn snapshot_head(&self) -> Result<Option<SnapshotHead>, LogError> {
        Ok(self.snapshot.borrow().as_ref().map(Snapshot::head))
    }

    fn rows(&self, after: u64, bytes_max: u64) -> Result<Vec<Row>, LogError> {
        let mut bytes = 0;
        let rows = (after + 1..=self.rows).map(|sequence| self.at(sequence));
        Ok(rows
            .take_while(|row| {
                bytes += row.update.len() as u64;
                bytes <= bytes_max || bytes == row.update.len() as u64
            })
            .collect())
    }

    fn row(&self, sequence: u64) -> Result<Row, LogError> {
        Ok(self.at(sequence))
    }

    fn sequences(&self) -> Result<Vec<u64>, LogError> {
        Ok((self.after()..=self.rows).collect())
    }

    fn segments(&self) -> Result<Vec<u64>, LogError> {
        Ok(Vec::new())
    }

    fn quarantined(&self) -> Result<Vec<u64>, LogError> {
        Ok(Vec::new())
    }

    fn segment(&self, _: u64) -> Result<Vec<Row>, LogError> {
        Ok(Vec::new())
    }
}

/// One character each at the end of the text as it was half as long: nothing can be joined.
fn scattered(sequence: u64) -> Vec<u8> {
    const STRUCTS: u64 = 1_000;
    let first = (sequence - 1) * STRUCTS;
    let mut out = vec![1];
    for number in [STRUCTS, 5, first] {
        write_number(&mut out, number);
    }
    for clock in first..first + STRUCTS {
        if clock == 0 {
            out.extend([4, 1]);
            write_bytes(&mut out, b"t");
        } else {
            out.push(0x84);
            write_number(&mut out, 5);
            write_number(&mut out, clock / 2);
        }
        write_bytes(&mut out, b"x");
    }
    out.push(0);
    out
}

/// A file of half a megabyte.
fn file(sequence: u64) -> Vec<u8> {
    let mut out = vec![1, 1];
    for number in [5, sequence - 1] {
        write_number(&mut out, number);
    }
    out.extend([0x23, 1]);
    write_bytes(&mut out, b"files");
    write_bytes(&mut out, sequence.to_string().as_bytes());
    write_bytes(&mut out, &vec![sequence as u8; MB / 2]);
    out.push(0);
    out
}

/// A file that is deleted in the row that brings it: nothing of it stays in a snapshot.
fn deleted_file(sequence: u64) -> Vec<u8> {
    let mut out = file(sequence);
    out.pop();
    out.extend([1, 5, 1]);
    write_number(&mut out, sequence - 1);
    out.push(1);
    out
}

/// The most bytes that `work` had at a time, beyond what was there before.
fn peak_of<R>(work: impl FnOnce() -> R) -> (R, usize) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let returned = work();
    (returned, MEMORY.peak_usage() - before)
}

/// Alarms until the room asks for no other. Returns how many compactions there were.
fn compact(log: &Generated) -> (u32, usize) {
    let mut room = log.room();
    let (mut compactions, mut highest) = (0, 0);
    loop {
        let (outputs, peak) = peak_of(|| room.handle(NOW, Input::Alarm, log));
        highest = highest.max(peak);
        let mut next = false;
        for output in outputs {
            match output {
                Output::Compact { snapshot, .. } => {
                    compactions += 1;
                    *log.snapshot.borrow_mut() = Some(snapshot);
                }
                Output::SetAlarm(_) => next = true,
                Output::Tell(_) | Output::Report(_) => {}
                other => panic!("{other:?}"),
            }
        }
        if !next {
            return (compactions, highest);
        }
    }
}

/// The size of the document for someone who joins, and what that costs.
fn join(log: &Generated) -> (usize, usize) {
    let mut room = log.room();
    let session = room.next_session();
    let _ = room.handle(
        NOW,
        Input::Connect {
            session,
            dialect: Dialect::Native,
            carrier: Carrier::Socket,
            trace: None,
            access: &Access::of_everyone(Role::Owner),
        },
        log,
    );
    let hello = FromClient::Hello(Hello { protocol: 1, epoch: 0, sequence: 0, trace: None });
    let bytes = &native::encode_from_client(&hello).expect("a frame");
    let (outputs, peak) = peak_of(|| room.handle(NOW, Input::Frame { session, bytes }, log));
    let sent = outputs.iter().map(|output| match output {
        Output::Send { frame, .. } => frame.len(),
        _ => 0,
    });
    (sent.max().unwrap_or(0), peak)
}

// One test: what others allocate meanwhile would count.
#[test]
fn a_large_log_is_compacted_within_bounds_and_opens() {
    for (what, log, expected) in [
        ("scattered typing", Generated::new(300, 1_000, scattered), 1),
        ("too much scattered typing", Generated::new(800, 1_000, scattered), 1),
        ("files", Generated::new(20, 1, file), 1),
        ("too many files", Generated::new(50, 1, file), 1),
        ("deleted files", Generated::new(80, 1, deleted_file), 3),
    ] {
        let before = join(&log);
        let (compactions, peak) = compact(&log);
        let after = join(&log);
        println!(
            "{what}: a log of {} MB, {compactions} compactions with at most {} MB; joining takes \
             {} MB for {} MB, and {} MB for {} MB afterwards",
            log.bytes() / MB,
            peak / MB,
            before.1 / MB,
            before.0 / MB,
            after.1 / MB,
            after.0 / MB,
        );
        assert!(peak <= COMPACTION_BYTES_MAX, "{what}: {} MB", peak / MB);
        assert_eq!(compactions, expected, "{what}");
        assert!(after.0 <= before.0, "{what}: {} bytes, then {}", before.0, after.0);
    }
}
