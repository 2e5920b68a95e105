use proptest::prelude::*;

use super::{Act, Cell, History, Operation, Outcome, Verdict, perform};
use Act::{Create, Delete, Get, Put, Update};
use Outcome::{Done, Read, Refused, Unknown};

const STEPS: u64 = 1_000_000;

/// An operation on one key, at these milliseconds.
fn at(from: u64, to: u64, act: Act, outcome: Outcome) -> Operation {
    let millis = std::time::Duration::from_millis;
    Operation { key: "k".into(), client: 0, act, outcome, from: millis(from), to: millis(to), via: vec![0] }
}

fn history(operations: &[Operation]) -> History {
    History { operations: operations.to_vec() }
}

#[track_caller]
fn good(operations: &[Operation]) {
    assert_eq!(history(operations).check(STEPS), Verdict::Linearizable);
}

/// Wants a refusal whose explanation names `what`.
#[track_caller]
fn bad(operations: &[Operation], what: &str) {
    match history(operations).check(STEPS) {
        Verdict::NotLinearizable(why) => assert!(why.contains(what), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_one_copy_would_tell_is_good() {
    good(&[]);
    good(&[at(0, 1, Get, Read(None)), at(2, 3, Put(1), Done), at(4, 5, Get, Read(Some(1))), at(6, 7, Delete, Done), at(8, 9, Delete, Refused)]);
    good(&[at(0, 1, Update(1), Refused), at(2, 3, Create(2), Done), at(4, 5, Create(3), Refused), at(6, 7, Update(4), Done)]);
}

#[test]
fn what_overlaps_may_come_in_any_order() {
    good(&[at(0, 9, Put(1), Done), at(1, 2, Get, Read(Some(1)))]);
    good(&[at(0, 9, Put(1), Done), at(1, 2, Get, Read(None)), at(3, 4, Get, Read(Some(1)))]);
    good(&[at(0, 9, Put(1), Done), at(0, 9, Put(2), Done), at(0, 9, Get, Read(Some(1))), at(10, 11, Get, Read(Some(1)))]);
    good(&[at(0, 9, Create(1), Done), at(0, 9, Create(2), Refused), at(0, 9, Delete, Done), at(0, 9, Create(3), Done)]);
}

#[test]
fn a_stale_read_is_bad() {
    bad(&[at(0, 1, Put(1), Done), at(2, 3, Put(2), Done), at(4, 5, Get, Read(Some(1)))], "Read(Some(1))\nafter");
    bad(&[at(0, 1, Put(1), Done), at(2, 3, Delete, Done), at(4, 5, Get, Read(Some(1)))], "1 was written by\n      0.000000 to");
}

#[test]
fn a_lost_write_is_bad() {
    bad(&[at(0, 1, Put(1), Done), at(2, 3, Get, Read(None))], "Read(None)");
    bad(&[at(0, 1, Create(1), Done), at(2, 3, Delete, Refused)], "Delete -> Refused\nafter");
}

#[test]
fn a_create_done_twice_is_bad() {
    bad(&[at(0, 9, Create(1), Done), at(0, 9, Create(2), Done)], "Create");
    bad(&[at(0, 1, Create(1), Done), at(2, 3, Delete, Done), at(4, 5, Get, Read(None)), at(6, 7, Get, Read(Some(1)))], "Read(Some(1))");
}

#[test]
fn a_value_that_nobody_wrote_is_bad() {
    bad(&[at(0, 9, Put(1), Done), at(0, 9, Get, Read(Some(7)))], "7 was never written");
}

#[test]
fn reading_backwards_is_bad() {
    bad(&[at(0, 9, Put(1), Done), at(1, 2, Get, Read(Some(1))), at(3, 4, Get, Read(None))], "Read(None)\nafter");
    let two_readers = [at(0, 1, Put(1), Done), at(2, 9, Put(2), Done), at(3, 4, Get, Read(Some(2))), at(5, 6, Get, Read(Some(1)))];
    bad(&two_readers, "Read(Some(1))\nafter");
}

#[test]
fn a_refusal_without_reason_is_bad() {
    bad(&[at(0, 1, Create(1), Refused)], "Create(1) -> Refused");
    bad(&[at(0, 1, Create(1), Done), at(2, 3, Update(2), Refused)], "Update(2) -> Refused");
    bad(&[at(0, 1, Put(1), Refused)], "Put(1) -> Refused");
}

#[test]
fn what_is_unknown_is_done_at_any_time_or_never() {
    good(&[at(0, 1, Put(1), Unknown)]);
    good(&[at(0, 1, Put(1), Unknown), at(2, 3, Get, Read(None)), at(4, 5, Get, Read(Some(1)))]);
    good(&[at(0, 1, Put(1), Done), at(2, 3, Delete, Unknown), at(9, 10, Create(2), Done), at(11, 12, Get, Read(Some(2)))]);
    good(&[at(0, 1, Get, Unknown)]);
    bad(&[at(0, 1, Get, Read(Some(1))), at(2, 3, Put(1), Unknown)], "Read(Some(1))");
    let twice = [at(0, 1, Put(1), Unknown), at(2, 3, Get, Read(Some(1))), at(4, 5, Put(2), Done), at(6, 7, Get, Read(Some(1)))];
    bad(&twice, "0.006000");
}

#[test]
fn what_is_found_out_later_counts() {
    let mut told = history(&[at(0, 1, Put(1), Unknown), at(0, 1, Put(2), Unknown), at(2, 3, Get, Read(Some(2)))]);
    told.settle(|operation| Some(operation.act == Put(1)));
    assert!(matches!(told.check(STEPS), Verdict::NotLinearizable(why) if why.contains("2 was never written")));
    let mut lost = history(&[at(0, 1, Put(1), Unknown), at(2, 3, Get, Read(None))]);
    lost.settle(|_| Some(true));
    assert_eq!(lost.check(STEPS), Verdict::Linearizable, "it may be done after the last read");
}

#[test]
fn keys_are_judged_alone() {
    let mut other = at(4, 5, Get, Read(None));
    other.key = "other".into();
    let mut operations = vec![at(0, 1, Put(1), Done), other];
    good(&operations);
    operations[1].outcome = Read(Some(1));
    bad(&operations, "operations on other");
}

#[test]
fn a_search_that_takes_too_long_is_ended() {
    let operations: Vec<_> = (1..20).map(|value| at(0, 100, Put(value), Done)).collect();
    assert!(matches!(history(&operations).check(10), Verdict::Unknown(_)));
    good(&operations);
}

#[test]
fn a_long_history_takes_little_time() {
    let mut operations = Vec::new();
    for i in 0..20_000 {
        operations.push(at(10 * i, 10 * i + 25, Put(i), if i % 500 == 7 { Unknown } else { Done }));
        operations.push(at(10 * i + 5, 10 * i + 9, Get, Read(i.checked_sub(1))));
    }
    // Each value is read after its write began and before it ended, the unknown ones too.
    good(&operations[..2]);
    good(&operations);
    let middle = operations.len() / 2;
    operations[middle + 1].outcome = Read(Some(3));
    bad(&operations, "Read(Some(3))");
}

/// Acts performed one after another, each between a question before it and an answer after it; some answers get lost.
fn executions(overlap: u64, lost: u32) -> impl Strategy<Value = Vec<Operation>> {
    let one = (0..5_u8, 0..=overlap, 0..=overlap, 0..100_u32, any::<bool>());
    prop::collection::vec(one, 1..60).prop_map(move |given| {
        let mut cell: Cell = None;
        let mut run = Vec::new();
        for (n, (kind, before, after, luck, done)) in given.into_iter().enumerate() {
            let (value, moment) = (n as u64, 1000 + 10 * n as u64);
            let act = [Put(value), Create(value), Update(value), Delete, Get][usize::from(kind)];
            let unknown = luck < lost;
            let (next, outcome) = perform(cell, act);
            if !unknown || done {
                cell = next;
            }
            run.push(at(moment - before, moment + after, act, if unknown { Unknown } else { outcome }));
        }
        run
    })
}

/// Whether some order explains a short history: all are tried.
fn by_trying(operations: &[Operation], placed: u32, cell: Cell) -> bool {
    let free = |i: usize| placed >> i & 1 == 0;
    let waiting = |i: &usize| free(*i) && operations[*i].outcome != Unknown;
    if !(0..operations.len()).any(|i| waiting(&i)) {
        return true;
    }
    let first_answer = (0..operations.len()).filter(waiting).map(|i| operations[i].to).min().unwrap();
    (0..operations.len()).any(|i| {
        let next = operations[i].follow(cell).filter(|_| free(i) && operations[i].from <= first_answer);
        next.is_some_and(|next| by_trying(operations, placed | 1 << i, next))
    })
}

fn any_operation() -> impl Strategy<Value = Operation> {
    let act = prop_oneof![(0..3_u64).prop_map(Put), (0..3_u64).prop_map(Create), (0..3_u64).prop_map(Update), Just(Delete), Just(Get)];
    let told = prop_oneof![3 => Just(Done), 1 => Just(Refused), 3 => Just(Unknown)];
    let read = prop::option::of(0..3_u64).prop_map(Read);
    (act, told, read, 0..30_u64, 0..20_u64)
        .prop_map(|(act, told, read, from, length)| at(from, from + length, act, if act == Get { read } else { told }))
}

proptest! {
    #[test]
    fn real_executions_are_good(run in executions(40, 10)) {
        good(&run);
    }

    #[test]
    fn a_value_out_of_nowhere_is_found(mut run in executions(40, 10), place in any::<prop::sample::Index>()) {
        let reads: Vec<_> = (0..run.len()).filter(|i| matches!(run[*i].outcome, Read(_))).collect();
        prop_assume!(!reads.is_empty());
        run[*place.get(&reads)].outcome = Read(Some(1_000));
        bad(&run, "1000 was never written");
    }

    #[test]
    fn any_other_value_is_found_where_nothing_overlaps(mut run in executions(0, 0), place in any::<prop::sample::Index>(), other in prop::option::of(0..60_u64)) {
        let reads: Vec<_> = (0..run.len()).filter(|i| matches!(run[*i].outcome, Read(_))).collect();
        prop_assume!(!reads.is_empty());
        let read = &mut run[*place.get(&reads)];
        prop_assume!(read.outcome != Read(other));
        read.outcome = Read(other);
        bad(&run, "");
    }

    #[test]
    fn the_verdict_is_that_of_trying_every_order(operations in prop::collection::vec(any_operation(), 0..7)) {
        let verdict = history(&operations).check(STEPS);
        let expected = by_trying(&operations, 0, None);
        prop_assert_eq!(verdict == Verdict::Linearizable, expected, "{:?}", verdict);
    }
}
