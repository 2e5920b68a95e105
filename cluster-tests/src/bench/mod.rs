//! Measures the real binary against others on the same machine, in the same run, in turns.
//!
//! Absolute figures say as much about the machine as about the programs; ratios of medians over interleaved slices say
//! more. Everything is printed, also what falls short.

mod cluster;
pub mod contenders;
mod creation;
pub mod http;
mod load;
mod million;
mod reads;
mod stats;
mod table;
mod three;
mod usage;
mod writes;

use std::path::{Path, PathBuf};

use table::Table;

use crate::node::{Node, serve};

/// What to measure.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The measures by name; empty is all of one node.
    pub only: Vec<String>,
    /// Users in the large directory.
    pub many: usize,
    /// Slices per contender.
    pub rounds: usize,
    /// Entries that a node has missed when it comes back.
    pub entries: usize,
    /// The only log engine to measure.
    pub engine: Option<String>,
}

impl Plan {
    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.names(name)
    }

    /// The log engines to measure.
    fn engines(&self) -> impl Iterator<Item = &'static str> {
        ENGINES.into_iter().filter(|engine| self.engine.as_ref().is_none_or(|only| only == engine))
    }

    fn names(&self, name: &str) -> bool {
        self.only.iter().any(|only| only == name)
    }
}

/// Where data directories of a run live: beside the build, so on the same disk as everything else.
pub fn room() -> tempfile::TempDir {
    let beside = std::env::current_exe().ok().and_then(|me| me.parent().map(PathBuf::from)).expect("a program has a directory");
    tempfile::Builder::new().prefix("bench-").tempdir_in(beside).expect("a directory for the run")
}

/// The log engines that are measured: the one that is chosen for nobody's asking, and the others.
const ENGINES: [&str; 3] = ["sled", "redb", "journal"];

/// A node on `data` with this log engine.
fn node(data: &Path, engine: &str) -> Node {
    let config = data.with_extension("toml");
    std::fs::write(&config, format!("[store]\nengine = \"{engine}\"\n")).expect("a configuration file");
    let mut command = serve(data);
    command.arg("--config").arg(config);
    Node::spawn(command, data)
}

/// Measures and prints.
pub fn run(plan: &Plan) {
    let mut table = Table::default();
    if plan.wants("get") {
        reads::measure(plan, &mut table);
    }
    if plan.wants("write") {
        writes::measure(plan, &mut table);
    }
    if plan.wants("create") {
        creation::measure(plan, &mut table);
    }
    if plan.wants("million") {
        million::measure(plan, &mut table);
    }
    if plan.names("cluster") {
        cluster::measure(plan, &mut table);
    }
    if plan.names("kills") {
        cluster::kills(&mut table);
    }
    if plan.names("catch-up") {
        cluster::catch_up(plan, &mut table);
    }
    println!("\n{table}");
}
