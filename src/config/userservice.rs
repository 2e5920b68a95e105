//! The legacy User Service.

use serde::{Deserialize, Serialize};

/// The query-string interface that came before the REST API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UserService {
    /// Serve it, unless the system property `plugin.userservice.enabled` says otherwise. Its secret travels in the URL.
    pub enabled: bool,
}

impl Default for UserService {
    fn default() -> Self {
        Self { enabled: true }
    }
}
