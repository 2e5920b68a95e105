//! The REST listener.

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

/// Where the REST API listens and how it answers where Openfire's own answer was unsafe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rest {
    /// Address and port of the listener. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Threads that serve requests; 0 is one per processor.
    pub workers: usize,
    /// Serve `openapi.yaml` without authentication, as Openfire does.
    pub openapi_public: bool,
    /// Serve the documentation page at `/plugins/restapi/docs/`.
    pub docs: bool,
    /// Show `***` in place of passwords and keys among the system properties.
    pub mask_secrets: bool,
    /// Take a property written without a value as its deletion, as Openfire does, instead of refusing it.
    pub null_property_deletes: bool,
    /// Create the chat service that a new room names when there is none, as Openfire does, instead of refusing the room.
    pub create_missing_services: bool,
}

impl Default for Rest {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9090)),
            workers: 0,
            openapi_public: true,
            docs: true,
            mask_secrets: true,
            null_property_deletes: false,
            create_missing_services: true,
        }
    }
}

impl Rest {
    /// The number of threads that [`workers`](Self::workers) means on this machine.
    pub fn worker_threads(&self) -> usize {
        if self.workers == 0 { super::processors() } else { self.workers }
    }
}
