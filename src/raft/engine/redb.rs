//! redb 4 as the engine: a copy-on-write tree in one file that one commit and one sync make durable, on the writer's thread.
//!
//! Where sled hands each write around a pool of threads, this one writes the few pages that changed in place of free ones, so
//! the file seldom grows and a sync is cheap. A commit is atomic: after a crash the file is at the last one that was synced.
//! It is at an earlier one too where the last is damaged, so each has a number, and [`Mark`] tells which must be there.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::redb::{Database, Durability, ReadableDatabase, TableDefinition, TableError};
use arc_swap::ArcSwapOption;
use bytes::Bytes;

use super::mark::Mark;
use super::record::{self, Record};
use super::{Batch, LedgerReader, LogEngine, Op, Order, Space, closed, damaged};

/// All spaces, by space and key.
const RECORDS: TableDefinition<'_, (u8, u64), &[u8]> = TableDefinition::new("records");

/// Where the number of the newest batch is: behind the small records, which most batches change, so that it costs no page of its
/// own. No range reaches it.
const NUMBER: (Space, u64) = (Space::Meta, u64::MAX);

const FILE: &str = "log.redb";
/// Where it is until it is whole: one that a crash leaves half made cannot be opened.
const UNFINISHED: &str = "log.redb.tmp";

type Shared = Arc<ArcSwapOption<Database>>;

/// The store in a directory. See the module.
pub struct RedbEngine {
    db: Shared,
    path: PathBuf,
    mark: Mark,
    /// The number of the newest batch.
    number: u64,
}

struct RedbReader {
    db: Shared,
}

impl RedbEngine {
    /// Whether `dir` holds such a store.
    pub fn exists(dir: &Path) -> bool {
        dir.join(FILE).exists()
    }

    /// Opens the store in `dir`, creating it if there is none, and checks all of it. `cache` bounds its page cache, in bytes.
    /// Blocks.
    ///
    /// # Errors
    /// Another process uses it ([`io::ErrorKind::ResourceBusy`]), it is damaged ([`io::ErrorKind::InvalidData`]), or the
    /// disk failed.
    pub fn open(dir: &Path, cache: u64) -> io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let mark = Mark::open(dir)?;
        if !Self::exists(dir) {
            if mark.is_some() {
                return Err(damaged("the log is gone, but it was there"));
            }
            make(dir)?;
        }
        let path = dir.join(FILE);
        let mut builder = Database::builder();
        builder.set_cache_size(usize::try_from(cache).unwrap_or(usize::MAX)).set_check_integrity_on_open(true);
        let db = builder.create(&path).map_err(failed)?;
        let number = number(&db)?;
        let mut mark = match mark {
            Some(mark) => mark,
            // It is new, or from before batches had numbers.
            None if number == 0 => Mark::create(dir)?,
            None => return Err(damaged("the file that says how much of the log was synced is gone")),
        };
        if number < mark.batches() {
            return Err(damaged(format_args!("the log ends at batch {number}, but {} were synced", mark.batches())));
        }
        begin(&db)?;
        mark.set(number)?;
        Ok(Self { db: Arc::new(ArcSwapOption::from_pointee(db)), path, mark, number })
    }

    fn commit(&mut self, batch: Batch, durability: Durability) -> io::Result<()> {
        let db = self.db.load_full().ok_or_else(closed)?;
        let mut begun = db.begin_write().map_err(failed)?;
        begun.set_durability(durability).map_err(failed)?;
        {
            let mut table = begun.open_table(RECORDS).map_err(failed)?;
            self.number += 1;
            let number = Bytes::copy_from_slice(&self.number.to_be_bytes());
            let number = Op::Put { space: NUMBER.0, key: NUMBER.1, value: number };
            for op in batch.ops.into_iter().chain([number]) {
                match op {
                    Op::Put { space, key, value } => {
                        let sealed = record::whole(&record::place(space, key, None), &value);
                        table.insert((space as u8, key), &*sealed).map_err(failed)?;
                    }
                    Op::Delete { space, key } => {
                        table.remove((space as u8, key)).map_err(failed)?;
                    }
                    Op::DeleteRange { space, keys } if !keys.is_empty() => {
                        table.retain_in(bounds(space, &keys), |_, _| false).map_err(failed)?;
                    }
                    Op::DeleteRange { .. } => {}
                }
            }
        }
        begun.commit().map_err(failed)
    }
}

