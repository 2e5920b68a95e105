//! What this node says in the log of itself and, when it leads, of others.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use uuid::Uuid;

use super::group::{Group, Unsure};
use crate::actors::Views;
use crate::base::clock::Timestamp;
use crate::base::jid::Domain;
use crate::state::nodes::Command as Nodes;
use crate::state::{Command, Logged, Proposal, RequestId};

/// The property that holds the XMPP domain.
const DOMAIN: &str = "xmpp.domain";

/// Who this node is to others.
#[derive(Clone, Debug)]
pub struct Own {
    /// Its UUID.
    pub uuid: Uuid,
    /// Its host name.
    pub host: String,
    /// Its address, if there is one to tell.
    pub address: Option<IpAddr>,
    /// The oldest and the newest store format it admits to know.
    pub formats: (u8, u8),
    /// Whether it is about to stop and does not want to lead, for the rest of this life.
    pub draining: Arc<AtomicBool>,
}

impl Own {
    /// Whether it is about to stop.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// That a process of this node has started.
    pub fn up(&self) -> Nodes {
        Nodes::Up { node: self.uuid, host: self.host.clone(), address: self.address }
    }
}

/// A command about nodes as it goes into the log, in the format that is written now or in this one.
pub fn logged<G: Group>(group: &G, views: &Views, id: Uuid, command: Nodes, format: Option<u8>) -> Result<Bytes, Unsure> {
    let state = views.load();
    // Commands about nodes have no use for the domain; before it is known any will do.
    let domain = state.properties.value(DOMAIN).and_then(|domain| Domain::parse(domain).ok()).unwrap_or_else(Domain::localhost);
    let command = Command::Nodes(command);
    let proposal = Proposal { id: RequestId(id), fingerprint: None, at: Timestamp::now(), domain, audit: None, command };
    let logged = Logged { proposal, since: Some(group.applied()) };
    let bytes = logged.encode(format.unwrap_or_else(|| state.nodes.format())).map_err(|error| Unsure::Stopped(error.to_string()))?;
    Ok(bytes.into())
}
