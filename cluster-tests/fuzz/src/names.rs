//! Names, JIDs, addresses and times: what was prepared is its own prepared form.

use hearth::base::addresses::AddressList;
use hearth::base::clock::Timestamp;
use hearth::base::jid::{BareJid, Domain, Jid, Localpart, Resource};
use hearth::base::{escape, groupjid, userref};

/// Any text as each kind of name.
pub fn any(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    jids(&text);
    references(&text);
    times(&text);
    let list = AddressList::parse(&text);
    for address in ["127.0.0.1", "10.1.2.3", "::1", "::ffff:10.1.2.3"] {
        let _ = list.allows(address.parse().expect("an address"));
    }
}

fn jids(text: &str) {
    if let Ok(jid) = Jid::parse(text) {
        assert_eq!(Jid::parse(&jid.to_string()).as_ref(), Ok(&jid));
        if let Some(group) = groupjid::decode(&jid) {
            let again = groupjid::encode(&group, &Domain::parse(jid.domain()).expect("its own domain"));
            assert_eq!(again, jid);
        }
    }
    if let Ok(jid) = BareJid::parse(text) {
        assert_eq!(BareJid::parse(jid.as_ref()).as_ref(), Ok(&jid));
        assert!(jid.to_string().len() <= 2047);
    }
    if let Ok(name) = Localpart::parse(text) {
        assert_eq!(Localpart::parse(name.as_str()).as_ref(), Ok(&name));
        assert!(!name.as_str().is_empty() && name.as_str().len() <= 1023);
    }
    if let Ok(domain) = Domain::parse(text) {
        assert_eq!(Domain::parse(domain.as_str()).as_ref(), Ok(&domain));
    }
    if let Ok(resource) = Resource::parse(text) {
        assert_eq!(Resource::parse(resource.as_str()).as_ref(), Ok(&resource));
    }
}

fn references(text: &str) {
    let domain = Domain::parse("example.org").expect("a domain");
    let _ = userref::user_reference(text, &domain);
    let _ = userref::path_user(text, &domain);
    let _ = userref::reference(text);
    let _ = userref::listed_name(text, &domain);
    let escaped = escape::escape_node(text);
    let spaces = |text: &str| text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect::<String>();
    assert_eq!(escape::unescape_node(&escaped), spaces(text));
    let _ = escape::legacy_username(text);
}

fn times(text: &str) {
    let read = [Timestamp::parse_xsd(text).ok(), Timestamp::parse_json(text).ok().flatten()];
    for time in read.into_iter().flatten() {
        let (xsd, stamp) = (time.to_xsd(), time.to_stamp());
        if let Ok(again) = Timestamp::parse_xsd(&xsd) {
            assert_eq!(again, time, "{xsd} {stamp}");
        }
    }
}
