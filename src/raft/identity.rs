//! Who this node is, for as long as its cluster lives: `node.json` in its data directory.
//!
//! A node id names one log for the whole life of a cluster. A node that has lost its log but goes on under its old id can
//! vote against what it has promised, so the file and the log must be found together or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::types::NodeId;
use crate::base::clock::Timestamp;
use crate::base::ids::random_uuid;

/// The file's name.
pub const FILE: &str = "node.json";

const FORMAT: u32 = 1;

/// The content of `node.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The version of this file's format and of everything beside it.
    pub format: u32,
    /// The cluster it belongs to.
    pub cluster_id: Uuid,
    /// Its number in the group; never reused.
    pub node_id: NodeId,
    /// Its name on the wire.
    pub uuid: Uuid,
    /// When it was made, as `xs:dateTime` in UTC. For people.
    pub created: String,
}

impl Identity {
    /// The first node of a new cluster.
    ///
    /// # Errors
    /// The operating system gives no randomness.
    pub fn found_cluster(node_id: NodeId) -> io::Result<Self> {
        let uuid = || random_uuid().map_err(io::Error::other);
        Ok(Self { format: FORMAT, cluster_id: uuid()?, node_id, uuid: uuid()?, created: Timestamp::now().to_xsd() })
    }

    /// A node that a cluster has taken in.
    pub fn joined(cluster_id: Uuid, node_id: NodeId, uuid: Uuid) -> Self {
        Self { format: FORMAT, cluster_id, node_id, uuid, created: Timestamp::now().to_xsd() }
    }

    /// What the log keeps of it, so that neither passes for another one's.
    pub fn mark(&self) -> Bytes {
        let node_id = self.node_id.to_be_bytes();
        [&self.uuid.as_bytes()[..], self.cluster_id.as_bytes(), &node_id].concat().into()
    }

    /// The same node in the cluster that this mark names; `None` if the mark is of another node.
    pub fn in_cluster_of(&self, mark: &[u8]) -> Option<Self> {
        let cluster_id = Uuid::from_slice(mark.get(16..32)?).ok()?;
        Some(Self { cluster_id, ..self.clone() }).filter(|identity| identity.mark() == mark)
    }

    /// The same node in a new cluster.
    ///
    /// # Errors
    /// The operating system gives no randomness.
    pub fn in_new_cluster(&self) -> io::Result<Self> {
        Ok(Self { cluster_id: random_uuid().map_err(io::Error::other)?, ..self.clone() })
    }

    /// Reads the file in `dir`, if there is one. Blocks.
    ///
    /// # Errors
    /// The disk failed, or the file is not understood.
    pub fn read(dir: &Path) -> io::Result<Option<Self>> {
        let text = match fs::read(dir.join(FILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let identity: Self = serde_json::from_slice(&text).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, format!("{FILE}: {e}")))?;
        if identity.format != FORMAT {
            let text = format!("{FILE}: format {} is not known to this release", identity.format);
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        Ok(Some(identity))
    }

    /// Writes the file into `dir`, durably and whole. Blocks.
    ///
    /// # Errors
    /// The disk failed.
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        let unfinished: PathBuf = dir.join("node.json.tmp");
        let mut file = File::create(&unfinished)?;
        file.write_all(&serde_json::to_vec_pretty(self).map_err(io::Error::other)?)?;
        file.sync_all()?;
        fs::rename(unfinished, dir.join(FILE))?;
        File::open(dir)?.sync_all()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_as_written() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Identity::read(dir.path()).unwrap(), None);
        let identity = Identity::found_cluster(7).unwrap();
        identity.write(dir.path()).unwrap();
        assert_eq!(Identity::read(dir.path()).unwrap(), Some(identity));
    }

    #[test]
    fn another_format_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let identity = Identity { format: 2, ..Identity::found_cluster(7).unwrap() };
        identity.write(dir.path()).unwrap();
        assert!(Identity::read(dir.path()).unwrap_err().to_string().contains("format 2"));
    }
}
