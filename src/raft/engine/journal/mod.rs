//! An engine of our own: a batch is one write at the end of a file and one `fdatasync`, on the writer's thread and without a
//! wake of any other.
//!
//! ```text
//! journal/   segments: files of one length, made beforehand and used again and again
//! ledgers/   the ledgers' own store (redb)
//! synced     how many batches have been synced, see [`Mark`]
//! ```
//!
//! Everything is in the journal first. Log records stay there until they are deleted, and are found through an index in
//! memory. Ledger writes stay in memory too until their segment is full; then another thread puts them into the ledgers' own
//! store, and a segment is used again once the store has its ledger writes and its log records are deleted. The first batch of
//! each segment begins with all records of [`Space::Meta`](super::Space::Meta), so those of older segments are never needed. So memory is bounded
//! by the log and two segments of ledger writes, and disk by the log, the ledgers, and a few files.

mod aside;
mod files;
mod frame;
mod index;
mod overlay;
mod reader;
mod recover;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use super::mark::Mark;
use super::{Batch, LedgerReader, LogEngine, Op, damaged};
use crate::base::ids::random_bytes;

use self::aside::{Aside, Done, Store};
use self::files::{Spare, Stock};
use self::frame::{Head, SEGMENT_HEAD, Salt};
use self::index::Segment;
use self::reader::{JournalReader, Shared};
use self::recover::{End, Found};

/// Where the segments are.
const JOURNAL: &str = "journal";
/// Where the ledgers are.
const LEDGERS: &str = "ledgers";

/// Length of a segment's file in bytes, unless a single batch needs more.
const SEGMENT: u64 = 8 << 20;

/// The store in a directory. See the module.
pub struct JournalEngine {
    shared: Shared,
    ledgers: Arc<dyn LedgerReader>,
    mark: Mark,
    aside: Aside,
    stock: Stock,
    length: u64,
    file: Arc<File>,
    end: End,
    salt: Salt,
    /// The newest batch.
    number: u64,
    /// The newest batch that is synced.
    synced: u64,
    /// The newest batch whose ledger writes are in the ledgers' store.
    kept: u64,
    /// What is written next, kept for its room.
    buffer: Vec<u8>,
}

impl JournalEngine {
    /// Whether `dir` holds such a store.
    pub fn exists(dir: &Path) -> bool {
        dir.join(JOURNAL).exists()
    }

    /// Opens the store in `dir`, creating it if there is none. `cache` bounds the page cache of the ledgers' store, in bytes.
    /// Blocks.
    ///
    /// # Errors
    /// Another process uses it ([`io::ErrorKind::ResourceBusy`]), it is damaged ([`io::ErrorKind::InvalidData`]), or the
    /// disk failed.
    pub fn open(dir: &Path, cache: u64) -> io::Result<Self> {
        Self::with_segments(dir, cache, SEGMENT)
    }

    /// [`JournalEngine::open`] with segments of this length in bytes.
    ///
    /// # Errors
    /// The same.
    pub fn with_segments(dir: &Path, cache: u64, length: u64) -> io::Result<Self> {
        let journal = dir.join(JOURNAL);
        fs::create_dir_all(&journal)?;
        let store = Store::open(&dir.join(LEDGERS), cache)?;
        let mark = Mark::open(dir)?;
        let found = recover::read(&journal, store.kept, mark.as_ref().map_or(0, Mark::batches))?;
        if found.end.is_none() && mark.is_some() {
            return Err(damaged("the log is gone, but it was there"));
        }
        if found.number > 0 && mark.is_none() {
            return Err(damaged("the file that says how much of the log was synced is gone"));
        }
        let stock = Stock::new(journal, length)?;
        Self::begin(dir, store, mark, found, stock, length)
    }

    fn begin(dir: &Path, store: Store, mark: Option<Mark>, found: Found, mut stock: Stock, length: u64) -> io::Result<Self> {
        let Found { mut index, number, end, salt, spares } = found;
        spares.into_iter().try_for_each(|spare| stock.put(spare))?;
        let salt = salt.map_or_else(new_salt, Ok)?;
        let end = match end {
            Some(end) => end,
            None => {
                let spare = files::make(&stock.name(), length)?;
                let end = head(&spare.file, Head { salt, begins: 1 })?;
                spare.file.sync_data()?;
                index.segments.insert(1, Segment::new(spare.file, spare.path, 1));
                end
            }
        };
        let file = index.segments.get(&end.segment).map(|segment| Arc::clone(&segment.file));
        let file = file.ok_or_else(|| damaged("the newest segment is not there"))?;
        // What a crash left in the page cache is found and built upon, so it must be durable first.
        file.sync_data()?;
        let mut mark = mark.map_or_else(|| Mark::create(dir), Ok)?;
        mark.set(number)?;
        let (ledgers, kept) = (store.reader(), store.kept);
        let aside = Aside::start(store)?;
        let shared = Shared::new(index);
        Ok(Self { shared, ledgers, mark, aside, stock, length, file, end, salt, number, synced: number, kept, buffer: Vec::new() })
    }

