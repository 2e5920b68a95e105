//! System properties: their effective values, and changing them.

use crate::base::secrets;

use super::Hearth;

impl Hearth {
    /// Hash rounds for newly stored passwords (`sasl.scram-sha-1.iteration-count`).
    pub fn scram_iterations(&self) -> u32 {
        let stored = self.local();
        let rounds = stored.properties.value("sasl.scram-sha-1.iteration-count").and_then(|rounds| rounds.parse().ok());
        rounds.filter(|rounds| secrets::ITERATIONS.contains(rounds)).unwrap_or(secrets::DEFAULT_ITERATIONS)
    }
}
