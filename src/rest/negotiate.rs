//! Which format a request comes in and which its answer takes (system.md §2.7, §3.1, §3.2).
//!
//! Parameters such as `charset` are ignored: all bytes are UTF-8. Bodies are never compressed, whatever
//! `Accept-Encoding` says, and never taken for compressed, whatever `Content-Encoding` says.

use super::entities::Format;

/// The best quality, in thousandths.
const BEST: u16 = 1000;

/// What the Accept headers of a request ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accept {
    ranges: Vec<Range>,
    /// Whether the headers said anything at all.
    present: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    covers: Covers,
    quality: u16,
}

/// The part of a media range that matters here; the more exact, the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Covers {
    /// `*/*`
    Everything,
    /// `application/*`
    Application,
    /// Exactly one of our formats.
    Exactly(Format),
    /// Something we do not have.
    Nothing,
}

impl Covers {
    /// How exactly this names `format`; `None` if not at all.
    fn exactness(self, format: Format) -> Option<u8> {
        match self {
            Self::Exactly(named) => (named == format).then_some(2),
            Self::Application => Some(1),
            Self::Everything => Some(0),
            Self::Nothing => None,
        }
    }
}

/// How well a format suits: quality first, then exactness, then place in the header.
type Rank = (u16, u8, std::cmp::Reverse<usize>);

impl Accept {
    /// Reads the values of all Accept headers of a request, as one list.
    pub fn parse<'h>(headers: impl IntoIterator<Item = &'h str>) -> Self {
        let parts = headers.into_iter().flat_map(split_unquoted);
        let parts: Vec<&str> = parts.map(str::trim).filter(|part| !part.is_empty()).collect();
        let ranges = parts.iter().filter_map(|part| range(part)).collect();
        Self { ranges, present: !parts.is_empty() }
    }

    /// The format of a success body: XML if the client does not care; `None` if it takes neither (406).
    pub fn success(&self) -> Option<Format> {
        if !self.present {
            return Some(Format::Xml);
        }
        self.best(|_| true)
    }

    /// Whether the client takes XML, for the resources that have no other format.
    pub fn takes_xml(&self) -> bool {
        !self.present || self.rank(Format::Xml, |_| true).is_some()
    }

    /// The format of an error: what Accept names, else that of the request body, else XML. Wildcards
    /// name nothing.
    pub fn error(&self, content_type: Option<&str>) -> Format {
        let of_body = || content_type.and_then(|value| body(value).ok());
        let named = self.best(|covers| matches!(covers, Covers::Exactly(_)));
        named.or_else(of_body).unwrap_or(Format::Xml)
    }

    fn best(&self, counts: impl Fn(Covers) -> bool) -> Option<Format> {
        let xml = self.rank(Format::Xml, &counts);
        let json = self.rank(Format::Json, &counts);
        match json > xml {
            true => Some(Format::Json),
            false => xml.map(|_| Format::Xml),
        }
    }

    /// The rank that the most exact range for `format` gives it; quality zero refuses it.
    fn rank(&self, format: Format, counts: impl Fn(Covers) -> bool) -> Option<Rank> {
        let ranges = self.ranges.iter().enumerate().filter(|(_, range)| counts(range.covers));
        let matching = ranges.filter_map(|(place, range)| {
            let exactness = range.covers.exactness(format)?;
            Some((exactness, range.quality, std::cmp::Reverse(place)))
        });
        let (exactness, quality, place) = matching.max()?;
        (quality > 0).then_some((quality, exactness, place))
    }
}

/// Splits a list at the commas outside quoted parameters.
fn split_unquoted(header: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    header.split(move |c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
}

fn range(text: &str) -> Option<Range> {
    let mut parts = text.split(';').map(str::trim);
    let essence = parts.next()?.to_ascii_lowercase();
    let covers = match essence.as_str() {
        "*/*" | "*" => Covers::Everything,
        "application/*" => Covers::Application,
        essence => format(essence).map_or(Covers::Nothing, Covers::Exactly),
    };
    let quality = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| quality(value.trim()))
    });
    Some(Range { covers, quality: quality.unwrap_or(BEST) })
}

/// A quality in thousandths; what is no number counts as the best, as if it were not there.
fn quality(text: &str) -> u16 {
    let value: f32 = text.parse().unwrap_or(1.0);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let thousandths = (value.clamp(0.0, 1.0) * f32::from(BEST)).round() as u16;
    thousandths
}

/// The format of a media type without parameters, in lower case.
fn format(essence: &str) -> Option<Format> {
    match essence {
        "application/xml" | "text/xml" => Some(Format::Xml),
        "application/json" | "text/json" => Some(Format::Json),
        _ => None,
    }
}

/// Why a Content-Type cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadContentType {
    /// No media type at all: 400.
    #[error("the Content-Type is malformed")]
    Malformed,
    /// A media type no body may have: 415.
    #[error("the Content-Type is not supported")]
    Unsupported,
}

