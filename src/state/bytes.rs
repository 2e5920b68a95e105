//! Versioned bytes: how proposals, snapshot records and ledger entries are written.
//!
//! Every encoding starts with its version, and each is postcard (varint, no field names) over the types of this floor: enum
//! variants and struct fields are only ever appended within a new version, and the golden files of a version never change.
//! Snapshot records and ledger entries are all of version 1 but one (see [`super::nodes`]).
//!
//! Version 2 adds to a proposal how far its proposer had applied the log, and to the commands for nodes the marking of an
//! index and the raising of the version itself. A cluster writes the newest version that all its members read.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The oldest version this build reads.
pub const OLDEST: u8 = 1;

/// The newest version this build reads and writes.
pub const NEWEST: u8 = 2;

/// Bytes that are not what they should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBytes {
    /// Written by a format this build does not know.
    #[error("format version {0} is not known to this build")]
    Version(u8),
    /// Damaged or truncated.
    #[error("not a valid record: {0}")]
    Damaged(String),
}

/// Encodes `value` behind a version byte of 1.
///
/// # Errors
/// [`BadBytes::Damaged`] when the value cannot be represented, which no type of this floor does.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, BadBytes> {
    encode_as(OLDEST, value)
}

/// Encodes `value` behind this version byte.
///
/// # Errors
/// As [`encode`].
pub fn encode_as<T: Serialize>(version: u8, value: &T) -> Result<Vec<u8>, BadBytes> {
    postcard::to_extend(value, vec![version]).map_err(|e| BadBytes::Damaged(e.to_string()))
}

/// Decodes what [`encode`] wrote.
///
/// # Errors
/// The version is unknown, or the bytes are damaged or have a tail.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BadBytes> {
    match split(bytes)? {
        (OLDEST, rest) => whole(rest),
        (version, _) => Err(BadBytes::Version(version)),
    }
}

/// The version of an encoding, and what is behind it.
///
/// # Errors
/// There is nothing.
pub fn split(bytes: &[u8]) -> Result<(u8, &[u8]), BadBytes> {
    bytes.split_first().map(|(version, rest)| (*version, rest)).ok_or_else(|| BadBytes::Damaged("empty".into()))
}

/// Decodes what is behind a version, to its end.
///
/// # Errors
/// The bytes are damaged or have a tail.
pub fn whole<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BadBytes> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok((_, tail)) => Err(BadBytes::Damaged(format!("{} bytes too many", tail.len()))),
        Err(e) => Err(BadBytes::Damaged(e.to_string())),
    }
}

/// Encodes a snapshot record; an unrepresentable one becomes empty bytes, which [`decode`] refuses.
pub fn record<T: Serialize>(value: &T) -> Vec<u8> {
    encode(value).unwrap_or_default()
}
