//! Versioned bytes: how proposals, snapshot records and ledger entries are written.
//!
//! Every encoding starts with its version. Version 1 is postcard (varint, no field names) over the types of this floor:
//! enum variants and struct fields are only ever appended within a new version, and the golden files of `golden/v1` must
//! never change.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The newest format this build writes.
pub const VERSION: u8 = 1;

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

/// Encodes `value` behind the version byte.
///
/// # Errors
/// [`BadBytes::Damaged`] when the value cannot be represented, which no type of this floor does.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, BadBytes> {
    postcard::to_extend(value, vec![VERSION]).map_err(|e| BadBytes::Damaged(e.to_string()))
}

/// Decodes what [`encode`] wrote.
///
/// # Errors
/// The version is unknown, or the bytes are damaged or have a tail.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BadBytes> {
    let (version, rest) = bytes.split_first().ok_or_else(|| BadBytes::Damaged("empty".into()))?;
    if *version != VERSION {
        return Err(BadBytes::Version(*version));
    }
    match postcard::take_from_bytes(rest) {
        Ok((value, [])) => Ok(value),
        Ok((_, tail)) => Err(BadBytes::Damaged(format!("{} bytes too many", tail.len()))),
        Err(e) => Err(BadBytes::Damaged(e.to_string())),
    }
}

/// Encodes a snapshot record; an unrepresentable one becomes empty bytes, which [`decode`] refuses.
pub fn record<T: Serialize>(value: &T) -> Vec<u8> {
    encode(value).unwrap_or_default()
}
