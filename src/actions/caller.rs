//! Who acts.

use std::net::IpAddr;

use uuid::Uuid;

/// Who acts, from where, and through which door.
#[derive(Clone, Debug)]
pub struct Caller {
    /// What the audit log names: an administrator's name, or the door for a shared secret.
    pub name: String,
    /// Where the request came from.
    pub address: IpAddr,
    /// The door, as the audit log names it (`REST API`).
    pub door: &'static str,
    /// The request id that the client chose, if it did.
    pub key: Option<Key>,
}

/// A request id that a client chose (`Idempotency-Key`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Made from the key and who sent it.
    pub id: Uuid,
    /// Digest of what was asked for.
    pub fingerprint: [u8; 16],
}

impl Key {
    /// The key of the `n`th act of a request that makes several.
    #[must_use]
    pub fn nth(self, n: usize) -> Self {
        Self { id: Uuid::new_v5(&self.id, &(n as u64).to_be_bytes()), ..self }
    }
}

impl Caller {
    /// This caller on the `n`th act of a request that makes several.
    #[must_use]
    pub fn nth(&self, n: usize) -> Self {
        Self { key: self.key.map(|key| key.nth(n)), ..self.clone() }
    }
}
