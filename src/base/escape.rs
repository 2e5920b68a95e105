//! JID escaping (XEP-0106): writing in a localpart what a localpart may not hold.

use super::jid::{BadJid, Localpart};

/// The characters that are escaped, each with its two hexadecimal digits. Whitespace of any kind counts as the space.
const ESCAPES: [(char, &str); 10] =
    [(' ', "20"), ('"', "22"), ('&', "26"), ('\'', "27"), ('/', "2f"), (':', "3a"), ('<', "3c"), ('>', "3e"), ('@', "40"), ('\\', "5c")];

/// Escapes a text for use as a localpart. A backslash is escaped only where it would read as an escape.
pub fn escape_node(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let plain = if c.is_whitespace() { ' ' } else { c };
        match ESCAPES.iter().find(|(special, _)| *special == plain) {
            Some(('\\', _)) if sequence_at(&text[at..]).is_none() => escaped.push('\\'),
            Some((_, digits)) => {
                escaped.push('\\');
                escaped.push_str(digits);
            }
            None => escaped.push(c),
        }
    }
    escaped
}

/// Undoes [`escape_node`], but for the kind of whitespace.
pub fn unescape_node(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (c, width) = sequence_at(rest).map_or((c, c.len_utf8()), |special| (special, 3));
        plain.push(c);
        rest = &rest[width..];
    }
    plain
}

/// The character that the escape sequence at the beginning of `text` stands for.
fn sequence_at(text: &str) -> Option<char> {
    let digits = text.strip_prefix('\\')?.get(..2)?;
    ESCAPES.iter().find(|(_, known)| known.eq_ignore_ascii_case(digits)).map(|(special, _)| *special)
}

/// The name that the legacy User Service makes of its `username`: trimmed, lower case, escaped, prepared.
///
/// # Errors
/// When the name still cannot be prepared after escaping.
pub fn legacy_username(text: &str) -> Result<Localpart, BadJid> {
    // COMPAT(openfire): "trim" takes away everything up to and including U+0020, and no other whitespace.
    let trimmed = text.trim_matches(|c| c <= ' ');
    Localpart::parse(&escape_node(&trimmed.to_lowercase()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn special_characters_are_escaped() {
        for (plain, escaped) in [
            ("ann lee", "ann\\20lee"),
            ("mira@example.org", "mira\\40example.org"),
            ("ann\\20lee", "ann\\5c20lee"),
            ("a\\b", "a\\b"),
            ("\\5c", "\\5c5c"),
            ("\"&'/:<>@", "\\22\\26\\27\\2f\\3a\\3c\\3e\\40"),
            ("a\tb", "a\\20b"),
            ("\\", "\\"),
            ("\\é", "\\é"),
        ] {
            assert_eq!(escape_node(plain), escaped, "{plain}");
        }
        assert_eq!(unescape_node("ann\\20lee\\5c20\\zz\\"), "ann lee\\20\\zz\\");
    }

    #[test]
    fn legacy_names_are_trimmed_folded_and_escaped() {
        assert_eq!(legacy_username("  Ann Lee\n").unwrap(), "ann\\20lee");
        assert_eq!(legacy_username("ann\\20lee").unwrap(), "ann\\5c20lee");
        assert_eq!(legacy_username(" "), Err(BadJid::EmptyLocalpart));
        assert_eq!(legacy_username("a\u{7}b"), Err(BadJid::ForbiddenInLocalpart));
    }

    proptest! {
        #[test]
        fn escaping_is_undone(text in "[ -~é\\\\2045c]{0,24}") {
            prop_assert_eq!(unescape_node(&escape_node(&text)), text);
        }

        #[test]
        fn escaped_ascii_is_always_a_name(text in "[ -~]{1,24}") {
            prop_assert!(Localpart::parse(&escape_node(&text)).is_ok());
        }
    }
}
