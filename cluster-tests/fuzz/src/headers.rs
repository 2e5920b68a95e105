//! The headers by which formats are chosen.

use hearth::rest::negotiate::{self, Accept};

/// Each line is an Accept header; the last one is the Content-Type.
pub fn any(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let accept = Accept::parse(text.lines());
    let chosen = accept.success();
    assert!(chosen.is_none() || accept == Accept::parse(text.lines()));
    let _ = accept.takes_xml();
    let last = text.lines().last();
    let _ = accept.error(last);
    if let Some(Ok(format)) = last.map(negotiate::body) {
        assert_eq!(negotiate::body(format.content_type()), Ok(format));
    }
}
