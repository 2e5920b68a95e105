//! The state machine: the real state as a plain struct, published as in production, and told to the witness.

use std::io;
use std::sync::Arc;

use futures_util::{Stream, TryStreamExt};
use openraft::storage::{EntryResponder, RaftSnapshotBuilder, RaftStateMachine};
use openraft::{EntryPayload, Snapshot};

use super::disk::LogStore;
use super::gate::Gate;
use super::types::{Entry, LogId, SnapshotMeta, StoredMembership, Types};
use super::witness::Witness;
use crate::actors::Views;
use crate::raft::{Answer, Progress};
use crate::state::{Logged, State};

/// Every record of the state at an index.
pub type Records = Arc<Vec<(u8, Vec<u8>)>>;

/// A snapshot as it lies on disk.
#[derive(Clone)]
pub struct Kept {
    meta: SnapshotMeta,
    records: Records,
}

/// What the machine works with.
#[derive(Clone)]
pub struct Parts {
    /// Which host.
    pub host: usize,
    /// Its disk.
    pub store: LogStore,
    /// Where the state is published.
    pub views: Views,
    /// How far it is.
    pub progress: Progress,
    /// Off while the process is stopped.
    pub running: Gate,
    /// Who sees everything.
    pub witness: Witness,
}

/// See the module.
pub struct Machine {
    parts: Parts,
    state: State,
    meta: SnapshotMeta,
}

type Snapshotted = openraft::alias::SnapshotOf<Types, Records>;

impl Machine {
    /// Empty; openraft restores it from the newest snapshot and the log.
    pub fn new(parts: Parts) -> Self {
        Self { parts, state: State::default(), meta: SnapshotMeta::default() }
    }

    /// Applies, makes it visible; then the answer may go out.
    fn take(&mut self, entry: &Entry) -> Answer {
        let index = entry.log_id.index;
        let answer = match &entry.payload {
            EntryPayload::Blank => Answer::nothing(),
            EntryPayload::Membership(membership) => {
                self.meta.last_membership = StoredMembership::new(Some(entry.log_id), membership.clone());
                Answer::nothing()
            }
            EntryPayload::Normal(payload) => Answer(self.state.apply(index, Logged::decode(&payload.0).unwrap()).outcome),
        };
        self.meta.last_log_id = Some(entry.log_id);
        self.state.index = index;
        self.parts.witness.applied(self.parts.host, entry, &answer.0, &self.state);
        self.publish(index);
        answer
    }

    fn publish(&self, index: u64) {
        self.parts.views.store(Arc::new(self.state.clone()));
        self.parts.progress.reached(index);
    }
}

impl RaftStateMachine<Types> for Machine {
    type SnapshotData = Records;
    type SnapshotBuilder = Builder;

    async fn applied_state(&mut self) -> io::Result<(Option<LogId>, StoredMembership)> {
        Ok((self.meta.last_log_id, self.meta.last_membership.clone()))
    }

    async fn apply<S>(&mut self, mut entries: S) -> io::Result<()>
    where
        S: Stream<Item = io::Result<EntryResponder<Types>>> + Unpin + Send,
    {
        while let Some((entry, responder)) = entries.try_next().await? {
            self.parts.running.until(true).await;
            let answer = self.take(&entry);
            if let Some(responder) = responder {
                responder.send(answer);
            }
        }
        Ok(())
    }

    async fn get_snapshot_builder(&mut self) -> Builder {
        let kept = Kept { meta: self.meta.clone(), records: Arc::new(self.state.records().collect()) };
        Builder { kept, store: self.parts.store.clone() }
    }

    async fn install_snapshot(&mut self, meta: &SnapshotMeta, records: Records) -> io::Result<()> {
        if self.parts.store.kept()?.is_none_or(|kept| kept.meta != *meta) {
            self.parts.store.keep(Kept { meta: meta.clone(), records: Arc::clone(&records) }).await?;
        }
        let index = meta.last_log_id.map_or(0, |id| id.index);
        self.state = State { index, ..State::default() };
        records.iter().for_each(|(noun, record)| self.state.restore(*noun, record).unwrap());
        self.meta = meta.clone();
        self.parts.witness.installed(self.parts.host, &self.state);
        self.publish(index);
        Ok(())
    }

    async fn get_current_snapshot(&mut self) -> io::Result<Option<Snapshotted>> {
        Ok(self.parts.store.kept()?.map(|kept| Snapshot { meta: kept.meta, snapshot: kept.records }))
    }
}

/// Takes a snapshot to disk.
pub struct Builder {
    kept: Kept,
    store: LogStore,
}

impl RaftSnapshotBuilder<Types> for Builder {
    type SnapshotData = Records;

    async fn build_snapshot(&mut self) -> io::Result<Snapshotted> {
        self.store.keep(self.kept.clone()).await?;
        Ok(Snapshot { meta: self.kept.meta.clone(), snapshot: Arc::clone(&self.kept.records) })
    }
}
