//! Values that count, for whoever acts on properties, and for listings.

use std::borrow::Cow;

use crate::state::State;
use crate::state::properties::is_secret;

use super::registry::REGISTRY;

/// What is shown in place of a value that is nobody's to read.
pub const MASK: &str = "***";

/// The value that counts: what is stored if it is valid, else the default.
pub fn text(state: &State, key: &str) -> Option<String> {
    let stored = state.properties.value(key);
    match REGISTRY.get(key) {
        Some(registered) => registered.effective(stored),
        None => stored.map(str::to_owned),
    }
}

/// Whether the value that counts is `true`.
pub fn flag(state: &State, key: &str) -> bool {
    text(state, key).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// The value that counts, as a number.
pub fn number(state: &State, key: &str) -> Option<i64> {
    text(state, key)?.parse().ok()
}

/// Whether the property can be read: it is stored, or exists without being stored.
pub fn exists(state: &State, key: &str) -> bool {
    state.properties.get(key).is_some() || is_listed(key)
}

/// Whether the property exists even when it is not stored.
pub fn is_listed(key: &str) -> bool {
    REGISTRY.get(key).is_some_and(|registered| registered.listed)
}

/// Whether the value of the property is nobody's to read.
pub fn is_masked(state: &State, key: &str) -> bool {
    is_secret(key) || state.properties.get(key).is_some_and(|stored| stored.encrypted)
}

/// The keys of all properties that can be read, in order of their UTF-16 code units (system.md §4.1).
pub fn keys(state: &State) -> Vec<Cow<'static, str>> {
    let listed = REGISTRY.iter().filter(|(key, registered)| registered.listed && state.properties.get(key).is_none());
    let stored = state.properties.iter().map(|(key, _)| Cow::Owned(key.clone()));
    let mut keys: Vec<_> = listed.map(|(key, _)| Cow::Borrowed(*key)).chain(stored).collect();
    keys.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
    keys
}

/// The value as it may be shown; `None` when there is none.
pub fn shown(state: &State, key: &str, mask: bool) -> Option<String> {
    let value = text(state, key)?;
    Some(if mask && !value.is_empty() && is_masked(state, key) { MASK.into() } else { value })
}

/// A property whose change waits for a restart: its value is not the one it had in `then`. The domain never is: it belongs
/// to the data and is no matter of a restart.
pub fn awaiting_restart(then: &State, now: &State) -> Option<&'static str> {
    let waits = |key: &str| key != "xmpp.domain" && text(then, key) != text(now, key);
    REGISTRY.iter().find(|(key, registered)| registered.listed && !registered.dynamic && waits(key)).map(|(key, _)| *key)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::state::Noun;
    use crate::state::properties::Stored;

    fn stored(pairs: &[(&str, &str)]) -> State {
        let mut state = State::default();
        for (key, value) in pairs {
            let record = (key, Stored { value: (*value).into(), encrypted: *key == "locked" });
            state.properties.restore(&crate::state::bytes::encode(&record).unwrap()).unwrap();
        }
        state
    }

    #[test]
    fn what_acts_sees_the_value_that_counts() {
        let state = stored(&[("xmpp.auth.anonymous", "True"), ("my.key", "7"), ("xmpp.client.idle", "oops")]);
        assert!(flag(&state, "xmpp.auth.anonymous"));
        assert!(!flag(&state, "xmpp.auth.sasl2"));
        assert_eq!((number(&state, "my.key"), number(&state, "xmpp.client.idle"), number(&state, "none")), (Some(7), Some(360_000), None));
        assert_eq!(text(&state, "plugin.restapi.httpAuth").as_deref(), Some("basic"));
    }

    #[test]
    fn keys_are_in_order_of_code_units_and_once() {
        let state = stored(&[("\u{1F600}", ""), ("\u{FFFD}", ""), ("Zed", ""), ("xmpp.domain", "x.org"), ("plugin.restapi.enabled", "true")]);
        let keys = keys(&state);
        assert_eq!(keys.len(), 273 + 4);
        assert_eq!(keys[0], "Zed");
        assert_eq!(keys[keys.len() - 2..], ["\u{1F600}", "\u{FFFD}"]);
        assert_eq!(keys.iter().filter(|key| *key == "xmpp.domain").count(), 1);
    }

    #[test]
    fn secrets_are_masked_and_nothing_is_not() {
        let state = stored(&[("plugin.restapi.secret", "s3cr3t"), ("locked", "v"), ("my.password", ""), ("open", "v")]);
        let cases =
            [("plugin.restapi.secret", Some("***")), ("locked", Some("***")), ("my.password", Some("")), ("open", Some("v")), ("passwordKey", None)];
        for (key, expected) in cases {
            assert_eq!(shown(&state, key, true).as_deref(), expected, "{key}");
        }
        assert_eq!(shown(&state, "plugin.restapi.secret", false).as_deref(), Some("s3cr3t"));
    }

    #[test]
    fn a_change_waits_for_a_restart_until_it_is_taken_back() {
        let then = stored(&[("xmpp.socket.backlog", "60"), ("xmpp.domain", "a.org")]);
        let same = stored(&[
            ("xmpp.socket.backlog", "60"),
            ("xmpp.domain", "b.org"),
            ("xmpp.client.idle", "1"),
            ("xmpp.fqdn", "h"),
            ("update.frequency", "48"),
        ]);
        assert_eq!(awaiting_restart(&then, &same), None);
        assert_eq!(awaiting_restart(&then, &stored(&[])), Some("xmpp.socket.backlog"));
        assert_eq!(awaiting_restart(&stored(&[]), &stored(&[("xmpp.jmx.port", "1100")])), Some("xmpp.jmx.port"));
    }
}
