//! Tests of the floor as a whole, with a small replica.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod crash;
mod install;
mod journal;
mod model;
mod network;
mod node;
mod recovery;
mod redb;
mod refusals;
mod sled;
mod suite;
mod writer;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use openraft::EntryPayload;

use super::compaction::{Load, Rule};
use super::engine::{LedgerReader, LogEngine};
use super::ledgers::Ledgers;
use super::log_store::{LogStore, Recovered, Room};
use super::progress::Progress;
use super::snapshot::SnapshotStore;
use super::state_machine::{Parts, StateMachine};
use super::types::{Entry, LeaderId, LogId, Payload, Vote};
use super::writer::Writer;
use crate::actors::{Applied, Broken, Cut, Replica};
use crate::state::{Ledger, LedgerPut, Reply};

/// Remembers the newest value of each key, and the index that brought it. The first byte of a payload is the key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    index: u64,
    applied: u64,
    map: BTreeMap<u8, (u64, Vec<u8>)>,
}

#[derive(Default)]
pub struct TestReplica {
    values: Mutex<Values>,
    published: Mutex<Values>,
    publishes: Mutex<Vec<u64>>,
}

/// A payload the replica takes for a broken invariant.
const BREAKS: u8 = 255;

impl TestReplica {
    fn seen(&self) -> Values {
        self.published.lock().unwrap().clone()
    }
}

impl Cut for Values {
    fn records(&self) -> Box<dyn Iterator<Item = (u8, Vec<u8>)> + Send + '_> {
        let applied = std::iter::once((1, self.applied.to_be_bytes().to_vec()));
        let values = self.map.iter().map(|(key, (index, value))| {
            let mut record = vec![*key];
            record.extend(index.to_be_bytes());
            record.extend(value);
            (2, record)
        });
        Box::new(applied.chain(values))
    }
}

impl Replica for TestReplica {
    type Cut = Values;

    async fn apply(&self, index: u64, payload: &[u8]) -> Result<Applied, Broken> {
        let mut values = self.values.lock().unwrap();
        let (key, value) = payload.split_first().ok_or_else(|| Broken("empty".to_owned()))?;
        if *key == BREAKS || (values.index > 0 && index <= values.index) {
            return Err(Broken(format!("entry {index} after {}", values.index)));
        }
        values.index = index;
        values.applied += 1;
        values.map.insert(*key, (index, value.to_vec()));
        let ledger = vec![LedgerPut { ledger: Ledger::Audit, key: index, value: Some(payload.to_vec()) }];
        Ok(Applied { outcome: Ok(Reply::Count(index)), events: Vec::new(), ledger })
    }

    async fn publish(&self, index: u64) -> Result<(), Broken> {
        *self.published.lock().unwrap() = self.values.lock().unwrap().clone();
        self.publishes.lock().unwrap().push(index);
        Ok(())
    }

    fn audited(&self) -> u64 {
        self.published.lock().unwrap().index + 1
    }

    async fn cut(&self) -> Result<Values, Broken> {
        Ok(self.values.lock().unwrap().clone())
    }

    async fn restore(&self, index: u64, records: impl Iterator<Item = Result<(u8, Vec<u8>), Broken>> + Send) -> Result<(), Broken> {
        let mut restored = Values { index, ..Values::default() };
        for record in records {
            match record? {
                (1, record) => restored.applied = u64::from_be_bytes(record[..].try_into().unwrap()),
                (2, record) => {
                    let at = u64::from_be_bytes(record[1..9].try_into().unwrap());
                    restored.map.insert(record[0], (at, record[9..].to_vec()));
                }
                (noun, _) => return Err(Broken(format!("noun {noun}"))),
            }
        }
        *self.values.lock().unwrap() = restored.clone();
        *self.published.lock().unwrap() = restored;
        Ok(())
    }
}

/// The parts of a store, without a Raft on top.
pub struct Stack {
    writer: Writer,
    reader: Arc<dyn LedgerReader>,
    log: LogStore,
    machine: StateMachine<TestReplica>,
}

async fn stack(engine: impl LogEngine, snapshots: &Path, room: Room) -> io::Result<Stack> {
    let reader = engine.reader();
    let recovered = Recovered::read(&*reader, room)?;
    let writer = Writer::start(engine)?;
    let log = LogStore::open(recovered, Arc::clone(&reader), writer.clone()).await?;
    let machine = StateMachine::new(Parts {
        replica: Arc::new(TestReplica::default()),
        writer: writer.clone(),
        ledgers: Ledgers::new(Arc::clone(&reader)),
        snapshots: Arc::new(SnapshotStore::open(snapshots)?),
        load: Arc::new(Load::new(Rule::default())),
        progress: Progress::default(),
    });
    Ok(Stack { writer, reader, log, machine })
}

/// Small numbers from a seed (splitmix64), so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}

fn log_id(term: u64, index: u64) -> LogId {
    LogId { leader_id: LeaderId { term, node_id: 1 }, index }
}

fn entry(term: u64, index: u64, bytes: Vec<u8>) -> Entry {
    Entry { log_id: log_id(term, index), payload: EntryPayload::Normal(Payload(bytes.into())) }
}

fn vote(term: u64) -> Vote {
    Vote::new_committed(term, 1)
}
