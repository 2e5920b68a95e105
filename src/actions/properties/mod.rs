//! System properties: their effective values, and changing them.

mod registry;
mod values;

use crate::base::jid::Domain;
use crate::base::{ids, secrets};
use crate::state::properties::{Command as Property, KEY_MAX, VALUE_MAX, canonical_key};
use crate::state::{Command, Refusal, State};

use super::credentials::SECRET;
use super::{Caller, Fault, Hearth, Invalid, Saying};

pub use registry::{Kind, REGISTRY, Registered};
pub use values::{MASK, awaiting_restart, exists, flag, is_listed, is_masked, keys, number, shown, text};

/// What a new data directory starts with. The domain comes last: it says that the directory is filled.
pub fn seeds(domain: &Domain, secret: &str) -> Vec<(String, String)> {
    let pairs = [("plugin.restapi.enabled", "true"), (SECRET, secret), ("xmpp.domain", domain.as_str())];
    pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect()
}

impl Hearth {
    /// The value of a property that counts: what is stored if it is valid, else the default.
    pub fn property(state: &State, key: &str) -> Option<String> {
        text(state, key)
    }

    /// Hash rounds for newly stored passwords (`sasl.scram-sha-1.iteration-count`).
    pub fn scram_iterations(&self) -> u32 {
        let rounds = number(&self.local(), "sasl.scram-sha-1.iteration-count");
        rounds.and_then(|rounds| rounds.try_into().ok()).unwrap_or(secrets::DEFAULT_ITERATIONS)
    }

    /// Stores the values of a fresh start that are not there yet.
    ///
    /// # Errors
    /// The cluster cannot answer.
    pub async fn seed_properties(&self, seeds: Vec<(String, String)>) -> Result<(), Fault> {
        self.act_alone(Command::Properties(Property::Seed(seeds))).await.map(drop)
    }

    /// Creates or overwrites a property.
    ///
    /// # Errors
    /// [`Invalid`], [`crate::state::Refusal::TooManyProperties`], or the cluster cannot answer.
    pub async fn set_property(&self, caller: &Caller, key: &str, value: String) -> Result<(), Fault> {
        let value = self.checked(canonical_key(key), value)?;
        let saying = Saying::new(format!("Updated server property {}", canonical_key(key)));
        // The key goes as it was given: the store has the last word on its form.
        let key = key.to_owned();
        self.act(caller, saying, Command::Properties(Property::Set { key, value })).await.map(drop)
    }

    /// Overwrites a property that exists.
    ///
    /// # Errors
    /// As [`Hearth::set_property`], and [`crate::state::Refusal::PropertyNotFound`].
    pub async fn update_property(&self, caller: &Caller, key: &str, value: String) -> Result<(), Fault> {
        let known = |state: &State| if exists(state, key) { Ok(()) } else { Err(Refusal::PropertyNotFound(key.into())) };
        let value = self.after(self.checked(key, value), known).await?;
        let saying = Saying::new(format!("Updated server property {key}"));
        let update = Property::Update { key: key.into(), value, registered: is_listed(key) };
        self.act(caller, saying, Command::Properties(update)).await.map(drop)
    }

    /// Deletes a property and everything below it. Deleting what is not stored is fine when `lenient`.
    ///
    /// # Errors
    /// [`crate::state::Refusal::PropertyNotFound`], or the cluster cannot answer.
    pub async fn delete_property(&self, caller: &Caller, key: &str, lenient: bool) -> Result<(), Fault> {
        let saying = Saying::new(format!("deleted server property {key}"));
        let refill = vec![(SECRET.into(), fresh_secret()?)];
        let delete = Property::Delete { key: key.into(), lenient, refill };
        self.act(caller, saying, Command::Properties(delete)).await.map(drop)
    }

    /// The value as it may be stored.
    fn checked(&self, key: &str, value: String) -> Result<String, Fault> {
        if key.is_empty() {
            return Err(Invalid::Missing("Property key").into());
        }
        bounded(key, "The property key", KEY_MAX, key)?;
        bounded(&value, "The property value", VALUE_MAX, key)?;
        if value == MASK && is_masked(&self.local(), key) {
            return Err(Invalid::Masked(key.into()).into());
        }
        if key == SECRET && value.trim().is_empty() {
            return fresh_secret();
        }
        Ok(value)
    }
}

fn fresh_secret() -> Result<String, Fault> {
    ids::random_secret().map_err(|e| Fault::Internal(e.to_string()))
}

fn bounded(text: &str, what: &'static str, most: usize, of: &str) -> Result<(), Fault> {
    if text.chars().count() > most {
        return Err(Invalid::TooLong { what, most, of: of.into() }.into());
    }
    Ok(())
}
