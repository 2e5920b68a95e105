//! openraft's state machine over a [`Replica`]: committed entries go in, in order; answers and snapshots come out.
//!
//! The state lives in memory. What survives a restart is the newest snapshot and the log after it; openraft brings the two
//! together before the node takes part.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use futures_util::{FutureExt, Stream, TryStreamExt};
use openraft::storage::{EntryResponder, RaftSnapshotBuilder, RaftStateMachine};
use openraft::{EntryPayload, Snapshot};

use super::compaction::{Covered, Load};
use super::ledgers::{Laid, Ledgers};
use super::progress::Progress;
use super::snapshot::{Kept, SnapshotFile, SnapshotStore};
use super::types::{Answer, Entry, LogId, SnapshotMeta, StoredMembership, TypeConfig};
use super::writer::Writer;
use crate::actors::{Applied, Broken, Cut, Replica, Sequel};
use crate::telemetry::metrics::{APPLY_ENTRIES, APPLY_TIME, SNAPSHOT_TIME};

/// How many entries are applied before readers see them and answers go out.
const BATCH: usize = 1024;

/// What the parts of a node share.
pub struct Parts<R> {
    /// The state.
    pub replica: Arc<R>,
    /// The way to the disk.
    pub writer: Writer,
    /// The ledgers.
    pub ledgers: Ledgers,
    /// The snapshots.
    pub snapshots: Arc<SnapshotStore>,
    /// What has been applied since the last snapshot.
    pub load: Arc<Load>,
    /// How far the log is applied.
    pub progress: Progress,
}

impl<R> Clone for Parts<R> {
    fn clone(&self) -> Self {
        Self {
            replica: Arc::clone(&self.replica),
            writer: self.writer.clone(),
            ledgers: self.ledgers.clone(),
            snapshots: Arc::clone(&self.snapshots),
            load: Arc::clone(&self.load),
            progress: self.progress.clone(),
        }
    }
}

/// See the module.
pub struct StateMachine<R> {
    parts: Parts<R>,
    meta: SnapshotMeta,
}

type Snapshotted = openraft::alias::SnapshotOf<TypeConfig, SnapshotFile>;
type Responder = openraft::storage::ApplyResponder<TypeConfig>;

/// Entries that are taken together.
#[derive(Default)]
struct Drained {
    last: Option<LogId>,
    /// Proposals with whoever waits for their answer.
    proposals: Vec<(u64, Bytes)>,
    proposers: Vec<Option<Responder>>,
    /// Those who wait for entries that are not proposals.
    others: Vec<Responder>,
    entries: u64,
    bytes: u64,
}

impl<R: Replica> StateMachine<R> {
    /// Empty; openraft restores it from the newest snapshot and the log.
    pub fn new(parts: Parts<R>) -> Self {
        Self { parts, meta: SnapshotMeta::default() }
    }

    fn take(&mut self, drained: &mut Drained, (entry, responder): (Entry, Option<Responder>)) {
        match entry.payload {
            EntryPayload::Blank => drained.others.extend(responder),
            EntryPayload::Membership(membership) => {
                self.meta.last_membership = StoredMembership::new(Some(entry.log_id), membership);
                drained.others.extend(responder);
            }
            EntryPayload::Normal(payload) => {
                drained.bytes += payload.0.len() as u64;
                drained.proposals.push((entry.log_id.index, payload.0));
                drained.proposers.push(responder);
            }
        }
        self.meta.last_log_id = Some(entry.log_id);
        drained.last = Some(entry.log_id);
        drained.entries += 1;
    }

    /// Applies, makes it visible, then answers: whoever has an answer reads its effect.
    async fn settle(&self, drained: Drained) -> io::Result<()> {
        let Some(last) = drained.last else { return Ok(()) };
        let since = Instant::now();
        let Drained { proposals, proposers, others, .. } = drained;
        let (ledgers, progress) = (self.parts.ledgers.clone(), self.parts.progress.clone());
        let answers = Answers { ledgers, progress, upto: last.index, laid: Laid::default(), proposers, others, answers: Vec::new() };
        let laid = self.parts.replica.settle(proposals, last.index, answers).await.map_err(stop)?;
        APPLY_TIME.took(since.elapsed());
        APPLY_ENTRIES.record(drained.entries);
        self.parts.ledgers.queue(&self.parts.writer, laid).await?;
        self.parts.load.applied(drained.entries, drained.bytes);
        Ok(())
    }
}

/// What becomes of an applied batch: its ledger writes can be read when the rest of it can, and after that its answers go out.
struct Answers {
    ledgers: Ledgers,
    progress: Progress,
    upto: u64,
    laid: Laid,
    proposers: Vec<Option<Responder>>,
    others: Vec<Responder>,
    answers: Vec<(Responder, Answer)>,
}

impl Sequel for Answers {
    type Rest = Laid;

    fn applied(&mut self, applied: Vec<Applied>) {
        let mut puts = Vec::new();
        for (Applied { outcome, ledger, .. }, responder) in applied.into_iter().zip(self.proposers.drain(..)) {
            puts.extend(ledger);
            self.answers.extend(responder.map(|responder| (responder, Answer(outcome))));
        }
        self.laid = self.ledgers.lay(puts);
    }

