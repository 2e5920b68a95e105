//! What of the journal is in memory: where each log record lies, the few records of [`Space::Meta`], and what the ledgers'
//! own store does not have yet.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use super::frame::{Change, Changes};
use super::overlay::Overlay;
use crate::raft::engine::{Op, Space, damaged};

/// Where a value lies, and its checksum.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The segment, by the batch it begins with.
    segment: u64,
    offset: u32,
    length: u32,
    sum: u32,
}

/// A segment in use.
#[derive(Debug)]
pub struct Segment {
    /// Its file.
    pub file: Arc<File>,
    /// Where that is.
    pub path: PathBuf,
    /// The newest batch in it.
    pub last: u64,
    /// How many log records in it are not deleted.
    live: u64,
}

impl Segment {
    /// A segment without frames that is to begin with this batch.
    pub fn new(file: File, path: PathBuf, begins: u64) -> Self {
        Self { file: Arc::new(file), path, last: begins.saturating_sub(1), live: 0 }
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Index {
    log: BTreeMap<u64, Place>,
    meta: BTreeMap<u64, Bytes>,
    /// By the batch each begins with.
    pub segments: BTreeMap<u64, Segment>,
    /// Ledger writes since the last hand-over to the ledgers' store.
    pub fresh: Overlay,
    /// Those that have been handed over and may not be in it yet.
    pub handed: Arc<Overlay>,
}

impl Index {
    /// Takes in the changes of a frame. `bytes` hold its segment from `base` on; `ledgers` is whether its ledger writes count.
    ///
    /// # Errors
    /// The changes make no sense.
    pub fn apply(&mut self, segment: u64, base: usize, bytes: &[u8], body: Range<usize>, ledgers: bool) -> io::Result<()> {
        for change in Changes::new(bytes, body) {
            match change? {
                Change::Put(Space::Log, key, value) => self.put(key, place(segment, base, bytes, value)?),
                Change::Put(Space::Meta, key, value) => drop(self.meta.insert(key, Bytes::copy_from_slice(&bytes[value]))),
                Change::Put(space, key, value) if ledgers => self.fresh.put(space, key, Some(Bytes::copy_from_slice(&bytes[value]))),
                Change::Delete(Space::Log, key) => self.remove(key..key.saturating_add(1)),
                Change::Delete(Space::Meta, key) => drop(self.meta.remove(&key)),
                Change::Delete(space, key) if ledgers => self.fresh.put(space, key, None),
                Change::DeleteRange(Space::Log, keys) => self.remove(keys),
                Change::DeleteRange(Space::Meta, keys) => self.meta.retain(|key, _| !keys.contains(key)),
                Change::DeleteRange(space, keys) if ledgers => self.fresh.clear(space, keys),
                _ => {}
            }
        }
        Ok(())
    }

    fn put(&mut self, key: u64, place: Place) {
        let before = self.log.insert(key, place);
        self.let_go(before);
        if let Some(segment) = self.segments.get_mut(&place.segment) {
            segment.live += 1;
        }
    }

    fn remove(&mut self, keys: Range<u64>) {
        if keys.is_empty() {
            return;
        }
        let gone: Vec<u64> = self.log.range(keys).map(|(key, _)| *key).collect();
        for key in gone {
            let place = self.log.remove(&key);
            self.let_go(place);
        }
    }

    fn let_go(&mut self, place: Option<Place>) {
        if let Some(segment) = place.and_then(|place| self.segments.get_mut(&place.segment)) {
            segment.live -= 1;
        }
    }

    /// Puts for all records of [`Space::Meta`].
    pub fn meta_ops(&self) -> Vec<Op> {
        self.meta.iter().map(|(key, value)| Op::Put { space: Space::Meta, key: *key, value: value.clone() }).collect()
    }

    /// The records of [`Space::Meta`] with these keys.
    pub fn metas(&self, keys: Range<u64>) -> impl DoubleEndedIterator<Item = (u64, Bytes)> {
        self.meta.range(keys).map(|(key, value)| (*key, value.clone()))
    }

    /// The log records with these keys, to be read when the index is free again.
    pub fn logs(&self, keys: Range<u64>) -> impl DoubleEndedIterator<Item = (u64, io::Result<Lying>)> {
        let lying = |place: Place| match self.segments.get(&place.segment) {
            Some(segment) => Ok(Lying { file: Arc::clone(&segment.file), place }),
            None => Err(damaged("a log record is in no segment")),
        };
        self.log.range(keys).map(move |(key, place)| (*key, lying(*place)))
    }

    /// The ledger writes with these keys that the ledgers' store may not have.
    pub fn waiting(&self, space: Space, keys: &Range<u64>) -> BTreeMap<u64, Option<Bytes>> {
        let mut waiting = BTreeMap::new();
        self.handed.lay(space, keys, &mut waiting);
        self.fresh.lay(space, keys, &mut waiting);
        waiting
    }

    /// What of the store's records with these keys still holds, in order.
    pub fn left(&self, space: Space, keys: Range<u64>) -> Vec<Range<u64>> {
        self.fresh.left(space, self.handed.left(space, vec![keys]))
    }

    /// Takes the oldest segments of which nothing is needed any more, the ledgers' store having all batches up to `kept`.
    pub fn release(&mut self, kept: u64) -> Vec<Segment> {
        let mut released = Vec::new();
        while self.segments.len() > 1
            && let Some(oldest) = self.segments.first_entry()
            && oldest.get().live == 0
            && oldest.get().last <= kept
        {
            released.push(oldest.remove());
        }
        released
    }
}

fn place(segment: u64, base: usize, bytes: &[u8], value: Range<usize>) -> io::Result<Place> {
    let number = |n: usize| u32::try_from(n).map_err(io::Error::other);
    Ok(Place { segment, offset: number(base + value.start)?, length: number(value.len())?, sum: crc32fast::hash(&bytes[value]) })
}

/// A log record that is still to be read. While this is there, its file is not written anew.
pub struct Lying {
    file: Arc<File>,
    place: Place,
}

impl Lying {
    /// Reads it.
    ///
    /// # Errors
    /// The disk failed, or the bytes are not those that were written.
    pub fn read(&self) -> io::Result<Bytes> {
        let mut bytes = vec![0; self.place.length as usize];
        self.file.read_exact_at(&mut bytes, u64::from(self.place.offset))?;
        if crc32fast::hash(&bytes) != self.place.sum {
            return Err(damaged("a log record does not match its checksum"));
        }
        Ok(bytes.into())
    }
}
