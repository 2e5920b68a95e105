//! A node that is told to stop does not leave the others to find out: it hands leadership over first, and says last that its
//! life is over.

use std::sync::atomic::Ordering;
use std::time::Duration;

use uuid::Uuid;

use super::group::Seat;
use super::leader::Leader;
use super::members::Members;
use super::own::{self, Own};
use crate::actors::Views;
use crate::state::nodes::Command as Nodes;

/// How long each of the two may wait for the others.
const PATIENCE: Duration = Duration::from_secs(3);

/// See the module.
pub struct Leaving<G = Members> {
    /// The group.
    pub group: G,
    /// The published state.
    pub views: Views,
    /// Who hands leadership over, when this node leads.
    pub leader: Leader<G>,
    /// What this node says of itself.
    pub own: Own,
}

impl<G: Seat> Leaving<G> {
    /// Gives up leadership, if this node leads and another voter is well, and does not get it back because it is the senior.
    /// Others go on at once instead of noticing.
    pub async fn step_aside(&self) {
        self.own.draining.store(true, Ordering::Relaxed);
        if self.group.leader() != Some(self.group.me()) || self.is_alone() {
            return;
        }
        match self.group.within(PATIENCE, self.leader.hand_over(None)).await {
            Some(Err(error)) => tracing::info!(%error, "leadership is not handed over"),
            None => tracing::info!("leadership is not handed over in time"),
            Some(Ok(_)) => {}
        }
    }

    /// Says in the log that this life is over; whether that was done. Nothing may begin another one after that.
    pub async fn say_so(&self, incarnation: u64) -> bool {
        if self.is_alone() {
            return false;
        }
        let down = Nodes::Down { node: self.own.uuid, incarnation };
        let Ok(payload) = own::logged(&self.group, &self.views, Uuid::new_v4(), down, None) else { return false };
        let said = async {
            while self.group.write_anywhere(payload.clone()).await.is_err() {
                self.group.breath().await;
            }
        };
        let done = self.group.within(PATIENCE, said).await.is_some();
        if !done {
            tracing::info!("the others are not told that this node leaves; they will notice");
        }
        done
    }

    /// Whether there is nobody to be told.
    fn is_alone(&self) -> bool {
        let me = self.group.me();
        self.group.listed().iter().all(|member| member.id == me)
    }
}
