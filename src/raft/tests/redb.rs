//! redb as the engine: what is synced is there for whoever opens the file, batches in order, damage, and one user at a time.

use std::fs;
use std::io;
use std::path::Path;

use bytes::Bytes;

use super::Dice;
use super::crash::{Run, found};
use super::stack;
use crate::raft::engine::{Batch, LogEngine, Op, Order, RedbEngine, Space};
use crate::raft::log_store::Room;

const CACHE: u64 = 8 << 20;

/// Copies a store in use: how much was synced first, for that never speaks of more than the file has.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for name in ["synced", "log.redb"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

fn put(space: Space, key: u64, value: impl Into<Bytes>) -> Op {
    Op::Put { space, key, value: value.into() }
}

/// As after a `kill -9`: the file is taken while the engine still runs, then opened anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_taken_from_a_running_store_holds_everything_durable() {
    for seed in 0..6 {
        let dir = tempfile::tempdir().unwrap();
        let mut run = Run::new(RedbEngine::open(&dir.path().join("log"), CACHE).unwrap(), &dir.path().join("s")).await;
        let mut dice = Dice(seed);
        for round in 0..4 {
            for _ in 0..30 {
                run.step(&mut dice).await;
            }
            // Unlike a crash, a copy takes time, so nothing durable may be under way.
            assert!(run.barrier().await);
            let durable = run.durable();
            let taken = dir.path().join(format!("taken{round}"));
            copy(&dir.path().join("log"), &taken);
            let again = stack(RedbEngine::open(&taken, CACHE).unwrap(), &dir.path().join("s2"), Room::default()).await.unwrap();
            let found = found(&again.log, &*again.reader).await;
            assert!(run.states[durable..].contains(&found), "seed {seed} round {round}: {found:?}\nis none of the states since {durable}");
        }
        run.stop().await;
    }
}

#[test]
fn a_batch_sees_its_own_earlier_changes_and_spaces_are_apart() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = RedbEngine::open(dir.path(), CACHE).unwrap();
    let mut write = |ops| engine.write(Batch { ops }).unwrap();
    let all = || Op::DeleteRange { space: Space::Log, keys: 0..u64::MAX };
    write(vec![put(Space::Log, 1, "stored"), put(Space::Audit, 1, "other")]);
    write(vec![put(Space::Log, 2, vec![1; 1_000_000]), all(), put(Space::Log, 3, "new"), put(Space::Log, 4, vec![2; 1_000_000])]);
    let reader = engine.reader();
    let keys = |order| reader.range(Space::Log, 0..9, order, 9).unwrap().into_iter().map(|(key, _)| key).collect::<Vec<_>>();
    assert_eq!((keys(Order::Ascending), keys(Order::Descending)), (vec![3, 4], vec![4, 3]));
    assert_eq!(reader.get(Space::Log, 4).unwrap().unwrap().len(), 1_000_000);
    engine.write(Batch { ops: vec![put(Space::Log, 3, "newer"), Op::Delete { space: Space::Log, key: 3 }] }).unwrap();
    assert_eq!(reader.get(Space::Log, 3).unwrap(), None);
    assert_eq!(reader.get(Space::Audit, 1).unwrap(), Some(Bytes::from("other")));
}

/// Only what was synced, with the unsynced gone as a whole.
#[test]
fn what_was_not_synced_is_not_found_after_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = RedbEngine::open(dir.path(), CACHE).unwrap();
    engine.write_durably(Batch { ops: vec![put(Space::Log, 1, "synced")] }).unwrap();
    engine.write(Batch { ops: vec![put(Space::Log, 1, "not"), put(Space::Log, 2, "not")] }).unwrap();
    let taken = tempfile::tempdir().unwrap();
    copy(dir.path(), taken.path());
    let again = RedbEngine::open(taken.path(), CACHE).unwrap();
    assert_eq!(again.reader().range(Space::Log, 0..9, Order::Ascending, 9).unwrap(), [(1, Bytes::from("synced"))]);
}

