//! Outcomes remembered by request id, so that a retry is not a second act.
//!
//! Ids that the cluster made guard against a proposal sent twice after a lost answer; ids that a client chose
//! (`Idempotency-Key`) against a client's own retry. Both are bounded by number, oldest first, in log order.

use std::sync::Arc;

use imbl::{OrdMap, Vector};
use serde::{Deserialize, Serialize};

use super::bytes::{self, BadBytes};
use super::{Logged, Outcome, Refusal, Reply, RequestId};

/// How many outcomes of ids made by the cluster are remembered.
pub const OWN_BOUND: usize = 16_384;
/// How many outcomes of ids chosen by clients are remembered.
pub const KEYED_BOUND: usize = 100_000;

/// One remembered outcome, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Remembered {
    /// Digest of what was asked for, for ids chosen by clients.
    fingerprint: Option<[u8; 16]>,
    /// The first answer.
    outcome: Outcome,
}

/// An outcome as it is held. Most items of most bulk commands succeed, and many thousand outcomes are remembered, so of those only
/// the refusals are held, each with its place.
#[derive(Clone, Debug)]
enum Held {
    One(Outcome),
    Each { items: usize, refused: Arc<[(usize, Refusal)]> },
}

impl Held {
    fn of(outcome: Outcome) -> Self {
        match outcome {
            Ok(Reply::Each(each)) => Self::Each {
                items: each.len(),
                refused: each.into_iter().enumerate().filter_map(|(place, refusal)| Some((place, refusal?))).collect(),
            },
            one => Self::One(one),
        }
    }

    fn outcome(&self) -> Outcome {
        match self {
            Self::One(outcome) => outcome.clone(),
            Self::Each { items, refused } => {
                let mut each = vec![None; *items];
                for (place, refusal) in refused.iter() {
                    each[*place] = Some(refusal.clone());
                }
                Ok(Reply::Each(each))
            }
        }
    }
}

/// The remembered outcomes, each with the digest of what was asked for.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    outcomes: OrdMap<RequestId, (Option<[u8; 16]>, Held)>,
    own: Vector<RequestId>,
    keyed: Vector<RequestId>,
}

impl Requests {
    /// The first outcome of this act, if it is a retry; [`Refusal::RequestMismatch`] if the id was used for another act.
    pub fn recall(&self, id: RequestId, fingerprint: Option<[u8; 16]>) -> Option<Outcome> {
        let (asked, held) = self.outcomes.get(&id)?;
        if *asked == fingerprint { Some(held.outcome()) } else { Some(Err(Refusal::RequestMismatch)) }
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
        self.outcomes.insert(id, (fingerprint, Held::of(outcome)));
    }

    /// All of it as records, oldest first.
    pub fn records(&self) -> Box<dyn Iterator<Item = Vec<u8>> + Send + '_> {
        let record = |id: &RequestId| {
            let (fingerprint, held) = self.outcomes.get(id)?;
            Some(bytes::record(&(*id, Remembered { fingerprint: *fingerprint, outcome: held.outcome() })))
        };
        Box::new(self.own.iter().filter_map(record).chain(self.keyed.iter().filter_map(record)))
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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn of_a_bulk_command_only_the_refusals_are_held() {
        let id = RequestId(Uuid::from_u128(1));
        let refusal = |place: usize| (place % 4_000 == 7).then_some(Refusal::TooLate);
        let outcome: Outcome = Ok(Reply::Each((0..10_000).map(refusal).collect()));
        let mut requests = Requests::default();
        requests.remember(id, None, outcome.clone());
        assert!(matches!(requests.outcomes.get(&id), Some((None, Held::Each { refused, .. })) if refused.len() == 3));
        assert_eq!(requests.recall(id, None), Some(outcome));
    }
}
