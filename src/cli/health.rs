//! `hearth health`

use std::time::Duration;

use clap::Args;

use crate::rest::BASE;

use super::Failure;
use super::http::Client;

/// How long the node may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks a running node whether it lives.
#[derive(Args, Debug)]
pub struct Health {
    /// Where the node serves.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9090")]
    url: String,
    /// Ask whether it is ready to serve, not only whether it lives.
    #[arg(long)]
    ready: bool,
}

impl Health {
    /// Succeeds when the node says yes.
    pub fn run(self) -> Result<(), Failure> {
        let probe = if self.ready { "readiness" } else { "liveness" };
        Client::new(&self.url, PATIENCE, None)?.get(&format!("{BASE}/system/{probe}"))?.success()?;
        Ok(())
    }
}
