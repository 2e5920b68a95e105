//! Floor 2: what nodes say to each other, and the connections it goes over.
//!
//! The messages are compiled from `proto/`. Every connection is TLS 1.3 with a certificate on both sides; see [`Credentials`].

mod connections;
mod credentials;
mod names;

pub use connections::{Dialer, Incoming, Peer};
pub use credentials::{Credentials, CredentialsError, SHORTEST_SECRET};
pub use names::{Name, NodeName};

/// Raft's messages.
#[allow(missing_docs, clippy::all, clippy::pedantic, clippy::unwrap_used)]
pub mod raft {
    tonic::include_proto!("hearth.raft.v1");
}

/// Messages about the cluster and on behalf of clients.
#[allow(missing_docs, clippy::all, clippy::pedantic, clippy::unwrap_used)]
pub mod cluster {
    tonic::include_proto!("hearth.cluster.v1");
}

/// Messages for one node only and for now.
#[allow(missing_docs, clippy::all, clippy::pedantic, clippy::unwrap_used)]
pub mod relay {
    tonic::include_proto!("hearth.relay.v1");
}
