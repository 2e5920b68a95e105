//! sled as the engine: what is synced is there for whoever opens the files, large values, damage, and one user at a time.

use std::fs;
use std::io;
use std::path::Path;

use bytes::Bytes;

use super::Dice;
use super::crash::{Run, found};
use super::stack;
use crate::raft::engine::{Batch, LedgerReader, LogEngine, Op, Order, SledEngine, Space};
use crate::raft::log_store::Room;

const CACHE: u64 = 8 << 20;

/// Copies the files of a store that is in use: its log last, for it makes up for older files beside it, not the reverse.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let mut names: Vec<_> = fs::read_dir(from).unwrap().map(|file| file.unwrap().file_name()).filter(|name| from.join(name).is_file()).collect();
    names.sort_by_key(|name| name == "db");
    for name in names {
        match fs::copy(from.join(&name), to.join(&name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && name != "db" => {}
            result => assert!(result.is_ok(), "{result:?}"),
        }
    }
}

fn put(space: Space, key: u64, value: impl Into<Bytes>) -> Op {
    Op::Put { space, key, value: value.into() }
}

fn write(engine: &mut SledEngine, ops: Vec<Op>) {
    engine.write(Batch { ops }).unwrap();
}

/// Closes a store and counts its records.
fn closed_records(engine: SledEngine, dir: &Path) -> usize {
    drop(engine);
    let db = ::sled::open(dir).unwrap();
    let records = db.iter().keys().filter(|key| key.as_ref().is_ok_and(|key| key.len() > 1)).count();
    drop(db);
    // Waits until sled's threads have let go of it.
    fs::File::open(dir.join("db")).unwrap().lock().unwrap();
    records
}

/// As after a `kill -9`: the files are taken between two writes while the engine still runs, then opened anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_taken_from_a_running_store_hold_everything_durable() {
    for seed in 0..6 {
        let dir = tempfile::tempdir().unwrap();
        let mut run = Run::new(SledEngine::open(&dir.path().join("log"), CACHE).unwrap(), &dir.path().join("s")).await;
        let mut dice = Dice(seed);
        for round in 0..4 {
            for _ in 0..30 {
                run.step(&mut dice).await;
            }
            if round % 2 == 0 {
                assert!(run.barrier().await);
            }
            run.idle().await;
            let durable = run.durable();
            let taken = dir.path().join(format!("taken{round}"));
            copy(&dir.path().join("log"), &taken);
            let again = stack(SledEngine::open(&taken, CACHE).unwrap(), &dir.path().join("s2"), Room::default()).await.unwrap();
            let found = found(&again.log, &*again.reader).await;
            assert_eq!(fs::read_dir(dir.path().join("log/blobs")).unwrap().count(), 0, "sled never syncs a blob");
            assert!(run.states[durable..].contains(&found), "seed {seed} round {round}: {found:?}\nis none of the states since {durable}");
        }
        run.stop().await;
    }
}

#[test]
fn large_values_are_split_and_come_back_and_go_without_a_trace() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = SledEngine::open(dir.path(), CACHE).unwrap();
    let big: Vec<u8> = (0..200_000u32).map(|i| u8::try_from(i % 251).unwrap()).collect();
    for size in [4095, 4096, 4097, 8192, 200_000] {
        write(&mut engine, vec![put(Space::Messages, 5, big[..size].to_vec()), put(Space::Messages, 6, "next")]);
        engine.sync().unwrap();
        let reader = engine.reader();
        assert_eq!(reader.get(Space::Messages, 5).unwrap().unwrap(), big[..size]);
        let keys = |order| reader.range(Space::Messages, 0..10, order, 10).unwrap().into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        assert_eq!((keys(Order::Ascending), keys(Order::Descending)), (vec![5, 6], vec![6, 5]), "chunks are no records");
    }
    write(&mut engine, vec![put(Space::Messages, 5, "small again")]);
    assert_eq!(closed_records(engine, dir.path()), 2, "no chunk is left behind");
}

