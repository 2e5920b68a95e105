//! Outcomes remembered by request id, so that a retry is not a second act.
//!
//! Ids that the cluster made guard against a proposal sent twice after a lost answer; ids that a client chose
//! (`Idempotency-Key`) against a client's own retry. Both are bounded by number, oldest first, in log order.

use imbl::{OrdMap, Vector};
use serde::{Deserialize, Serialize};

use super::bytes::{self, BadBytes};
use super::{Logged, Outcome, Refusal, RequestId};

/// How many outcomes of ids made by the cluster are remembered.
pub const OWN_BOUND: usize = 16_384;
/// How many outcomes of ids chosen by clients are remembered.
pub const KEYED_BOUND: usize = 100_000;

/// One remembered outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Remembered {
    /// Digest of what was asked for, for ids chosen by clients.
    pub fingerprint: Option<[u8; 16]>,
    /// The first answer.
    pub outcome: Outcome,
}

/// The remembered outcomes.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    outcomes: OrdMap<RequestId, Remembered>,
    own: Vector<RequestId>,
    keyed: Vector<RequestId>,
}

impl Requests {
    /// The first outcome of this act, if it is a retry; [`Refusal::RequestMismatch`] if the id was used for another act.
    pub fn recall(&self, id: RequestId, fingerprint: Option<[u8; 16]>) -> Option<Outcome> {
        let seen = self.outcomes.get(&id)?;
        if seen.fingerprint == fingerprint { Some(seen.outcome.clone()) } else { Some(Err(Refusal::RequestMismatch)) }
    }

    /// The answer to a proposal that is not to be carried out: it has been, or it comes so late that it might have been.
    pub fn answer(&self, index: u64, logged: &Logged) -> Option<Outcome> {
        let Logged { proposal, since } = logged;
        let bound = if proposal.fingerprint.is_some() { KEYED_BOUND } else { OWN_BOUND };
        let late = since.is_some_and(|since| index.saturating_sub(since) > bound as u64);
        self.recall(proposal.id, proposal.fingerprint).or_else(|| late.then_some(Err(Refusal::TooLate)))
    }

    /// Remembers the outcome of an act.
    pub fn remember(&mut self, id: RequestId, fingerprint: Option<[u8; 16]>, outcome: Outcome) {
        let (line, bound) = if fingerprint.is_some() { (&mut self.keyed, KEYED_BOUND) } else { (&mut self.own, OWN_BOUND) };
        line.push_back(id);
        if line.len() > bound
            && let Some(oldest) = line.pop_front()
        {
            self.outcomes.remove(&oldest);
        }
        self.outcomes.insert(id, Remembered { fingerprint, outcome });
    }

    /// All of it as records, oldest first.
    pub fn records(&self) -> Box<dyn Iterator<Item = Vec<u8>> + Send + '_> {
        let each = |id: &RequestId| self.outcomes.get(id).map(|seen| bytes::record(&(*id, seen)));
        Box::new(self.own.iter().filter_map(each).chain(self.keyed.iter().filter_map(each)))
    }

    /// Takes back one record.
    ///
    /// # Errors
    /// The bytes are not such a record.
    pub fn restore(&mut self, record: &[u8]) -> Result<(), BadBytes> {
        let (id, seen): (RequestId, Remembered) = bytes::decode(record)?;
        self.remember(id, seen.fingerprint, seen.outcome);
        Ok(())
    }
}
