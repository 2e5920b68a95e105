//! The journal as the engine: what is synced is there for whoever opens the files, wherever the last batch is torn; what is
//! missing or damaged is told from what a crash has torn; files are used again; and memory and disk stay bounded.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::Dice;
use super::crash::{Run, found};
use super::stack;
use crate::raft::engine::{Batch, JournalEngine, LogEngine, Op, Order, Space};
use crate::raft::log_store::Room;

const CACHE: u64 = 8 << 20;
/// Segments of a few batches.
const SHORT: u64 = 4096;

fn put(space: Space, key: u64, value: impl Into<Bytes>) -> Op {
    Op::Put { space, key, value: value.into() }
}

fn open(dir: &Path) -> io::Result<JournalEngine> {
    JournalEngine::with_segments(dir, CACHE, SHORT)
}

fn write(engine: &mut JournalEngine, ops: Vec<Op>) {
    engine.write(Batch { ops }).unwrap();
}

fn keys(engine: &JournalEngine, space: Space) -> Vec<u64> {
    let found = engine.reader().range(space, 0..u64::MAX, Order::Ascending, usize::MAX).unwrap();
    found.into_iter().map(|(key, _)| key).collect()
}

/// Copies a store in use: segments last, for what is in the ledgers' store has been in them before.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for name in ["synced", "ledgers/synced", "ledgers/log.redb"] {
        fs::create_dir_all(to.join(name).parent().unwrap()).unwrap();
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
    fs::create_dir_all(to.join("journal")).unwrap();
    for file in files(from) {
        fs::copy(&file, to.join("journal").join(file.file_name().unwrap())).unwrap();
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(dir.join("journal")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// As after a `kill -9`: the files are taken while the engine still runs, then opened anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_taken_from_a_running_store_hold_everything_durable() {
    for seed in 0..8 {
        let dir = tempfile::tempdir().unwrap();
        let mut run = Run::new(open(&dir.path().join("log")).unwrap(), &dir.path().join("s")).await;
        let mut dice = Dice(seed);
        for round in 0..4 {
            for _ in 0..40 {
                run.step(&mut dice).await;
            }
            if round % 2 == 0 {
                assert!(run.barrier().await);
            }
            run.idle().await;
            let durable = run.durable();
            let taken = dir.path().join(format!("taken{round}"));
            copy(&dir.path().join("log"), &taken);
            let again = stack(open(&taken).unwrap(), &dir.path().join("s2"), Room::default()).await.unwrap();
            let found = found(&again.log, &*again.reader).await;
            assert!(run.states[durable..].contains(&found), "seed {seed} round {round}: {found:?}\nis none of the states since {durable}");
        }
        run.stop().await;
    }
}

/// A store with three synced batches and a fourth, in one segment; gives the bytes of its file and where the fourth begins.
fn four(dir: &Path, is_synced: bool) -> (PathBuf, Vec<u8>, usize) {
    let mut engine = open(dir).unwrap();
    for key in 1..=3 {
        engine.write_durably(Batch { ops: vec![put(Space::Log, key, vec![7; 50]), put(Space::Audit, key, "a")] }).unwrap();
    }
    let before = fs::read(&files(dir)[0]).unwrap();
    write(&mut engine, vec![put(Space::Log, 4, vec![8; 50]), put(Space::Audit, 4, "a")]);
    if is_synced {
        engine.sync().unwrap();
    }
    let file = files(dir)[0].clone();
    let after = fs::read(&file).unwrap();
    let at = before.iter().zip(&after).position(|(a, b)| a != b).unwrap();
    drop(engine);
    (file, after, at)
}

#[test]
fn a_last_batch_torn_anywhere_is_cut_off_and_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let (file, bytes, at) = four(dir.path(), false);
    let end = bytes.len() - bytes.iter().rev().position(|byte| *byte != 0).unwrap();
    let mark = fs::read(dir.path().join("synced")).unwrap();
    for cut in at..=end {
        for fill in [None, Some(0), Some(0xA5)] {
            let mut torn = bytes.clone();
            match fill {
                None => torn.truncate(cut),
                Some(fill) => torn[cut..].fill(fill),
            }
            fs::write(&file, &torn).unwrap();
            fs::write(dir.path().join("synced"), &mark).unwrap();
            let mut engine = open(dir.path()).unwrap();
            let whole = cut == end;
            assert_eq!(keys(&engine, Space::Log), if whole { vec![1, 2, 3, 4] } else { vec![1, 2, 3] }, "cut at {cut}");
            assert_eq!(keys(&engine, Space::Audit), keys(&engine, Space::Log));
            engine.write_durably(Batch { ops: vec![put(Space::Log, 9, "next")] }).unwrap();
            drop(engine);
            let again = open(dir.path()).unwrap();
            assert_eq!(keys(&again, Space::Log).last(), Some(&9), "cut at {cut}");
        }
    }
}

