//! Looks after the cluster while this node leads it: sees, decides (see [`super::duties`]), does.

use std::time::Duration;

use uuid::Uuid;

use super::contacts::{Contact, Contacts};
use super::duties::{Duties, Duty, Look, Patience, Seen};
use super::group::{Seat, Standing};
use super::leader::Leader;
use super::members::{Listed, Members};
use super::own::{self, Own};
use crate::actors::Views;
use crate::raft::NodeId;
use crate::state::nodes::Command as Nodes;

/// How often the leader looks.
const LOOK: Duration = Duration::from_millis(200);

/// See the module.
pub struct Keeper<G = Members> {
    /// The group.
    pub group: G,
    /// The published state.
    pub views: Views,
    /// Who was heard of.
    pub contacts: Contacts,
    /// Who changes the membership.
    pub leader: Leader<G>,
    /// What this node says of itself.
    pub own: Own,
}

/// What has been said lately, so that it is not said again.
#[derive(Default)]
struct Told {
    leads: Option<(u64, NodeId)>,
    undone: Option<Duty>,
}

impl Told {
    fn leader(&mut self, standing: &Standing) {
        if let Some(leader) = standing.leader
            && self.leads.replace((standing.term, leader)) != Some((standing.term, leader))
        {
            tracing::info!(node = leader, term = standing.term, "a node leads");
        }
    }

    fn done(&mut self, duty: Duty, done: Result<(), String>) {
        match done {
            Ok(()) => self.undone = None,
            Err(error) if self.undone.replace(duty) != Some(duty) => tracing::info!(?duty, error, "not done; it is tried again"),
            Err(error) => tracing::debug!(?duty, error, "still not done"),
        }
    }
}

/// Since when this node leads, and in which term.
type Leads = Option<(u64, Duration)>;

impl<G: Seat> Keeper<G> {
    /// Looks again and again, until the node stops.
    pub async fn run(self, patience: Patience) {
        let (mut duties, mut leads, mut told) = (Duties::new(patience), None, Told::default());
        loop {
            let next = self.group.now() + LOOK;
            told.leader(&self.group.standing());
            if let Some(look) = self.look(&mut leads)
                && let Some(duty) = duties.due(&look)
            {
                told.done(duty, self.carry_out(duty).await);
            }
            self.group.until(next).await;
        }
    }

    /// What there is to see; `None` while another node leads.
    fn look(&self, leads: &mut Leads) -> Option<Look> {
        let (me, now) = (self.group.me(), self.group.now());
        let Standing { leader, term, last_log, change } = self.group.standing();
        if leader != Some(me) {
            *leads = None;
            return None;
        }
        let (_, leads_since) = *leads.insert(leads.filter(|(led, _)| *led == term).unwrap_or((term, now)));
        self.contacts.note(me, self.own_contact(now));
        let nodes = &self.views.load().nodes;
        Some(Look {
            now,
            leads_since,
            me,
            members: self.group.listed().into_iter().map(|member| self.seen(member)).collect(),
            up: nodes.iter().map(|member| (member.node, member.incarnation)).collect(),
            last_log,
            change,
            format: nodes.format(),
        })
    }

    fn seen(&self, Listed { id, address, voter }: Listed) -> Seen {
        let known = address.as_ref().map_or(Uuid::nil(), |address| address.uuid);
        let uuid = if id == self.group.me() { self.own.uuid } else { known };
        Seen { id, uuid, at: address.map(|address| address.at), voter, contact: self.contacts.of(id) }
    }

    fn own_contact(&self, at: Duration) -> Contact {
        Contact {
            at,
            applied: self.group.applied(),
            formats: self.own.formats,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            draining: self.own.is_draining(),
        }
    }

    async fn carry_out(&self, duty: Duty) -> Result<(), String> {
        match duty {
            Duty::Down { node, incarnation } => {
                self.write(Nodes::Down { node, incarnation }).await?;
                tracing::warn!(%node, incarnation, "a node was silent: it is declared down");
                Ok(())
            }
            Duty::Raise(format) => {
                self.leader.raise(format).await.map_err(|error| error.to_string())?;
                tracing::info!(format, "every member reads this store format: it is written from now on");
                Ok(())
            }
            Duty::Finish => self.leader.finish().await.map_err(|error| error.to_string()),
            Duty::Replace { old, new } => self.leader.replace(old, new).await.map_err(|error| error.to_string()),
            Duty::Promote(id) => self.leader.promote(id).await.map_err(|error| error.to_string()),
            Duty::Remove(id) => self.leader.take_out(id).await.map_err(|error| error.to_string()),
            Duty::Transfer(id) => self.transfer(id).await,
        }
    }

    async fn transfer(&self, id: NodeId) -> Result<(), String> {
        tracing::info!(to = id, "the senior is well: it is asked to lead");
        self.leader.hand_over(Some(id)).await.map(drop).map_err(|error| error.to_string())
    }

    /// Only here: what was decided as leader must not be carried out by another one.
    async fn write(&self, command: Nodes) -> Result<(), String> {
        let payload = own::logged(&self.group, &self.views, Uuid::new_v4(), command, None).map_err(|error| format!("{error:?}"))?;
        self.group.write(payload).await.map(drop).map_err(|error| format!("{error:?}"))
    }
}