#[test]
fn neighbours_of_one_batch_are_one_record_until_the_last_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = SledEngine::open(dir.path(), CACHE).unwrap();
    write(&mut engine, (10..20).map(|key| put(Space::Log, key, vec![1; 100])).collect());
    write(&mut engine, vec![Op::DeleteRange { space: Space::Log, keys: 0..13 }, Op::DeleteRange { space: Space::Log, keys: 18..99 }]);
    let found = engine.reader().range(Space::Log, 0..99, Order::Ascending, 99).unwrap();
    assert!(found.iter().map(|(key, _)| *key).eq(13..18), "{found:?}");
    assert_eq!(closed_records(engine, dir.path()), 1);
    let mut engine = SledEngine::open(dir.path(), CACHE).unwrap();
    write(&mut engine, vec![Op::DeleteRange { space: Space::Log, keys: 13..18 }]);
    assert_eq!(closed_records(engine, dir.path()), 0);
}

/// A purge never takes from a reader what stays, not even while it is being written.
#[test]
fn what_stays_of_a_run_is_there_at_any_moment() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = SledEngine::open(dir.path(), CACHE).unwrap();
    let reader = engine.reader();
    for first in (0..3200).step_by(16) {
        write(&mut engine, (first..first + 16).map(|key| put(Space::Log, key, vec![1; 100])).collect());
        let last = first + 15;
        std::thread::scope(|scope| {
            let purge = scope.spawn(|| (first..last).for_each(|key| write(&mut engine, vec![Op::Delete { space: Space::Log, key }])));
            while !purge.is_finished() {
                assert!(reader.get(Space::Log, last).unwrap().is_some(), "{last}");
            }
        });
    }
}

/// A value that is being appended is there as a whole or not at all.
#[test]
fn a_reader_beside_an_append_finds_no_part_of_a_value() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = SledEngine::open(dir.path(), CACHE).unwrap();
    let reader = engine.reader();
    for key in 0..40 {
        std::thread::scope(|scope| {
            let append = scope.spawn(|| write(&mut engine, vec![put(Space::Audit, key, vec![1; 400_000])]));
            while !append.is_finished() {
                let one = reader.get(Space::Audit, key).unwrap();
                let newest = reader.range(Space::Audit, key..u64::MAX, Order::Descending, 1).unwrap();
                assert!(one.is_none_or(|value| value.len() == 400_000) && newest.iter().all(|(_, value)| value.len() == 400_000));
            }
        });
    }
}

/// Records of every size around the bound, in and out of order, with deletions that make sled merge its leaves.
#[test]
fn no_mix_of_records_makes_sled_write_a_blob() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = SledEngine::open(dir.path(), CACHE).unwrap();
    let mut dice = Dice(3);
    for _ in 0..300 {
        let ops = (0..20).map(|_| {
            let key = dice.roll(400);
            match dice.roll(4) {
                0 => Op::DeleteRange { space: Space::Messages, keys: key..key + dice.roll(40) },
                1 => put(Space::Messages, key, vec![1; usize::try_from(dice.roll(40_000)).unwrap()]),
                _ => put(Space::Messages, key, vec![1; 4096]),
            }
        });
        write(&mut engine, ops.collect());
        engine.sync().unwrap();
        assert_eq!(fs::read_dir(dir.path().join("blobs")).unwrap().count(), 0);
    }
}

#[test]
fn a_batch_sees_its_own_earlier_changes() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = SledEngine::open(dir.path(), CACHE).unwrap();
    let all = || Op::DeleteRange { space: Space::Log, keys: 0..u64::MAX };
    write(&mut engine, vec![put(Space::Log, 1, "stored"), put(Space::Audit, 1, "other")]);
    write(&mut engine, vec![put(Space::Log, 2, vec![1; 100_000]), all(), put(Space::Log, 3, "new")]);
    let found = engine.reader().range(Space::Log, 0..u64::MAX, Order::Ascending, 10).unwrap();
    assert_eq!(found, [(3, Bytes::from("new"))]);
    write(&mut engine, vec![put(Space::Log, 3, "newer"), Op::Delete { space: Space::Log, key: 3 }]);
    assert_eq!(engine.reader().get(Space::Log, 3).unwrap(), None);
    assert!(engine.reader().get(Space::Audit, 1).unwrap().is_some());
}