#[test]
fn a_last_batch_that_was_synced_is_missed_wherever_it_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    let (file, bytes, at) = four(dir.path(), true);
    let end = bytes.len() - bytes.iter().rev().position(|byte| *byte != 0).unwrap();
    for cut in at..end {
        let mut torn = bytes.clone();
        torn[cut..].fill(0);
        fs::write(&file, &torn).unwrap();
        let error = open(dir.path()).err().unwrap();
        assert!(error.to_string().contains("the log ends at batch 3, but 4 were synced"), "{error}");
    }
    fs::write(&file, &bytes).unwrap();
    assert_eq!(keys(&open(dir.path()).unwrap(), Space::Log), [1, 2, 3, 4]);
}

/// A power cut may take a batch and leave the one behind it. Written over, the first must not bring the second back.
#[test]
fn a_batch_behind_a_torn_one_stays_lost() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = open(dir.path()).unwrap();
    let batch = |key: u64, fill: u8| vec![put(Space::Log, key, vec![fill; 50])];
    engine.write_durably(Batch { ops: batch(1, 7) }).unwrap();
    let before = fs::read(&files(dir.path())[0]).unwrap();
    write(&mut engine, batch(2, 7));
    write(&mut engine, batch(3, 7));
    drop(engine);
    let file = files(dir.path())[0].clone();
    let mut torn = fs::read(&file).unwrap();
    let at = before.iter().zip(&torn).position(|(a, b)| a != b).unwrap();
    torn[at] ^= 1;
    fs::write(&file, torn).unwrap();
    let mut engine = open(dir.path()).unwrap();
    assert_eq!(keys(&engine, Space::Log), [1]);
    engine.write_durably(Batch { ops: batch(9, 8) }).unwrap();
    drop(engine);
    assert_eq!(keys(&open(dir.path()).unwrap(), Space::Log), [1, 9]);
}

/// Every byte of a segment, without the mark's help: a batch that a later one knows to have been synced is missed.
#[test]
fn damage_before_the_end_is_told_from_a_torn_end() {
    let dir = tempfile::tempdir().unwrap();
    let (file, bytes, at) = four(dir.path(), true);
    let synced = fs::read(dir.path().join("synced")).unwrap();
    for bent in 0..at {
        let mut damaged = bytes.clone();
        damaged[bent] ^= 1;
        fs::write(&file, &damaged).unwrap();
        // As if its newer notes had been lost with the power.
        fs::remove_file(dir.path().join("synced")).unwrap();
        drop(open(&dir.path().join("other")).unwrap());
        fs::copy(dir.path().join("other/synced"), dir.path().join("synced")).unwrap();
        match open(dir.path()) {
            Ok(engine) => assert_eq!(keys(&engine, Space::Log), [1, 2, 3, 4], "byte {bent} holds nothing"),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}"),
        }
    }
    fs::write(&file, &bytes).unwrap();
    fs::write(dir.path().join("synced"), synced).unwrap();
    assert_eq!(keys(&open(dir.path()).unwrap(), Space::Log), [1, 2, 3, 4]);
}

/// Whoever has something written chooses its bytes. Frames of another store that know of more batches than there are here are only
/// a value, wherever they lie.
#[test]
fn a_value_that_looks_like_a_frame_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let (_, bytes, _) = four(&dir.path().join("other"), true);
    let mut engine = open(dir.path()).unwrap();
    let ops = (0..8).map(|offset| put(Space::Log, offset, [&b"        "[..usize::try_from(offset).unwrap()], &bytes[..1000]].concat()));
    engine.write_durably(Batch { ops: ops.collect() }).unwrap();
    drop(engine);
    assert_eq!(keys(&open(dir.path()).unwrap(), Space::Log).len(), 8);
}

