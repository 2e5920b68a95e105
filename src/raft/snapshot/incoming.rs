//! A snapshot on its way in from another node: its file, and beside it the ledger records that came with it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use super::container::{SnapshotReader, SnapshotWriter};
use super::{SnapshotFile, SnapshotStore};
use crate::raft::engine::{Space, damaged};
use crate::raft::types::SnapshotMeta;

/// How much of a file may wait to be made durable, in bytes: all of it at once would keep a disk that is shared busy for long.
const UNSYNCED: usize = 8 * 1024 * 1024;

/// Receives a snapshot. Its methods block. Dropped before it is finished, it leaves nothing.
pub struct Incoming {
    file: File,
    left: u64,
    ledgers: Option<SnapshotWriter<File>>,
    /// The space and key of the last ledger record.
    last: Option<(Space, u64)>,
    /// The file of the ledgers once more, and how much neither of the two has synced.
    ledgers_file: File,
    unsynced: usize,
    paths: Paths,
}

/// Unfinished files, deleted unless they have been renamed.
#[derive(Debug)]
struct Paths([PathBuf; 2]);

impl Drop for Paths {
    fn drop(&mut self) {
        for path in &self.0 {
            let _ = fs::remove_file(path); // renamed, or deleted at the next start
        }
    }
}

/// Ledger records that came with a snapshot.
#[derive(Clone, Debug)]
pub struct LedgerFile {
    file: Arc<SnapshotFile>,
    _paths: Arc<Paths>,
}

impl Incoming {
    /// Begins to receive a snapshot file of so many bytes.
    ///
    /// # Errors
    /// The disk failed.
    pub fn begin(store: &SnapshotStore, length: u64) -> io::Result<Self> {
        let (path, file) = store.create()?;
        let (ledgers_path, ledgers) = store.create()?;
        let paths = Paths([path, ledgers_path]);
        let ledgers_file = ledgers.try_clone()?;
        let ledgers = Some(SnapshotWriter::begin(ledgers, &SnapshotMeta::default())?);
        Ok(Self { file, left: length, ledgers, last: None, ledgers_file, unsynced: 0, paths })
    }

    /// Takes the next part of the file.
    ///
    /// # Errors
    /// The disk failed, or more came than was announced.
    pub fn part(&mut self, part: &[u8]) -> io::Result<()> {
        self.left = self.left.checked_sub(part.len() as u64).ok_or_else(|| damaged("a snapshot is longer than announced"))?;
        self.file.write_all(part)?;
        self.wrote(part.len())
    }

    /// Takes a ledger record. They come in order of their spaces and keys.
    ///
    /// # Errors
    /// The disk failed, or it is of no ledger or not in order.
    pub fn record(&mut self, space: u8, key: u64, value: &[u8]) -> io::Result<()> {
        let space = ledger(space)?;
        if self.last.replace((space, key)).is_some_and(|last| last >= (space, key)) {
            return Err(damaged("the ledger records of a snapshot are not in order"));
        }
        let record = [&key.to_be_bytes(), value].concat();
        self.ledgers.as_mut().map_or(Ok(()), |ledgers| ledgers.push(space as u8, &record))?;
        self.wrote(record.len())
    }

    fn wrote(&mut self, bytes: usize) -> io::Result<()> {
        self.unsynced += bytes;
        if self.unsynced > UNSYNCED {
            self.unsynced = 0;
            self.file.sync_data()?;
            self.ledgers_file.sync_data()?;
        }
        Ok(())
    }

    /// Everything has come: makes it durable, and verifies it: what comes later takes the place of the state, and must not fail.
    ///
    /// # Errors
    /// The disk failed, less came than was announced, or it is damaged or not the snapshot that `meta` speaks of.
    pub fn finish(mut self, meta: &SnapshotMeta) -> io::Result<SnapshotFile> {
        if self.left > 0 {
            return Err(damaged(format_args!("{} bytes of a snapshot are missing", self.left)));
        }
        self.file.sync_all()?;
        if let Some(ledgers) = self.ledgers.take() {
            ledgers.finish()?.0.sync_all()?;
        }
        let [path, ledgers] = self.paths.0.clone();
        let file = SnapshotFile::open(path)?;
        file.verify(meta)?;
        let paths = Arc::new(self.paths);
        let ledgers = LedgerFile { file: Arc::new(SnapshotFile::open(ledgers)?), _paths: paths };
        Ok(SnapshotFile { ledgers: Some(ledgers), ..file })
    }
}

