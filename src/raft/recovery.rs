//! What is left when a majority is gone for good: one node's log, made that of a new group.
//!
//! The new group has another cluster's id: whoever comes back of the old one is refused, and does not vote with it. What the lost
//! nodes had acknowledged without this one is lost, so the survivor whose log ends last is the one to take.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use openraft::EntryPayload;
use openraft::impls::BasicNode;
use uuid::Uuid;

use super::codec;
use super::data_dir::{DataDir, Engine, OpenError};
use super::engine::{Op, Order, Space};
use super::identity::Identity;
use super::log_store::{META_IDENTITY, META_RECOVERED};
use super::types::{LogId, Membership, NodeId};

/// How many entries are looked at in one go.
const STEP: usize = 512;

/// The data directory of a stopped node of a group, open.
pub struct Survivor {
    dir: PathBuf,
    data: DataDir,
    members: Membership,
    /// Its log is that of a new group already, its identity does not say so yet.
    half: bool,
}

impl Survivor {
    /// Opens it. Blocks.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(dir: &Path, engine: &Engine) -> Result<Self, OpenError> {
        let mut half = false;
        let data = DataDir::open_of(dir, engine, |known, recovered| {
            let (known, mark) = known.zip(recovered.identity.as_deref()).ok_or_else(|| OpenError::IdentityGone(dir.to_owned()))?;
            half = recovered.before.as_ref() == Some(&known.mark());
            let identity = if half { known.in_cluster_of(mark) } else { Some(known).filter(|known| known.mark() == mark) };
            identity.ok_or_else(|| OpenError::IdentityGone(dir.to_owned()))
        })?;
        let members = members(&data).map_err(|error| OpenError::disk(dir, error))?;
        if half && !members.voter_ids().eq([data.identity.node_id]) {
            return Err(OpenError::IdentityGone(dir.to_owned()));
        }
        Ok(Self { dir: dir.to_owned(), data, members, half })
    }

    /// Who it is.
    pub fn identity(&self) -> &Identity {
        &self.data.identity
    }

    /// Who votes, as far as it knows.
    pub fn voters(&self) -> Vec<NodeId> {
        self.members.voter_ids().collect()
    }

    /// Up to where it has everything: the end of its log, or of a snapshot that came in and has not taken the log's place yet.
    pub fn last(&self) -> Option<LogId> {
        let (log, snapshot) = (self.data.recovered.last(), covered(&self.data));
        if log.map(|id| id.index) < snapshot.map(|id| id.index) { snapshot } else { log }
    }

    /// Leaves everything as it is.
    ///
    /// # Errors
    /// The disk failed.
    pub async fn close(self) -> Result<(), OpenError> {
        self.data.writer.stop().await.map_err(|error| OpenError::disk(&self.dir, error))
    }

    /// Makes it the only voter of a new group, with all that is in its log, and says which. What was cut short is brought to its end.
    ///
    /// # Errors
    /// It needs nobody else, or it has nothing; or the disk failed.
    pub async fn recover(self) -> Result<Uuid, OpenError> {
        let disk = |error| OpenError::disk(&self.dir, error);
        let written = self.write().await;
        self.data.writer.stop().await.map_err(disk)?;
        let identity = written?;
        identity.write(&self.dir).map_err(disk)?;
        Ok(identity.cluster_id)
    }

    /// The log says so first, in one batch.
    async fn write(&self) -> Result<Identity, OpenError> {
        let (disk, identity) = (|error| OpenError::disk(&self.dir, error), self.identity());
        if self.half {
            return Ok(identity.clone());
        }
        let me = identity.node_id;
        if self.voters() == [me] {
            return Err(OpenError::NotRecovered(format!("node {me} is the only voter and needs nobody else: start it")));
        }
        let node = self.members.get_node(&me).cloned().unwrap_or_else(|| BasicNode::new(""));
        let last = self.last().ok_or_else(|| OpenError::NotRecovered(format!("node {me} has nothing to be recovered")))?;
        let mut ops = self.data.recovered.given_to(&BTreeMap::from([(me, node)]), me, last).map_err(disk)?;
        let renamed = identity.in_new_cluster().map_err(disk)?;
        ops.extend([(META_IDENTITY, &renamed), (META_RECOVERED, identity)].map(|(key, identity)| mark(key, identity)));
        self.data.writer.write(ops).await.map_err(disk)?;
        Ok(renamed)
    }
}

fn mark(key: u64, identity: &Identity) -> Op {
    Op::Put { space: Space::Meta, key, value: identity.mark() }
}

/// Up to where there is a snapshot.
fn covered(data: &DataDir) -> Option<LogId> {
    data.snapshots.newest().and_then(|kept| kept.meta.last_log_id)
}

/// The newest membership in the log beyond the snapshot, or else in the snapshot.
fn members(data: &DataDir) -> io::Result<Membership> {
    let mut keys = covered(data).map_or(0, |id| id.index + 1)..u64::MAX;
    loop {
        let entries = data.reader.range(Space::Log, keys.clone(), Order::Descending, STEP)?;
        let Some((first, _)) = entries.last() else {
            return Ok(data.snapshots.newest().map(|kept| kept.meta.last_membership.membership().clone()).unwrap_or_default());
        };
        keys.end = *first;
        for (index, bytes) in &entries {
            if let EntryPayload::Membership(members) = codec::decode_entry(*index, bytes)?.payload {
                return Ok(members);
            }
        }
    }
}
