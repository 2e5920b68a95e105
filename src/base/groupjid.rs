//! Group JIDs: how a group is named where a JID is wanted, as in a room's lists of affiliations.
//!
//! `<base32hex of the name, lower case, padded with =>@domain/<MD5 of the name in lower-case hex>`. The digest tells a
//! group from a user whose name happens to be base32hex; it protects nothing.

use data_encoding::{BASE32HEX, HEXLOWER};
use md5::{Digest, Md5};

use super::jid::{BareJid, Domain, Jid, Localpart, Resource};

/// The JID of the group `name` on `domain`. Group names are never empty, and are far shorter than 639 bytes, above
/// which the localpart would outgrow a JID.
pub fn encode(name: &str, domain: &Domain) -> Jid {
    // Lower-case base32hex and hex are their own prepared form.
    let localpart = Localpart::trusted(&BASE32HEX.encode(name.as_bytes()).to_ascii_lowercase());
    let resource = Resource::trusted(&digest(name.as_bytes()));
    Jid::new(BareJid::new(Some(&localpart), domain), Some(resource))
}

/// The name of the group that `jid` stands for; `None` when it is the JID of something else.
pub fn decode(jid: &Jid) -> Option<String> {
    let (node, resource) = (jid.node()?, jid.resource.as_deref()?);
    let name = BASE32HEX.decode(node.to_ascii_uppercase().as_bytes()).ok()?;
    if name.is_empty() || digest(&name) != resource {
        return None;
    }
    String::from_utf8(name).ok()
}

fn digest(name: &[u8]) -> String {
    HEXLOWER.encode(&Md5::digest(name))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SOME: &str = "adnmqp8=@example.org/695c6ae413c00446733d926ccadefd8b";

    #[test]
    fn a_group_has_the_jid_of_the_specification() {
        assert_eq!(encode("Some", &Domain::parse("example.org").unwrap()).to_string(), SOME);
        assert_eq!(decode(&Jid::parse(SOME).unwrap()).as_deref(), Some("Some"));
        assert_eq!(decode(&Jid::parse(&SOME.replace("adnm", "ADNM")).unwrap()).as_deref(), Some("Some"));
    }

    #[test]
    fn other_jids_are_no_groups() {
        let other = ["adnmqp8=@example.org", "adnmqp8=@example.org/x", "ann@example.org/695c6ae413c00446733d926ccadefd8b"];
        let unpadded = SOME.replace('=', "");
        let upper_digest = SOME.replace("695c6ae4", "695C6AE4");
        for text in other.into_iter().chain([&*unpadded, &*upper_digest, "example.org/d41d8cd98f00b204e9800998ecf8427e"]) {
            assert_eq!(decode(&Jid::parse(text).unwrap()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_name_comes_back(name in "\\PC{1,50}") {
            let jid = encode(&name, &Domain::parse("example.org").unwrap());
            prop_assert_eq!(&Jid::parse(&jid.to_string()).unwrap(), &jid);
            prop_assert_eq!(decode(&jid), Some(name));
        }
    }
}
