//! Snapshots on disk: one file, the newest; see [`container`] for its bytes.
//!
//! A snapshot is written beside, synced, and renamed, and only then are older ones deleted, so at every moment there is a
//! whole one (or none yet). What is found at start is verified; a damaged one is refused, for the log behind it is gone.

pub mod container;
mod incoming;

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::container::{SnapshotReader, SnapshotWriter};
pub use self::incoming::{Incoming, LedgerFile};
use super::engine::damaged;
use super::types::{LogId, SnapshotMeta};

const ENDING: &str = "snapshot";
const UNFINISHED: &str = "tmp";

/// An open snapshot file; it can be read even after it has been deleted from its directory.
#[derive(Clone, Debug)]
pub struct SnapshotFile {
    file: Arc<File>,
    path: PathBuf,
    size: u64,
    /// What came with it from another node.
    ledgers: Option<LedgerFile>,
}

impl SnapshotFile {
    fn open(path: PathBuf) -> io::Result<Self> {
        let file = File::open(&path)?;
        let size = file.metadata()?.len();
        Ok(Self { file: Arc::new(file), path, size, ledgers: None })
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The ledger records that came with it, if it came from another node.
    pub fn ledgers(&self) -> Option<&LedgerFile> {
        self.ledgers.as_ref()
    }

    /// Its bytes, from the beginning.
    pub fn bytes(&self) -> impl Read + Send + use<> {
        BufReader::with_capacity(256 * 1024, Positioned { file: Arc::clone(&self.file), at: 0 })
    }

    /// Its records.
    ///
    /// # Errors
    /// The disk failed, or the head is damaged.
    pub fn records(&self) -> io::Result<SnapshotReader<impl Read + Send + use<>>> {
        SnapshotReader::open(self.bytes())
    }

    /// Reads all of it, to see whether it is whole and the one that `meta` speaks of.
    fn verify(&self, meta: &SnapshotMeta) -> io::Result<()> {
        let (found, _) = container::verify(self.bytes()).map_err(|e| in_file(&self.path, &e))?;
        if found == *meta { Ok(()) } else { Err(damaged("a snapshot is not the one that was announced")) }
    }
}

/// Reads a shared file from a position of its own.
struct Positioned {
    file: Arc<File>,
    at: u64,
}

impl Read for Positioned {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read_at(buf, self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

/// A snapshot: what it covers, and its file.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The position and membership it was taken at.
    pub meta: SnapshotMeta,
    /// The file.
    pub file: SnapshotFile,
}

/// The directory of snapshots. Its methods block.
#[derive(Debug)]
pub struct SnapshotStore {
    dir: PathBuf,
    newest: Mutex<Newest>,
}

#[derive(Debug, Default)]
struct Newest {
    kept: Option<Kept>,
    /// Numbers unfinished files.
    next: u64,
}

/// A snapshot that is written and synced but not yet the newest.
#[derive(Debug)]
pub struct Finished {
    meta: SnapshotMeta,
    unfinished: PathBuf,
}

impl SnapshotStore {
    /// Opens the directory, creating it if needed: forgets unfinished files and verifies the newest snapshot.
    ///
    /// # Errors
    /// The disk failed, or the newest snapshot is damaged.
    pub fn open(dir: &Path) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        for path in files(dir, UNFINISHED)? {
            fs::remove_file(path)?;
        }
        let store = Self { dir: dir.to_owned(), newest: Mutex::default() };
        if let Some(path) = files(dir, ENDING)?.pop() {
            let file = SnapshotFile::open(path)?;
            let (meta, _) = container::verify(file.bytes()).map_err(|e| in_file(&file.path, &e))?;
            store.delete_all_but(&file.path)?;
            store.lock().kept = Some(Kept { meta, file });
        }
        Ok(store)
    }

    /// Whether `dir` holds a snapshot.
    pub fn exists(dir: &Path) -> bool {
        files(dir, ENDING).is_ok_and(|found| !found.is_empty())
    }

    /// The newest snapshot.
    pub fn newest(&self) -> Option<Kept> {
        self.lock().kept.clone()
    }

    /// Writes a snapshot and syncs it; it counts only once given to [`SnapshotStore::publish`].
    ///
    /// # Errors
    /// The disk failed.
    pub fn write(&self, meta: &SnapshotMeta, records: impl Iterator<Item = (u8, Vec<u8>)>) -> io::Result<Finished> {
        let (unfinished, file) = self.create()?;
        let mut writer = SnapshotWriter::begin(file, meta)?;
        for (noun, record) in records {
            writer.push(noun, &record)?;
        }
        let (file, _) = writer.finish()?;
        file.sync_all()?;
        Ok(Finished { meta: meta.clone(), unfinished })
    }

