//! The newest entries in memory, so that replication and applying do not touch the disk.

use std::collections::VecDeque;
use std::ops::Range;

use openraft::EntryPayload;

use crate::raft::types::Entry;

/// How much is kept in memory.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Most entries.
    pub entries: usize,
    /// Most bytes.
    pub bytes: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { entries: 100_000, bytes: 64 * 1024 * 1024 }
    }
}

/// The end of the log. An entry leaves it when room is short, but never before the engine has it.
#[derive(Debug)]
pub struct Tail {
    entries: VecDeque<Entry>,
    /// Index of the first entry kept, or of the next to come.
    start: u64,
    bytes: usize,
    /// Entries below this index can be read from the engine.
    written: u64,
    room: Room,
}

impl Tail {
    /// Empty, waiting for the entry at `next`; all before it are in the engine.
    pub fn new(next: u64, room: Room) -> Self {
        Self { entries: VecDeque::new(), start: next, bytes: 0, written: next, room }
    }

    /// Index of the first entry kept, or of the next to come.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Adds the next entry. To an empty tail it may be any.
    pub fn push(&mut self, entry: Entry) {
        if self.entries.is_empty() {
            self.start = entry.log_id.index;
        }
        self.bytes += weight(&entry);
        self.entries.push_back(entry);
    }

    /// Notes that the engine has all entries below `end`, and makes room.
    pub fn written(&mut self, end: u64) {
        self.written = self.written.max(end);
        while (self.entries.len() > self.room.entries || self.bytes > self.room.bytes) && self.start < self.written {
            self.pop_front();
        }
    }

    /// Forgets the entries from `from` on.
    pub fn truncate(&mut self, from: u64) {
        while self.start + self.entries.len() as u64 > from {
            match self.entries.pop_back() {
                Some(entry) => self.bytes -= weight(&entry),
                None => break,
            }
        }
        self.start = self.start.min(from);
        self.written = self.written.min(from);
    }

    /// Forgets the entries before `first`.
    pub fn drop_before(&mut self, first: u64) {
        while self.start < first && !self.entries.is_empty() {
            self.pop_front();
        }
        self.start = self.start.max(first);
        self.written = self.written.max(first);
    }

    /// The entries of `range` that are kept, in order, until they weigh more than `budget` bytes; at least one.
    pub fn get(&self, range: Range<u64>, budget: usize) -> Vec<Entry> {
        let mut left = budget;
        let from = usize::try_from(range.start.saturating_sub(self.start)).unwrap_or(usize::MAX);
        let count = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        for entry in self.entries.iter().skip(from).take(count) {
            let weight = weight(entry);
            if weight > left && !found.is_empty() {
                break;
            }
            left = left.saturating_sub(weight);
            found.push(entry.clone());
        }
        found
    }

    fn pop_front(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            self.bytes -= weight(&entry);
            self.start += 1;
        }
    }
}

/// About how many bytes an entry takes.
pub fn weight(entry: &Entry) -> usize {
    let content = match &entry.payload {
        EntryPayload::Blank => 0,
        EntryPayload::Normal(payload) => payload.0.len(),
        EntryPayload::Membership(membership) => 64 * membership.nodes().count(),
    };
    64 + content
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::raft::types::{LeaderId, LogId, Payload};

    fn entry(index: u64, size: usize) -> Entry {
        let log_id = LogId { leader_id: LeaderId { term: 1, node_id: 1 }, index };
        Entry { log_id, payload: EntryPayload::Normal(Payload(vec![0; size].into())) }
    }

    fn indexes(entries: &[Entry]) -> Vec<u64> {
        entries.iter().map(|e| e.log_id.index).collect()
    }

    #[test]
    fn nothing_leaves_before_it_is_written() {
        let mut tail = Tail::new(0, Room { entries: 2, bytes: 1 << 20 });
        (0..5).for_each(|i| tail.push(entry(i, 10)));
        assert_eq!(tail.start(), 0);
        tail.written(2);
        assert_eq!(tail.start(), 2);
        tail.written(5);
        assert_eq!(tail.start(), 3);
        assert_eq!(indexes(&tail.get(3..9, 1 << 20)), [3, 4]);
    }

    #[test]
    fn bytes_are_bounded_too() {
        let mut tail = Tail::new(0, Room { entries: 100, bytes: 2500 });
        (0..5).for_each(|i| tail.push(entry(i, 1000)));
        tail.written(5);
        assert_eq!(tail.start(), 3);
    }

    #[test]
    fn a_budget_still_gives_one() {
        let mut tail = Tail::new(7, Room::default());
        (7..12).for_each(|i| tail.push(entry(i, 100)));
        assert_eq!(indexes(&tail.get(8..12, 1)), [8]);
        assert_eq!(indexes(&tail.get(8..12, 400)), [8, 9]);
    }

    #[test]
    fn truncated_entries_count_as_unwritten_again() {
        let mut tail = Tail::new(0, Room { entries: 1, bytes: 1 << 20 });
        (0..4).for_each(|i| tail.push(entry(i, 1)));
        tail.written(4);
        tail.truncate(3);
        tail.push(entry(3, 1));
        tail.push(entry(4, 1));
        tail.written(0);
        assert_eq!(tail.start(), 3, "3 has not been written again");
    }

    #[test]
    fn dropping_and_truncating_everything_leaves_the_next_index() {
        let mut tail = Tail::new(0, Room::default());
        (0..4).for_each(|i| tail.push(entry(i, 1)));
        tail.drop_before(9);
        assert_eq!((tail.start(), tail.get(0..20, 1 << 20).len()), (9, 0));
        tail.truncate(2);
        assert_eq!(tail.start(), 2);
    }
}
