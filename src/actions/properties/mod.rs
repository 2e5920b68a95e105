//! System properties: their effective values, and changing them.

use crate::base::secrets;

use crate::base::jid::Domain;

use super::Hearth;
use super::credentials::SECRET;

/// What a new data directory starts with. The domain comes last: it says that the directory is filled.
pub fn seeds(domain: &Domain, secret: &str) -> Vec<(String, String)> {
    let seeds = [("plugin.restapi.enabled", "true"), (SECRET, secret), ("xmpp.domain", domain.as_str())];
    seeds.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

impl Hearth {
    /// Hash rounds for newly stored passwords (`sasl.scram-sha-1.iteration-count`).
    pub fn scram_iterations(&self) -> u32 {
        let stored = self.local();
        let rounds = stored.properties.value("sasl.scram-sha-1.iteration-count").and_then(|rounds| rounds.parse().ok());
        rounds.filter(|rounds| secrets::ITERATIONS.contains(rounds)).unwrap_or(secrets::DEFAULT_ITERATIONS)
    }
}
