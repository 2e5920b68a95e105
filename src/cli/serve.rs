//! `hearth serve`

use std::path::PathBuf;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use crate::base::secrets::Secret;
use crate::config::Cluster;
use crate::node::{Given, Node};
use crate::telemetry;

#[cfg(target_os = "linux")]
use super::scheduling;
use super::{Failure, Settings};

/// Starts the server.
#[derive(Args, Debug)]
pub struct Serve {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    cluster: ClusterSettings,
    /// Open the API again to those it shuts out by mistake: switch it on, drop plugin.restapi.allowedIPs and
    /// plugin.restapi.httpAuth, and make HEARTH_API_SECRET the API secret if it is set. For one start of one node.
    #[arg(long)]
    restore_access: bool,
}

/// Taking part in a cluster; the same on every node and at every start.
#[derive(Args, Debug)]
struct ClusterSettings {
    /// Listen for other nodes here; without it the node is all there is.
    #[arg(long, value_name = "ADDR:PORT")]
    cluster_listen: Option<std::net::SocketAddr>,
    /// Where other nodes reach this one [default: where it listens].
    #[arg(long, value_name = "HOST:PORT")]
    cluster_advertise: Option<String>,
    /// Where nodes are found at first and when they have moved, the same on every node; the first in sorted order founds the cluster.
    #[arg(long, value_name = "HOST:PORT,…", value_delimiter = ',')]
    cluster_seeds: Vec<String>,
    /// How many seeds must be there before a cluster is founded.
    #[arg(long, value_name = "N")]
    cluster_bootstrap_expect: Option<usize>,
    /// A file with the cluster's secret; HEARTH_CLUSTER_SECRET is asked first.
    #[arg(long, value_name = "FILE")]
    cluster_secret_file: Option<PathBuf>,
}

impl ClusterSettings {
    fn over(self, cluster: &mut Cluster) {
        cluster.listen = self.cluster_listen.or(cluster.listen);
        cluster.advertise = self.cluster_advertise.or(cluster.advertise.take());
        cluster.bootstrap_expect = self.cluster_bootstrap_expect.unwrap_or(cluster.bootstrap_expect);
        cluster.secret_file = self.cluster_secret_file.or(cluster.secret_file.take());
        if !self.cluster_seeds.is_empty() {
            cluster.seeds = self.cluster_seeds;
        }
    }
}

impl Serve {
    /// Serves until told to stop.
    pub fn run(self) -> Result<(), Failure> {
        let Self { settings, cluster, restore_access } = self;
        let config = settings.load_with(|config| cluster.over(&mut config.cluster))?;
        telemetry::start(&config.log)?;
        let given = Given {
            admin_password: secret("HEARTH_ADMIN_PASSWORD")?,
            api_secret: secret("HEARTH_API_SECRET")?,
            cluster_secret: secret("HEARTH_CLUSTER_SECRET")?,
            restore_access,
        };
        #[cfg(target_os = "linux")]
        scheduling::in_batches();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads()).enable_all().build()?;
        runtime.block_on(async {
            let mut terminate = signal(SignalKind::terminate())?;
            let mut interrupt = signal(SignalKind::interrupt())?;
            let node = tokio::select! {
                node = Node::start(config, given) => node?,
                _ = terminate.recv() => return Ok(()),
                _ = interrupt.recv() => return Ok(()),
            };
            let broken = tokio::select! {
                _ = terminate.recv() => None,
                _ = interrupt.recv() => None,
                why = node.stopped() => Some(why),
            };
            tracing::info!("stopping");
            let stopped = node.stop().await;
            match broken {
                Some(why) => Err(format!("the node had to stop: {why}").into()),
                None => Ok(stopped?),
            }
        })
    }
}

/// Threads of the runtime: one for two processors. The REST workers, the owners and the log writer have threads of their own, and
/// of a runtime with more threads than work each step of a write wakes two: one to do it, and one to look for more.
fn threads() -> usize {
    crate::config::processors().div_ceil(2)
}

fn secret(variable: &str) -> Result<Option<Secret>, Failure> {
    match std::env::var(variable) {
        Ok(text) if text.trim().is_empty() => Err(format!("{variable} is empty").into()),
        Ok(text) => Ok(Some(Secret::new(text))),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(format!("{variable} is not UTF-8").into()),
    }
}
