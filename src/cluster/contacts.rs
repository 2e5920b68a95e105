//! Which nodes the leader has heard of, when, and what they said of themselves.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use uuid::Uuid;

use super::group::{Lost, Seat, confirmed};
use super::twins::{Twins, Verdict};
use crate::base::ids::process;
use crate::raft::NodeId;
use crate::wire::cluster::ContactRequest;

/// What a node said when it was heard of last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// When, on this process's own clock.
    pub at: Duration,
    /// How far it had applied the log.
    pub applied: u64,
    /// The oldest and the newest store format it reads.
    pub formats: (u8, u8),
    /// Its release.
    pub version: String,
    /// Whether it is about to stop and does not want to lead.
    pub draining: bool,
}

impl Contact {
    /// What a node said at this time.
    pub fn said(at: Duration, request: ContactRequest) -> Self {
        let format = |format: u32| u8::try_from(format).unwrap_or(u8::MAX);
        let ContactRequest { applied, oldest_format, newest_format, version, draining, .. } = request;
        Self { at, applied, formats: (format(oldest_format), format(newest_format)), version, draining }
    }
}

/// The contacts of this process, as leader or not. Clones are handles to the same ones.
#[derive(Clone, Debug, Default)]
pub struct Contacts {
    heard: Arc<Mutex<HashMap<NodeId, Contact>>>,
    processes: Arc<Mutex<HashMap<NodeId, Twins>>>,
}

impl Contacts {
    fn heard(&self) -> MutexGuard<'_, HashMap<NodeId, Contact>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what a member said. Only members get this far, so there are never more than the group may have.
    pub fn note(&self, node: NodeId, contact: Contact) {
        self.heard().insert(node, contact);
    }

    /// What was heard of a node last.
    pub fn of(&self, node: NodeId) -> Option<Contact> {
        self.heard().get(&node).cloned()
    }

    /// A process speaks as that member; see [`Twins`].
    pub fn speaks(&self, node: NodeId, process: Uuid, now: Duration) -> Verdict {
        let mut processes = self.processes.lock().unwrap_or_else(PoisonError::into_inner);
        processes.entry(node).or_insert_with(|| Twins::first(process, now)).speaks(process, now)
    }

    /// Whether another process than this one has spoken as that member lately.
    pub fn has_another(&self, node: NodeId, process: Uuid, now: Duration) -> bool {
        let processes = self.processes.lock().unwrap_or_else(PoisonError::into_inner);
        processes.get(&node).is_some_and(|twins| twins.has_another(process, now))
    }

    /// Forgets nodes that are no members any more.
    pub fn keep(&self, members: &[NodeId]) {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner).retain(|node, _| members.contains(node));
        self.heard().retain(|node, _| members.contains(node));
    }
}

/// What the second process of a node is told.
pub const TWICE: &str = "another process runs as the same node already; a copy of a data directory cannot be used";

/// Whether who speaks as a node is that node. One of a release before says nothing of its process.
fn is_the_node(seat: &impl Seat, contacts: &Contacts, from: NodeId, request: &ContactRequest) -> Result<(), Lost> {
    let Ok(speaker) = Uuid::from_slice(&request.process) else { return Ok(()) };
    let verdict = match from == seat.me() {
        true if speaker == process() => Verdict::Is,
        true => Verdict::Copy,
        false => contacts.speaks(from, speaker, seat.now()),
    };
    match verdict {
        Verdict::Is => Ok(()),
        Verdict::Waits => Err(Lost::ForNow("another process spoke as the same node just now".to_owned())),
        Verdict::Copy => Err(Lost::TakenOut(TWICE.to_owned())),
    }
}

/// Another node shows that it lives: noted, if this node leads. The index up to which is committed, unless this node is not
/// sure to lead.
///
/// # Errors
/// The caller is no member any more, for certain, or a second process of one.
pub async fn hear(seat: &impl Seat, contacts: &Contacts, from: NodeId, request: ContactRequest) -> Result<Option<u64>, Lost> {
    if seat.leader() != Some(seat.me()) {
        return Ok(None);
    }
    let is_member = seat.address_of(from).is_some();
    if is_member {
        is_the_node(seat, contacts, from, &request)?;
        contacts.note(from, Contact::said(seat.now(), request));
    }
    match confirmed(seat).await {
        Some(_) if !is_member => {
            Err(Lost::TakenOut("this node has been taken out of the cluster; move its data directory away and let it join anew".to_owned()))
        }
        index => Ok(index),
    }
}
