//! Stored bytes as they were first written, by format: what reads them today must read the same (D8).
//!
//! Each line of `golden/v*/*.txt` is what was written, in hexadecimal, and what it means. The files never change; a new format
//! gets a folder of its own. `cargo test --lib -- --ignored write_golden` writes them where there are none yet.

use std::fmt::Write as _;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::arbitrary;
use crate::state::audit::Entry;
use crate::state::{Command, Ledger, Logged, State, nodes};

const PROPOSALS: &str = include_str!("../golden/v1/proposals.txt");
const PROPOSALS_2: &str = include_str!("../golden/v2/proposals.txt");
const RECORDS: &str = include_str!("../golden/v1/records.txt");
const ENTRIES: &str = include_str!("../golden/v1/audit.txt");

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

fn lines(text: &str) -> impl Iterator<Item = (Vec<u8>, &str)> {
    text.lines().map(|line| {
        let (bytes, meaning) = line.split_once(' ').unwrap();
        (data_encoding::HEXLOWER.decode(bytes.as_bytes()).unwrap(), meaning)
    })
}

#[test]
fn proposals_mean_what_they_meant() {
    let mut seen = 0;
    for (bytes, meaning) in lines(PROPOSALS) {
        let logged = Logged::decode(&bytes).unwrap();
        assert_eq!(format!("{:?}", logged.proposal), meaning);
        assert_eq!(logged.encode(1).unwrap(), bytes);
        seen += 1;
    }
    assert!(seen >= 100, "only {seen}");
}

/// What format 2 adds: how far the proposer had applied the log, and commands of its own.
#[test]
fn proposals_of_format_2_mean_what_they_meant() {
    let mut seen = 0;
    for (bytes, meaning) in lines(PROPOSALS_2) {
        let logged = Logged::decode(&bytes).unwrap();
        assert_eq!(format!("{:?} {:?}", logged.since, logged.proposal), meaning);
        assert_eq!(logged.encode(2).unwrap(), bytes);
        seen += 1;
    }
    assert!(seen >= 4, "only {seen}");
}

#[test]
#[ignore = "writes the file that the test above reads"]
fn write_golden_2() {
    let mut runner = TestRunner::deterministic();
    let command = |command| arbitrary::command(Command::Nodes(command));
    let any = (0..20).map(|_| arbitrary::proposal().new_tree(&mut runner).unwrap().current());
    let proposals = any.chain([command(nodes::Command::Mark), command(nodes::Command::Raise(2))]);
    let logged = proposals.zip([None, Some(0), Some(300)].into_iter().cycle()).map(|(proposal, since)| Logged { proposal, since });
    let text: String = logged.map(|logged| format!("{} {:?} {:?}\n", hex(&logged.encode(2).unwrap()), logged.since, logged.proposal)).collect();
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/state/golden/v2");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("proposals.txt"), text).unwrap();
}

#[test]
fn snapshot_records_mean_what_they_meant() {
    let mut state = State::default();
    let mut written = Vec::new();
    for (bytes, noun) in lines(RECORDS) {
        let noun = noun.parse().unwrap();
        state.restore(noun, &bytes).unwrap();
        written.push((noun, bytes));
    }
    assert!(written.len() >= 50, "only {}", written.len());
    assert_eq!(state.records().collect::<Vec<_>>(), written);
}

#[test]
fn audit_entries_mean_what_they_meant() {
    let mut previous = [0; 32];
    for (bytes, meaning) in lines(ENTRIES) {
        let entry = Entry::decode(&bytes).unwrap();
        assert_eq!(format!("{entry:?}"), meaning);
        assert!(entry.follows(&previous));
        previous = entry.hash;
    }
    assert_ne!(previous, [0; 32]);
}

/// Two thousand random proposals: those that something came of, a few of each kind.
#[test]
#[ignore = "writes the files that the other tests read"]
fn write_golden() {
    let mut runner = TestRunner::deterministic();
    let mut state = State::default();
    let (mut proposals, mut entries) = (String::new(), String::new());
    let mut kinds = std::collections::BTreeMap::<String, usize>::new();
    for index in 1..2000 {
        let proposal = arbitrary::proposal().new_tree(&mut runner).unwrap().current();
        let debug = format!("{proposal:?}");
        let applied = state.apply(index, proposal.clone());
        let kind: String = debug.split("command: ").nth(1).unwrap().chars().take_while(|c| *c != '{' && *c != '"').collect();
        let seen = kinds.entry(kind).or_default();
        *seen += 1;
        if *seen <= 3 {
            writeln!(proposals, "{} {debug}", hex(&Logged::from(proposal).encode(1).unwrap())).unwrap();
        }
        for put in applied.ledger.iter().filter(|put| put.ledger == Ledger::Audit && put.key <= 20) {
            let bytes = put.value.clone().unwrap();
            writeln!(entries, "{} {:?}", hex(&bytes), Entry::decode(&bytes).unwrap()).unwrap();
        }
    }
    let records: String = state.records().map(|(noun, record)| format!("{} {noun}\n", hex(&record))).collect();
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/state/golden/v1");
    std::fs::create_dir_all(&dir).unwrap();
    for (name, text) in [("proposals", proposals), ("records", records), ("audit", entries)] {
        std::fs::write(dir.join(name).with_extension("txt"), text).unwrap();
    }
}
