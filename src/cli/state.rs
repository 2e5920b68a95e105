//! `hearth state`

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use crate::actions::audit;
use crate::actors::Owners;
use crate::config::Store;
use crate::raft::{self, Engine};

use super::{Failure, say};

/// Shows what a stopped node's data directory holds.
#[derive(Args, Debug)]
pub struct State {
    /// The data directory.
    #[arg(long, value_name = "DIR", default_value = "./data")]
    data_dir: PathBuf,
}

impl State {
    /// Opens the directory, brings the state up to its log, and shows it.
    pub fn run(self) -> Result<(), Failure> {
        if !self.data_dir.join("node.json").exists() {
            return Err(format!("{} is not a data directory", self.data_dir.display()).into());
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async {
            let owners = Arc::new(Owners::start()?);
            let views = owners.views();
            let store = Store::default();
            let node = raft::open(&self.data_dir, Engine::of(&self.data_dir, &store), &store, owners, raft::Begin::Alone).await?;
            let state = views.load_full();
            let checksum: String = state.checksum().iter().map(|byte| format!("{byte:02x}")).collect();
            say(&format!("index     {}\nchecksum  {checksum}\nusers     {}\n", state.index, state.users.len()))?;
            let (ledgers, audited) = (node.ledgers(), Arc::clone(&state));
            let verified = tokio::task::spawn_blocking(move || audit::verify(&*ledgers, &audited.audit)).await?;
            node.close().await?;
            say(&format!("audit     {} entries, chain whole\n", verified?))
        })
    }
}
