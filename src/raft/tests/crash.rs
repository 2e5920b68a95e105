//! The log store on a disk that fails at any sync and then loses power, against a model of what may be found.

use std::sync::{Arc, Mutex};

use openraft::storage::{IOFlushed, RaftLogReader, RaftLogStorage};
use openraft::type_config::TypeConfigExt;

use super::{Dice, Stack, entry, log_id, stack, vote};
use crate::raft::engine::{LedgerReader, LogEngine, MemoryDisk, Order, Space};
use crate::raft::ledgers::Ledgers;
use crate::raft::log_store::{LogStore, Room};
use crate::raft::types::{Entry, LogId, TypeConfig, Vote};
use crate::raft::writer::Job;
use crate::state::{Ledger, LedgerPut};

/// Everything a store keeps, in plain form.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    vote: Option<Vote>,
    committed: Option<LogId>,
    purged: Option<LogId>,
    last: Option<LogId>,
    entries: Vec<Entry>,
    audit: Vec<(u64, Vec<u8>)>,
}

impl Model {
    fn next(&self) -> u64 {
        self.last.map_or(0, |id| id.index + 1)
    }

    fn first(&self) -> u64 {
        self.purged.map_or(0, |id| id.index + 1)
    }

    fn term(&self) -> u64 {
        self.vote.map_or(1, |vote| vote.leader_id.term)
    }
}

/// What is found by asking a store.
pub async fn found(log: &LogStore, reader: &dyn LedgerReader) -> Model {
    let mut log = log.clone();
    let state = log.get_log_state().await.unwrap();
    let audit = reader.range(Space::Audit, 0..u64::MAX, Order::Ascending, usize::MAX).unwrap();
    Model {
        vote: log.read_vote().await.unwrap(),
        committed: log.read_committed().await.unwrap(),
        purged: state.last_purged_log_id,
        last: state.last_log_id,
        entries: log.try_get_log_entries(..).await.unwrap(),
        audit: audit.into_iter().map(|(key, value)| (key, value.to_vec())).collect(),
    }
}

/// A store under random use, with the model of it after each step and which steps it called durable.
pub struct Run {
    stack: Stack,
    ledgers: Ledgers,
    model: Model,
    pub states: Vec<Model>,
    durable: Arc<Mutex<usize>>,
}

impl Run {
    pub async fn new(engine: impl LogEngine, snapshots: &std::path::Path) -> Self {
        let stack = stack(engine, snapshots, Room { entries: 3, bytes: 1 << 20 }).await.unwrap();
        let model = found(&stack.log, &*stack.reader).await;
        let ledgers = Ledgers::new(Arc::clone(&stack.reader));
        Self { stack, ledgers, states: vec![model.clone()], model, durable: Arc::default() }
    }

    /// One random step; `false` once the store has failed.
    pub async fn step(&mut self, dice: &mut Dice) -> bool {
        let number = self.states.len();
        let ok = match dice.roll(10) {
            0 => self.vote().await,
            1 => self.commit().await,
            2 => self.purge(dice).await,
            3 => self.truncate(dice).await,
            4 | 5 => self.ledger(dice).await,
            _ => self.append(dice, number).await,
        };
        if let Some(durable) = ok
            && durable
        {
            self.note(number);
        }
        ok.is_some()
    }

    fn note(&self, number: usize) {
        let mut durable = self.durable.lock().unwrap();
        *durable = (*durable).max(number);
    }

    pub fn durable(&self) -> usize {
        *self.durable.lock().unwrap()
    }

    pub async fn barrier(&self) -> bool {
        let number = self.states.len() - 1;
        let ok = self.stack.writer.barrier().await.is_ok();
        if ok {
            self.note(number);
        }
        ok
    }

    /// Waits until the writer has nothing to do, without making anything durable that was not.
    pub async fn idle(&self) {
        let (tell, told) = tokio::sync::oneshot::channel();
        let done = Box::new(move |_| tell.send(()).unwrap());
        self.stack.writer.submit(Job { ops: Vec::new(), durable: false, written: None, done: Some(done) }).await.unwrap();
        told.await.unwrap();
    }

    /// What a reader of the running store sees.
    pub async fn seen(&self) -> Model {
        found(&self.stack.log, &self.ledgers).await
    }

    pub async fn stop(self) {
        let _ = self.stack.writer.stop().await;
    }

    fn change(&mut self, change: impl FnOnce(&mut Model)) {
        change(&mut self.model);
        self.states.push(self.model.clone());
    }

    async fn vote(&mut self) -> Option<bool> {
        let next = vote(self.model.term() + 1);
        self.change(|m| m.vote = Some(next));
        self.stack.log.save_vote(&next).await.ok().map(|()| true)
    }

    async fn commit(&mut self) -> Option<bool> {
        let committed = self.model.last;
        self.change(|m| m.committed = committed);
        self.stack.log.save_committed(committed).await.ok().map(|()| false)
    }

    async fn purge(&mut self, dice: &mut Dice) -> Option<bool> {
        let index = self.model.first() + dice.roll(5);
        let upto = self.model.entries.iter().map(|e| e.log_id).find(|id| id.index == index)?;
        self.change(|m| {
            m.purged = Some(upto);
            m.entries.retain(|e| e.log_id.index > index);
        });
        self.stack.log.purge(upto).await.ok().map(|()| false)
    }

