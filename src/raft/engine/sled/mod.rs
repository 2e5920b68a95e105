//! sled 0.34.7 as the engine.
//!
//! Its `flush()` hands the bytes to the kernel (`sync_file_range`) and no further, so every sync is followed by an
//! `fdatasync` of its file. A tree node of more than a quarter of a segment (128 KiB) goes to a file of its own under
//! `blobs/` that is never synced at all; a leaf holds up to about twenty records before it is split, so a record must stay
//! below a twentieth of that, and larger values are split. What a write costs goes by records rather than by bytes, so where a
//! space grows ([`Space::grows`]) keys of one batch that follow one another are one record, a run.
//!
//! A batch of sled's own is atomic, and costs one more write and wait than its records do. So it is for those of our batches alone
//! that change or delete. Most only append: their records are stored one after another, from the last key to the first, so that
//! whoever reads meanwhile finds a value that is split only once all its chunks are there; and last of all the [`Head`], which
//! says how far the spaces reach. sled's log is sequential: what a crash leaves of it is its beginning, so of a batch whose head is
//! there everything is, and what is found behind the ends that the head tells is of one that was not finished. It is taken away
//! when the store is opened. Opening also cuts off whatever it finds torn, damaged or not, so the head carries the number of the
//! batch, and [`Mark`] tells how many must be there.

mod changes;
mod head;

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use bytes::{Bytes, BytesMut};

use self::changes::{Changes, Records};
use self::head::Head;
use super::mark::Mark;
use super::record::{self, Record, Split};
use super::{Batch, LedgerReader, LogEngine, Op, Order, Space, closed, damaged, in_order};

/// The largest value stored in one piece, in bytes: thirty of them are less than a quarter of a segment.
const CHUNK: usize = 4 * 1024;

/// How much may be written between two syncs, in bytes: half a segment of sled's log. sled writes over a segment once what took the
/// place of its records has been handed to the kernel, whether that is on the disk or not, but not before it has filled another
/// one. So there is a sync in between, also where it writes twice as much as it is given.
const UNSYNCED: usize = 256 * 1024;

/// The largest value at all, in bytes; a larger length in a record is damage.
const LARGEST: u64 = 1 << 30;

type Shared = Arc<ArcSwapOption<::sled::Db>>;

/// The store in a directory. See the module.
pub struct SledEngine {
    db: Shared,
    file: File,
    path: PathBuf,
    mark: Mark,
    head: Head,
}

struct SledReader {
    db: Shared,
}

impl SledEngine {
    /// Whether `dir` holds such a store.
    pub fn exists(dir: &Path) -> bool {
        dir.join("db").exists()
    }

    /// Opens the store in `dir`, creating it if there is none. `cache` bounds sled's page cache, in bytes. Blocks.
    ///
    /// # Errors
    /// Another process uses it ([`io::ErrorKind::ResourceBusy`]), it is damaged ([`io::ErrorKind::InvalidData`]), or the
    /// disk failed.
    pub fn open(dir: &Path, cache: u64) -> io::Result<Self> {
        let fresh = !Self::exists(dir);
        std::fs::create_dir_all(dir)?;
        let mark = Mark::open(dir)?;
        if fresh && mark.is_some() {
            return Err(damaged("the log is gone, but it was there"));
        }
        let db = ::sled::Config::new()
            .path(dir)
            .cache_capacity(cache)
            .mode(::sled::Mode::HighThroughput)
            .flush_every_ms(None)
            .use_compression(false)
            .open()
            .map_err(|e| opening(dir, e))?;
        let file = File::open(dir.join("db"))?;
        // What a crash left in the page cache is found and built upon, so it must be durable first.
        file.sync_data()?;
        if fresh {
            db.flush().map_err(failed)?;
            file.sync_all()?;
            File::open(dir)?.sync_all()?;
        }
        let old = Head::of_old(&db)?;
        let is_old = old.is_some();
        let head = old.map_or_else(|| Head::read(&db), Ok)?;
        let mut mark = match mark {
            Some(mark) => mark,
            None if db.is_empty() => Mark::create(dir)?,
            None => return Err(damaged("the file that says how much of the log was synced is gone")),
        };
        if head.number < mark.batches() {
            return Err(damaged(format_args!("the log ends at batch {}, but {} were synced", head.number, mark.batches())));
        }
        mark.set(head.number)?;
        if is_old {
            head.take_over(&db)?;
        }
        take_back(&db, &head)?;
        Ok(Self { db: Arc::new(ArcSwapOption::from_pointee(db)), file, path: dir.to_owned(), mark, head })
    }

    fn db(&self) -> io::Result<Arc<::sled::Db>> {
        self.db.load_full().ok_or_else(closed)
    }
}