/// Writes and purges for long, and takes the store through a restart now and then.
#[test]
fn files_are_used_again_and_what_is_kept_survives() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = open(dir.path()).unwrap();
    write(&mut engine, vec![put(Space::Meta, 4, "identity")]);
    let mut most = 0;
    for n in 1..=3000u64 {
        let mut ops = vec![
            put(Space::Log, n, vec![u8::try_from(n % 251).unwrap(); 100]),
            put(Space::Audit, n, n.to_string()),
            put(Space::Meta, 1, n.to_string()),
        ];
        if n % 50 == 0 {
            ops.push(Op::DeleteRange { space: Space::Log, keys: 0..n - 20 });
        }
        engine.write_durably(Batch { ops }).unwrap();
        if n % 700 == 0 {
            drop(engine);
            engine = open(dir.path()).unwrap();
        }
        most = most.max(files(dir.path()).len());
    }
    assert!(most <= 16, "{most} files");
    let reader = engine.reader();
    assert_eq!(keys(&engine, Space::Log), (2980..=3000).collect::<Vec<_>>());
    assert_eq!(keys(&engine, Space::Audit), (1..=3000).collect::<Vec<_>>());
    assert_eq!(reader.get(Space::Audit, 17).unwrap().unwrap(), "17");
    assert_eq!(reader.get(Space::Log, 2999).unwrap().unwrap(), vec![u8::try_from(2999 % 251).unwrap(); 100]);
    assert_eq!(reader.get(Space::Meta, 4).unwrap().unwrap(), "identity");
    assert_eq!(reader.get(Space::Meta, 1).unwrap().unwrap(), "3000");
    let newest = reader.range(Space::Audit, 0..u64::MAX, Order::Descending, 2).unwrap();
    assert_eq!(newest, [(3000, Bytes::from("3000")), (2999, Bytes::from("2999"))]);
}

#[test]
fn each_missing_file_is_missed() {
    let dir = tempfile::tempdir().unwrap();
    let kept = dir.path().join("kept");
    let mut engine = open(&kept).unwrap();
    for n in 1..=200u64 {
        engine.write_durably(Batch { ops: vec![put(Space::Log, n, vec![1; 100]), put(Space::Audit, n, "a")] }).unwrap();
    }
    drop(engine);
    let (all, mut refused) = (files(&kept), 0);
    assert!(all.len() > 5);
    for file in &all {
        let bent = dir.path().join("bent");
        copy(&kept, &bent);
        fs::remove_file(bent.join("journal").join(file.file_name().unwrap())).unwrap();
        match open(&bent) {
            // Log records are missed by whoever reads the log; the engine itself misses ledger writes and the newest batches.
            Ok(engine) => assert!(keys(&engine, Space::Log).len() < 200 || keys(&engine, Space::Audit).len() == 200),
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
                refused += 1;
            }
        }
        fs::remove_dir_all(&bent).unwrap();
    }
    assert!(refused > 0);
    let refuses = |what: &str| {
        let bent = dir.path().join("bent");
        copy(&kept, &bent);
        let path = bent.join(what);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap()
        } else {
            fs::remove_file(path).unwrap()
        }
        let error = open(&bent).err().unwrap();
        fs::remove_dir_all(&bent).unwrap();
        error.to_string()
    };
    assert!(refuses("synced").contains("how much of the log was synced is gone"));
    assert!(refuses("journal").contains("damaged"));
}

#[test]
fn a_ledger_whose_file_is_gone_is_missed_once_segments_were_freed() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = open(dir.path()).unwrap();
    for n in 1..=400u64 {
        let purge = Op::DeleteRange { space: Space::Log, keys: 0..n };
        engine.write_durably(Batch { ops: vec![put(Space::Log, n, vec![1; 100]), put(Space::Audit, n, "a"), purge] }).unwrap();
    }
    drop(engine);
    fs::remove_dir_all(dir.path().join("ledgers")).unwrap();
    let error = open(dir.path()).err().unwrap();
    assert!(error.to_string().contains("are missing in the log"), "{error}");
}

