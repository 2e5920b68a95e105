//! This node's standing among the others: it shows the leader that it lives, fences itself when it cannot, and announces
//! every life it begins.

use std::time::Duration;

use futures_util::future;
use tokio::sync::watch;
use uuid::Uuid;

use super::fence::LastContact;
use super::group::{Lost, Seat};
use super::leader::{Applicant, Leader};
use super::members::Members;
use super::own::{self, Own};
use crate::actors::Views;
use crate::base::ids::process;
use crate::raft::Address;
use crate::state::{Outcome, Reply, RequestId};
use crate::wire::cluster::{ContactRequest, JoinRequest, JoinResponse, join_response};

/// How often contact is made, while there is a leader.
const CONTACT: Duration = Duration::from_millis(500);

/// How many contacts may fail until the others are asked whether this node is still a member.
const ASKING: u32 = 10;

/// How long each of them may take to answer.
const ANSWERING: Duration = Duration::from_secs(3);

/// How long noting an address may keep a node from announcing itself.
const NOTING: Duration = Duration::from_secs(1);

/// See the module.
pub struct Presence<G = Members> {
    /// The group.
    pub group: G,
    /// The published state.
    pub views: Views,
    /// Who changes the membership, when this node leads.
    pub leader: Leader<G>,
    /// What this node says of itself.
    pub own: Own,
    /// Where others are to reach it.
    pub advertise: String,
    /// Where others may be reached that no membership names.
    pub seeds: Vec<String>,
    /// The life this node has begun; `None` until it is in the log.
    pub incarnation: watch::Sender<Option<u64>>,
    /// Told when this node must stop, and why.
    pub stopped: watch::Sender<Option<String>>,
}

/// What others have been told of this life.
struct Told {
    /// Under which id it is announced.
    announcement: Uuid,
    /// Whether the leader has been asked to note its address.
    address: bool,
}

impl<G: Seat> Presence<G> {
    /// Makes contact again and again, until the node stops. `fence_after` is how long a contact is good for; nothing is waited
    /// for beyond that, so that the fence closes in time.
    pub async fn run(self, fence_after: Duration) {
        let (mut last, mut failed) = (LastContact::new(fence_after), 0_u32);
        let mut told = Told { announcement: Uuid::new_v4(), address: false };
        loop {
            let begun = self.group.now();
            self.group.set_fence(last.is_recent(begun));
            let limit = last.left(begun).unwrap_or(fence_after);
            let contact = match self.group.within(limit, self.contact()).await {
                None | Some(Err(Lost::ForNow(_))) if failed >= ASKING && !last.is_recent(self.group.now()) => {
                    self.group.set_fence(false);
                    Some(Err(self.ask_others().await))
                }
                contact => contact,
            };
            failed = if matches!(contact, Some(Ok(_))) { 0 } else { (failed + 1) % (2 * ASKING) };
            match contact {
                Some(Ok(index)) => {
                    tracing::trace!(index, "in contact");
                    last.made(begun);
                }
                Some(Err(Lost::ForNow(error))) => tracing::debug!(error, "no contact with the leader"),
                Some(Err(Lost::TakenOut(why))) => {
                    self.group.set_fence(false);
                    self.stopped.send_replace(Some(why));
                    return;
                }
                None => tracing::debug!("no contact with the leader in time"),
            }
            if let Some(left) = last.left(self.group.now()) {
                self.group.set_fence(true);
                if self.group.within(left, self.settle(&mut told)).await.is_none() {
                    tracing::debug!("not announced in time");
                }
            }
            self.group.until(last.look_again(begun, begun + CONTACT)).await;
        }
    }

    /// Contact with a leader that has a majority; the index up to which it had committed.
    async fn contact(&self) -> Result<u64, Lost> {
        let for_now = |error: &dyn std::fmt::Debug| Lost::ForNow(format!("{error:?}"));
        let leader = self.group.leader().ok_or_else(|| for_now(&"nobody leads"))?;
        if leader == self.group.me() {
            self.group.read_index().await.map_err(|error| for_now(&error))
        } else {
            self.group.contact(leader, self.request()).await
        }
    }

