//! What the rules of this floor need of Raft, of the other nodes, and of time: they are written against this and run the same
//! over real nodes and in a simulation.

use std::fmt::Display;
use std::future::{self, Future};
use std::time::Duration;

use bytes::Bytes;
use openraft::errors::RaftError;
use openraft::impls::BasicNode;
use openraft::{ChangeMembers, RaftTypeConfig};
use uuid::Uuid;

use super::members::Listed;
use crate::raft::{Address, Heard, NodeId, Whereabouts};
use crate::wire::cluster::{ContactRequest, JoinRequest, JoinResponse};

/// Why something did not come about here and now. Unless it stopped, it is worth another try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsure {
    /// Whoever was asked does not lead, or is not sure to, or cannot be reached; whether it was done is not known.
    Retry,
    /// This node has stopped taking part.
    Stopped(String),
}

/// What an error of Raft means: only one that is fatal ends this node's part. A leader that has lost its office, also with what
/// it had written and not committed, is no more than the wrong one to ask.
pub fn unsure<C: RaftTypeConfig, E: Display>(error: RaftError<C, E>) -> Unsure {
    match error {
        RaftError::APIError(_) => Unsure::Retry,
        RaftError::Fatal(fatal) => Unsure::Stopped(fatal.to_string()),
    }
}

/// Why a contact with the leader failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// Not this time.
    ForNow(String),
    /// The cluster has taken this node out.
    TakenOut(String),
}

/// What Raft says of itself here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Who leads, as far as is known here.
    pub leader: Option<NodeId>,
    /// The term.
    pub term: u64,
    /// The last log index.
    pub last_log: u64,
    /// How far a change of the membership is.
    pub change: Change,
}

/// How far a change of the membership is. One of the voters takes two steps (Raft §6): to a joint configuration of the old and the
/// new ones, and on to the new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// None is under way.
    None,
    /// A step is in the log, and may come to nothing.
    UnderWay,
    /// The first step is done. Whoever took it may be gone, or have given up waiting.
    HalfWay,
}

impl Change {
    /// How far it is, by the newest membership that Raft knows of and the newest that is committed.
    pub fn of<M: PartialEq>(newest: &M, committed: &M, joint: bool) -> Self {
        match (newest == committed, joint) {
            (false, _) => Self::UnderWay,
            (true, true) => Self::HalfWay,
            (true, false) => Self::None,
        }
    }
}

/// One node's view of the group: what proposing and reading need.
pub trait Group: Clone + Send + Sync + 'static {
    /// This node.
    fn me(&self) -> NodeId;

    /// Who leads, as far as is known here.
    fn leader(&self) -> Option<NodeId>;

    /// Waits until somebody else may lead, or for a moment: long enough not to be a burden, short enough not to be noticed.
    fn breath(&self) -> impl Future<Output = ()> + Send;

    /// Writes to the log here; the index it was applied at.
    fn write(&self, payload: Bytes) -> impl Future<Output = Result<u64, Unsure>> + Send;

    /// Has this node write to its log.
    fn write_at(&self, leader: NodeId, payload: Bytes) -> impl Future<Output = Result<u64, Unsure>> + Send;

    /// Writes to the log wherever the leader is, once.
    fn write_anywhere(&self, payload: Bytes) -> impl Future<Output = Result<u64, Unsure>> + Send {
        async move {
            match self.leader() {
                Some(leader) if leader == self.me() => self.write(payload).await,
                Some(leader) => self.write_at(leader, payload).await,
                None => Err(Unsure::Retry),
            }
        }
    }

    /// The index that a read which begins now must see, once a majority has confirmed that this node leads.
    fn read_index(&self) -> impl Future<Output = Result<u64, Unsure>> + Send;

    /// Has this node say so.
    fn read_index_at(&self, leader: NodeId) -> impl Future<Output = Result<u64, Unsure>> + Send;

    /// The index that is applied here.
    fn applied(&self) -> u64;

    /// Waits until this index is applied here.
    fn reach(&self, index: u64) -> impl Future<Output = ()> + Send;

    /// Waits until this node has lost the majority; see [`super::Fence`].
    fn fenced(&self) -> impl Future<Output = ()> + Send;

    /// What `work` comes to, unless it takes longer.
    fn within<T: Send>(&self, limit: Duration, work: impl Future<Output = T> + Send) -> impl Future<Output = Option<T>> + Send;
}