#[test]
fn a_batch_sees_its_own_earlier_changes_and_spaces_are_apart() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = open(dir.path()).unwrap();
    for space in [Space::Log, Space::Audit] {
        let all = || Op::DeleteRange { space, keys: 0..u64::MAX };
        write(&mut engine, vec![put(space, 1, "stored"), put(Space::Messages, 1, "other")]);
        write(&mut engine, vec![put(space, 2, vec![1; 100_000]), all(), put(space, 3, "new"), put(space, 4, vec![2; 100_000])]);
        assert_eq!(keys(&engine, space), [3, 4]);
        assert_eq!(engine.reader().get(space, 4).unwrap().unwrap().len(), 100_000);
        write(&mut engine, vec![put(space, 3, "newer"), Op::Delete { space, key: 3 }]);
        assert_eq!(engine.reader().get(space, 3).unwrap(), None);
    }
    assert_eq!(keys(&engine, Space::Messages), [1]);
    engine.sync().unwrap();
    drop(engine);
    let engine = open(dir.path()).unwrap();
    assert_eq!((keys(&engine, Space::Log), keys(&engine, Space::Audit), keys(&engine, Space::Messages)), (vec![4], vec![4], vec![1]));
}

/// Over the ledgers' store, over what is handed to it, and over a restart.
#[test]
fn a_cleared_ledger_stays_cleared() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = open(dir.path()).unwrap();
    let fill = |engine: &mut JournalEngine, keys: std::ops::Range<u64>| {
        keys.for_each(|key| engine.write_durably(Batch { ops: vec![put(Space::Messages, key, vec![3; 200])] }).unwrap());
    };
    fill(&mut engine, 0..100);
    engine.write_durably(Batch { ops: vec![Op::DeleteRange { space: Space::Messages, keys: 10..90 }, put(Space::Messages, 50, "new")] }).unwrap();
    let expected = || (0..10).chain([50]).chain(90..100).collect::<Vec<_>>();
    let newest = |engine: &JournalEngine| {
        let found = engine.reader().range(Space::Messages, 0..95, Order::Descending, 7).unwrap();
        found.into_iter().map(|(key, _)| key).collect::<Vec<_>>()
    };
    for _ in 0..3 {
        assert_eq!(keys(&engine, Space::Messages), expected());
        assert_eq!(newest(&engine), [94, 93, 92, 91, 90, 50, 9]);
        drop(engine);
        engine = open(dir.path()).unwrap();
    }
    fill(&mut engine, 1000..1100);
    drop(engine);
    engine = open(dir.path()).unwrap();
    assert_eq!(newest(&engine), [94, 93, 92, 91, 90, 50, 9]);
    assert_eq!(keys(&engine, Space::Messages).len(), 121);
}

#[test]
fn a_damaged_record_is_an_error_not_a_value() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = open(dir.path()).unwrap();
    engine.write_durably(Batch { ops: vec![put(Space::Log, 1, vec![7; 300])] }).unwrap();
    let file = &files(dir.path())[0];
    let mut bytes = fs::read(file).unwrap();
    let at = bytes.windows(300).position(|run| run.iter().all(|byte| *byte == 7)).unwrap();
    bytes[at + 9] ^= 1;
    fs::write(file, bytes).unwrap();
    assert_eq!(engine.reader().get(Space::Log, 1).unwrap_err().kind(), io::ErrorKind::InvalidData);
    drop(engine);
    assert_eq!(open(dir.path()).err().unwrap().kind(), io::ErrorKind::InvalidData);
}

#[test]
fn one_user_at_a_time_and_closed_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = open(dir.path()).unwrap();
    let error = open(dir.path()).err().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::ResourceBusy, "{error}");
    let reader = engine.reader();
    engine.close();
    for space in Space::ALL {
        assert!(reader.get(space, 1).is_err());
    }
    assert!(engine.write(Batch::default()).is_err());
    assert!(engine.sync().is_err());
    drop(open(dir.path()).unwrap());
}
