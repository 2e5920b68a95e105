//! sled 0.34.7 as the engine.
//!
//! Its `flush()` hands the bytes to the kernel (`sync_file_range`) and no further, so every sync is followed by an
//! `fdatasync` of its file. A tree node of more than a quarter of a segment (128 KiB) goes to a file of its own under
//! `blobs/` that is never synced at all; a leaf holds up to about twenty records before it is split, so a record must stay
//! below a twentieth of that, and larger values are split. All spaces live in one tree, for only a tree's own batch is
//! atomic. Opening it cuts off whatever it finds torn, damaged or not, so every batch carries its number, and [`Mark`] tells
//! how many must be there.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use bytes::{Bytes, BytesMut};

use super::mark::Mark;
use super::record::{self, Record, Split};
use super::{Batch, LedgerReader, LogEngine, Op, Order, Space, closed, damaged};

/// The largest value stored in one piece, in bytes: thirty of them are less than a quarter of a segment.
const CHUNK: usize = 4 * 1024;

/// The largest value at all, in bytes; a larger length in a record is damage.
const LARGEST: u64 = 1 << 30;

/// Where the number of the newest batch is: behind all spaces.
const NUMBER: &[u8] = &[0xFF];

type Shared = Arc<ArcSwapOption<::sled::Db>>;

/// The store in a directory. See the module.
pub struct SledEngine {
    db: Shared,
    file: File,
    path: PathBuf,
    mark: Mark,
    /// The number of the newest batch.
    number: u64,
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
        if fresh {
            db.flush().map_err(failed)?;
            file.sync_all()?;
            File::open(dir)?.sync_all()?;
        }
        let number = number(&db)?;
        let mark = match mark {
            Some(mark) => mark,
            None if db.is_empty() => Mark::create(dir)?,
            None => return Err(damaged("the file that says how much of the log was synced is gone")),
        };
        if number < mark.batches() {
            return Err(damaged(format_args!("the log ends at batch {number}, but {} were synced", mark.batches())));
        }
        Ok(Self { db: Arc::new(ArcSwapOption::from_pointee(db)), file, path: dir.to_owned(), mark, number })
    }

    fn db(&self) -> io::Result<Arc<::sled::Db>> {
        self.db.load_full().ok_or_else(closed)
    }
}

impl LogEngine for SledEngine {
    fn write(&mut self, batch: Batch) -> io::Result<()> {
        let db = self.db()?;
        let mut changes = Changes { db: &db, pending: BTreeMap::new() };
        for op in batch.ops {
            match op {
                Op::Put { space, key, value } => changes.put(space, key, &value)?,
                Op::Delete { space, key } => changes.delete(bounds(space, key..key.saturating_add(1)))?,
                Op::DeleteRange { space, keys } => changes.delete(bounds(space, keys))?,
            }
        }
        let mut batch = ::sled::Batch::default();
        for (place, record) in changes.pending {
            match record {
                Some(record) => batch.insert(place, record),
                None => batch.remove(place),
            }
        }
        self.number += 1;
        batch.insert(NUMBER, record::whole(NUMBER, &self.number.to_be_bytes()));
        db.apply_batch(batch).map_err(failed)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.db()?.flush().map_err(failed)?;
        self.file.sync_data()?;
        self.mark.set(self.number)
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
        match db.get(record::place(space, key, None)).map_err(failed)? {
            Some(stored) => read(&db, space, key, stored),
            None => Ok(None),
        }
    }

    fn range(&self, space: Space, keys: Range<u64>, order: Order, limit: usize) -> io::Result<Vec<(u64, Bytes)>> {
        let db = self.db.load_full().ok_or_else(closed)?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = db.range(bounds(space, keys));
        let mut records = Vec::new();
        while records.len() < limit {
            let next = match order {
                Order::Ascending => found.next(),
                Order::Descending => found.next_back(),
            };
            let Some(next) = next else { break };
            let (place, stored) = next.map_err(failed)?;
            if let Some(key) = record::key_of(&place)? {
                records.extend(read(&db, space, key, stored)?.map(|value| (key, value)));
            }
        }
        Ok(records)
    }
}

/// Changes of a batch in the making: a later change of the same batch must see an earlier one, and sled's own batch keeps
/// no order.
struct Changes<'a> {
    db: &'a ::sled::Db,
    pending: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Changes<'_> {
    fn put(&mut self, space: Space, key: u64, value: &[u8]) -> io::Result<()> {
        let place = record::place(space, key, None);
        self.forget_chunks(space, key)?;
        if value.len() <= CHUNK {
            let sealed = record::whole(&place, value);
            self.pending.insert(place, Some(sealed));
            return Ok(());
        }
        let mut chunks = 0u32;
        for part in value.chunks(CHUNK) {
            let at = record::place(space, key, Some(chunks));
            let sealed = record::whole(&at, part);
            self.pending.insert(at, Some(sealed));
            chunks += 1;
        }
        let head = record::split(&place, &Split::of(chunks, value));
        self.pending.insert(place, Some(head));
        Ok(())
    }

    fn forget_chunks(&mut self, space: Space, key: u64) -> io::Result<()> {
        self.delete(record::place(space, key, Some(0))..record::place(space, key.saturating_add(1), None))
    }

    fn delete(&mut self, places: Range<Vec<u8>>) -> io::Result<()> {
        if places.is_empty() {
            return Ok(());
        }
        for (_, record) in self.pending.range_mut(places.clone()) {
            *record = None;
        }
        for stored in self.db.range(places).keys() {
            self.pending.insert(stored.map_err(failed)?.to_vec(), None);
        }
        Ok(())
    }
}

/// All places of `keys`, their chunks included.
fn bounds(space: Space, keys: Range<u64>) -> Range<Vec<u8>> {
    record::place(space, keys.start, None)..record::place(space, keys.end, None)
}

/// The value whose record is `stored`, or what has replaced it meanwhile: sled shows readers a batch half done.
fn read(db: &::sled::Db, space: Space, key: u64, mut stored: ::sled::IVec) -> io::Result<Option<Bytes>> {
    let place = record::place(space, key, None);
    loop {
        let error = match record::open(&place, &stored)? {
            Record::Whole(bytes) => return Ok(Some(bytes)),
            Record::Split(head) => match join(db, space, key, &head) {
                Ok(value) => return Ok(Some(value)),
                Err(error) => error,
            },
        };
        match db.get(&place).map_err(failed)? {
            None => return Ok(None),
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
            Record::Split(_) => return Err(damaged("a chunk that is split")),
        }
    }
    if Split::of(head.chunks, &value) != *head {
        return Err(damaged(format_args!("the chunks of key {key} do not add up")));
    }
    Ok(value.freeze())
}

/// The number of the newest batch in the store; 0 when there is none.
fn number(db: &::sled::Db) -> io::Result<u64> {
    let Some(stored) = db.get(NUMBER).map_err(failed)? else { return Ok(0) };
    match record::open(NUMBER, &stored)? {
        Record::Whole(bytes) => <[u8; 8]>::try_from(&bytes[..]).map(u64::from_be_bytes).map_err(damaged),
        Record::Split(_) => Err(damaged("the number of the newest batch is split")),
    }
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
