//! `hearth serve`

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use crate::base::secrets::Secret;
use crate::node::{Given, Node};
use crate::telemetry;

use super::{Failure, Settings};

/// Starts the server.
#[derive(Args, Debug)]
pub struct Serve {
    #[command(flatten)]
    settings: Settings,
}

impl Serve {
    /// Serves until told to stop.
    pub fn run(self) -> Result<(), Failure> {
        let config = self.settings.load()?;
        telemetry::start(&config.log)?;
        let given = Given { admin_password: secret("HEARTH_ADMIN_PASSWORD")?, api_secret: secret("HEARTH_API_SECRET")? };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads()).enable_all().build()?;
        runtime.block_on(async {
            let mut terminate = signal(SignalKind::terminate())?;
            let mut interrupt = signal(SignalKind::interrupt())?;
            let node = Node::start(config, given).await?;
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
        Ok(text) if text.is_empty() => Err(format!("{variable} is empty").into()),
        Ok(text) => Ok(Some(Secret::new(text))),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(format!("{variable} is not UTF-8").into()),
    }
}