#[test]
fn a_damaged_record_is_an_error_not_a_value() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = SledEngine::open(dir.path(), CACHE).unwrap();
    write(&mut engine, vec![put(Space::Audit, 1, "good"), put(Space::Audit, 2, vec![3; 100_000])]);
    engine.close();
    drop(engine);
    let bend = |change: &dyn Fn(&::sled::Db)| {
        let db = ::sled::open(dir.path()).unwrap();
        change(&db);
        db.flush().unwrap();
        drop(db);
        // Waits until sled's threads have let go of it.
        fs::File::open(dir.path().join("db")).unwrap().lock().unwrap();
    };
    bend(&|db| {
        let (key, value) = db.iter().nth(1).unwrap().unwrap();
        let mut value = value.to_vec();
        value[2] ^= 1;
        db.insert(key, value).unwrap();
    });
    let reader = SledEngine::open(dir.path(), CACHE).unwrap();
    let error = reader.reader().get(Space::Audit, 1).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
    assert!(reader.reader().range(Space::Audit, 0..9, Order::Ascending, 9).is_err());
    assert_eq!(reader.reader().get(Space::Audit, 2).unwrap().unwrap().len(), 100_000);
    drop(reader);
    bend(&|db| drop(db.remove(db.iter().keys().nth(4).unwrap().unwrap()).unwrap()));
    let reader = SledEngine::open(dir.path(), CACHE).unwrap();
    let error = reader.reader().get(Space::Audit, 2).unwrap_err();
    assert!(error.to_string().contains("chunk 1 of key 2 is missing"), "{error}");
}

#[test]
fn one_user_at_a_time_and_closed_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = SledEngine::open(dir.path(), CACHE).unwrap();
    let error = SledEngine::open(dir.path(), CACHE).err().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
    assert!(error.to_string().ends_with("is in use by another process"), "{error}");
    let reader = engine.reader();
    engine.close();
    assert!(reader.get(Space::Log, 1).is_err());
    assert!(engine.write(Batch::default()).is_err());
    assert!(SledEngine::open(dir.path(), CACHE).is_ok(), "closing frees the files although readers are left");
}

fn everything(reader: &dyn LedgerReader) -> Vec<(Space, u64, Bytes)> {
    let of = |space| reader.range(space, 0..u64::MAX, Order::Ascending, usize::MAX).unwrap().into_iter();
    Space::ALL.into_iter().flat_map(|space| of(space).map(move |(key, value)| (space, key, value))).collect()
}

/// What a log does, and now and then what it does seldom.
fn batch(dice: &mut Dice, ends: &mut [u64; 2]) -> Vec<Op> {
    let mut ops = Vec::new();
    for (space, end) in [Space::Log, Space::Audit].into_iter().zip(&mut *ends) {
        for _ in 0..dice.roll(60) {
            ops.push(put(space, *end, vec![1; usize::try_from(dice.roll(300)).unwrap()]));
            *end += 1;
        }
    }
    match dice.roll(8) {
        0 => ops.push(Op::DeleteRange { space: Space::Log, keys: 0..dice.roll(ends[0] + 1) }),
        1 => ops.push(put(Space::Messages, dice.roll(9), vec![2; 9000])),
        2 => {
            ends[0] -= dice.roll(10).min(ends[0]);
            ops.push(Op::DeleteRange { space: Space::Log, keys: ends[0]..u64::MAX });
        }
        _ => {}
    }
    ops.push(put(Space::Meta, 2, ends[0].to_string()));
    ops
}

/// A store between two syncs: what a power cut in between may leave of it.
struct Interval {
    before: Vec<u8>,
    after: Vec<u8>,
    /// The sectors that have been written meanwhile.
    written: Vec<usize>,
}

const SECTOR: usize = 512;

impl Interval {
    fn new(before: Vec<u8>, after: Vec<u8>) -> Self {
        let old = |n: usize| before.chunks(SECTOR).nth(n).unwrap_or(&[]);
        let written = after.chunks(SECTOR).enumerate().filter(|(n, now)| old(*n) != *now).map(|(n, _)| n).collect();
        Self { before, after, written }
    }

    /// The first of the sectors have got to the disk, or any of them: it is free in what it does first.
    fn left(&self, dice: &mut Dice) -> Vec<u8> {
        let (mut left, first) = (self.before.clone(), dice.roll(self.written.len() as u64 + 1));
        left.resize(self.after.len().max(self.before.len()), 0);
        let in_order = dice.roll(2) == 0;
        for (n, sector) in (0..).zip(&self.written) {
            if if in_order { n < first } else { dice.roll(8) > 0 } {
                let place = sector * SECTOR..(sector * SECTOR + SECTOR).min(self.after.len());
                left[place.clone()].copy_from_slice(&self.after[place]);
            }
        }
        left
    }
}

