//! What is measured, for Prometheus.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// Where the metrics page is served, always at `/metrics` and without credentials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Serve the page.
    pub enabled: bool,
    /// Address and port of a listener for the page alone, for whoever reaches it. Absent: the page is on the REST listener, for
    /// whoever may call the API from their address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { enabled: true, listen: None }
    }
}