    /// Puts a batch at the end of the newest segment, or of a new one where it does not fit.
    fn append(&mut self, ops: &[Op]) -> io::Result<()> {
        self.buffer.clear();
        let mut sum = frame::seal(&mut self.buffer, ops, self.salt, self.number + 1, self.synced, self.end.previous)?;
        if self.end.at + self.buffer.len() as u64 > self.length && self.end.at > SEGMENT_HEAD as u64 {
            sum = self.turn(ops)?;
        }
        self.file.write_all_at(&self.buffer, self.end.at)?;
        let (number, end, salt, buffer) = (self.number + 1, self.end, self.salt, &self.buffer);
        self.shared.change(|index| {
            let base = usize::try_from(end.at).map_err(io::Error::other)?;
            let body = frame::open(buffer, 0, salt).map(|frame| frame.body).ok_or_else(|| damaged("a frame in the making"))?;
            index.apply(end.segment, base, buffer, body, true)?;
            if let Some(segment) = index.segments.get_mut(&end.segment) {
                segment.last = number;
            }
            Ok(())
        })?;
        self.number = number;
        self.end = End { at: end.at + self.buffer.len() as u64, previous: sum, ..end };
        Ok(())
    }

    /// Begins a new segment, and makes its first frame of `ops` and all records of [`Space::Meta`](super::Space::Meta).
    fn turn(&mut self, ops: &[Op]) -> io::Result<u32> {
        self.sync()?;
        self.hand_over()?;
        let spare = self.spare()?;
        let begins = self.number + 1;
        self.end = head(&spare.file, Head { salt: self.salt, begins })?;
        let segment = Segment::new(spare.file, spare.path, begins);
        self.file = Arc::clone(&segment.file);
        let all = self.shared.change(|index| {
            index.segments.insert(begins, segment);
            Ok([&index.meta_ops(), ops].concat())
        })?;
        self.buffer.clear();
        frame::seal(&mut self.buffer, &all, self.salt, begins, self.synced, self.end.previous)
    }

    /// Gives the ledger writes so far, which are synced, to the ledgers' store, once it has those of before.
    fn hand_over(&mut self) -> io::Result<()> {
        while self.aside.keeping {
            self.look_aside(true)?;
        }
        let writes = self.shared.change(|index| {
            index.handed = Arc::new(std::mem::take(&mut index.fresh));
            Ok(Arc::clone(&index.handed))
        })?;
        self.aside.keep(writes, self.synced)
    }

    /// A file for the next segment; has another made for the one after it.
    fn spare(&mut self) -> io::Result<Spare> {
        let spare = loop {
            if let Some(spare) = self.stock.take() {
                break spare;
            }
            self.order()?;
            self.look_aside(true)?;
        };
        if self.stock.is_empty() {
            self.order()?;
        }
        Ok(spare)
    }

    fn order(&mut self) -> io::Result<()> {
        if self.aside.making { Ok(()) } else { self.aside.make(self.stock.name(), self.length) }
    }

    /// Takes note of one thing that has been done aside; says whether there was one.
    fn look_aside(&mut self, wait: bool) -> io::Result<bool> {
        match self.aside.next(wait)? {
            Some(Done::Kept(number)) => {
                self.kept = number;
                self.shared.change(|index| {
                    index.handed = Arc::default();
                    Ok(())
                })?;
            }
            Some(Done::Made(spare)) => self.stock.put(spare)?,
            None => return Ok(false),
        }
        Ok(true)
    }

    /// Frees the segments that are not needed any more. What says so must be synced.
    fn release(&mut self) -> io::Result<()> {
        while self.look_aside(false)? {}
        let kept = self.kept;
        let released = self.shared.change(|index| Ok(index.release(kept)))?;
        released.into_iter().try_for_each(|segment| self.stock.recycle(segment))
    }
}

fn new_salt() -> io::Result<Salt> {
    random_bytes().map_err(io::Error::other)
}

/// Writes the head of a segment.
fn head(file: &File, head: Head) -> io::Result<End> {
    let (bytes, previous) = head.seal();
    file.write_all_at(&bytes, 0)?;
    Ok(End { segment: head.begins, at: SEGMENT_HEAD as u64, previous })
}

impl LogEngine for JournalEngine {
    fn write(&mut self, Batch { ops }: Batch) -> io::Result<()> {
        self.append(&ops)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.shared.see().index()?;
        if self.synced < self.number {
            self.file.sync_data()?;
            self.synced = self.number;
            self.mark.set(self.number)?;
        }
        self.release()
    }

    fn reader(&self) -> Arc<dyn LedgerReader> {
        Arc::new(JournalReader { shared: self.shared.clone(), ledgers: Arc::clone(&self.ledgers) })
    }

    fn size(&self) -> io::Result<u64> {
        let sizes = fs::read_dir(self.stock.dir())?.map(|file| Ok(file?.metadata()?.len()));
        Ok(sizes.sum::<io::Result<u64>>()? + self.aside.size())
    }

    fn close(&mut self) {
        if self.shared.see().index().is_err() {
            return;
        }
        self.shared.close();
        self.aside.stop();
        if let Err(error) = self.mark.sync() {
            tracing::warn!(%error, "cannot sync how much of the log was synced");
        }
    }
}

impl Drop for JournalEngine {
    fn drop(&mut self) {
        self.close();
    }
}
