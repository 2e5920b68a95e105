//! Reads that are the truth: the published state, once it is known to be no older than the read.

use std::sync::Arc;
use std::time::Duration;

use super::group::{Group, Unsure};
use super::rounds::Rounds;
use super::{Members, Unavailable};
use crate::actors::Views;
use crate::state::State;

/// How long a read may wait for the log.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads the state of this node.
#[derive(Clone)]
pub struct Reads<G = Members> {
    group: G,
    views: Views,
    rounds: Rounds<Result<u64, Unsure>>,
}

impl<G: Group> Reads<G> {
    /// Reads what `views` publishes.
    pub fn new(group: G, views: Views) -> Self {
        Self { group, views, rounds: Rounds::default() }
    }

    /// The state of this node as it is, without asking anybody.
    pub fn local(&self) -> Arc<State> {
        self.views.load_full()
    }

    /// A state that contains every write acknowledged before the call: the leader names an index after a majority has
    /// confirmed that it leads, and this node waits until it has applied it. Reads that come at the same time ask together.
    ///
    /// # Errors
    /// [`Unavailable`] when there is no leader with a majority.
    pub async fn linearizable(&self) -> Result<Arc<State>, Unavailable> {
        let caught_up = self.group.within(PATIENCE, self.caught_up());
        tokio::select! {
            biased;
            () = self.group.fenced() => return Err(Unavailable::NoMajority),
            done = caught_up => done.ok_or(Unavailable::TooSlow)??,
        }
        Ok(self.local())
    }

    async fn caught_up(&self) -> Result<(), Unavailable> {
        loop {
            let group = self.group.clone();
            match self.rounds.join(|| async move { ask(&group).await }).await {
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

async fn ask<G: Group>(group: &G) -> Result<u64, Unsure> {
    match group.leader() {
        Some(leader) if leader == group.me() => group.read_index().await,
        Some(leader) => group.read_index_at(leader).await,
        None => Err(Unsure::Retry),
    }
}
