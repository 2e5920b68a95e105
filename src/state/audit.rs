//! The security audit log: who changed what, from where, through which node; ordered and hash-chained.
//!
//! The entries themselves live in a ledger on disk; the state keeps the next id and the head of the chain, so that equal
//! checksums mean equal logs.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::base::clock::Timestamp;

use super::bytes::{self, BadBytes};
use super::{Context, Done, Facts, Ledger, LedgerPut, Noun, NounId, Refusal};

/// Longest summary kept, in characters (system.md §8.1); more is cut and marked with `...`.
pub const SUMMARY_MAX: usize = 250;

/// What a node wants the log to say about a command, if it is carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Who acts: an administrator's name, or `REST API` for the shared secret.
    pub username: String,
    /// Host name of the node that was asked.
    pub node: String,
    /// What is done, in Openfire's words (system.md §8.1).
    pub summary: String,
    /// More about it; line breaks allowed.
    pub details: Option<String>,
}

/// One entry of the log, as kept on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number; dense, from 1.
    pub id: u64,
    /// When it happened.
    pub at: Timestamp,
    /// What it says.
    pub draft: Draft,
    /// SHA-256 over the hash of the entry before it and this entry's other fields.
    pub hash: [u8; 32],
}

impl Entry {
    /// Reads an entry back from its ledger.
    ///
    /// # Errors
    /// The bytes are damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadBytes> {
        bytes::decode(bytes)
    }

    /// Whether the entry is the one that follows `previous` in the chain.
    pub fn follows(&self, previous: &[u8; 32]) -> bool {
        chain(previous, self.id, self.at, &self.draft) == self.hash
    }
}

fn chain(previous: &[u8; 32], id: u64, at: Timestamp, draft: &Draft) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(bytes::record(&(id, at, draft)));
    hash.finalize().into()
}

/// What can be done to the audit log. Entries about changes come with the change itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Writes the draft of the proposal, about something that changes nothing else (a failed login).
    Note,
}

/// The head of the log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    last: u64,
    head: [u8; 32],
}

impl Audit {
    /// Number of the newest entry; 0 when there is none.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Hash of the newest entry.
    pub fn head(&self) -> &[u8; 32] {
        &self.head
    }

    /// Appends an entry.
    pub fn append(&mut self, cx: &Context, mut draft: Draft) -> Done {
        if let Some((cut, _)) = draft.summary.char_indices().nth(SUMMARY_MAX) {
            draft.summary.truncate(cut);
            draft.summary.push_str("...");
        }
        self.last += 1;
        self.head = chain(&self.head, self.last, cx.at, &draft);
        let entry = Entry { id: self.last, at: cx.at, draft, hash: self.head };
        let put = LedgerPut { ledger: Ledger::Audit, key: entry.id, value: Some(bytes::record(&entry)) };
        Done { ledger: vec![put], ..Done::default() }
    }
}

impl Noun for Audit {
    const ID: NounId = NounId::Audit;
    type Command = Command;

    fn decide(&mut self, _: &Context, command: Command, _: &Facts) -> Result<Done, Refusal> {
        match command {
            Command::Note => Ok(Done::default()),
        }
    }

    fn records(&self) -> Box<dyn Iterator<Item = Vec<u8>> + Send + '_> {
        Box::new(std::iter::once(bytes::record(self)))
    }

    fn restore(&mut self, record: &[u8]) -> Result<(), BadBytes> {
        *self = bytes::decode(record)?;
        Ok(())
    }
}
