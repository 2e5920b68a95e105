//! Floor 0: what an operator may set, one documented struct per concern.
//!
//! Everything has a default, so an empty file (or none) is a valid configuration. Names and defaults are shown in
//! `hearth.example.toml`. Facts that all nodes of a cluster must share are not here but in the replicated system
//! properties; a value from here that decides what a command does travels inside that command.

mod cluster;
mod hashing;
mod limits;
mod load;
mod log;
mod metrics;
mod proxies;
mod rest;
mod store;
#[cfg(test)]
mod tests;
mod throttle;
mod userservice;
mod validate;

use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize};

pub use cluster::Cluster;
pub use hashing::Hashing;
pub use limits::Limits;
pub use load::ConfigError;
pub use log::{Log, LogFormat};
pub use metrics::Metrics;
pub use proxies::Proxies;
pub use rest::Rest;
pub use store::{Engine, Store};
pub use throttle::Throttle;
pub use userservice::UserService;

use crate::base::jid::Domain;

/// The commented example, with every key and its default.
pub const EXAMPLE: &str = include_str!("hearth.example.toml");

/// The whole configuration of one node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the node keeps everything it must not lose. One process at a time may use it.
    pub data_dir: PathBuf,
    /// The XMPP domain, used when the data directory is first filled. Absent: what is stored, else `localhost`.
    #[serde(deserialize_with = "prepared_domain", skip_serializing_if = "Option::is_none")]
    pub domain: Option<Domain>,
    /// The REST listener and what it serves.
    pub rest: Rest,
    /// The bounds on what clients may send.
    pub limits: Limits,
    /// How failed logins are slowed down.
    pub throttle: Throttle,
    /// Which proxies may name the address of a client.
    pub proxies: Proxies,
    /// The legacy User Service.
    pub userservice: UserService,
    /// Whether and how it takes part in a cluster.
    pub cluster: Cluster,
    /// The log engine and its snapshots.
    pub store: Store,
    /// The pool that hashes passwords.
    pub hashing: Hashing,
    /// What the process says about itself.
    pub log: Log,
    /// What is measured.
    pub metrics: Metrics,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("./data"),
            domain: None,
            rest: Rest::default(),
            limits: Limits::default(),
            throttle: Throttle::default(),
            proxies: Proxies::default(),
            userservice: UserService::default(),
            cluster: Cluster::default(),
            store: Store::default(),
            hashing: Hashing::default(),
            log: Log::default(),
            metrics: Metrics::default(),
        }
    }
}

fn prepared_domain<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Domain>, D::Error> {
    let text = String::deserialize(from)?;
    Domain::parse(&text).map(Some).map_err(serde::de::Error::custom)
}

/// The processors that this process may use, at least one.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