/// One node's seat in the group: what showing that it lives and looking after the others need beyond that.
pub trait Seat: Group {
    /// Which cluster this is.
    fn cluster(&self) -> Uuid;

    /// The time on this process's own clock, which no one sets.
    fn now(&self) -> Duration;

    /// Opens or closes the fence.
    fn set_fence(&self, open: bool);

    /// What Raft says of itself here.
    fn standing(&self) -> Standing;

    /// Every member, in the order of their numbers.
    fn listed(&self) -> Vec<Listed>;

    /// Where members are, also those that have moved.
    fn whereabouts(&self) -> &Whereabouts;

    /// The voter beside this node that has more of the log than any other, if this node leads.
    fn furthest(&self) -> Option<NodeId>;

    /// Writes an entry that does nothing; its index.
    fn write_blank(&self) -> impl Future<Output = Result<u64, String>> + Send;

    /// Takes a node in as a learner.
    fn add_learner(&self, id: NodeId, address: &Address) -> impl Future<Output = Result<(), String>> + Send;

    /// Changes the membership. A change that is half way is brought to its end by one that changes nothing.
    fn change(&self, change: ChangeMembers<NodeId, BasicNode>) -> impl Future<Output = Result<(), String>> + Send;

    /// Begins to hand leadership over; whether it comes about is to be seen.
    fn transfer(&self, to: NodeId) -> impl Future<Output = Result<(), String>> + Send;

    /// Shows the leader, another node, that this one lives; the index up to which it had committed.
    fn contact(&self, leader: NodeId, contact: ContactRequest) -> impl Future<Output = Result<u64, Lost>> + Send;

    /// Asks another member to see to it that the leader knows the address of this one.
    fn join(&self, member: NodeId, request: JoinRequest) -> impl Future<Output = Result<JoinResponse, String>> + Send;

    /// Asks the same of whoever answers at this address, if it belongs to this cluster.
    fn join_via(&self, at: &str, request: JoinRequest) -> impl Future<Output = Result<JoinResponse, String>> + Send;

    /// Where a member is reached.
    fn address_of(&self, id: NodeId) -> Option<Address> {
        let Address { uuid, at } = self.listed().into_iter().find(|member| member.id == id)?.address?;
        Some(Address { uuid, at: self.whereabouts().of(id).unwrap_or(at) })
    }

    /// Waits until this time on that clock.
    fn until(&self, time: Duration) -> impl Future<Output = ()> + Send {
        async move {
            let _ = self.within(time.saturating_sub(self.now()), future::pending::<()>()).await;
        }
    }
}

/// One node's seat in the group when the leader may be gone: what succeeding it needs beyond that.
pub trait Heir: Seat {
    /// What others' messages let guess about an election.
    fn heard(&self) -> &Heard;

    /// Whether nothing listens where this node was, for certain: silence is no proof.
    fn is_gone(&self, node: NodeId) -> impl Future<Output = bool> + Send;

    /// The term this node is in.
    fn term(&self) -> u64;

    /// Waits for this to be true of the leader that is known and of the term.
    fn led(&self, condition: impl Fn(Option<NodeId>, u64) -> bool + Send) -> impl Future<Output = ()> + Send;

    /// Asks for votes in the next term, without asking first whether it would get them: that a leader was heard of lately is
    /// no reason to refuse.
    fn stand(&self) -> impl Future<Output = ()> + Send;
}

/// The index that a read must see, unless this node is not sure to lead.
pub async fn confirmed(group: &impl Group) -> Option<u64> {
    if group.leader() != Some(group.me()) {
        return None;
    }
    group.read_index().await.ok()
}

/// Nothing is heard of a Raft that has stopped: whoever waits for a change of it waits on, and asks the others meanwhile as often
/// as anybody.
pub async fn heard_on<E>(changed: Result<(), E>) {
    if changed.is_err() {
        future::pending().await
    }
}
