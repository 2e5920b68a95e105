//! Which properties exist, what they default to, and which changes wait for a restart.
//!
//! `registry.tsv` names them: key, default, `dynamic` or `restart`, meaning. A default in parentheses is none that can be
//! given; a meaning that ends in the mark of [`STORED_ONLY`] is that of a property that is listed only once it is stored.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::base::secrets;

const TABLE: &str = include_str!("registry.tsv");
const STORED_ONLY: &str = "[not self-registering: listed only once stored]";

/// Properties whose values are lists, written with commas.
const LISTS: &[&str] = &[
    "admin.authorizedJIDs",
    "adminConsole.access.ip-allowlist",
    "adminConsole.access.ip-blocklist",
    "adminConsole.forwarded.trusted.proxies",
    "adminConsole.static-resource-extensions",
    "httpbind.CORS.domains",
    "httpbind.CORS.headers",
    "httpbind.CORS.methods",
    "httpbind.forwarded.trusted.proxies",
    "plugins.upload.content-type-check.expected-value",
    "sasl.approvedRealms",
    "xmpp.gateway.domains",
    "xmpp.pubsub.create.jid",
    "xmpp.pubsub.sysadmin.jid",
];
/// Numbers that have no default to tell them by.
const NUMBERS: &[&str] = &["update.lastCheck"];

/// What the value of a property is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number; for times, of the unit that the meaning names.
    Number,
    /// Texts without commas, joined with them.
    List,
    /// Any text.
    Text,
}

/// A property that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Its value when none is stored.
    pub default: Option<&'static str>,
    /// What its value is.
    pub kind: Kind,
    /// Whether a change counts at once.
    pub dynamic: bool,
    /// Whether it is listed, and can be read, even when it is not stored.
    pub listed: bool,
    /// The numbers that count; others are as if none were stored.
    pub range: Option<(i64, i64)>,
}

/// All properties that exist, by key.
pub static REGISTRY: LazyLock<BTreeMap<&'static str, Registered>> = LazyLock::new(|| TABLE.lines().skip(1).filter_map(row).collect());

fn row(line: &'static str) -> Option<(&'static str, Registered)> {
    let mut fields = line.split('\t');
    let (key, default, change, meaning) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let default = Some(default).filter(|text| !text.is_empty() && !text.starts_with('('));
    let range = (key == "sasl.scram-sha-1.iteration-count").then(|| (i64::from(*secrets::ITERATIONS.start()), i64::from(*secrets::ITERATIONS.end())));
    Some((key, Registered { default, kind: kind(key, default), dynamic: change == "dynamic", listed: !meaning.ends_with(STORED_ONLY), range }))
}

fn kind(key: &str, default: Option<&str>) -> Kind {
    match default {
        Some("true" | "false") => Kind::Bool,
        Some(text) if text.parse::<i64>().is_ok() => Kind::Number,
        None if NUMBERS.contains(&key) => Kind::Number,
        _ if LISTS.contains(&key) => Kind::List,
        _ => Kind::Text,
    }
}

impl Registered {
    /// The value that counts when `stored` is what is stored (system.md §4.1): in its usual form if it is valid, else the
    /// default.
    pub fn effective(&self, stored: Option<&str>) -> Option<String> {
        stored.and_then(|text| self.valid(text)).or_else(|| self.default.map(str::to_owned))
    }

    fn valid(&self, text: &str) -> Option<String> {
        match self.kind {
            Kind::Bool => ["true", "false"].into_iter().find(|word| text.eq_ignore_ascii_case(word)).map(str::to_owned),
            Kind::Number => {
                let number = text.parse::<i64>().ok()?;
                let fits = self.range.is_none_or(|(least, most)| (least..=most).contains(&number));
                fits.then(|| number.to_string())
            }
            Kind::List => {
                let items: Vec<&str> = text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect();
                (!items.is_empty()).then(|| items.join(","))
            }
            Kind::Text => Some(text.to_owned()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_whole() {
        assert_eq!(REGISTRY.len(), TABLE.lines().count() - 1);
        assert_eq!(REGISTRY.values().filter(|property| property.listed).count(), 273);
        assert!(LISTS.iter().chain(NUMBERS).all(|key| REGISTRY.contains_key(key)));
        assert!(!REGISTRY["xmpp.domain"].dynamic);
        assert_eq!(REGISTRY["plugin.restapi.secret"].default, None);
        assert!(!REGISTRY["plugin.restapi.enabled"].listed);
    }

    #[test]
    fn what_is_stored_counts_when_it_is_valid() {
        let cases = [
            ("xmpp.auth.anonymous", None, Some("false")),
            ("xmpp.auth.anonymous", Some("TRUE"), Some("true")),
            ("xmpp.auth.anonymous", Some("maybe"), Some("false")),
            ("xmpp.client.idle", Some("+5"), Some("5")),
            ("xmpp.client.idle", Some("5s"), Some("360000")),
            ("xmpp.client.idle", Some(""), Some("360000")),
            ("sasl.scram-sha-1.iteration-count", Some("0"), Some("4096")),
            ("admin.authorizedJIDs", Some(" a@x , ,b@x"), Some("a@x,b@x")),
            ("admin.authorizedJIDs", Some(" , "), None),
            ("sasl.realm", None, None),
            ("sasl.realm", Some(" r "), Some(" r ")),
            ("update.lastCheck", Some("x"), None),
        ];
        for (key, stored, effective) in cases {
            assert_eq!(REGISTRY[key].effective(stored).as_deref(), effective, "{key} {stored:?}");
        }
    }
}
