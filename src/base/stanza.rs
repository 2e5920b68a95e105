//! The few stanzas that the server itself writes and stores, as text.

use super::jid::{BareJid, Jid};

/// A mediated invitation sent by the room itself (XEP-0045 §7.8.2, rooms.md §8.1).
///
/// An empty reason is left out, and so is a blank password, which is none.
pub fn invitation(room: &BareJid, to: &Jid, reason: Option<&str>, password: Option<&str>) -> String {
    let room = escape(room);
    let reason = reason.filter(|reason| !reason.is_empty()).map(|reason| format!("<reason>{}</reason>", escape(reason))).unwrap_or_default();
    let password = password.filter(|p| !p.trim().is_empty()).map(|p| format!("<password>{}</password>", escape(p))).unwrap_or_default();
    let to = escape(&to.to_string());
    format!(
        "<message from='{room}' to='{to}'><x xmlns='http://jabber.org/protocol/muc#user'><invite from='{room}'>{reason}</invite>{password}</x>\
         <x xmlns='jabber:x:conference' jid='{room}'/></message>"
    )
}

/// Text as it stands in an element or an attribute of XML 1.0; characters that XML cannot hold are left out.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str("&apos;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' => out.push(c),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn made(to: &str, reason: Option<&str>, password: Option<&str>) -> String {
        invitation(&BareJid::parse("tea@conference.example.org").unwrap(), &Jid::parse(to).unwrap(), reason, password)
    }

    #[test]
    fn an_invitation_is_that_of_the_specification() {
        assert_eq!(
            made("ann@example.org", Some("Tea is served"), Some("kettle")),
            "<message from='tea@conference.example.org' to='ann@example.org'><x xmlns='http://jabber.org/protocol/muc#user'>\
             <invite from='tea@conference.example.org'><reason>Tea is served</reason></invite><password>kettle</password></x>\
             <x xmlns='jabber:x:conference' jid='tea@conference.example.org'/></message>"
        );
    }

    #[test]
    fn what_is_empty_is_left_out() {
        for (reason, password) in [(None, None), (Some(""), Some("")), (Some(""), Some("  "))] {
            let text = made("ann@example.org", reason, password);
            assert!(text.contains("<invite from='tea@conference.example.org'></invite></x>"), "{text}");
        }
    }

    #[test]
    fn nothing_breaks_out_of_its_place() {
        let text = made("ann@example.org/a'b<c", Some("</reason>&\u{0}\u{fffe}é"), Some("\"<p>'"));
        assert!(text.contains("to='ann@example.org/a&apos;b&lt;c'"), "{text}");
        assert!(text.contains("<reason>&lt;/reason&gt;&amp;é</reason>"), "{text}");
        assert!(text.contains("<password>&quot;&lt;p&gt;&apos;</password>"), "{text}");
    }
}
