//! System properties: what administrators set at run time.
//!
//! Only stored values live here; which properties exist and what their defaults are is not replicated.

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::base::jid::BareJid;

use super::bytes::{self, BadBytes};
use super::{Context, Done, Effect, Event, Facts, Noun, NounId, Question, Refusal, Reply};

/// The bare JIDs of the administrators, comma separated. Empty: the account named `admin`.
pub const ADMINS: &str = "admin.authorizedJIDs";

/// A stored property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// Its value.
    pub value: String,
    /// Whether Openfire would keep it encrypted; such values are masked when read.
    pub encrypted: bool,
}

/// What can be done to properties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Creates or overwrites a property.
    Set {
        /// Its key.
        key: String,
        /// Its value.
        value: String,
    },
    /// Overwrites a property that is stored, or that exists without being stored.
    Update {
        /// Its key.
        key: String,
        /// Its value.
        value: String,
        /// Whether it exists even when it is not stored.
        registered: bool,
    },
    /// Deletes a stored property and everything below it (`key.*`).
    Delete {
        /// Its key.
        key: String,
        /// Whether deleting what is not stored is fine.
        lenient: bool,
    },
    /// Sets each property that is not stored yet.
    Seed(Vec<(String, String)>),
}

impl Command {
    /// Properties are decided alone.
    pub fn questions(&self) -> Vec<Question> {
        Vec::new()
    }
}

/// All stored properties.
#[derive(Clone, Debug, Default)]
pub struct Properties {
    stored: OrdMap<String, Stored>,
}

impl Properties {
    /// The stored property of this key.
    pub fn get(&self, key: &str) -> Option<&Stored> {
        self.stored.get(key)
    }

    /// The stored value of this key.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.stored.get(key).map(|stored| stored.value.as_str())
    }

    /// All stored properties by key, in byte order.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Stored)> {
        self.stored.iter()
    }

    fn set(&mut self, key: String, value: String) -> Event {
        let encrypted = self.stored.get(&key).is_some_and(|old| old.encrypted);
        self.stored.insert(key.clone(), Stored { value, encrypted });
        Event::PropertyChanged(key)
    }

    fn delete(&mut self, key: &str) -> Vec<Event> {
        let below = format!("{key}.");
        let gone: Vec<String> = self
            .stored
            .range::<_, str>((std::ops::Bound::Included(key), std::ops::Bound::Unbounded))
            .map(|(k, _)| k)
            .take_while(|k| k.starts_with(key))
            .filter(|k| *k == key || k.starts_with(&below))
            .cloned()
            .collect();
        for key in &gone {
            self.stored.remove(key);
        }
        gone.into_iter().map(Event::PropertyChanged).collect()
    }

    /// Edits the list of administrators: `from` becomes `to`, or leaves.
    fn rename_admin(&mut self, from: &BareJid, to: Option<&BareJid>) -> Done {
        let Some(admins) = self.value(ADMINS) else { return Done::default() };
        let old: Vec<&str> = admins.split(',').map(str::trim).filter(|jid| !jid.is_empty()).collect();
        if !old.contains(&from.as_str()) {
            return Done::default();
        }
        let new: Vec<&str> = old.into_iter().filter_map(|jid| if jid == from.as_str() { to.map(BareJid::as_str) } else { Some(jid) }).collect();
        let event = self.set(ADMINS.into(), new.join(","));
        Done::with_event(event)
    }
}

impl Noun for Properties {
    const ID: NounId = NounId::Properties;
    type Command = Command;

    fn decide(&mut self, _: &Context, command: Command, _: &Facts) -> Result<Done, Refusal> {
        match command {
            Command::Set { key, value } => Ok(Done::with_event(self.set(key, value))),
            Command::Update { key, value, registered } => {
                if !registered && !self.stored.contains_key(&key) {
                    return Err(Refusal::PropertyNotFound(key));
                }
                Ok(Done::with_event(self.set(key, value)))
            }
            Command::Delete { key, lenient } => {
                if !lenient && !self.stored.contains_key(&key) {
                    return Err(Refusal::PropertyNotFound(key));
                }
                let events = self.delete(&key);
                Ok(Done { reply: Some(Reply::Count(events.len() as u64)), events, ..Done::default() })
            }
            Command::Seed(defaults) => {
                let absent: Vec<_> = defaults.into_iter().filter(|(key, _)| !self.stored.contains_key(key)).collect();
                Ok(Done { events: absent.into_iter().map(|(key, value)| self.set(key, value)).collect(), ..Done::default() })
            }
        }
    }

    fn follow(&mut self, cx: &Context, effect: &Effect) -> Done {
        let jid = |name| BareJid::new(Some(name), &cx.domain);
        match effect {
            Effect::UserDeleted(name) => self.rename_admin(&jid(name), None),
            Effect::UserRenamed { from, to } => self.rename_admin(&jid(from), Some(&jid(to))),
            _ => Done::default(),
        }
    }

    fn records(&self) -> Box<dyn Iterator<Item = Vec<u8>> + Send + '_> {
        Box::new(self.stored.iter().map(|entry| bytes::record(&entry)))
    }

    fn restore(&mut self, record: &[u8]) -> Result<(), BadBytes> {
        let (key, stored): (String, Stored) = bytes::decode(record)?;
        self.stored.insert(key, stored);
        Ok(())
    }
}
