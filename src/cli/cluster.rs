//! `hearth cluster`

use std::time::Duration;

use clap::Subcommand;
use serde_json::Value;

use crate::base::secrets::Secret;

use super::http::Client;
use super::{Failure, say};

/// How long a node may take: it asks all others, and each may sum up its state.
const PATIENCE: Duration = Duration::from_secs(60);

/// What can be asked of, and done to, a running cluster.
#[derive(Debug, clap::Args)]
pub struct Cluster {
    #[command(subcommand)]
    command: Command,
    /// Any node of the cluster; HEARTH_API_SECRET is the API secret.
    #[arg(long, global = true, value_name = "URL", default_value = "http://127.0.0.1:9090")]
    url: String,
    /// Answer in JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show who leads, who votes, how far each node is, and whether all have the same state.
    Status,
    /// Show the members in order of seniority.
    Nodes,
    /// Hand leadership to another voter.
    Transfer {
        /// The number of the node; without it, the one that is furthest.
        #[arg(long, value_name = "ID")]
        to: Option<u64>,
    },
    /// Make ready to stop the node at URL: not ready for balancers, and not the leader.
    Drain,
    /// Take a node out of the cluster for good. Its number is never used again; its data directory is to be moved away.
    Remove {
        /// The number of the node.
        id: u64,
    },
}

impl Cluster {
    /// Asks, or does it.
    pub fn run(self) -> Result<(), Failure> {
        let secret = std::env::var("HEARTH_API_SECRET").ok().map(Secret::new);
        let client = Client::new(&self.url, PATIENCE, secret)?;
        let at = |path: &str| format!("{}/cluster{path}", crate::rest::OWN_BASE);
        match self.command {
            Command::Status => self.show(&client.get(&at("?checksum=true"))?.success()?, status),
            Command::Nodes => self.show(&client.get(&at("/nodes"))?.success()?, |nodes| table(nodes).join("\n")),
            Command::Transfer { to } => {
                let to = to.map_or_else(String::new, |to| format!("?to={to}"));
                self.show(&client.post(&at(&format!("/transfer{to}")))?.success()?, |answer| format!("node {} leads", text(&answer["leader"])))
            }
            Command::Drain => client.post(&at("/drain"))?.success().map(drop),
            Command::Remove { id } => client.delete(&at(&format!("/nodes/{id}")))?.success().map(drop),
        }
    }

    fn show(&self, answer: &str, people: impl FnOnce(&Value) -> String) -> Result<(), Failure> {
        let value: Value = serde_json::from_str(answer)?;
        let said = if self.json { serde_json::to_string_pretty(&value)? } else { people(&value) };
        say(&format!("{said}\n"))
    }
}

fn status(overview: &Value) -> String {
    let line = |name: &str, value: String| format!("{name:<10} {value}");
    let mut lines = vec![
        line("cluster", text(&overview["clusterId"])),
        line("leader", format!("{} in term {}", text(&overview["leader"]), text(&overview["term"]))),
        line("voters", text(&overview["voters"])),
        line("learners", text(&overview["learners"])),
        line("committed", text(&overview["committed"])),
        line("format", text(&overview["format"])),
        line("state", sameness(&overview["nodes"])),
        String::new(),
    ];
    lines.extend(table(&overview["nodes"]));
    lines.join("\n")
}

/// Whether the checksums that came are equal.
fn sameness(nodes: &Value) -> String {
    let sums: Vec<String> = nodes.as_array().into_iter().flatten().map(|node| text(&node["checksum"]["value"])).collect();
    let known: Vec<&String> = sums.iter().filter(|sum| *sum != "-").collect();
    match known.first() {
        None => "not compared".to_owned(),
        Some(first) if known.iter().all(|sum| sum == first) => format!("{} of {} nodes compared, equal: {first}", known.len(), sums.len()),
        Some(_) => format!("DIFFERENT on the {} nodes compared", known.len()),
    }
}

const COLUMNS: [(&str, &str, usize); 12] = [
    ("id", "id", 6),
    ("place", "place", 6),
    ("votes", "voter", 6),
    ("leads", "leader", 6),
    ("up", "up", 6),
    ("reachable", "reachable", 10),
    ("draining", "draining", 9),
    ("applied", "applied", 10),
    ("lag", "lag", 6),
    ("version", "version", 9),
    ("address", "address", 24),
    ("uuid", "uuid", 36),
];

fn table(nodes: &Value) -> Vec<String> {
    let head = COLUMNS.iter().map(|(name, _, width)| format!("{name:<width$}")).collect::<Vec<_>>().join(" ");
    let row = |node: &Value| {
        let cells = COLUMNS.iter().map(|(_, key, width)| format!("{:<width$}", text(&node[key])));
        cells.collect::<Vec<_>>().join(" ").trim_end().to_owned()
    };
    std::iter::once(head.trim_end().to_owned()).chain(nodes.as_array().into_iter().flatten().map(row)).collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}