impl LogEngine for SledEngine {
    fn write(&mut self, batch: Batch) -> io::Result<()> {
        let db = self.db()?;
        let mut changes = Changes::new(&db, &mut self.head.ends);
        let meta = &mut self.head.meta;
        for op in batch.ops {
            match op {
                Op::Put { space: Space::Meta, key, value } => drop(meta.insert(key, value)),
                Op::Delete { space: Space::Meta, key } => drop(meta.remove(&key)),
                Op::DeleteRange { space: Space::Meta, keys } => meta.retain(|key, _| !keys.contains(key)),
                Op::Put { space, key, value } => changes.put(space, key, value)?,
                Op::Delete { space, key } => changes.delete(space, key..key.saturating_add(1))?,
                Op::DeleteRange { space, keys } => changes.delete(space, keys)?,
            }
        }
        let changes = changes.records()?;
        self.head.number += 1;
        store(&db, changes, &self.head)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.db()?.flush().map_err(failed)?;
        self.file.sync_data()?;
        self.mark.set(self.head.number)
    }

    fn most_unsynced(&self) -> usize {
        UNSYNCED
    }

    fn reader(&self) -> Arc<dyn LedgerReader> {
        Arc::new(SledReader { db: Arc::clone(&self.db) })
    }

    fn size(&self) -> io::Result<u64> {
        Ok(std::fs::metadata(self.path.join("db"))?.len())
    }

    /// sled's own threads may hold its file a little longer than we do; its lock tells when they are done, and only then may
    /// another open it.
    fn close(&mut self) {
        if let Some(db) = self.db.swap(None) {
            drop(db);
            if let Err(error) = self.mark.sync() {
                tracing::warn!(%error, "cannot sync how much of the log was synced");
            }
            let released = self.file.lock().and_then(|()| self.file.unlock());
            if let Err(error) = released {
                tracing::warn!(%error, "cannot tell whether the log engine has released its files");
            }
        }
    }
}

impl Drop for SledEngine {
    fn drop(&mut self) {
        self.close();
    }
}

impl LedgerReader for SledReader {
    fn get(&self, space: Space, key: u64) -> io::Result<Option<Bytes>> {
        let db = self.db.load_full().ok_or_else(closed)?;
        if space == Space::Meta {
            return Ok(Head::read(&db)?.meta.remove(&key));
        }
        let mut found = Found { db: &db, space, keys: key..key.saturating_add(1), values: Vec::new() };
        match db.get(record::place(space, key, None)).map_err(failed)? {
            Some(stored) => found.take(key, stored, Order::Ascending)?,
            None => found.take_run_before(Order::Ascending)?,
        }
        Ok(found.values.pop().map(|(_, value)| value))
    }

    fn range(&self, space: Space, keys: Range<u64>, order: Order, limit: usize) -> io::Result<Vec<(u64, Bytes)>> {
        let db = self.db.load_full().ok_or_else(closed)?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        if space == Space::Meta {
            let metas = Head::read(&db)?.meta.into_iter().filter(|(key, _)| keys.contains(key));
            return Ok(in_order(metas, order, limit));
        }
        let mut stored = db.range(bounds(space, keys.clone()));
        let mut found = Found { db: &db, space, keys, values: Vec::new() };
        if order == Order::Ascending {
            found.take_run_before(order)?;
        }
        while found.values.len() < limit {
            let next = match order {
                Order::Ascending => stored.next(),
                Order::Descending => stored.next_back(),
            };
            let Some(next) = next else { break };
            let (place, stored) = next.map_err(failed)?;
            if let Some(key) = record::key_of(&place)? {
                found.take(key, stored, order)?;
            }
        }
        if order == Order::Descending && found.values.len() < limit {
            found.take_run_before(order)?;
        }
        found.values.truncate(limit);
        Ok(found.values)
    }
}

/// Stores a batch: the chunks of a value before what names them, and its head last.
fn store(db: &::sled::Db, Records { appended, records }: Records, head: &Head) -> io::Result<()> {
    let (place, head) = head.record()?;
    if appended {
        for (place, record) in records.into_iter().rev() {
            if let Some(record) = record {
                db.insert(place, record).map_err(failed)?;
            }
        }
        return db.insert(place, head).map(drop).map_err(failed);
    }
    let mut batch = ::sled::Batch::default();
    for (place, record) in records {
        match record {
            Some(record) => batch.insert(place, record),
            None => batch.remove(place),
        }
    }
    batch.insert(place, head);
    db.apply_batch(batch).map_err(failed)
}

/// Takes away what there is of a batch that was not finished.
fn take_back(db: &::sled::Db, head: &Head) -> io::Result<()> {
    for space in Space::growing() {
        let end = head.ends.get(&(space as u8)).ok_or_else(|| damaged("the head does not tell all ends"))?;
        for unfinished in db.range(bounds(space, *end..u64::MAX)).keys() {
            db.remove(unfinished.map_err(failed)?).map_err(failed)?;
        }
    }
    Ok(())
}

