//! The security audit log: reading it, and checking its chain.

use std::io;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::raft::{LedgerReader, Order, Space};
use crate::state::State;
use crate::state::audit::{Audit, Entry};

use super::{Fault, Hearth};

/// How many entries are read from the disk at a time.
const CHUNK: usize = 512;
/// How many entries one question may look at; a question for fewer of a longer log names a time.
pub const LOOKED_AT: usize = 200_000;
/// How many questions are answered at a time; each keeps a thread busy.
const AT_A_TIME: usize = 4;
/// How far the clocks of nodes may be apart, in milliseconds. Entries are in order of the log, which is that of time but for
/// this much.
const SKEW: i64 = 3_600_000;

static READERS: Semaphore = Semaphore::const_new(AT_A_TIME);

/// Which entries are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Only those about acts of this user.
    pub username: Option<String>,
    /// Only those at or after this time, in milliseconds since the epoch.
    pub from: Option<i64>,
    /// Only those at or before this time, in milliseconds since the epoch.
    pub to: Option<i64>,
    /// How many of them to skip.
    pub offset: usize,
    /// How many of them to give at most.
    pub limit: usize,
}

/// Why the log could not be read.
#[derive(Debug, thiserror::Error)]
pub enum AuditFault {
    /// More than [`LOOKED_AT`] entries would have to be looked at.
    #[error("more than {LOOKED_AT} entries would have to be read; ask for a shorter time")]
    TooMuch,
    /// The disk failed, or what is on it is not what was written.
    #[error("the audit log cannot be read: {0}")]
    Damaged(#[from] io::Error),
}

impl Hearth {
    /// The entries of `state`'s log that are wanted, newest first.
    ///
    /// # Errors
    /// `Ok(Err(_))` when the log cannot be read; a [`Fault`] when this node cannot try.
    pub async fn audit_entries(&self, state: &State, wanted: Wanted) -> Result<Result<Vec<Entry>, AuditFault>, Fault> {
        let _turn = READERS.acquire().await.map_err(|e| Fault::Internal(e.to_string()))?;
        let (ledger, last) = (Arc::clone(&self.parts.ledgers), state.audit.last());
        let read = tokio::task::spawn_blocking(move || read(ledger.as_ref(), last, &wanted));
        read.await.map_err(|e| Fault::Internal(e.to_string()))
    }
}

/// The newest entries up to number `last` that are wanted, newest first.
///
/// # Errors
/// See [`AuditFault`].
pub fn read(ledger: &dyn LedgerReader, last: u64, wanted: &Wanted) -> Result<Vec<Entry>, AuditFault> {
    read_within(LOOKED_AT, ledger, last, wanted)
}

fn read_within(most: usize, ledger: &dyn LedgerReader, last: u64, wanted: &Wanted) -> Result<Vec<Entry>, AuditFault> {
    if wanted.limit == 0 {
        return Ok(Vec::new());
    }
    let (mut next, mut skip) = (newest(ledger, last, wanted.to)?, wanted.offset);
    if wanted.username.is_none() && wanted.from.is_none() && wanted.to.is_none() {
        next = next.saturating_sub(skip as u64);
        skip = 0;
    }
    let (mut found, mut looked) = (Vec::new(), 0);
    while next > 0 {
        let entries = chunk(ledger, next)?;
        for entry in entries {
            next = entry.id - 1;
            if wanted.from.is_some_and(|from| entry.at.millis() < from.saturating_sub(SKEW)) {
                return Ok(found);
            }
            looked += 1;
            if looked > most {
                return Err(AuditFault::TooMuch);
            }
            if !wanted.has(&entry) {
                continue;
            }
            if skip > 0 {
                skip -= 1;
                continue;
            }
            found.push(entry);
            if found.len() == wanted.limit {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

impl Wanted {
    fn has(&self, entry: &Entry) -> bool {
        let at = entry.at.millis();
        self.username.as_ref().is_none_or(|name| *name == entry.draft.username)
            && self.from.is_none_or(|from| at >= from)
            && self.to.is_none_or(|to| at <= to)
    }
}

/// The entry to begin with: no later one, up to `last`, can be from `to` or before.
fn newest(ledger: &dyn LedgerReader, last: u64, to: Option<i64>) -> Result<u64, AuditFault> {
    let Some(to) = to else { return Ok(last) };
    let (mut low, mut high) = (0, last);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if one(ledger, middle)?.at.millis() <= to.saturating_add(SKEW) { low = middle } else { high = middle - 1 }
    }
    Ok(low)
}

fn one(ledger: &dyn LedgerReader, id: u64) -> Result<Entry, AuditFault> {
    let bytes = ledger.get(Space::Audit, id)?.ok_or_else(|| missing(id))?;
    decode(id, &bytes)
}

/// Entry number `newest` and the ones before it, newest first.
fn chunk(ledger: &dyn LedgerReader, newest: u64) -> Result<Vec<Entry>, AuditFault> {
    let oldest = newest.saturating_sub(CHUNK as u64 - 1).max(1);
    whole((oldest..=newest).rev(), ledger.range(Space::Audit, oldest..newest + 1, Order::Descending, CHUNK)?)
}

/// The entries of `ids`, all of them.
fn whole<B: AsRef<[u8]>>(ids: impl Iterator<Item = u64>, records: Vec<(u64, B)>) -> Result<Vec<Entry>, AuditFault> {
    let mut records = records.into_iter();
    let entry = |id| match records.next() {
        Some((key, bytes)) if key == id => decode(id, bytes.as_ref()),
        _ => Err(missing(id).into()),
    };
    ids.map(entry).collect()
}

fn decode(id: u64, bytes: &[u8]) -> Result<Entry, AuditFault> {
    let entry = Entry::decode(bytes).map_err(|e| damaged(format!("entry {id}: {e}")))?;
    if entry.id == id { Ok(entry) } else { Err(damaged(format!("entry {id} says that it is {}", entry.id)).into()) }
}

fn missing(id: u64) -> io::Error {
    damaged(format!("entry {id} is missing"))
}

fn damaged(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Walks over the whole log and checks that every entry follows from the one before it, up to the head that all nodes agree on;
/// how many entries there are.
///
/// # Errors
/// The first entry that is missing, damaged or not what was written.
pub fn verify(ledger: &dyn LedgerReader, head: &Audit) -> Result<u64, AuditFault> {
    let (mut previous, mut next) = ([0; 32], 1);
    while next <= head.last() {
        let end = head.last().min(next + CHUNK as u64 - 1);
        for entry in whole(next..=end, ledger.range(Space::Audit, next..end + 1, Order::Ascending, CHUNK)?)? {
            if !entry.follows(&previous) {
                return Err(damaged(format!("entry {} does not follow from the one before it", entry.id)).into());
            }
            previous = entry.hash;
        }
        next = end + 1;
    }
    if previous != *head.head() {
        return Err(damaged(format!("entry {} is not the head of the log", head.last())).into());
    }
    Ok(head.last())
}

#[cfg(test)]
mod tests;
