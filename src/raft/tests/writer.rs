//! The writer's promises: group commit, order, and that the first error is the last word.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use bytes::Bytes;

use crate::raft::engine::{Batch, LedgerReader, LogEngine, MemoryDisk, Op, Space};
use crate::raft::writer::{Job, Writer};

/// Syncs only when told to, and says when it has begun.
struct Gated<E> {
    engine: E,
    begun: mpsc::Sender<()>,
    go: mpsc::Receiver<()>,
}

impl<E: LogEngine> LogEngine for Gated<E> {
    fn write(&mut self, batch: Batch) -> io::Result<()> {
        self.engine.write(batch)
    }

    fn sync(&mut self) -> io::Result<()> {
        let _ = self.begun.send(());
        let _ = self.go.recv();
        self.engine.sync()
    }

    fn most_unsynced(&self) -> usize {
        self.engine.most_unsynced()
    }

    fn reader(&self) -> Arc<dyn LedgerReader> {
        self.engine.reader()
    }

    fn size(&self) -> io::Result<u64> {
        self.engine.size()
    }

    fn close(&mut self) {
        self.engine.close();
    }
}

/// Bounds what may be unsynced, and notes how much was at most.
struct Bounded<E> {
    engine: E,
    unsynced: usize,
    most: Arc<AtomicUsize>,
}

const BOUND: usize = 10_000;

impl<E: LogEngine> LogEngine for Bounded<E> {
    fn write(&mut self, batch: Batch) -> io::Result<()> {
        self.unsynced += batch.ops.iter().map(Op::cost).sum::<usize>();
        self.most.fetch_max(self.unsynced, Ordering::Relaxed);
        self.engine.write(batch)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.unsynced = 0;
        self.engine.sync()
    }

    fn most_unsynced(&self) -> usize {
        BOUND
    }

    fn reader(&self) -> Arc<dyn LedgerReader> {
        self.engine.reader()
    }

    fn size(&self) -> io::Result<u64> {
        self.engine.size()
    }

    fn close(&mut self) {
        self.engine.close();
    }
}

fn put(key: u64) -> Op {
    Op::Put { space: Space::Log, key, value: Bytes::from_static(b"x") }
}

type Fates = Arc<Mutex<Vec<(u64, bool)>>>;

fn job(key: u64, fates: &Fates) -> Job {
    let fates = Arc::clone(fates);
    let done = Box::new(move |result: io::Result<()>| fates.lock().unwrap().push((key, result.is_ok())));
    Job { ops: vec![put(key)], durable: true, written: None, done: Some(done) }
}

#[tokio::test]
async fn what_waits_during_a_sync_shares_the_next_one() {
    let disk = MemoryDisk::new();
    let (begun, has_begun) = mpsc::channel();
    let (go, when) = mpsc::channel();
    let writer = Writer::start(Gated { engine: disk.open().unwrap(), begun, go: when }).unwrap();
    let fates = Fates::default();
    writer.submit(job(0, &fates)).await.unwrap();
    has_begun.recv().unwrap();
    for key in 1..=200 {
        writer.submit(job(key, &fates)).await.unwrap();
    }
    assert!(fates.lock().unwrap().is_empty(), "nothing is done before it is durable");
    drop(go);
    writer.barrier().await.unwrap();
    assert_eq!(disk.writes(), 2);
    assert!(disk.syncs() <= 3, "{} syncs for 202 jobs", disk.syncs());
    let expected: Vec<_> = (0..=200).map(|key| (key, true)).collect();
    assert_eq!(*fates.lock().unwrap(), expected, "done in the order of the queue");
}

#[tokio::test]
async fn what_need_not_be_durable_forces_no_sync_but_a_barrier_does() {
    let disk = MemoryDisk::new();
    let writer = Writer::start(disk.open().unwrap()).unwrap();
    let (tell, told) = tokio::sync::oneshot::channel();
    let written = Box::new(move || tell.send(()).unwrap());
    writer.submit(Job { ops: vec![put(1)], durable: false, written: Some(written), done: None }).await.unwrap();
    told.await.unwrap();
    assert_eq!((disk.syncs(), disk.unsynced()), (0, 1));
    writer.barrier().await.unwrap();
    assert_eq!((disk.syncs(), disk.unsynced()), (1, 0));
}

/// What is deleted or put while nobody waits for a sync, and what waits for one in a row, is never more than the engine bears.
#[tokio::test]
async fn no_more_is_unsynced_than_the_engine_allows() {
    let (disk, most) = (MemoryDisk::new(), Arc::<AtomicUsize>::default());
    let bounded = Bounded { engine: disk.open().unwrap(), unsynced: 0, most: Arc::clone(&most) };
    let (begun, has_begun) = mpsc::channel();
    let (go, when) = mpsc::channel();
    let writer = Writer::start(Gated { engine: bounded, begun, go: when }).unwrap();
    let large = |key| Op::Put { space: Space::Log, key, value: vec![1; 1000].into() };
    writer.submit(Job { ops: vec![put(0)], durable: true, ..Job::default() }).await.unwrap();
    has_begun.recv().unwrap();
    for key in 1..100 {
        writer.submit(Job { ops: vec![large(key)], durable: key > 50, ..Job::default() }).await.unwrap();
    }
    drop(go);
    writer.barrier().await.unwrap();
    assert!(disk.writes() >= 10, "{} batches", disk.writes());
    let before = disk.syncs();
    for step in 0..20 {
        writer.write_lazily(vec![Op::DeleteRange { space: Space::Log, keys: step * 4..step * 4 + 4 }]).await.unwrap();
        writer.write_lazily(vec![large(100 + step)]).await.unwrap();
    }
    let syncs = disk.syncs() - before;
    assert!((4..10).contains(&syncs), "{syncs} syncs for 20 times 3 KB");
    let most = most.load(Ordering::Relaxed);
    assert!((BOUND / 2..BOUND + 3000).contains(&most), "{most} bytes were unsynced");
}

#[tokio::test]
async fn stopping_syncs_what_was_only_written() {
    let disk = MemoryDisk::new();
    let writer = Writer::start(disk.open().unwrap()).unwrap();
    writer.submit(Job { ops: vec![put(1)], ..Job::default() }).await.unwrap();
    writer.stop().await.unwrap();
    disk.crash(0);
    assert!(disk.open().unwrap().reader().get(Space::Log, 1).unwrap().is_some());
    assert!(writer.submit(Job::default()).await.is_err());
}

/// Whatever fails first, at whichever write or sync: nothing is well after it, and what was well is there after a crash.
#[tokio::test]
async fn nothing_succeeds_after_the_first_error() {
    for nth in 0..6 {
        for fails in [MemoryDisk::fail_write, MemoryDisk::fail_sync] {
            let disk = MemoryDisk::new();
            let writer = Writer::start(disk.open().unwrap()).unwrap();
            fails(&disk, nth);
            let fates = Fates::default();
            for key in 0..10 {
                let _ = writer.submit(job(key, &fates)).await;
                let _ = writer.barrier().await;
            }
            let error = writer.stop().await.unwrap_err();
            assert!(error.to_string().contains("injected"), "{error}");
            let fates = fates.lock().unwrap().clone();
            let good = fates.iter().take_while(|(_, ok)| *ok).count();
            assert!(fates[good..].iter().all(|(_, ok)| !ok), "{fates:?}");
            assert!(good < 10);
            disk.crash(0);
            let reader = disk.open().unwrap();
            for (key, _) in &fates[..good] {
                assert!(reader.reader().get(Space::Log, *key).unwrap().is_some(), "{key} was called durable");
            }
        }
    }
}
