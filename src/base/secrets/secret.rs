//! A secret that has to be kept as text, such as the API's shared secret.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A secret text. It has no `Display`, and `Debug` shows a mask.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether the offered text is the secret. An empty secret is matched by nothing.
    ///
    /// Takes the same time wherever the two differ: digests are compared, and each side is hashed whole.
    pub fn matches(&self, offered: &str) -> bool {
        let same: bool = Sha256::digest(&self.0).ct_eq(&Sha256::digest(offered)).into();
        same && !self.0.is_empty()
    }

    /// Whether there is no secret.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text itself, for the few places that must store or send it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_secret_matches() {
        let secret = Secret::new("hunter2");
        assert!(secret.matches("hunter2"));
        for other in ["", "hunter", "hunter22", "Hunter2"] {
            assert!(!secret.matches(other), "{other}");
        }
    }

    #[test]
    fn nothing_matches_an_empty_secret() {
        assert!(!Secret::default().matches(""));
        assert!(!Secret::default().matches("x"));
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(***)");
    }
}