/// redb goes back to the commit before where the last one is damaged, as after a crash.
#[test]
fn a_batch_that_was_synced_is_missed_when_the_file_is_at_an_earlier_one() {
    let (dir, older) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut engine = RedbEngine::open(dir.path(), CACHE).unwrap();
    for key in 1..=3 {
        copy(dir.path(), older.path());
        engine.write(Batch { ops: vec![put(Space::Log, key, "entry")] }).unwrap();
        engine.write_durably(Batch { ops: vec![put(Space::Audit, key, "audit")] }).unwrap();
    }
    drop(RedbEngine::open(older.path(), CACHE).unwrap());
    fs::copy(dir.path().join("synced"), older.path().join("synced")).unwrap();
    let error = RedbEngine::open(older.path(), CACHE).err().unwrap();
    assert!(error.to_string().contains("the log ends at batch 4, but 6 were synced"), "{error}");
    fs::remove_file(older.path().join("synced")).unwrap();
    let error = RedbEngine::open(older.path(), CACHE).err().unwrap();
    assert!(error.to_string().contains("how much of the log was synced is gone"), "{error}");
}

#[test]
fn a_store_from_before_batches_had_numbers_is_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    drop(RedbEngine::open(dir.path(), CACHE).unwrap());
    fs::remove_file(dir.path().join("synced")).unwrap();
    let place = [&[Space::Log as u8], &7_u64.to_be_bytes()[..]].concat();
    let sum = crc32fast::hash(&[&place[..], &[1], b"entry"].concat());
    let record = [&[1], &b"entry"[..], &sum.to_be_bytes()].concat();
    let db = ::redb::Database::open(dir.path().join("log.redb")).unwrap();
    let begun = db.begin_write().unwrap();
    let records = ::redb::TableDefinition::<(u8, u64), &[u8]>::new("records");
    begun.open_table(records).unwrap().insert((Space::Log as u8, 7), &record[..]).unwrap();
    begun.commit().unwrap();
    drop(db);
    let mut engine = RedbEngine::open(dir.path(), CACHE).unwrap();
    assert_eq!(engine.reader().get(Space::Log, 7).unwrap(), Some(Bytes::from("entry")));
    engine.write_durably(Batch { ops: vec![put(Space::Log, 8, "next")] }).unwrap();
    drop(engine);
    let engine = RedbEngine::open(dir.path(), CACHE).unwrap();
    assert_eq!(engine.reader().range(Space::Log, 0..9, Order::Ascending, 9).unwrap().len(), 2);
    assert!(engine.reader().range(Space::Meta, 0..u64::MAX, Order::Ascending, 9).unwrap().is_empty());
}

/// In its place there may be a file without a table, beside it any part of one.
#[test]
fn a_crash_while_a_new_store_is_made_leaves_one_that_opens() {
    let dir = tempfile::tempdir().unwrap();
    let lasts = |dir: &Path| {
        let mut engine = RedbEngine::open(dir, CACHE).unwrap();
        assert_eq!(engine.reader().get(Space::Log, 1).unwrap(), None);
        engine.write_durably(Batch { ops: vec![put(Space::Log, 1, "one")] }).unwrap();
        drop(engine);
        assert_eq!(RedbEngine::open(dir, CACHE).unwrap().reader().get(Space::Log, 1).unwrap(), Some(Bytes::from("one")));
    };
    let (empty, half) = (dir.path().join("empty"), dir.path().join("half"));
    fs::create_dir(&empty).unwrap();
    drop(::redb::Database::create(empty.join("log.redb")).unwrap());
    lasts(&empty);
    fs::create_dir(&half).unwrap();
    fs::write(half.join("log.redb.tmp"), vec![0; 5000]).unwrap();
    lasts(&half);
}

#[test]
fn damage_is_an_error_not_a_value() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = RedbEngine::open(dir.path(), CACHE).unwrap();
    engine.write_durably(Batch { ops: vec![put(Space::Audit, 1, vec![7; 300])] }).unwrap();
    engine.close();
    drop(engine);
    let file = dir.path().join("log.redb");
    let mut bytes = fs::read(&file).unwrap();
    let at: Vec<usize> = bytes.windows(300).enumerate().filter(|(_, run)| run.iter().all(|byte| *byte == 7)).map(|(at, _)| at).collect();
    assert!(!at.is_empty());
    at.iter().for_each(|at| bytes[at + 9] ^= 1);
    fs::write(&file, bytes).unwrap();
    let opened = RedbEngine::open(dir.path(), CACHE);
    let error = opened.and_then(|engine| engine.reader().get(Space::Audit, 1)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
}

#[test]
fn one_user_at_a_time_and_closed_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = RedbEngine::open(dir.path(), CACHE).unwrap();
    let error = RedbEngine::open(dir.path(), CACHE).err().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::ResourceBusy, "{error}");
    let reader = engine.reader();
    engine.close();
    assert!(reader.get(Space::Log, 1).is_err());
    assert!(engine.write(Batch::default()).is_err());
    drop(RedbEngine::open(dir.path(), CACHE).unwrap());
}
