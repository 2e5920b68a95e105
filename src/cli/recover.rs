//! `hearth recover`

use std::path::PathBuf;

use clap::Args;

use crate::config::Store;
use crate::raft::{Engine, LogId, NodeId, Survivor};

use super::{Failure, say};

/// Makes what one stopped node has the whole of a new cluster.
///
/// For when a majority of a cluster is gone for good: what is left can then neither write nor change its members. Compare all
/// survivors first, and take the one whose log ends last, by term, then by the number of the node that led, then by index: what the
/// lost nodes had acknowledged and it does not have is lost. Of the other nodes none may run on: their data is of the old cluster,
/// which the new one refuses. Move their data directories away, and let them join anew.
#[derive(Args, Debug)]
pub struct Recover {
    /// The data directory.
    #[arg(long, value_name = "DIR", default_value = "./data")]
    data_dir: PathBuf,
    /// Do it; without this nothing is changed.
    #[arg(long)]
    yes: bool,
}

impl Recover {
    /// Shows what the node has, and makes it a cluster of its own if that is wanted.
    pub fn run(self) -> Result<(), Failure> {
        let dir = &self.data_dir;
        if !dir.join("node.json").exists() {
            return Err(format!("{} is not a data directory", dir.display()).into());
        }
        let survivor = Survivor::open(dir, &Engine::of(dir, &Store::default()))?;
        let (me, last) = (survivor.identity().node_id, survivor.last());
        say(&format!("node      {me}\ncluster   {}\nvoters    {}\n", survivor.identity().cluster_id, list(&survivor.voters())))?;
        let end = last.map_or_else(
            || "nowhere".to_owned(),
            |LogId { leader_id, index }| format!("in term {} of node {}, at index {index}", leader_id.term, leader_id.node_id),
        );
        say(&format!("log ends  {end}\n"))?;
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        if !self.yes {
            runtime.block_on(survivor.close())?;
            say("nothing is changed; with --yes this node would be the whole of a new cluster, and no other of the old one let in\n")?;
            return Ok(());
        }
        let cluster = runtime.block_on(survivor.recover())?;
        say(&format!(
            "node {me} is the whole of the cluster {cluster} now: start it as before; once it serves, the others join it with empty data directories\n"
        ))
    }
}

fn list(voters: &[NodeId]) -> String {
    voters.iter().map(NodeId::to_string).collect::<Vec<_>>().join(" ")
}