    /// Asks the others, of which none is in contact with this node, whether it is still one of them, and to note its address.
    /// Nobody speaks to a node that has been taken out, or that is not where it was, so it would not hear of them otherwise. The
    /// leader that it knows may be one of long ago, and who has never been reached knows no members at all.
    async fn ask_others(&self) -> Lost {
        let (me, request) = (self.group.me(), JoinRequest { forwarded: false, ..self.application() });
        let members = self.group.listed().into_iter().filter(|member| member.id != me);
        let members = members.map(|member| self.group.within(ANSWERING, self.group.join(member.id, request.clone())));
        let seeds = self.seeds.iter().filter(|seed| **seed != self.advertise);
        let seeds = seeds.map(|seed| self.group.within(ANSWERING, self.group.join_via(seed, request.clone())));
        let (members, seeds) = future::join(future::join_all(members), future::join_all(seeds)).await;
        let refusal = |answer| match answer {
            Some(Ok(JoinResponse { result: Some(join_response::Result::Refused(why)) })) => Some(Lost::TakenOut(why)),
            _ => None,
        };
        members.into_iter().chain(seeds).find_map(refusal).unwrap_or_else(|| Lost::ForNow("no contact with a leader".to_owned()))
    }

    /// What a member says to have its address noted.
    fn application(&self) -> JoinRequest {
        JoinRequest {
            uuid: self.own.uuid.into_bytes().to_vec().into(),
            address: self.advertise.clone(),
            cluster: Some(self.group.cluster().into_bytes().to_vec().into()),
            node: self.group.me(),
            format: self.own.formats.1.into(),
            forwarded: true,
            process: process().into_bytes().to_vec().into(),
        }
    }

    fn request(&self) -> ContactRequest {
        ContactRequest {
            node: self.group.me(),
            applied: self.group.applied(),
            oldest_format: self.own.formats.0.into(),
            newest_format: self.own.formats.1.into(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            draining: self.own.is_draining(),
            process: process().into_bytes().to_vec().into(),
        }
    }

    /// Has this node's address noted, once in any case and again unless the membership has it: while the leader has another one,
    /// nothing of the log gets here. Then announces this life unless the state has it. A life that was declared over while the
    /// process went on is followed by another one, the youngest.
    async fn settle(&self, told: &mut Told) {
        match self.group.within(NOTING, self.tell_address(told.address)).await {
            Some(Ok(())) => told.address = true,
            Some(Err(error)) => tracing::info!(error, "the address of this node is not noted yet"),
            None => tracing::info!("the address of this node is not noted in time"),
        }
        let announcement = &mut told.announcement;
        let is_up = |incarnation: u64| self.views.load().nodes.is_up(self.own.uuid, incarnation);
        let announced = *self.incarnation.borrow();
        if !announced.is_some_and(is_up) {
            if announced.is_some() {
                tracing::warn!("this node was declared down; it begins a new life");
                *announcement = Uuid::new_v4();
                self.incarnation.send_replace(None);
            }
            match self.announce(*announcement).await {
                Ok(Ok(Reply::Number(incarnation))) => {
                    tracing::info!(incarnation, "this node is a member");
                    self.incarnation.send_replace(Some(incarnation));
                }
                Ok(outcome) => {
                    tracing::warn!(?outcome, "this node is not taken as a member");
                    *announcement = Uuid::new_v4();
                }
                Err(error) => tracing::debug!(error, "not announced"),
            }
        }
    }

    /// Under the same id until it is known what came of it. That may be a life that is over by now: the state cannot tell, for
    /// it has nothing of a node that is down.
    async fn announce(&self, id: Uuid) -> Result<Outcome, String> {
        let shown = |error: super::Unsure| format!("{error:?}");
        let payload = own::logged(&self.group, &self.views, id, self.own.up(), None).map_err(shown)?;
        let index = self.group.write_anywhere(payload).await.map_err(shown)?;
        self.group.reach(index).await;
        self.views.load().requests.recall(RequestId(id), None).ok_or_else(|| "what came of it is not known".to_owned())
    }

    /// What this node knows of the membership may be old, so whether its address is there says little before it was told once.
    async fn tell_address(&self, told: bool) -> Result<(), String> {
        let (me, address) = (self.group.me(), Address { uuid: self.own.uuid, at: self.advertise.clone() });
        if told && self.group.address_of(me).as_ref() == Some(&address) {
            return Ok(());
        }
        let (cluster, leader) = (self.group.cluster(), self.group.leader().ok_or("nobody leads")?);
        if leader == me {
            let applicant = Applicant { address, had: Some((cluster, me)), format: self.own.formats.1, process: Some(process()) };
            return self.leader.take_in(&applicant).await.map(drop).map_err(|error| error.to_string());
        }
        match self.group.join(leader, self.application()).await?.result {
            Some(join_response::Result::Joined(_)) => Ok(()),
            Some(join_response::Result::Refused(why)) => Err(why),
            None => Err("an empty answer".to_owned()),
        }
    }
}
