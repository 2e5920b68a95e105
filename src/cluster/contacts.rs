//! Which nodes the leader has heard of, when, and what they said of themselves.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::group::{Lost, Seat, confirmed};
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

    /// Forgets nodes that are no members any more.
    pub fn keep(&self, members: &[NodeId]) {
        self.heard().retain(|node, _| members.contains(node));
    }
}

/// Another node shows that it lives: noted, if this node leads. The index up to which is committed, unless this node is not
/// sure to lead.
///
/// # Errors
/// The caller is no member any more, for certain.
pub async fn hear(seat: &impl Seat, contacts: &Contacts, from: NodeId, request: ContactRequest) -> Result<Option<u64>, Lost> {
    if seat.leader() != Some(seat.me()) {
        return Ok(None);
    }
    let is_member = seat.address_of(from).is_some();
    if is_member {
        contacts.note(from, Contact::said(seat.now(), request));
    }
    match confirmed(seat).await {
        Some(_) if !is_member => {
            Err(Lost::TakenOut("this node has been taken out of the cluster; move its data directory away and let it join anew".to_owned()))
        }
        index => Ok(index),
    }
}
