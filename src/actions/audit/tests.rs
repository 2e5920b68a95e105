#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;

use super::*;
use crate::base::clock::Timestamp;
use crate::base::jid::Domain;
use crate::state::Context;
use crate::state::audit::Draft;

/// A ledger in memory.
#[derive(Default)]
struct Book(BTreeMap<u64, Bytes>);

impl LedgerReader for Book {
    fn get(&self, _: Space, key: u64) -> io::Result<Option<Bytes>> {
        Ok(self.0.get(&key).cloned())
    }

    fn range(&self, _: Space, keys: Range<u64>, order: Order, limit: usize) -> io::Result<Vec<(u64, Bytes)>> {
        let found = self.0.range(keys).map(|(key, value)| (*key, value.clone()));
        Ok(match order {
            Order::Ascending => found.take(limit).collect(),
            Order::Descending => found.rev().take(limit).collect(),
        })
    }
}

/// `n` entries a second apart, by `ann` and `bob` in turn.
fn written(n: u64) -> (Book, Audit) {
    let (mut book, mut audit) = (Book::default(), Audit::default());
    for index in 1..=n {
        let cx = Context { index, at: Timestamp(i64::try_from(index).unwrap() * 1000), domain: Domain::parse("example.org").unwrap() };
        let username = if index % 2 == 1 { "ann" } else { "bob" };
        let draft = Draft { username: username.into(), node: "here".into(), summary: format!("act {index}"), details: None };
        for put in audit.append(&cx, draft).ledger {
            book.0.insert(put.key, put.value.unwrap().into());
        }
    }
    (book, audit)
}

const ALL: Wanted = Wanted { username: None, from: None, to: None, offset: 0, limit: 100 };

fn ids(book: &Book, last: u64, wanted: &Wanted) -> Vec<u64> {
    read(book, last, wanted).unwrap().into_iter().map(|entry| entry.id).collect()
}

#[test]
fn the_newest_come_first_and_only_those_that_are_wanted() {
    let (book, _) = written(10);
    let ann = Some("ann".to_owned());
    let cases: &[(Wanted, &[u64])] = &[
        (Wanted { limit: 3, ..ALL }, &[10, 9, 8]),
        (Wanted { limit: 0, ..ALL }, &[]),
        (Wanted { offset: 8, ..ALL }, &[2, 1]),
        (Wanted { offset: 10, ..ALL }, &[]),
        (Wanted { offset: 99, ..ALL }, &[]),
        (Wanted { username: ann.clone(), ..ALL }, &[9, 7, 5, 3, 1]),
        (Wanted { username: ann.clone(), offset: 1, limit: 2, ..ALL }, &[7, 5]),
        (Wanted { username: Some(String::new()), ..ALL }, &[]),
        (Wanted { from: Some(9000), ..ALL }, &[10, 9]),
        (Wanted { to: Some(2000), ..ALL }, &[2, 1]),
        (Wanted { from: Some(3000), to: Some(5000), username: ann, ..ALL }, &[5, 3]),
        (Wanted { from: Some(3000), to: Some(5000), offset: 2, ..ALL }, &[3]),
        (Wanted { from: Some(i64::MAX), ..ALL }, &[]),
        (Wanted { to: Some(i64::MIN), ..ALL }, &[]),
    ];
    for (wanted, expected) in cases {
        assert_eq!(ids(&book, 10, wanted), *expected, "{wanted:?}");
    }
}

#[test]
fn what_came_after_the_state_is_not_read() {
    let (book, _) = written(10);
    assert_eq!(ids(&book, 4, &Wanted { limit: 2, ..ALL }), [4, 3]);
    assert_eq!(ids(&book, 0, &ALL), [] as [u64; 0]);
}

#[test]
fn a_long_log_is_read_from_the_time_that_is_named() {
    let (mut book, _) = written(20_000);
    let expected: Vec<u64> = (4901..=5000).rev().collect();
    assert_eq!(ids(&book, 20_000, &Wanted { to: Some(5_000_000), ..ALL }), expected);
    // Nothing much older than the time is looked at.
    book.0.remove(&10_000);
    assert_eq!(ids(&book, 20_000, &Wanted { from: Some(19_999_000), ..ALL }), [20_000, 19_999]);
}

#[test]
fn a_question_that_looks_at_too_much_is_refused() {
    let (book, _) = written(1001);
    let nobody = Wanted { username: Some("nobody".into()), ..ALL };
    assert!(matches!(read_within(1000, &book, 1001, &nobody), Err(AuditFault::TooMuch)));
    assert_eq!(read_within(1000, &book, 1000, &nobody).unwrap(), []);
}

#[test]
fn a_hole_or_damage_is_an_error() {
    let (mut missing, audit) = written(10);
    missing.0.remove(&7);
    assert!(matches!(read(&missing, 10, &ALL), Err(AuditFault::Damaged(_))));
    assert!(matches!(verify(&missing, &audit), Err(AuditFault::Damaged(_))));
    let (mut damaged, _) = written(10);
    damaged.0.insert(7, Bytes::from_static(b"\x01nonsense"));
    assert!(matches!(read(&damaged, 10, &ALL), Err(AuditFault::Damaged(_))));
}

#[test]
fn the_chain_tells_every_change() {
    let (whole, audit) = written(1500);
    assert_eq!(verify(&whole, &audit).unwrap(), 1500);
    assert_eq!(verify(&Book::default(), &Audit::default()).unwrap(), 0);
    let told = |book: &Book| match verify(book, &audit) {
        Err(AuditFault::Damaged(error)) => error.to_string(),
        other => panic!("{other:?}"),
    };
    let mut changed = written(1500).0;
    let mut entry = Entry::decode(&changed.0[&700]).unwrap();
    entry.draft.username = "eve".into();
    changed.0.insert(700, crate::state::bytes::encode(&entry).unwrap().into());
    assert!(told(&changed).starts_with("entry 700 does not follow"));
    assert!(told(&written(1499).0).starts_with("entry 1500 is missing"));
    let mut moved = written(1500).0;
    let other = moved.0[&3].clone();
    moved.0.insert(4, other);
    assert!(told(&moved).starts_with("entry 4 says that it is 3"));
}
