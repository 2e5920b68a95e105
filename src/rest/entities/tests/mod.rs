//! Tests of the wire shapes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod acceptance;
mod documents;
mod golden;
mod roundtrip;
mod streaming;
mod vcards;
mod writing;

use super::{BadBody, Limits, Readable};

/// Reads an XML body under the usual limits.
fn xml<T: Readable>(body: &str) -> Result<T, BadBody> {
    T::from_xml(body.as_bytes(), &Limits::default())
}

/// Reads a JSON body that is not null under the usual limits.
fn json<T: Readable>(body: &str) -> Result<T, BadBody> {
    let found = T::from_json(body.as_bytes(), &Limits::default())?;
    Ok(found.expect("a body that is not null"))
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn texts(texts: &[&str]) -> Option<Vec<String>> {
    Some(texts.iter().map(|&text| text.to_owned()).collect())
}