    /// Takes over a snapshot from elsewhere, verifying it.
    ///
    /// # Errors
    /// The disk failed, or the snapshot is damaged or not the one `meta` speaks of.
    pub fn adopt(&self, meta: &SnapshotMeta, from: &SnapshotFile) -> io::Result<Finished> {
        from.verify(meta)?;
        let meta = meta.clone();
        if from.path.parent() == Some(&self.dir) && from.path.extension().is_some_and(|ending| ending == UNFINISHED) {
            return Ok(Finished { meta, unfinished: from.path.clone() });
        }
        let (unfinished, mut file) = self.create()?;
        io::copy(&mut from.bytes(), &mut file)?;
        file.sync_all()?;
        Ok(Finished { meta, unfinished })
    }

    /// Makes a finished snapshot the newest, durably, and deletes older ones. One that is older than the newest is dropped.
    ///
    /// # Errors
    /// The disk failed.
    pub fn publish(&self, finished: Finished) -> io::Result<Kept> {
        let mut newest = self.lock();
        let Finished { meta, unfinished } = finished;
        if newest.kept.as_ref().is_some_and(|kept| kept.meta.last_log_id > meta.last_log_id) {
            let file = SnapshotFile::open(unfinished)?;
            fs::remove_file(&file.path)?;
            return Ok(Kept { meta, file });
        }
        let path = self.dir.join(name(meta.last_log_id));
        fs::rename(unfinished, &path)?;
        File::open(&self.dir)?.sync_all()?;
        let kept = Kept { meta, file: SnapshotFile::open(path)? };
        newest.kept = Some(kept.clone());
        drop(newest);
        self.delete_all_but(&kept.file.path)?;
        Ok(kept)
    }

    fn create(&self) -> io::Result<(PathBuf, File)> {
        let number = {
            let mut newest = self.lock();
            newest.next += 1;
            newest.next
        };
        let path = self.dir.join(format!("{number}.{UNFINISHED}"));
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
        Ok((path, file))
    }

    fn delete_all_but(&self, kept: &Path) -> io::Result<()> {
        files(&self.dir, ENDING)?.into_iter().filter(|path| path.as_path() < kept).try_for_each(delete)
    }

    fn lock(&self) -> MutexGuard<'_, Newest> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sorts by index, then by term and node.
fn name(last: Option<LogId>) -> String {
    let (index, term, node) = last.map_or((0, 0, 0), |id| (id.index, id.leader_id.term, id.leader_id.node_id));
    format!("{index:020}-{term:020}-{node:020}.{ENDING}")
}

/// The files with an ending, in order of their names.
fn files(dir: &Path, ending: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Deletes a file, unless another who publishes was quicker.
fn delete(path: PathBuf) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

fn in_file(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use std::sync::Barrier;

    use super::*;
    use crate::raft::types::LeaderId;

    fn meta(index: u64) -> SnapshotMeta {
        let leader_id = LeaderId { term: 1, node_id: 1 };
        SnapshotMeta { last_log_id: Some(LogId { leader_id, index }), ..SnapshotMeta::default() }
    }

    #[test]
    fn only_the_newest_is_kept_and_an_older_one_never_takes_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let store = SnapshotStore::open(dir.path()).unwrap();
        let write = |index: u64| store.publish(store.write(&meta(index), std::iter::once((1, vec![7; 9]))).unwrap()).unwrap();
        let first = write(5);
        for index in [9, 7] {
            write(index);
            assert_eq!(store.newest().unwrap().meta, meta(9));
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        }
        assert_eq!(first.file.records().unwrap().count(), 1, "an open one can be read to its end");
        fs::write(dir.path().join("1.tmp"), "unfinished").unwrap();
        assert_eq!(SnapshotStore::open(dir.path()).unwrap().newest().unwrap().meta, meta(9));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn two_who_publish_may_delete_the_same_old_ones() {
        let dir = tempfile::tempdir().unwrap();
        let store = SnapshotStore::open(dir.path()).unwrap();
        let kept = dir.path().join(name(meta(500).last_log_id));
        let both = Barrier::new(2);
        for _ in 0..10 {
            (1..=500).for_each(|index| fs::write(dir.path().join(name(meta(index).last_log_id)), "").unwrap());
            let delete = || {
                both.wait();
                store.delete_all_but(&kept).unwrap();
            };
            std::thread::scope(|scope| [scope.spawn(delete), scope.spawn(delete)].map(|one| one.join().unwrap()));
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
