//! Floor 7: the command line.

mod cluster;
mod config;
mod health;
pub mod http;
mod panics;
mod recover;
mod scheduling;
mod secret;
mod serve;
mod state;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::base::jid::Domain;
use crate::config::{Config, ConfigError};

/// Hearth: the Openfire REST API, served by a cluster that agrees.
#[derive(Debug, Parser)]
#[command(name = "hearth", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server.
    ///
    /// HEARTH_ADMIN_PASSWORD and HEARTH_API_SECRET set the password of the administrator `admin` and the API secret at the
    /// first start; without them both are made, shown once, and kept in the data directory. HEARTH_LOG sets what is logged.
    Serve(serve::Serve),
    /// Check a configuration file, or show one with every key.
    #[command(subcommand)]
    Config(config::Command),
    /// Ask a running cluster how it is, or operate it.
    Cluster(cluster::Cluster),
    /// Show what a stopped node's data directory holds: log index, checksum of the state, audit chain.
    State(state::State),
    /// Make what one stopped node has the whole of a new cluster, when a majority of the old one is gone for good.
    Recover(recover::Recover),
    /// Ask a running node whether it lives, or whether it is ready; fails when it is not.
    Health(health::Health),
    /// Make a secret for the nodes of a cluster in a file, unless it is there already.
    Secret(secret::Secret),
}

/// The configuration file and what overrides it.
#[derive(Args, Debug, Default)]
struct Settings {
    /// Configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the node keeps its data [default: ./data].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// XMPP domain, for a new data directory [default: localhost].
    #[arg(long, value_name = "NAME", value_parser = |text: &str| Domain::parse(text))]
    domain: Option<Domain>,
    /// Address and port of the REST API [default: 127.0.0.1:9090].
    #[arg(long, value_name = "ADDR:PORT")]
    rest_listen: Option<std::net::SocketAddr>,
}

impl Settings {
    /// What the file says, then what these say, then what `more` says.
    fn load_with(self, more: impl FnOnce(&mut Config)) -> Result<Config, ConfigError> {
        let mut config = self.config.as_deref().map_or_else(|| Ok(Config::default()), Config::load)?;
        config.data_dir = self.data_dir.unwrap_or(config.data_dir);
        config.domain = self.domain.or(config.domain);
        config.rest.listen = self.rest_listen.unwrap_or(config.rest.listen);
        more(&mut config);
        config.validate()?;
        Ok(config)
    }
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    panics::tell_in_one_line();
    let done = match Cli::parse().command {
        Command::Serve(serve) => serve.run(),
        Command::Config(command) => command.run(),
        Command::Cluster(cluster) => cluster.run(),
        Command::State(state) => state.run(),
        Command::Recover(recover) => recover.run(),
        Command::Health(health) => health.run(),
        Command::Secret(secret) => secret.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hearth: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Says this on standard output. Whoever has heard enough may have gone.
fn say(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        said => Ok(said?),
    }
}

/// Why a command failed, as one line.
type Failure = Box<dyn std::error::Error + Send + Sync>;
