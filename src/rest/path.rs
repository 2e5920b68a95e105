//! Request targets: segments, their decoding, and the query.

use percent_encoding::percent_decode_str;

/// A target that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadTarget;

/// The decoded segments of a raw path below the base. Matrix parameters are dropped and one trailing slash is accepted
/// (system.md §1.2); names are opaque once split, so an encoded slash is part of a name.
///
/// # Errors
/// A percent sign that begins no escape.
pub fn segments(raw: &str) -> Result<Vec<String>, BadTarget> {
    let raw = raw.strip_prefix('/').unwrap_or(raw);
    let raw = raw.strip_suffix('/').unwrap_or(raw);
    raw.split('/').map(|segment| decode(segment.split(';').next().unwrap_or_default())).collect()
}

/// Percent-decodes as UTF-8; invalid UTF-8 becomes U+FFFD and `+` stays.
fn decode(text: &str) -> Result<String, BadTarget> {
    let well_formed = |at: usize| text.as_bytes().get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    if text.bytes().enumerate().any(|(at, byte)| byte == b'%' && !well_formed(at)) {
        return Err(BadTarget);
    }
    Ok(percent_decode_str(text).decode_utf8_lossy().into_owned())
}

/// The parameters of a query string, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

/// How many query parameters are read; further ones are ignored.
const PARAMETERS: usize = 256;

impl Query {
    /// Reads a raw query string (without `?`), or a form body, which has the same syntax.
    ///
    /// # Errors
    /// A percent sign that begins no escape.
    pub fn parse(raw: &str) -> Result<Self, BadTarget> {
        let pair = |part: &str| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            Ok((decode(&name.replace('+', " "))?, decode(&value.replace('+', " "))?))
        };
        raw.split('&').filter(|part| !part.is_empty()).take(PARAMETERS).map(pair).collect::<Result<_, _>>().map(Self)
    }

    /// The first value of a parameter; `?x` without `=` is the empty string.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A switch: `true` in any letter case is true, everything else is false (rooms.md §1.2).
    pub fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_opaque_once_split() {
        let cases: &[(&str, Result<&[&str], BadTarget>)] = &[
            ("/users/ann", Ok(&["users", "ann"])),
            ("/users/ann/", Ok(&["users", "ann"])),
            ("/users//", Ok(&["users", ""])),
            ("/users/a%2Fb", Ok(&["users", "a/b"])),
            ("/users/ann%5C20lee", Ok(&["users", "ann\\20lee"])),
            ("/users/50%25", Ok(&["users", "50%"])),
            ("/users/a+b", Ok(&["users", "a+b"])),
            ("/users/ann;v=1/roster;x", Ok(&["users", "ann", "roster"])),
            ("/users/%FF", Ok(&["users", "\u{FFFD}"])),
            ("/users/%zz", Err(BadTarget)),
            ("/users/%4", Err(BadTarget)),
            ("/users/..", Ok(&["users", ".."])),
        ];
        for (raw, expected) in cases {
            let expected = expected.map(|segments| segments.iter().map(ToString::to_string).collect::<Vec<_>>());
            assert_eq!(segments(raw), expected, "{raw}");
        }
    }

    #[test]
    fn the_first_of_repeated_parameters_wins() {
        let query = Query::parse("a=1&a=2&b&c=x%20y+z&=q").map_err(|_| ());
        let query = query.unwrap_or_default();
        assert_eq!(query.get("a"), Some("1"));
        assert_eq!(query.get("b"), Some(""));
        assert_eq!(query.get("c"), Some("x y z"));
        assert_eq!(query.get("d"), None);
        assert!(!query.flag("a"));
    }
}
