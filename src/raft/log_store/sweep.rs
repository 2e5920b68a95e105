//! Deleting purged entries from the disk: a few at a time and with rests, for whoever waits for an append waits for what is
//! being deleted too, and a purge may be of a million entries. Until then they take room and nothing else.

use std::ops::Range;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::sleep;

use crate::raft::engine::{Op, Space};
use crate::raft::writer::Writer;

/// How many entries are deleted at a time.
const STEP: u64 = 256;

/// How many times as long as a step has taken it rests before the next,
const REST: u32 = 2;
/// but not longer than this.
const LONGEST_REST: Duration = Duration::from_millis(100);

/// Has entries deleted. Ends with the writer, or when it is dropped.
#[derive(Debug)]
pub struct Sweeper {
    purged: watch::Sender<Purged>,
}

/// What is to be deleted.
#[derive(Clone, Debug)]
struct Purged {
    /// Everything below this index,
    upto: u64,
    /// but there is nothing here: a snapshot that was installed took the place of entries that never came.
    gap: Range<u64>,
}

impl Sweeper {
    /// Begins with these. Must be called on a tokio runtime.
    pub fn start(writer: Writer, entries: Range<u64>) -> Self {
        let (purged, told) = watch::channel(Purged { upto: entries.end, gap: 0..0 });
        tokio::spawn(sweep(writer, entries.start, told));
        Self { purged }
    }

    /// From now on these are to be deleted too; they come after those of before.
    pub fn delete(&self, entries: Range<u64>) {
        if entries.is_empty() {
            return;
        }
        self.purged.send_modify(|purged| {
            if entries.start > purged.upto {
                purged.gap = purged.upto..entries.start;
            }
            purged.upto = entries.end.max(purged.upto);
        });
    }
}

/// The sweeper's own.
async fn sweep(writer: Writer, mut from: u64, mut purged: watch::Receiver<Purged>) {
    loop {
        let Purged { upto: end, gap } = purged.borrow_and_update().clone();
        while from < end {
            if gap.contains(&from) {
                from = gap.end;
            }
            let (since, step) = (Instant::now(), from..end.min(from + STEP));
            from = step.end;
            if writer.write_lazily(vec![Op::DeleteRange { space: Space::Log, keys: step }]).await.is_err() {
                return; // what is left is found at the next start
            }
            if from < end {
                sleep((since.elapsed() * REST).min(LONGEST_REST)).await;
            }
        }
        if purged.changed().await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use tokio::time::timeout;

    use super::*;
    use crate::raft::engine::{LedgerReader, LogEngine, MemoryDisk, Order};

    const PATIENCE: Duration = Duration::from_secs(20);

    /// A writer whose log has so many entries, and what reads it.
    async fn filled(entries: u64) -> (Writer, Arc<dyn LedgerReader>) {
        let engine = MemoryDisk::new().open().unwrap();
        let reader = engine.reader();
        let writer = Writer::start(engine).unwrap();
        let put = |key| Op::Put { space: Space::Log, key, value: Bytes::from_static(b"entry") };
        writer.write((0..entries).map(put).collect()).await.unwrap();
        (writer, reader)
    }

    async fn begins_at(reader: &dyn LedgerReader, first: u64) {
        let reached = async {
            while reader.range(Space::Log, 0..u64::MAX, Order::Ascending, 1).unwrap().first().map(|(key, _)| *key) != Some(first) {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, reached).await.unwrap();
    }

    #[tokio::test]
    async fn everything_below_goes_and_nothing_else() {
        let (writer, reader) = filled(3000).await;
        let sweeper = Sweeper::start(writer.clone(), 0..1000);
        begins_at(&*reader, 1000).await;
        sweeper.delete(1000..2001);
        sweeper.delete(2001..2001);
        begins_at(&*reader, 2001).await;
    }

    /// After a snapshot the log goes on far behind where it was; what lies between never was.
    #[tokio::test]
    async fn a_gap_is_leapt_over() {
        let (writer, reader) = filled(10).await;
        let far = u64::MAX / 2;
        let put = |key| Op::Put { space: Space::Log, key, value: Bytes::from_static(b"entry") };
        writer.write(vec![put(far), put(far + 1)]).await.unwrap();
        let sweeper = Sweeper::start(writer.clone(), 0..10);
        sweeper.delete(far..far + 1);
        begins_at(&*reader, far + 1).await;
    }

    /// An append that comes while very much is deleted is not behind all of it.
    #[tokio::test]
    async fn an_append_gets_in_between() {
        let (writer, reader) = filled(100_000).await;
        let sweeper = Sweeper::start(writer.clone(), 0..99_999);
        begins_at(&*reader, STEP).await;
        timeout(PATIENCE, writer.barrier()).await.unwrap().unwrap();
        let first = reader.range(Space::Log, 0..u64::MAX, Order::Ascending, 1).unwrap()[0].0;
        assert!(first < 50_000, "{first} entries were deleted before");
        drop(sweeper);
    }
}