    async fn truncate(&mut self, dice: &mut Dice) -> Option<bool> {
        let kept = self.model.entries.len().saturating_sub(1 + usize::try_from(dice.roll(4)).unwrap());
        // Truncating nothing touches no disk, and so makes nothing durable either.
        let touches = kept < self.model.entries.len();
        let last = kept.checked_sub(1).map_or(self.model.purged, |at| Some(self.model.entries[at].log_id));
        self.change(|m| {
            m.entries.truncate(kept);
            m.last = last;
        });
        self.stack.log.truncate_after(last).await.ok().map(|()| touches)
    }

    async fn ledger(&mut self, dice: &mut Dice) -> Option<bool> {
        let key = dice.roll(20);
        let value = (dice.roll(4) > 0).then(|| vec![u8::try_from(dice.roll(256)).unwrap(); 3]);
        let put = LedgerPut { ledger: Ledger::Audit, key, value: value.clone() };
        self.change(|m| {
            m.audit.retain(|(k, _)| *k != key);
            m.audit.extend(value.map(|value| (key, value)));
            m.audit.sort();
        });
        self.ledgers.queue(&self.stack.writer, self.ledgers.lay(vec![put])).await.ok().map(|()| false)
    }

    async fn append(&mut self, dice: &mut Dice, number: usize) -> Option<bool> {
        let (term, first) = (self.model.term(), self.model.next());
        let count = 1 + dice.roll(4);
        let size = if dice.roll(20) == 0 { 150_000 } else { 10 };
        let entries: Vec<_> = (first..first + count).map(|index| entry(term, index, vec![u8::try_from(index % 251).unwrap(); size])).collect();
        self.change(|m| {
            m.last = Some(log_id(term, first + count - 1));
            m.entries.extend(entries.clone());
        });
        let (tell, told) = TypeConfig::oneshot();
        self.stack.log.append(entries, IOFlushed::signal(tell)).await.ok()?;
        if dice.roll(2) == 0 {
            // Waits for this one; others complete whenever.
            return told.await.unwrap().ok().map(|()| true);
        }
        let durable = Arc::clone(&self.durable);
        tokio::spawn(async move {
            if matches!(told.await, Ok(Ok(()))) {
                let mut durable = durable.lock().unwrap();
                *durable = (*durable).max(number);
            }
        });
        Some(false)
    }
}

/// At every sync the disk may fail; after it, with any number of unsynced batches kept, exactly one state of the model is
/// found, and never one older than what was called durable.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_at_any_sync_finds_one_state_no_older_than_what_was_durable() {
    let dir = tempfile::tempdir().unwrap();
    let mut failures = 0;
    for seed in 0..12 {
        for nth in 0..40 {
            let disk = MemoryDisk::new();
            let mut run = Run::new(disk.open().unwrap(), dir.path()).await;
            if nth % 2 == 0 {
                disk.fail_sync(nth / 2)
            } else {
                disk.fail_write(nth / 2)
            }
            let mut dice = Dice(seed * 1000 + nth);
            for _ in 0..60 {
                let seen = run.seen().await;
                assert_eq!(seen, *run.states.last().unwrap(), "seed {seed} nth {nth}: a running store answers at once");
                if !run.step(&mut dice).await && disk.syncs().max(disk.writes()) > nth / 2 {
                    break;
                }
            }
            failures += usize::from(!run.barrier().await);
            disk.crash(usize::try_from(dice.roll(4)).unwrap());
            let (states, durable) = (run.states.clone(), run.durable());
            run.stop().await;

            let again = stack(disk.open().unwrap(), dir.path(), Room::default()).await.unwrap();
            let found = found(&again.log, &*again.reader).await;
            assert!(
                states[durable..].contains(&found),
                "seed {seed} nth {nth}: found {found:?}\nwhich is none of the states since the last durable one, {:?}",
                states[durable]
            );
        }
    }
    assert!(failures > 100, "the disk failed only {failures} times: the test would prove little");
}

#[tokio::test]
async fn a_log_with_a_hole_or_a_damaged_entry_is_refused() {
    use crate::raft::engine::{Batch, Op};
    let dir = tempfile::tempdir().unwrap();
    let run = |bad: Op| async {
        let disk = MemoryDisk::new();
        let mut stack = stack(disk.open().unwrap(), dir.path(), Room::default()).await.unwrap();
        let entries: Vec<_> = (0..10).map(|index| entry(1, index, vec![7])).collect();
        stack.log.append(entries, IOFlushed::noop()).await.unwrap();
        stack.writer.stop().await.unwrap();
        let mut engine = disk.open().unwrap();
        engine.write(Batch { ops: vec![bad] }).unwrap();
        crate::raft::log_store::Recovered::read(&*engine.reader(), Room::default()).err().map(|e| e.to_string())
    };
    let hole = run(Op::Delete { space: Space::Log, key: 4 }).await.unwrap();
    assert!(hole.contains("entries 4 to 4 are missing"), "{hole}");
    let bad = run(Op::Put { space: Space::Log, key: 4, value: "rubbish".into() }).await.unwrap();
    assert!(bad.contains("damaged"), "{bad}");
    assert_eq!(run(Op::Delete { space: Space::Audit, key: 4 }).await, None);
}
