//! Raft's way to the other nodes: three connections to each, so that neither entries nor a snapshot hold up a heartbeat.

pub(super) mod convert;
mod link;
mod snapshot;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use openraft::impls::BasicNode;
use openraft::network::RaftNetworkFactory;
use tonic::transport::Channel;
use uuid::Uuid;

pub use self::link::Link;
use super::address::Address;
use super::engine::LedgerReader;
use super::types::{NodeId, TypeConfig};
use super::whereabouts::Whereabouts;
use crate::wire::raft::raft_client::RaftClient;
use crate::wire::{Dialer, Name, NodeName};

/// The longest message, in bytes: a batch of entries ends at 4 MiB unless a single one is longer.
pub const LONGEST_MESSAGE: usize = 64 * 1024 * 1024;

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Purpose {
    /// Entries and votes.
    Log,
    Heartbeat,
    Snapshot,
}

/// Knows the way to every node; a standalone node reaches nobody.
#[derive(Clone, Default)]
pub struct Peers {
    way: Option<Arc<Way>>,
}

struct Way {
    dialer: Dialer,
    cluster: Uuid,
    ledgers: Arc<dyn LedgerReader>,
    whereabouts: Whereabouts,
    /// Kept, with the address each leads to.
    channels: Mutex<HashMap<(NodeId, Purpose), (String, Channel)>>,
}

impl Peers {
    /// Reaches nobody.
    pub fn none() -> Self {
        Self::default()
    }

    /// Reaches the nodes of this cluster wherever they are; `ledgers` go with a snapshot.
    pub fn of(cluster: Uuid, dialer: Dialer, ledgers: Arc<dyn LedgerReader>, whereabouts: Whereabouts) -> Self {
        Self { way: Some(Arc::new(Way { dialer, cluster, ledgers, whereabouts, channels: Mutex::default() })) }
    }

    fn link(&self, node: NodeId, address: &BasicNode, purpose: Purpose) -> Link {
        let Some((way, address)) = self.way.as_ref().zip(Address::of(address)) else { return Link::nowhere() };
        Link::to(Target { way: Arc::clone(way), node, at: address.at, purpose })
    }
}

/// A node and what it is asked for.
struct Target {
    way: Arc<Way>,
    node: NodeId,
    /// Where it was when openraft began to speak to it, which it goes on to do when the node has moved.
    at: String,
    purpose: Purpose,
}

impl Target {
    fn client(&self) -> RaftClient<Channel> {
        let at = self.way.whereabouts.of(self.node).unwrap_or_else(|| self.at.clone());
        let channel = self.way.channel(self.node, at, self.purpose);
        RaftClient::new(channel).max_decoding_message_size(LONGEST_MESSAGE).max_encoding_message_size(LONGEST_MESSAGE)
    }
}

impl Way {
    fn channel(&self, node: NodeId, at: String, purpose: Purpose) -> Channel {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, channel)) = channels.get(&(node, purpose))
            && *known == at
        {
            return channel.clone();
        }
        let channel = self.dialer.channel(&at, Name::Node(NodeName { cluster: self.cluster, node }));
        channels.insert((node, purpose), (at, channel.clone()));
        channel
    }
}

impl RaftNetworkFactory<TypeConfig> for Peers {
    type Network = Link;

    async fn new_client(&mut self, target: NodeId, node: &BasicNode) -> Link {
        self.link(target, node, Purpose::Log)
    }

    async fn new_heartbeat_client(&mut self, target: NodeId, node: &BasicNode) -> Link {
        self.link(target, node, Purpose::Heartbeat)
    }

    async fn new_snapshot_client(&mut self, target: NodeId, node: &BasicNode) -> Link {
        self.link(target, node, Purpose::Snapshot)
    }
}
