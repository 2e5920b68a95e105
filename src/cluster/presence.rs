//! This node's standing among the others: it shows the leader that it lives, fences itself when it cannot, and announces
//! every life it begins.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tonic::Code;
use uuid::Uuid;

use super::contacts::Contacts;
use super::fence::LastContact;
use super::group::Group;
use super::leader::{Applicant, Leader};
use super::members::Members;
use super::own::{self, Own};
use crate::actors::Views;
use crate::raft::Address;
use crate::wire::cluster::{ContactRequest, JoinRequest, JoinResponse, join_response};

/// How often contact is made, while there is a leader.
const CONTACT: Duration = Duration::from_millis(500);

/// How many contacts may fail for want of a leader until the others are asked whether this node is still a member.
const ASKING: u32 = 10;

/// Why a contact failed.
enum Failed {
    /// Not this time.
    ForNow(String),
    /// The cluster has taken this node out.
    TakenOut(String),
}

/// See the module.
pub struct Presence {
    /// The group.
    pub members: Members,
    /// The published state.
    pub views: Views,
    /// This process's clock.
    pub contacts: Contacts,
    /// Who changes the membership, when this node leads.
    pub leader: Leader,
    /// What this node says of itself.
    pub own: Own,
    /// Where others are to reach it.
    pub advertise: String,
    /// The life this node has begun; `None` until it is in the log.
    pub incarnation: watch::Sender<Option<u64>>,
    /// Told when this node must stop, and why.
    pub stopped: watch::Sender<Option<String>>,
}

