//! Propose from anywhere: the one way to the log.

use std::time::Duration;

use bytes::Bytes;

use super::group::{Group, Unsure};
use super::{Members, Unavailable};
use crate::actors::Views;
use crate::state::{Logged, Outcome, Proposal};

/// How long a proposal may wait for the log before its caller is told to come back.
const PATIENCE: Duration = Duration::from_secs(20);

/// Largest proposal the log takes, in bytes.
pub const LARGEST: usize = 32 * 1024 * 1024;

/// Sends proposals to the log and brings back their outcomes.
#[derive(Clone)]
pub struct Proposer<G = Members> {
    group: G,
    views: Views,
}

impl<G: Group> Proposer<G> {
    /// Proposes through this group, and learns of outcomes from what is applied here.
    pub fn new(group: G, views: Views) -> Self {
        Self { group, views }
    }

    /// Proposes, and answers once this node has applied it.
    ///
    /// # Errors
    /// [`Unavailable`]: then it is not known whether the proposal will be carried out, and a retry must use the same id.
    pub async fn propose(&self, proposal: Proposal) -> Result<Outcome, Unavailable> {
        let (id, fingerprint) = (proposal.id, proposal.fingerprint);
        let payload = self.encode(proposal)?;
        let done = self.group.within(PATIENCE, self.carried_out(payload));
        tokio::select! {
            biased;
            () = self.group.fenced() => return Err(Unavailable::NoMajority),
            done = done => done.ok_or(Unavailable::TooSlow)??,
        }
        // Forgotten only if thousands of others have been applied in the meantime.
        self.views.load().requests.recall(id, fingerprint).ok_or(Unavailable::TooSlow)
    }

    fn encode(&self, proposal: Proposal) -> Result<Bytes, Unavailable> {
        let format = self.views.load().nodes.format();
        let logged = Logged { proposal, since: Some(self.group.applied()) };
        let payload = logged.encode(format).map_err(|e| Unavailable::Stopped(e.to_string()))?;
        if payload.len() > LARGEST { Err(Unavailable::TooLarge) } else { Ok(payload.into()) }
    }

    /// Tries until the proposal is in the log, and waits until it is applied here. One that got there more than once is
    /// carried out once: its id is remembered.
    async fn carried_out(&self, payload: Bytes) -> Result<(), Unavailable> {
        loop {
            match self.group.write_anywhere(payload.clone()).await {
                Ok(index) => {
                    self.group.reach(index).await;
                    return Ok(());
                }
                Err(Unsure::Stopped(why)) => return Err(Unavailable::Stopped(why)),
                Err(Unsure::Retry) => self.group.breath().await,
            }
        }
    }
}