/// The format of a request body by its Content-Type. A body without the header is unsupported; whether
/// there is a body is the caller's to know.
pub fn body(content_type: &str) -> Result<Format, BadContentType> {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_token = |part: &str| !part.is_empty() && part.bytes().all(is_token_byte);
    match essence.split_once('/') {
        Some((kind, subtype)) if is_token(kind) && is_token(subtype) => format(&essence).ok_or(BadContentType::Unsupported),
        _ => Err(BadContentType::Malformed),
    }
}

/// A byte of a token (RFC 9110 §5.6.2).
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::BadContentType::{Malformed, Unsupported};
    use super::Format::{Json, Xml};
    use super::*;

    #[test]
    fn success_takes_the_best_of_what_is_accepted() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8";
        let cases: &[(&[&str], Option<Format>)] = &[
            (&[], Some(Xml)),
            (&[""], Some(Xml)),
            (&["*/*"], Some(Xml)),
            (&["application/*"], Some(Xml)),
            (&[browser], Some(Xml)),
            (&["application/json"], Some(Json)),
            (&["APPLICATION/JSON"], Some(Json)),
            (&["application/json, application/xml"], Some(Json)),
            (&["application/xml, application/json"], Some(Xml)),
            (&["application/xml;q=0.4, application/json;q=0.5"], Some(Json)),
            (&["application/json;q=0.5, application/xml;q=0.4"], Some(Json)),
            (&["application/json, text/plain, */*"], Some(Json)),
            (&["application/json", "application/xml"], Some(Json)),
            (&["text/plain", "application/json"], Some(Json)),
            (&["text/xml"], Some(Xml)),
            (&["text/json"], Some(Json)),
            (&["text/html"], None),
            (&["text/*"], None),
            (&["application/xhtml+xml"], None),
            (&["application/vnd.x+json"], None),
            (&["garbage"], None),
            (&["application/json;q=0"], None),
            (&["application/xml;q=0, */*"], Some(Json)),
            (&["application/json;q=0, */*"], Some(Xml)),
            (&["application/json;charset=utf-8"], Some(Json)),
            (&["application/xml;charset=iso-8859-1"], Some(Xml)),
            (&["text/plain;x=\"a,application/json\""], None),
            (&["application/json;q=x"], Some(Json)),
        ];
        for (headers, expected) in cases {
            let accept = Accept::parse(headers.iter().copied());
            assert_eq!(accept.success(), *expected, "{headers:?}");
        }
    }

    #[test]
    fn errors_follow_accept_then_the_body_then_xml() {
        let cases: &[(&[&str], Option<&str>, Format)] = &[
            (&[], None, Xml),
            (&["*/*"], None, Xml),
            (&["application/json"], None, Json),
            (&["application/json, text/plain, */*"], None, Json),
            (&["application/json;q=0.4, application/xml"], None, Xml),
            (&["application/xml"], Some("application/json"), Xml),
            (&[], Some("application/json; charset=utf-8"), Json),
            (&["*/*"], Some("application/json"), Json),
            (&["application/*"], Some("application/json"), Json),
            (&["text/html"], Some("application/json"), Json),
            (&["text/html"], None, Xml),
            (&[], Some("text/plain"), Xml),
            (&["*/*"], Some("application/x-www-form-urlencoded"), Xml),
            (&["application/json;q=0"], None, Xml),
            (&["text/json"], None, Json),
        ];
        for (headers, content_type, expected) in cases {
            let accept = Accept::parse(headers.iter().copied());
            assert_eq!(accept.error(*content_type), *expected, "{headers:?} {content_type:?}");
        }
    }

    #[test]
    fn request_bodies_are_xml_or_json() {
        let cases = [
            ("application/xml", Ok(Xml)),
            ("application/json; charset=utf-8", Ok(Json)),
            ("Application/JSON", Ok(Json)),
            ("text/xml", Ok(Xml)),
            ("text/json", Ok(Json)),
            ("text/plain", Err(Unsupported)),
            ("application/vnd.api+json", Err(Unsupported)),
            ("application/x-www-form-urlencoded", Err(Unsupported)),
            ("bogus", Err(Malformed)),
            ("", Err(Malformed)),
            ("/json", Err(Malformed)),
            ("application/", Err(Malformed)),
            ("application/js on", Err(Malformed)),
        ];
        for (content_type, expected) in cases {
            assert_eq!(body(content_type), expected, "{content_type:?}");
        }
    }

    #[test]
    fn vcards_are_for_those_who_take_xml() {
        for (header, expected) in
            [("*/*", true), ("text/xml", true), ("application/json, */*;q=0.1", true), ("application/json", false), ("application/xml;q=0", false)]
        {
            assert_eq!(Accept::parse([header]).takes_xml(), expected, "{header}");
        }
        assert!(Accept::parse([]).takes_xml());
    }
}
