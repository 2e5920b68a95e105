//! What must be true of traffic when all is well again.

use std::collections::HashMap;

use crate::history::{Outcome, Verdict};
use crate::rest::Client;

use super::Record;
use super::audit::Audit;

/// How many steps the search for an order of one key may take.
const STEPS: u64 = 20_000_000;

impl Record {
    /// Fails the test unless every node has the same audit log, what was acknowledged is there and was done once, and one
    /// order of single acts explains all answers.
    pub fn judge(mut self, nodes: &[Client]) {
        self.read_everywhere(nodes);
        self.tell();
        assert!(self.surprises.is_empty(), "{} answers that should not be given: {:#?}", self.surprises.len(), self.surprises);
        let audit = same_audit(nodes);
        let written = audit.written(&self.plan.name);
        self.once(&written);
        // The log tells which of the writes without an answer were done. Values are of one write each.
        self.history.settle(|operation| operation.value().map(|value| written.contains_key(&value)));
        match self.history.check(STEPS) {
            Verdict::Linearizable => {}
            Verdict::NotLinearizable(why) => panic!("{why}"),
            Verdict::Unknown(why) => panic!("the history is too hard to judge: {why}"),
        }
    }

    fn tell(&self) {
        let again = self.history.operations.iter().filter(|operation| operation.via.len() > 1).count();
        let gap = self.longest_gap();
        eprintln!("{:?}, {} without answer, {again} asked more than once, longest gap between writes {gap:?}", self.counts(), self.without_answer);
    }

    /// Each write that was acknowledged is in the log once, one that was refused is not, and any other at most once.
    fn once(&self, written: &HashMap<u64, usize>) {
        for operation in &self.history.operations {
            let Some(value) = operation.value() else { continue };
            let times = written.get(&value).copied().unwrap_or_default();
            let right = match operation.outcome {
                Outcome::Done => times == 1,
                Outcome::Refused => times == 0,
                Outcome::Unknown | Outcome::Read(_) => times <= 1,
            };
            assert!(right, "{times} entries of the audit log are about {}:\n{operation}", operation.key);
        }
    }
}

/// The audit log, which all nodes must have alike.
fn same_audit(nodes: &[Client]) -> Audit {
    let first = Audit::read(&nodes[0]);
    for (node, client) in nodes.iter().enumerate().skip(1) {
        let other = Audit::read(client);
        let lengths = (first.entries.len(), other.entries.len());
        let differ = first.entries.iter().zip(&other.entries).find(|(one, other)| one != other);
        assert!(first == other, "the audit logs of nodes 0 and {node} differ: {lengths:?} entries, {differ:?}");
    }
    first
}
