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

/// Longest key kept, in characters.
pub const KEY_MAX: usize = 255;
/// Longest value kept, in characters.
pub const VALUE_MAX: usize = 16_384;
/// The most properties stored.
pub const PROPERTIES: usize = 10_000;
/// Longest value shown in the audit log, in characters; more is cut.
const NOTED_MAX: usize = 1000;

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
    /// Deletes a stored property and everything below it (`key.*`); the answer is how many.
    Delete {
        /// Its key.
        key: String,
        /// Whether deleting what is not stored is fine.
        lenient: bool,
        /// New values of properties that must not be without one, for those of them that are deleted.
        refill: Vec<(String, String)>,
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

/// The key as it is stored: without one dot at the end, then without white space around it (system.md §4.3).
pub fn canonical_key(key: &str) -> &str {
    key.strip_suffix('.').unwrap_or(key).trim()
}

/// Whether the key is that of a password or a key, whose value is nobody's to read (system.md S16).
pub fn is_secret(key: &str) -> bool {
    let key = key.to_lowercase();
    ["passwd", "password", "cookiekey", "secret", "masterkey"].iter().any(|word| key.contains(word))
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

    /// Sets a property on someone's behalf: within bounds, and with a note of what it was.
    fn change(&mut self, key: String, value: String) -> Result<Done, Refusal> {
        let old = self.stored.get(&key);
        if old.is_none() && self.stored.len() >= PROPERTIES {
            return Err(Refusal::TooManyProperties);
        }
        let masked = is_secret(&key) || old.is_some_and(|old| old.encrypted);
        let was = old.map_or_else(|| "not set".into(), |old| quoted(&old.value, masked));
        let note = Some(format!("old value = {was}\nnew value = {}", quoted(&value, masked)));
        Ok(Done { note, ..Done::with_event(self.set(key, value)) })
    }

    fn delete(&mut self, key: &str, refill: Vec<(String, String)>) -> Done {
        let gone = self.with_below(key);
        for key in &gone {
            self.stored.remove(key);
        }
        let below: Vec<&str> = gone.iter().map(String::as_str).filter(|other| *other != key).collect();
        let note = (!below.is_empty()).then(|| format!("also deleted: {}", cut(&below.join(", "))));
        let reply = Some(Reply::Count(gone.len() as u64));
        for (key, value) in refill {
            if gone.contains(&key) {
                self.set(key, value);
            }
        }
        Done { reply, note, events: gone.into_iter().map(Event::PropertyChanged).collect(), ..Done::default() }
    }

    /// The key, if it is stored, and every stored key below it.
    fn with_below(&self, key: &str) -> Vec<String> {
        let below = format!("{key}.");
        let from = (std::ops::Bound::Included(key), std::ops::Bound::Unbounded);
        let near = self.stored.range::<_, str>(from).map(|(k, _)| k).take_while(|k| k.starts_with(key));
        near.filter(|k| *k == key || k.starts_with(&below)).cloned().collect()
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
            Command::Set { key, value } => self.change(canonical_key(&key).into(), value),
            Command::Update { key, registered, .. } if !registered && !self.stored.contains_key(&key) => Err(Refusal::PropertyNotFound(key)),
            Command::Update { key, value, .. } => self.change(key, value),
            Command::Delete { key, lenient, .. } if !lenient && !self.stored.contains_key(&key) => Err(Refusal::PropertyNotFound(key)),
            Command::Delete { key, refill, .. } => Ok(self.delete(&key, refill)),
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

/// A value for the audit log.
fn quoted(value: &str, masked: bool) -> String {
    if masked { "(hidden)".into() } else { format!("'{}'", cut(value)) }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(NOTED_MAX) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.into(),
    }
}

/// Commands that collide.
#[cfg(test)]
pub mod arbitrary {
    use proptest::prelude::*;

    use super::*;

    /// A few keys, some below others.
    pub fn command() -> BoxedStrategy<Command> {
        let key = || prop_oneof![Just("a"), Just("a.b"), Just("a.b.c"), Just("ab"), Just("secret")].prop_map(String::from);
        prop_oneof![
            (key(), "[xyz]{0,3}").prop_map(|(key, value)| Command::Set { key, value }),
            (key(), "[xyz]{0,3}", any::<bool>()).prop_map(|(key, value, registered)| Command::Update { key, value, registered }),
            (key(), any::<bool>()).prop_map(|(key, lenient)| Command::Delete { key, lenient, refill: vec![("secret".into(), "new".into())] }),
            proptest::collection::vec((key(), "[xyz]{0,3}"), 0..3).prop_map(Command::Seed),
        ]
        .boxed()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::base::clock::Timestamp;
    use crate::base::jid::{Domain, Localpart};

    fn cx() -> Context {
        Context { index: 1, at: Timestamp(0), domain: Domain::parse("example.org").unwrap() }
    }

    fn act(properties: &mut Properties, command: Command) -> Result<Done, Refusal> {
        properties.decide(&cx(), command, &Facts::default())
    }

    fn set(properties: &mut Properties, key: &str, value: &str) -> Done {
        act(properties, Command::Set { key: key.into(), value: value.into() }).unwrap()
    }

    fn delete(properties: &mut Properties, key: &str, lenient: bool) -> Result<Done, Refusal> {
        let refill = vec![("a.secret".into(), "fresh".into())];
        act(properties, Command::Delete { key: key.into(), lenient, refill })
    }

    fn keys(properties: &Properties) -> Vec<&str> {
        properties.iter().map(|(key, _)| key.as_str()).collect()
    }

    #[test]
    fn keys_lose_one_dot_and_the_space_around_them() {
        let mut properties = Properties::default();
        for (given, stored) in [("a.", "a"), ("b..", "b."), (" c .", "c"), ("d. ", "d."), ("e", "e")] {
            set(&mut properties, given, "1");
            assert_eq!(properties.value(stored), Some("1"), "{given}");
        }
    }

    #[test]
    fn what_is_below_goes_too_and_what_is_beside_stays() {
        let mut properties = Properties::default();
        for key in ["a", "a.b", "a.b.c", "a.secret", "a-b", "ab", "b.a"] {
            set(&mut properties, key, "1");
        }
        let done = delete(&mut properties, "a", false).unwrap();
        assert_eq!(done.reply, Some(Reply::Count(4)));
        assert_eq!(done.note.as_deref(), Some("also deleted: a.b, a.b.c, a.secret"));
        assert_eq!(keys(&properties), ["a-b", "a.secret", "ab", "b.a"]);
        assert_eq!(properties.value("a.secret"), Some("fresh"));
    }

    #[test]
    fn a_parent_without_a_value_is_not_there() {
        let mut properties = Properties::default();
        set(&mut properties, "a.b", "1");
        assert_eq!(delete(&mut properties, "a", false).unwrap_err(), Refusal::PropertyNotFound("a".into()));
        assert_eq!(keys(&properties), ["a.b"]);
        assert_eq!(delete(&mut properties, "a", true).unwrap().reply, Some(Reply::Count(1)));
        assert_eq!(delete(&mut properties, "a", true).unwrap().reply, Some(Reply::Count(0)));
    }

    #[test]
    fn what_is_not_stored_is_updated_only_when_registered() {
        let mut properties = Properties::default();
        let update = |registered| Command::Update { key: "a".into(), value: "1".into(), registered };
        assert_eq!(act(&mut properties, update(false)).unwrap_err(), Refusal::PropertyNotFound("a".into()));
        act(&mut properties, update(true)).unwrap();
        act(&mut properties, update(false)).unwrap();
        assert_eq!(properties.value("a"), Some("1"));
    }

    #[test]
    fn the_note_tells_values_but_no_secrets() {
        let mut properties = Properties::default();
        assert_eq!(set(&mut properties, "a", "1").note.as_deref(), Some("old value = not set\nnew value = '1'"));
        assert_eq!(set(&mut properties, "a", "2").note.as_deref(), Some("old value = '1'\nnew value = '2'"));
        set(&mut properties, "my.Password", "hunter2");
        assert_eq!(set(&mut properties, "my.Password", "hunter3").note.as_deref(), Some("old value = (hidden)\nnew value = (hidden)"));
        assert!(set(&mut properties, "b", &"x".repeat(5000)).note.unwrap().len() < 1100);
    }

    #[test]
    fn there_is_a_most_and_changing_is_within_it() {
        let mut properties = Properties::default();
        for n in 0..PROPERTIES {
            set(&mut properties, &format!("k{n}"), "");
        }
        let one_more = Command::Set { key: "more".into(), value: String::new() };
        assert_eq!(act(&mut properties, one_more).unwrap_err(), Refusal::TooManyProperties);
        set(&mut properties, "k0", "changed");
    }

    #[test]
    fn seeds_do_not_overwrite() {
        let mut properties = Properties::default();
        set(&mut properties, "a", "1");
        act(&mut properties, Command::Seed(vec![("a".into(), "2".into()), ("b".into(), "3".into())])).unwrap();
        assert_eq!((properties.value("a"), properties.value("b")), (Some("1"), Some("3")));
    }

    #[test]
    fn the_list_of_administrators_follows_accounts() {
        let mut properties = Properties::default();
        set(&mut properties, ADMINS, "ann@example.org, bob@example.org,eve@elsewhere.org");
        let local = |name| Localpart::parse(name).unwrap();
        properties.follow(&cx(), &Effect::UserRenamed { from: local("ann"), to: local("anna") });
        properties.follow(&cx(), &Effect::UserDeleted(local("bob")));
        properties.follow(&cx(), &Effect::UserDeleted(local("eve")));
        assert_eq!(properties.value(ADMINS), Some("anna@example.org,eve@elsewhere.org"));
    }

    #[test]
    fn secrets_are_known_by_their_names() {
        for key in ["plugin.restapi.secret", "passwordKey", "sms.smpp.password", "xmpp.muc.masterkey", "a.PASSWD", "cookieKey", "clientSecretX"] {
            assert!(is_secret(key), "{key}");
        }
        for key in ["xmpp.domain", "plugin.restapi.enabled", "sasl.mechs"] {
            assert!(!is_secret(key), "{key}");
        }
    }
}
