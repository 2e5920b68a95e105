//! Which values are still to be read, and which can still be written.

use std::collections::HashMap;

use super::{Act, Cell, Operation, Outcome};

/// Stands for every value that nobody will read: they are all alike.
const UNREAD: u64 = u64::MAX;

/// Counts of the operations without a place, by value.
#[derive(Default)]
pub struct Tally {
    reads: HashMap<u64, usize>,
    writes: HashMap<u64, usize>,
}

impl Tally {
    /// Of these operations.
    pub fn new(operations: &[&Operation]) -> Self {
        let mut tally = Self::default();
        operations.iter().for_each(|operation| tally.add(operation));
        tally
    }

    /// The operation has no place any more.
    pub fn add(&mut self, operation: &Operation) {
        if let Some((counts, value)) = self.counts(operation) {
            *counts.entry(value).or_default() += 1;
        }
    }

    /// The operation has a place.
    pub fn remove(&mut self, operation: &Operation) {
        if let Some((counts, value)) = self.counts(operation) {
            *counts.entry(value).or_default() -= 1;
        }
    }

    /// Whether some value will be read that the cell does not hold and nobody can write.
    pub fn is_hopeless(&self, cell: Cell) -> bool {
        self.reads.keys().any(|value| cell != Some(*value) && self.is_missed(Some(*value)))
    }

    /// Whether this, once the cell holds something else, will be read and cannot be written again.
    pub fn is_missed(&self, cell: Cell) -> bool {
        cell.is_some_and(|value| self.is_read(value) && self.writes.get(&value).is_none_or(|count| *count == 0))
    }

    /// The cell, as far as it matters to what is to come.
    pub fn essence(&self, cell: Cell) -> Cell {
        cell.map(|value| if self.is_read(value) { value } else { UNREAD })
    }

    /// The act, as far as it matters to what is to come.
    pub fn essential(&self, act: Act) -> Act {
        let value = |value| if self.is_read(value) { value } else { UNREAD };
        match act {
            Act::Put(it) => Act::Put(value(it)),
            Act::Create(it) => Act::Create(value(it)),
            Act::Update(it) => Act::Update(value(it)),
            Act::Delete | Act::Get => act,
        }
    }

    fn is_read(&self, value: u64) -> bool {
        self.reads.get(&value).is_some_and(|count| *count > 0)
    }

    fn counts(&mut self, operation: &Operation) -> Option<(&mut HashMap<u64, usize>, u64)> {
        match (operation.outcome, operation.value()) {
            (Outcome::Read(Some(value)), _) => Some((&mut self.reads, value)),
            (Outcome::Done | Outcome::Unknown, Some(value)) => Some((&mut self.writes, value)),
            _ => None,
        }
    }
}