/// Whatever a power cut leaves of what was not synced, it is what some batch left, and never a part of one.
#[test]
fn a_power_cut_leaves_whole_batches() {
    for seed in 0..3 {
        let dir = tempfile::tempdir().unwrap();
        let (store, left) = (dir.path().join("store"), dir.path().join("left"));
        let mut engine = SledEngine::open(&store, CACHE).unwrap();
        let (mut dice, mut ends) = (Dice(seed), [0, 0]);
        let file = |name: &str| fs::read(store.join(name)).unwrap();
        let (mut synced, mut db) = (file("synced"), file("db"));
        for _ in 0..40 {
            let mut states = vec![everything(&*engine.reader())];
            for _ in 0..=dice.roll(3) {
                write(&mut engine, batch(&mut dice, &mut ends));
                states.push(everything(&*engine.reader()));
            }
            engine.sync().unwrap();
            let interval = Interval::new(db, file("db"));
            for _ in 0..3 {
                copy(&store, &left);
                fs::write(left.join("db"), interval.left(&mut dice)).unwrap();
                fs::write(left.join("synced"), &synced).unwrap();
                let found = everything(&*SledEngine::open(&left, CACHE).unwrap().reader());
                assert!(states.contains(&found), "seed {seed}: {} records are none of {} states", found.len(), states.len());
                fs::remove_dir_all(&left).unwrap();
            }
            (synced, db) = (file("synced"), interval.after);
        }
    }
}

/// Of the kind that holds its bytes.
fn record(place: &[u8], bytes: &[u8]) -> Vec<u8> {
    let body = [&[1], bytes].concat();
    let sum = crc32fast::hash(&[place, &body].concat());
    [body, sum.to_be_bytes().to_vec()].concat()
}

/// Small records were records of their own, and the number of the newest batch was behind all others.
#[test]
fn a_store_from_before_there_was_a_head_is_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    drop(SledEngine::open(dir.path(), CACHE).unwrap());
    let db = ::sled::open(dir.path()).unwrap();
    let place = |space: Space, key: u64| [&[space as u8], &key.to_be_bytes()[..]].concat();
    let kept = [(Space::Log, 7, "entry"), (Space::Meta, 1, "vote"), (Space::Meta, 4, "identity"), (Space::Audit, 3, "three")];
    for (space, key, value) in kept {
        db.insert(place(space, key), record(&place(space, key), value.as_bytes())).unwrap();
    }
    db.insert([0xFF], record(&[0xFF], &9_u64.to_be_bytes())).unwrap();
    db.flush().unwrap();
    drop(db);
    fs::File::open(dir.path().join("db")).unwrap().lock().unwrap();
    let expected = kept.map(|(space, key, value)| (space, key, Bytes::from(value)));
    let mut engine = SledEngine::open(dir.path(), CACHE).unwrap();
    assert_eq!(everything(&*engine.reader()), expected);
    write(&mut engine, vec![put(Space::Log, 8, "next"), Op::Delete { space: Space::Meta, key: 1 }]);
    engine.sync().unwrap();
    assert_eq!(closed_records(engine, dir.path()), 3, "no small record is left behind");
    let engine = SledEngine::open(dir.path(), CACHE).unwrap();
    assert_eq!(engine.reader().get(Space::Meta, 4).unwrap().unwrap(), "identity");
    assert_eq!(engine.reader().get(Space::Log, 8).unwrap().unwrap(), "next");
}

/// Whoever goes on with it has relied on it, whether or not it was synced when it was written.
#[test]
fn what_was_found_at_a_start_is_missed_when_it_is_gone() {
    let (dir, older) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let open = |dir: &tempfile::TempDir| SledEngine::open(dir.path(), CACHE);
    drop(open(&dir).unwrap());
    copy(dir.path(), older.path());
    write(&mut open(&dir).unwrap(), vec![put(Space::Log, 1, "written")]);
    drop(open(&dir).unwrap());
    fs::copy(dir.path().join("synced"), older.path().join("synced")).unwrap();
    let error = open(&older).err().unwrap();
    assert!(error.to_string().contains("the log ends at batch 0, but 1 were synced"), "{error}");
}

#[test]
fn small_records_must_be_small() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = SledEngine::open(dir.path(), CACHE).unwrap();
    let error = engine.write(Batch { ops: vec![put(Space::Meta, 1, vec![1; 4096])] }).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
}
