//! What clients asked and were told, and whether some order of single acts explains it.
//!
//! Every key is a cell of its own: a property is put, deleted and read; a user is created, updated, deleted and read; a room
//! is put like a property. Since acts on one key say nothing of another, each key is judged alone.

mod checker;
mod explain;
mod tally;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// What a key holds; nothing, where it does not exist. Every write has a value of its own.
pub type Cell = Option<u64>;

/// What a client wants done to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// Make it hold this, whatever it held.
    Put(u64),
    /// Make it hold this if it does not exist.
    Create(u64),
    /// Make it hold this if it exists.
    Update(u64),
    /// Take it away if it exists.
    Delete,
    /// Tell what it holds.
    Get,
}

/// What a client was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It is done.
    Done,
    /// It was not done, since the key exists, or does not.
    Refused,
    /// The key held this.
    Read(Cell),
    /// Nothing certain: it may have been done, may still be done, or never.
    Unknown,
}

/// One request of a client with what became of it. A request that certainly had no effect and told nothing is no operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Of which key.
    pub key: String,
    /// Who asked.
    pub client: usize,
    /// What was asked.
    pub act: Act,
    /// What was told.
    pub outcome: Outcome,
    /// When it was asked, on the clock that all clients share.
    pub from: Duration,
    /// When the answer was there; of no meaning where the outcome is unknown.
    pub to: Duration,
    /// The nodes that were asked, in turn.
    pub via: Vec<usize>,
}

/// Operations of many clients on many keys.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// In any order.
    pub operations: Vec<Operation>,
}

/// Whether a history can be explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is an order of single acts, each between question and answer, that gives every answer.
    Linearizable,
    /// There is none; the text shows where it breaks.
    NotLinearizable(String),
    /// The search took more steps than it was given; the text names the key.
    Unknown(String),
}

/// The specification: what an act does to a cell and what it tells.
pub fn perform(cell: Cell, act: Act) -> (Cell, Outcome) {
    match (act, cell) {
        (Act::Put(value), _) | (Act::Create(value), None) | (Act::Update(value), Some(_)) => (Some(value), Outcome::Done),
        (Act::Delete, Some(_)) => (None, Outcome::Done),
        (Act::Create(_), Some(_)) | (Act::Update(_) | Act::Delete, None) => (cell, Outcome::Refused),
        (Act::Get, _) => (cell, Outcome::Read(cell)),
    }
}

impl Operation {
    /// What the cell holds after this operation, if it can come next; an operation of unknown outcome always can.
    fn follow(&self, cell: Cell) -> Option<Cell> {
        let (next, outcome) = perform(cell, self.act);
        (self.outcome == Outcome::Unknown || self.outcome == outcome).then_some(next)
    }

    /// What it writes.
    pub fn value(&self) -> Option<u64> {
        match self.act {
            Act::Put(value) | Act::Create(value) | Act::Update(value) => Some(value),
            Act::Delete | Act::Get => None,
        }
    }
}

impl History {
    /// Judges every key, each within so many steps of search.
    pub fn check(&self, steps: u64) -> Verdict {
        let mut doubt = Verdict::Linearizable;
        for (key, operations) in self.by_key() {
            match checker::explained(&operations, steps) {
                Some(true) => {}
                Some(false) => return Verdict::NotLinearizable(explain::explain(key, &operations, steps)),
                None => doubt = Verdict::Unknown(format!("{key}: {} operations, no verdict after {steps} steps", operations.len())),
            }
        }
        doubt
    }

    /// Settles operations of unknown outcome by what is known from elsewhere: done at some time, or never; `None` leaves it.
    pub fn settle(&mut self, known: impl Fn(&Operation) -> Option<bool>) {
        self.operations.retain_mut(|operation| {
            let found = if operation.outcome == Outcome::Unknown { known(operation) } else { None };
            if found == Some(true) {
                (operation.outcome, operation.to) = (Outcome::Done, Duration::MAX);
            }
            found != Some(false)
        });
    }

    fn by_key(&self) -> BTreeMap<&str, Vec<&Operation>> {
        let mut keys = BTreeMap::<_, Vec<_>>::new();
        for operation in &self.operations {
            keys.entry(operation.key.as_str()).or_default().push(operation);
        }
        keys
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let until = if self.outcome == Outcome::Unknown || self.to == Duration::MAX { "...".into() } else { format!("{:.6}", self.to.as_secs_f64()) };
        let (from, client) = (self.from.as_secs_f64(), self.client);
        write!(f, "{from:12.6} to {until:>12} s, client {client:2} by nodes {:?}: {:?} -> {:?}", self.via, self.act, self.outcome)
    }
}
