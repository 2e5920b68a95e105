//! Which nodes the leader has heard of, when, and what they said of themselves.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::raft::NodeId;

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
}

/// The contacts of this process, as leader or not. Clones are handles to the same ones.
#[derive(Clone, Debug)]
pub struct Contacts {
    begun: Instant,
    heard: Arc<Mutex<HashMap<NodeId, Contact>>>,
}

impl Default for Contacts {
    fn default() -> Self {
        Self { begun: Instant::now(), heard: Arc::default() }
    }
}

impl Contacts {
    /// The time on this process's own clock, which no one sets.
    pub fn now(&self) -> Duration {
        self.begun.elapsed()
    }

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