impl LogEngine for RedbEngine {
    fn write(&mut self, batch: Batch) -> io::Result<()> {
        self.commit(batch, Durability::None)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.write_durably(Batch::default())
    }

    fn write_durably(&mut self, batch: Batch) -> io::Result<()> {
        self.commit(batch, Durability::Immediate)?;
        self.mark.set(self.number)
    }

    fn reader(&self) -> Arc<dyn LedgerReader> {
        Arc::new(RedbReader { db: Arc::clone(&self.db) })
    }

    fn size(&self) -> io::Result<u64> {
        Ok(std::fs::metadata(&self.path)?.len())
    }

    fn close(&mut self) {
        if self.db.swap(None).is_some()
            && let Err(error) = self.mark.sync()
        {
            tracing::warn!(%error, "cannot sync how much of the log was synced");
        }
    }
}

impl Drop for RedbEngine {
    fn drop(&mut self) {
        self.close();
    }
}

impl RedbReader {
    fn table(&self) -> io::Result<::redb::ReadOnlyTable<(u8, u64), &'static [u8]>> {
        let db = self.db.load_full().ok_or_else(closed)?;
        db.begin_read().map_err(failed)?.open_table(RECORDS).map_err(failed::<TableError>)
    }
}

impl LedgerReader for RedbReader {
    fn get(&self, space: Space, key: u64) -> io::Result<Option<Bytes>> {
        let found = self.table()?.get((space as u8, key)).map_err(failed)?;
        found.map(|stored| open(space, key, stored.value())).transpose()
    }

    fn range(&self, space: Space, keys: Range<u64>, order: Order, limit: usize) -> io::Result<Vec<(u64, Bytes)>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = self.table()?.range(bounds(space, &keys)).map_err(failed)?;
        let mut records = Vec::new();
        while records.len() < limit {
            let next = match order {
                Order::Ascending => found.next(),
                Order::Descending => found.next_back(),
            };
            let Some(next) = next else { break };
            let (at, stored) = next.map_err(failed)?;
            let (_, key) = at.value();
            records.push((key, open(space, key, stored.value())?));
        }
        Ok(records)
    }
}

/// Makes a file in which there is nothing.
fn make(dir: &Path) -> io::Result<()> {
    let unfinished = dir.join(UNFINISHED);
    File::create(&unfinished)?;
    drop(Database::create(&unfinished).map_err(failed)?);
    File::open(&unfinished)?.sync_all()?;
    std::fs::rename(unfinished, dir.join(FILE))?;
    File::open(dir)?.sync_all()
}

/// Makes the table where there is nothing yet: a crash may have come in between.
fn begin(db: &Database) -> io::Result<()> {
    let is_empty = db.begin_read().map_err(failed)?.list_tables().map_err(failed)?.next().is_none();
    if !is_empty {
        return Ok(());
    }
    let begun = db.begin_write().map_err(failed)?;
    begun.open_table(RECORDS).map_err(failed)?;
    begun.commit().map_err(failed)
}

/// The number of the newest batch; 0 where there is none.
fn number(db: &Database) -> io::Result<u64> {
    let table = match db.begin_read().map_err(failed)?.open_table(RECORDS) {
        Err(TableError::TableDoesNotExist(_)) => return Ok(0),
        table => table.map_err(failed)?,
    };
    let (space, key) = NUMBER;
    let Some(stored) = table.get((space as u8, key)).map_err(failed)? else { return Ok(0) };
    <[u8; 8]>::try_from(&open(space, key, stored.value())?[..]).map(u64::from_be_bytes).map_err(damaged)
}

fn bounds(space: Space, keys: &Range<u64>) -> Range<(u8, u64)> {
    (space as u8, keys.start)..(space as u8, keys.end)
}

fn open(space: Space, key: u64, stored: &[u8]) -> io::Result<Bytes> {
    match record::open(&record::place(space, key, None), stored)? {
        Record::Whole(bytes) => Ok(bytes),
        Record::Split(_) | Record::Run(_) => Err(damaged("a record that is split or joined, which this engine does not do")),
    }
}

fn failed<E: Into<::redb::Error>>(error: E) -> io::Error {
    match error.into() {
        ::redb::Error::Io(error) => error,
        ::redb::Error::DatabaseAlreadyOpen => io::Error::new(io::ErrorKind::ResourceBusy, "the log is in use by another process"),
        other => damaged(other),
    }
}