impl LedgerFile {
    /// The records, by space and key.
    ///
    /// # Errors
    /// The disk failed, or the file is damaged.
    pub fn records(&self) -> io::Result<impl Iterator<Item = io::Result<(Space, u64, Bytes)>> + Send + use<>> {
        let records: SnapshotReader<_> = self.file.records()?;
        Ok(records.map(|record| {
            let (space, record) = record?;
            let (key, value) = record.split_first_chunk::<8>().ok_or_else(|| damaged("a ledger record without a key"))?;
            Ok((ledger(space)?, u64::from_be_bytes(*key), Bytes::copy_from_slice(value)))
        }))
    }

    /// The keys of the messages, in ascending order.
    ///
    /// # Errors
    /// The disk failed, or the file is damaged.
    pub fn messages(&self) -> io::Result<impl Iterator<Item = io::Result<u64>> + Send + use<>> {
        let records = self.records()?;
        Ok(records.filter_map(|record| record.map(|(space, key, _)| (space == Space::Messages).then_some(key)).transpose()))
    }
}

/// The space of a ledger. There is nothing in the others that another node could know.
fn ledger(space: u8) -> io::Result<Space> {
    [Space::Audit, Space::Messages].into_iter().find(|known| *known as u8 == space).ok_or_else(|| damaged("a record of no ledger"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::raft::snapshot::container;

    #[test]
    fn what_came_is_the_snapshot_and_its_ledgers_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let store = SnapshotStore::open(dir.path()).unwrap();
        let mut writer = SnapshotWriter::begin(Vec::new(), &SnapshotMeta::default()).unwrap();
        writer.push(3, b"record").unwrap();
        let bytes = writer.finish().unwrap().0;
        let mut incoming = Incoming::begin(&store, bytes.len() as u64).unwrap();
        for part in bytes.chunks(7) {
            incoming.part(part).unwrap();
        }
        incoming.record(Space::Audit as u8, 9, b"nine").unwrap();
        let file = incoming.finish(&SnapshotMeta::default()).unwrap();
        assert_eq!(container::verify(file.bytes()).unwrap().1.records, 1);
        let records: Vec<_> = file.ledgers().unwrap().records().unwrap().map(Result::unwrap).collect();
        assert_eq!(records, [(Space::Audit, 9, Bytes::from_static(b"nine"))]);
        let kept = store.publish(store.adopt(&SnapshotMeta::default(), &file).unwrap()).unwrap();
        drop(file);
        assert_eq!(kept.file.records().unwrap().count(), 1);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn ledger_records_come_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let mut incoming = Incoming::begin(&SnapshotStore::open(dir.path()).unwrap(), 0).unwrap();
        incoming.record(Space::Audit as u8, 9, b"nine").unwrap();
        incoming.record(Space::Messages as u8, 2, b"two").unwrap();
        assert!(incoming.record(Space::Messages as u8, 2, b"again").is_err());
        assert!(incoming.record(Space::Audit as u8, 10, b"ten").is_err());
    }

    #[test]
    fn only_ledgers_take_records() {
        let dir = tempfile::tempdir().unwrap();
        let mut incoming = Incoming::begin(&SnapshotStore::open(dir.path()).unwrap(), 0).unwrap();
        for space in [Space::Log as u8, Space::Meta as u8, 9] {
            let error = incoming.record(space, 1, b"vote").unwrap_err();
            assert!(error.to_string().contains("a record of no ledger"), "{error}");
        }
    }

    #[test]
    fn less_or_more_than_announced_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let store = SnapshotStore::open(dir.path()).unwrap();
        let mut incoming = Incoming::begin(&store, 5).unwrap();
        incoming.part(b"1234").unwrap();
        assert!(incoming.part(b"56").is_err());
        drop(incoming);
        let mut incoming = Incoming::begin(&store, 5).unwrap();
        incoming.part(b"1234").unwrap();
        assert!(incoming.finish(&SnapshotMeta::default()).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left of them");
    }
}
