//! Propose from anywhere: the one way to the log.

use std::time::Duration;

use openraft::errors::{ClientWriteError, RaftError};
use tokio::time::timeout;

use crate::raft::{Node, Payload};
use crate::state::{Outcome, Proposal};

/// How long a proposal may wait for the log before its caller is told to come back.
const PATIENCE: Duration = Duration::from_secs(20);

/// The cluster cannot answer now; whether a proposal was carried out may be unknown, so a retry must use the same id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// Nobody leads at the moment.
    #[error("no leader at the moment")]
    NoLeader,
    /// The log did not answer in time.
    #[error("the log did not answer in time")]
    TooSlow,
    /// This node has stopped taking part.
    #[error("this node has stopped: {0}")]
    Stopped(String),
    /// The proposal cannot be written at all.
    #[error("the request is too large for the log")]
    TooLarge,
}

/// Largest proposal the log takes, in bytes.
pub const LARGEST: usize = 32 * 1024 * 1024;

/// Sends proposals to the log and brings back their outcomes.
#[derive(Clone)]
pub struct Proposer {
    node: Node,
}

impl Proposer {
    /// Proposes through this node.
    pub fn new(node: Node) -> Self {
        Self { node }
    }

    /// Proposes, and answers once this node has applied it.
    ///
    /// # Errors
    /// [`Unavailable`]: then it is not known whether the proposal will be carried out.
    pub async fn propose(&self, proposal: &Proposal) -> Result<Outcome, Unavailable> {
        let bytes = proposal.encode().map_err(|e| Unavailable::Stopped(e.to_string()))?;
        if bytes.len() > LARGEST {
            return Err(Unavailable::TooLarge);
        }
        let written = timeout(PATIENCE, self.node.raft().client_write(Payload(bytes.into()))).await;
        match written.map_err(|_| Unavailable::TooSlow)? {
            Ok(response) => Ok(response.data.0),
            Err(RaftError::APIError(ClientWriteError::ForwardToLeader(_))) => Err(Unavailable::NoLeader),
            Err(error) => Err(Unavailable::Stopped(error.to_string())),
        }
    }
}