    fn published(self) -> Laid {
        self.progress.reached(self.upto);
        let nothing = self.others.into_iter().map(|responder| (responder, Answer::nothing()));
        self.answers.into_iter().chain(nothing).for_each(|(responder, answer)| responder.send(answer));
        self.laid
    }
}

impl<R: Replica> RaftStateMachine<TypeConfig> for StateMachine<R> {
    type SnapshotData = SnapshotFile;
    type SnapshotBuilder = SnapshotBuilder<R>;

    async fn applied_state(&mut self) -> io::Result<(Option<LogId>, StoredMembership)> {
        Ok((self.meta.last_log_id, self.meta.last_membership.clone()))
    }

    async fn apply<S>(&mut self, mut entries: S) -> io::Result<()>
    where
        S: Stream<Item = io::Result<EntryResponder<TypeConfig>>> + Unpin + Send,
    {
        while let Some(first) = entries.try_next().await? {
            let mut drained = Drained::default();
            self.take(&mut drained, first);
            while drained.entries < BATCH as u64 {
                // Only what is there already: an answer must not wait for the next entry.
                let Some(Some(next)) = entries.try_next().now_or_never().transpose()? else { break };
                self.take(&mut drained, next);
            }
            self.settle(drained).await?;
        }
        Ok(())
    }

    async fn get_snapshot_builder(&mut self) -> SnapshotBuilder<R> {
        let cut = self.parts.replica.cut().await;
        SnapshotBuilder { parts: self.parts.clone(), meta: self.meta.clone(), covered: self.parts.load.cut(), cut: Mutex::new(Some(cut)) }
    }

    async fn install_snapshot(&mut self, meta: &SnapshotMeta, snapshot: SnapshotFile) -> io::Result<()> {
        let came = snapshot.ledgers().cloned();
        if let Some(came) = &came {
            self.parts.ledgers.take_in(&self.parts.writer, came.clone()).await?;
        }
        let store = Arc::clone(&self.parts.snapshots);
        let announced = meta.clone();
        let kept = blocking(move || take_over(&store, &announced, &snapshot)).await?;
        let index = meta.last_log_id.map_or(0, |id| id.index);
        restore(Arc::clone(&self.parts.replica), index, kept.file.clone()).await?;
        self.parts.progress.reached(index);
        self.meta = meta.clone();
        self.parts.load.installed(kept.file.size());
        match came {
            Some(came) => self.parts.ledgers.forget_others(&self.parts.writer, came).await,
            None => Ok(()),
        }
    }

    async fn get_current_snapshot(&mut self) -> io::Result<Option<Snapshotted>> {
        Ok(self.parts.snapshots.newest().map(snapshotted))
    }
}

/// Unpacks a snapshot into the replica, off the workers.
async fn restore<R: Replica>(replica: Arc<R>, index: u64, file: SnapshotFile) -> io::Result<()> {
    let runtime = tokio::runtime::Handle::current();
    blocking(move || {
        let records = file.records()?.map(|record| record.map_err(|error| Broken(error.to_string())));
        runtime.block_on(replica.restore(index, records)).map_err(stop)
    })
    .await
}

/// The snapshot as our newest one: as it is when it is that already (a restart), else copied in (it came from a leader).
fn take_over(store: &SnapshotStore, meta: &SnapshotMeta, snapshot: &SnapshotFile) -> io::Result<Kept> {
    match store.newest() {
        Some(newest) if newest.meta == *meta => Ok(newest),
        _ => store.publish(store.adopt(meta, snapshot)?),
    }
}

fn snapshotted(kept: Kept) -> Snapshotted {
    Snapshot { meta: kept.meta, snapshot: kept.file }
}

/// Writes a cut to a file while applies go on.
pub struct SnapshotBuilder<R: Replica> {
    parts: Parts<R>,
    meta: SnapshotMeta,
    covered: Covered,
    /// Taken by the one snapshot it makes; the lock is for the sake of `Sync` alone.
    cut: Mutex<Option<Result<R::Cut, Broken>>>,
}

impl<R: Replica> RaftSnapshotBuilder<TypeConfig> for SnapshotBuilder<R> {
    type SnapshotData = SnapshotFile;

    async fn build_snapshot(&mut self) -> io::Result<Snapshotted> {
        let since = Instant::now();
        let cut = self.cut.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let cut = cut.ok_or_else(|| io::Error::other("a cut makes one snapshot"))?.map_err(stop)?;
        let (store, meta) = (Arc::clone(&self.parts.snapshots), self.meta.clone());
        let finished = blocking(move || store.write(&meta, cut.records())).await?;
        // The log up to here may be purged once the snapshot counts, so the ledgers must be durable up to here first.
        self.parts.writer.barrier().await?;
        let store = Arc::clone(&self.parts.snapshots);
        let kept = blocking(move || store.publish(finished)).await?;
        self.parts.load.taken(self.covered, kept.file.size());
        SNAPSHOT_TIME.took(since.elapsed());
        Ok(snapshotted(kept))
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

fn stop(broken: Broken) -> io::Error {
    tracing::error!(%broken, "a broken invariant; this node stops");
    io::Error::other(broken)
}
