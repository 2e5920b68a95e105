//! All nouns together: any sequence of commands gives the same state however it is carried out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod arbitrary;
mod golden;

use proptest::prelude::*;
use uuid::Uuid;

use super::{Logged, NounId, Proposal, Refusal, RequestId, State, bytes, requests};

/// Every record but what is remembered of requests.
fn facts(state: &State) -> Vec<(u8, Vec<u8>)> {
    state.records().filter(|(noun, _)| *noun != NounId::Requests as u8).collect()
}

fn applied(proposals: &[Proposal]) -> State {
    let mut state = State::default();
    for (index, proposal) in (1..).zip(proposals) {
        state.apply(index, proposal.clone());
    }
    state
}

proptest! {
    #![proptest_config(arbitrary::config(256))]

    /// D2: the same proposals give the same bytes, also after a journey through the log.
    #[test]
    fn the_same_proposals_give_the_same_state(proposals in arbitrary::proposals(60)) {
        let read_back: Vec<Proposal> = proposals.iter().map(|proposal| Logged::decode(&Logged::from(proposal.clone()).encode(1).unwrap()).unwrap().proposal).collect();
        prop_assert_eq!(&read_back, &proposals);
        prop_assert_eq!(applied(&proposals).checksum(), applied(&read_back).checksum());
    }

    /// D4: a snapshot and the tail of the log are as good as the whole log.
    #[test]
    fn a_snapshot_and_the_tail_are_the_whole(proposals in arbitrary::proposals(60), cut in 0_usize..60) {
        let cut = cut.min(proposals.len());
        let before = applied(&proposals[..cut]);
        let mut restored = State { index: before.index, ..State::default() };
        for (noun, record) in before.records() {
            restored.restore(noun, &record).unwrap();
        }
        prop_assert_eq!(before.checksum(), restored.checksum());
        for (index, proposal) in (cut as u64 + 1..).zip(&proposals[cut..]) {
            let outcome = restored.apply(index, proposal.clone()).outcome;
            prop_assert_eq!(restored.requests.recall(proposal.id, proposal.fingerprint), Some(outcome));
        }
        prop_assert_eq!(applied(&proposals).checksum(), restored.checksum());
    }

    /// D6: a retry answers what the first try answered and changes nothing.
    #[test]
    fn a_retry_is_not_a_second_act(proposals in arbitrary::proposals(40), again in 0_usize..40) {
        prop_assume!(!proposals.is_empty());
        let mut state = State::default();
        let mut outcomes = Vec::new();
        for (index, proposal) in (1..).zip(&proposals) {
            outcomes.push(state.apply(index, proposal.clone()).outcome);
        }
        let again = again % proposals.len();
        let before = facts(&state);
        let retried = state.apply(1000, proposals[again].clone());
        prop_assert_eq!(&retried.outcome, &outcomes[again]);
        prop_assert!(retried.events.is_empty() && retried.ledger.is_empty());
        prop_assert_eq!(before, facts(&state));
    }

    /// Both formats say the same, but that only the second one says when the proposal was made.
    #[test]
    fn every_format_brings_a_proposal_back(proposal in arbitrary::proposal(), since in any::<u64>()) {
        let logged = Logged { proposal, since: Some(since) };
        prop_assert_eq!(&Logged::decode(&logged.encode(2).unwrap()).unwrap(), &logged);
        let first = Logged::decode(&logged.encode(1).unwrap()).unwrap();
        prop_assert_eq!(first, Logged { since: None, ..logged });
    }

    /// The same id with another fingerprint is another request, and refused.
    #[test]
    fn an_id_belongs_to_one_request(proposal in arbitrary::proposal()) {
        let mut state = State::default();
        let mine = Proposal { fingerprint: Some([1; 16]), ..proposal.clone() };
        state.apply(1, mine);
        let other = state.apply(2, Proposal { fingerprint: Some([2; 16]), ..proposal });
        prop_assert_eq!(other.outcome, Err(Refusal::RequestMismatch));
    }

    /// What is refused has changed nothing, and is not in the audit log.
    #[test]
    fn a_refusal_changes_nothing(proposals in arbitrary::proposals(60)) {
        let mut state = State::default();
        for (index, proposal) in (1..).zip(&proposals) {
            let before = state.clone();
            let applied = state.apply(index, proposal.clone());
            if applied.outcome.is_err() {
                prop_assert_eq!(facts(&before), facts(&state));
                prop_assert!(applied.events.is_empty() && applied.ledger.is_empty());
            } else if proposal.audit.is_some() {
                prop_assert_eq!(state.audit.last(), before.audit.last() + 1);
            }
        }
    }

    /// Nothing of a deleted account stays anywhere: an account of the same name begins anew (D1, users.md §3.5).
    #[test]
    fn a_deleted_user_leaves_nothing(proposals in arbitrary::proposals(60)) {
        let mut state = applied(&proposals);
        let delete = super::Command::Users(super::users::Command::Delete(arbitrary::name("ann")));
        state.apply(1000, Proposal { id: RequestId(Uuid::from_u128(u128::MAX)), ..arbitrary::command(arbitrary::create("ann")) });
        let gone = state.apply(1001, Proposal { id: RequestId(Uuid::from_u128(u128::MAX - 1)), ..arbitrary::command(delete) });
        prop_assert!(gone.outcome.is_ok());
        let audit = [NounId::Audit as u8, NounId::Requests as u8];
        for (noun, record) in state.records().filter(|(noun, _)| !audit.contains(noun)) {
            let jid = b"ann@example.org";
            prop_assert!(!record.windows(jid.len()).any(|window| window == jid), "noun {noun} still names the account: {record:?}");
        }
    }

    #[test]
    fn random_bytes_are_no_proposal(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Logged::decode(&bytes);
        let mut state = State::default();
        for noun in 0..20 {
            let _ = state.restore(noun, &bytes);
        }
    }
}

/// An act that may have been forgotten is not carried out a second time.
#[test]
fn a_retry_that_comes_too_late_is_refused() {
    let (mut state, bound) = (State::default(), requests::OWN_BOUND as u64);
    let logged = |id: u128| Logged {
        proposal: Proposal { id: RequestId(Uuid::from_u128(id)), ..arbitrary::command(arbitrary::create("ann")) },
        since: Some(5),
    };
    assert!(state.apply(5 + bound, logged(1)).outcome.is_ok());
    assert!(state.apply(6 + bound, logged(1)).outcome.is_ok(), "it is remembered");
    assert_eq!(state.apply(6 + bound, logged(2)).outcome, Err(Refusal::TooLate));
    assert!(state.requests.recall(RequestId(Uuid::from_u128(2)), None).is_none());
}

#[test]
fn bytes_of_another_version_are_refused() {
    assert_eq!(bytes::decode::<u64>(&[2, 0]), Err(bytes::BadBytes::Version(2)));
    assert!(matches!(bytes::decode::<u64>(&[1, 0, 0]), Err(bytes::BadBytes::Damaged(_))));
    assert!(matches!(bytes::decode::<u64>(&[]), Err(bytes::BadBytes::Damaged(_))));
}