impl Presence {
    /// Makes contact again and again, until the node stops. `fence_after` is how long a contact is good for.
    pub async fn run(self, fence_after: Duration) {
        let (mut last, mut announcement, mut failed) = (LastContact::new(fence_after), Uuid::new_v4(), 0_u32);
        let mut every = interval(CONTACT);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            let begun = self.contacts.now();
            let contact = match timeout(fence_after, self.contact()).await {
                Ok(Err(Failed::ForNow(_))) if failed >= ASKING && self.members.leader().is_none() => Ok(self.ask_others().await),
                contact => contact,
            };
            failed = if matches!(contact, Ok(Ok(()))) { 0 } else { (failed + 1) % (2 * ASKING) };
            match contact {
                Ok(Ok(())) => last.made(begun),
                Ok(Err(Failed::ForNow(error))) => tracing::debug!(error, "no contact with the leader"),
                Ok(Err(Failed::TakenOut(why))) => {
                    self.members.fence().set(false);
                    self.stopped.send_replace(Some(why));
                    return;
                }
                Err(_) => tracing::debug!("no contact with the leader in time"),
            }
            let recent = last.is_recent(self.contacts.now());
            self.members.fence().set(recent);
            if recent && timeout(fence_after, self.settle(&mut announcement)).await.is_err() {
                tracing::debug!("not announced in time");
            }
        }
    }

    /// Contact with a leader that has a majority, and everything it had committed is applied here.
    async fn contact(&self) -> Result<(), Failed> {
        let for_now = |error: &dyn std::fmt::Debug| Failed::ForNow(format!("{error:?}"));
        let Some(leader) = self.members.leader() else { return Err(for_now(&"nobody leads")) };
        let index = if leader == self.members.me() {
            self.members.read_index().await.map_err(|error| for_now(&error))?
        } else {
            let address = self.members.address_of(leader).ok_or_else(|| for_now(&"the leader has no address"))?;
            let calls = self.members.calls().map_err(|error| for_now(&error))?;
            let contact = calls.contact(leader, &address, self.request()).await;
            contact.map_err(|status| match status.code() {
                Code::FailedPrecondition => Failed::TakenOut(status.message().to_owned()),
                _ => Failed::ForNow(status.to_string()),
            })?
        };
        tracing::trace!(index, "in contact");
        Ok(())
    }

    /// Asks the other members, of which none leads this node, whether it is still one of them. Nobody speaks to a node that has
    /// been taken out, so it would not hear of that otherwise.
    async fn ask_others(&self) -> Result<(), Failed> {
        let (me, calls) = (self.members.me(), self.members.calls().map_err(|error| Failed::ForNow(format!("{error:?}")))?);
        for member in self.members.listed().into_iter().filter(|member| member.id != me) {
            let Some(at) = member.address else { continue };
            let answer = calls.join(member.id, &at, JoinRequest { forwarded: false, ..self.application() }).await;
            if let Ok(JoinResponse { result: Some(join_response::Result::Refused(why)) }) = answer {
                return Err(Failed::TakenOut(why));
            }
        }
        Err(Failed::ForNow("nobody leads".to_owned()))
    }

    /// What a member says to have its address noted.
    fn application(&self) -> JoinRequest {
        JoinRequest {
            uuid: self.own.uuid.into_bytes().to_vec().into(),
            address: self.advertise.clone(),
            cluster: Some(self.members.node().identity().cluster_id.into_bytes().to_vec().into()),
            node: self.members.me(),
            format: self.own.formats.1.into(),
            forwarded: true,
        }
    }

    fn request(&self) -> ContactRequest {
        ContactRequest {
            node: self.members.me(),
            applied: self.members.applied(),
            oldest_format: self.own.formats.0.into(),
            newest_format: self.own.formats.1.into(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// Announces this life unless the state has it, and this node's address unless the membership has it. A life that was
    /// declared over while the process went on is followed by another one, the youngest.
    async fn settle(&self, announcement: &mut Uuid) {
        let is_up = |incarnation: u64| self.views.load().nodes.is_up(self.own.uuid, incarnation);
        let announced = *self.incarnation.borrow();
        if !announced.is_some_and(is_up) {
            if announced.is_some() {
                tracing::warn!("this node was declared down; it begins a new life");
                *announcement = Uuid::new_v4();
                self.incarnation.send_replace(None);
            }
            match self.announce(*announcement).await {
                Ok(incarnation) => drop(self.incarnation.send_replace(Some(incarnation))),
                Err(error) => tracing::debug!(error, "not announced"),
            }
        }
        if let Err(error) = self.tell_address().await {
            tracing::warn!(error, "the address of this node is not noted");
        }
    }

    /// Under the same id until it is known what came of it.
    async fn announce(&self, id: Uuid) -> Result<u64, String> {
        let shown = |error: super::Unsure| format!("{error:?}");
        let payload = own::logged(&self.members, &self.views, id, self.own.up(), None).map_err(shown)?;
        let index = match self.members.leader() {
            Some(leader) if leader == self.members.me() => self.members.write(payload).await,
            Some(leader) => self.members.write_at(leader, payload).await,
            None => return Err("nobody leads".to_owned()),
        };
        self.members.reach(index.map_err(shown)?).await;
        let state = self.views.load();
        let member = state.nodes.get(self.own.uuid).ok_or("the announcement was not accepted")?;
        tracing::info!(incarnation = member.incarnation, "this node is a member");
        Ok(member.incarnation)
    }

    async fn tell_address(&self) -> Result<(), String> {
        let (me, address) = (self.members.me(), Address { uuid: self.own.uuid, at: self.advertise.clone() });
        if self.members.address_of(me).as_ref() == Some(&address) {
            return Ok(());
        }
        let (cluster, leader) = (self.members.node().identity().cluster_id, self.members.leader().ok_or("nobody leads")?);
        if leader == me {
            let applicant = Applicant { address, had: Some((cluster, me)), format: self.own.formats.1 };
            return self.leader.take_in(&applicant).await.map(drop).map_err(|error| error.to_string());
        }
        let at = self.members.address_of(leader).ok_or("the leader has no address")?;
        let calls = self.members.calls().map_err(|error| format!("{error:?}"))?;
        match calls.join(leader, &at, self.application()).await.map_err(|status| status.to_string())?.result {
            Some(join_response::Result::Joined(_)) => Ok(()),
            Some(join_response::Result::Refused(why)) => Err(why),
            None => Err("an empty answer".to_owned()),
        }
    }
}