/// What a reader has found of the keys that it looks for.
struct Found<'a> {
    db: &'a ::sled::Db,
    space: Space,
    keys: Range<u64>,
    values: Vec<(u64, Bytes)>,
}

impl Found<'_> {
    /// Takes what the record of `key` has.
    fn take(&mut self, key: u64, stored: ::sled::IVec, order: Order) -> io::Result<()> {
        let values = read(self.db, self.space, key, stored)?;
        let wanted = (key..).zip(values).filter_map(|(key, value)| Some((key, value?))).filter(|(key, _)| self.keys.contains(key));
        match order {
            Order::Ascending => self.values.extend(wanted),
            Order::Descending => self.values.extend(wanted.collect::<Vec<_>>().into_iter().rev()),
        }
        Ok(())
    }

    /// Takes what a run has that begins before all of them.
    fn take_run_before(&mut self, order: Order) -> io::Result<()> {
        match before(self.db, self.space, self.keys.start)? {
            Some((key, stored)) => self.take(key, stored, order),
            None => Ok(()),
        }
    }
}

/// All places of `keys`, their chunks included.
fn bounds(space: Space, keys: Range<u64>) -> Range<Vec<u8>> {
    record::place(space, keys.start, None)..record::place(space, keys.end, None)
}

/// The record of the last key before `key` that has one, where it may be a run.
fn before(db: &::sled::Db, space: Space, key: u64) -> io::Result<Option<(u64, ::sled::IVec)>> {
    if !space.grows() {
        return Ok(None);
    }
    let Some(last) = db.range(bounds(space, 0..key)).next_back() else { return Ok(None) };
    let (place, stored) = last.map_err(failed)?;
    Ok(record::key_of(&place)?.map(|key| (key, stored)))
}

/// A key of `space` from which on there is nothing.
fn end(db: &::sled::Db, space: Space) -> io::Result<u64> {
    let Some(last) = db.range(bounds(space, 0..u64::MAX)).next_back() else { return Ok(0) };
    let (place, stored) = last.map_err(failed)?;
    match record::key_of(&place)? {
        Some(key) => Ok(key.saturating_add(record::open(&place, &stored)?.keys())),
        // A chunk.
        None => Ok(record::key_of(&place[..place.len() - 4])?.map_or(0, |key| key.saturating_add(1))),
    }
}

/// The values of `key` and those after it whose record is `stored`, or what has replaced it meanwhile: sled shows readers a batch
/// half done.
fn read(db: &::sled::Db, space: Space, key: u64, mut stored: ::sled::IVec) -> io::Result<Vec<Option<Bytes>>> {
    let place = record::place(space, key, None);
    loop {
        let error = match record::open(&place, &stored)? {
            Record::Whole(bytes) => return Ok(vec![Some(bytes)]),
            Record::Run(values) => return Ok(values),
            Record::Split(head) => match join(db, space, key, &head) {
                Ok(value) => return Ok(vec![Some(value)]),
                Err(error) => error,
            },
        };
        match db.get(&place).map_err(failed)? {
            None => return Ok(Vec::new()),
            Some(now) if now == stored => return Err(error),
            Some(now) => stored = now,
        }
    }
}

fn join(db: &::sled::Db, space: Space, key: u64, head: &Split) -> io::Result<Bytes> {
    if head.length > LARGEST {
        return Err(damaged(format_args!("a value of {} bytes", head.length)));
    }
    let mut value = BytesMut::new();
    for chunk in 0..head.chunks {
        let at = record::place(space, key, Some(chunk));
        let part = db.get(&at).map_err(failed)?.ok_or_else(|| damaged(format_args!("chunk {chunk} of key {key} is missing")))?;
        match record::open(&at, &part)? {
            Record::Whole(bytes) => value.extend_from_slice(&bytes),
            Record::Split(_) | Record::Run(_) => return Err(damaged("a chunk that is not whole")),
        }
    }
    if Split::of(head.chunks, &value) != *head {
        return Err(damaged(format_args!("the chunks of key {key} do not add up")));
    }
    Ok(value.freeze())
}

fn opening(dir: &Path, error: ::sled::Error) -> io::Error {
    match error {
        ::sled::Error::Io(e) if e.to_string().contains("could not acquire lock") => {
            io::Error::new(io::ErrorKind::ResourceBusy, format!("{} is in use by another process", dir.display()))
        }
        other => failed(other),
    }
}

fn failed(error: ::sled::Error) -> io::Error {
    match error {
        ::sled::Error::Io(e) => e,
        ::sled::Error::Corruption { .. } => damaged("the log engine found corrupt pages"),
        other => damaged(other),
    }
}
