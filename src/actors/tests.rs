//! The owners behind their mailboxes come to the same as plain structs.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::state::tests::arbitrary;
use crate::state::{Logged, State};

use super::{Owners, Replica};

/// House.md §3: the same few lines run over plain structs and over the owners.
#[test]
fn owners_come_to_the_same_as_plain_structs() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut runner = TestRunner::new(arbitrary::config(64));
    let run = |proposals: Vec<_>| {
        let owners = Owners::start().unwrap();
        let mut plain = State::default();
        for (index, proposal) in (1..).zip(&proposals) {
            let proposal: &crate::state::Proposal = proposal;
            let applied = runtime.block_on(owners.apply(index, &Logged::from(proposal.clone()).encode(1).unwrap())).unwrap();
            let expected = plain.apply(index, proposal.clone());
            prop_assert_eq!(applied.outcome, expected.outcome);
            prop_assert_eq!(applied.ledger, expected.ledger);
            if index % 7 == 0 {
                runtime.block_on(owners.publish(index)).unwrap();
                prop_assert_eq!(owners.views().load().checksum(), plain.checksum());
            }
        }
        runtime.block_on(owners.publish(plain.index)).unwrap();
        prop_assert_eq!(owners.views().load().checksum(), plain.checksum());
        Ok(())
    };
    runner.run(&arbitrary::proposals(40), run).unwrap();
}

/// Events reach listeners in log order, and only once what they tell of can be read.
#[test]
fn events_come_after_the_view() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let owners = Owners::start().unwrap();
    let mut heard = owners.bus().listen();
    runtime.block_on(async {
        let create = arbitrary::command(arbitrary::create("ann"));
        owners.apply(5, &Logged::from(create).encode(2).unwrap()).await.unwrap();
        assert!(heard.try_recv().is_err());
        owners.publish(5).await.unwrap();
        assert!(owners.views().load().users.contains("ann"));
        assert_eq!(heard.recv().await.unwrap().index, 5);
    });
}
