//! How many batches of a store have been synced, told by a small file beside it.
//!
//! A store that finds its own end torn cuts it off and goes on, which is right after a crash (what is cut was never synced)
//! and wrong after damage (what is cut was acknowledged). The two look alike from inside. So after each sync the number of
//! the newest synced batch is written here, and a store that knows fewer batches than that has lost some.
//!
//! The file itself need not be synced each time: it is written after the store is durable, so whatever a power loss leaves
//! of it speaks of batches that are there. Two slots in two sectors are written in turn, so one is always whole.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::damaged;

const FILE: &str = "synced";
/// Where it is until it is whole.
const UNFINISHED: &str = "synced.tmp";
const MAGIC: [u8; 8] = *b"hearthS1";
/// Slots lie in different sectors, in bytes.
const STEP: u64 = 4096;
const SLOT: usize = 20;

/// The file, open. See the module.
#[derive(Debug)]
pub(super) struct Mark {
    file: File,
    /// The slot that is written next.
    turn: u64,
    batches: u64,
}

impl Mark {
    /// Opens the file in `dir`, if it is there.
    pub fn open(dir: &Path) -> io::Result<Option<Self>> {
        let file = match OpenOptions::new().read(true).write(true).open(dir.join(FILE)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let slots = [slot(&file, 0)?, slot(&file, 1)?];
        let batches = slots.into_iter().flatten().max().ok_or_else(|| damaged(format_args!("the file `{FILE}` cannot be read")))?;
        Ok(Some(Self { file, turn: u64::from(slots[0] == Some(batches)), batches }))
    }

    /// Makes the file, durably and whole, for a store that has no batch with a number.
    pub fn create(dir: &Path) -> io::Result<Self> {
        let unfinished = dir.join(UNFINISHED);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&unfinished)?;
        let mut mark = Self { file, turn: 0, batches: 0 };
        mark.set(0)?;
        mark.set(0)?;
        mark.sync()?;
        fs::rename(unfinished, dir.join(FILE))?;
        File::open(dir)?.sync_all()?;
        Ok(mark)
    }

    /// The number of the newest batch that is known to have been synced; 0 before the first.
    pub fn batches(&self) -> u64 {
        self.batches
    }

    /// Notes that the batches up to this one are durable.
    pub fn set(&mut self, batches: u64) -> io::Result<()> {
        let mut bytes = [0; SLOT];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..16].copy_from_slice(&batches.to_be_bytes());
        let sum = crc32fast::hash(&bytes[..16]);
        bytes[16..].copy_from_slice(&sum.to_be_bytes());
        self.file.write_all_at(&bytes, self.turn * STEP)?;
        self.turn = 1 - self.turn;
        self.batches = batches;
        Ok(())
    }

    /// Makes the newest note itself durable.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }
}

/// What a slot says; `None` when it is not whole.
fn slot(file: &File, n: u64) -> io::Result<Option<u64>> {
    let mut bytes = [0; SLOT];
    match file.read_exact_at(&mut bytes, n * STEP) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let whole = bytes[..8] == MAGIC && bytes[16..] == crc32fast::hash(&bytes[..16]).to_be_bytes();
    let mut batches = [0; 8];
    batches.copy_from_slice(&bytes[8..16]);
    Ok(whole.then(|| u64::from_be_bytes(batches)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    fn bend(dir: &Path, at: u64) {
        let file = OpenOptions::new().write(true).open(dir.join(FILE)).unwrap();
        file.write_all_at(&[0xFF], at).unwrap();
    }

    #[test]
    fn the_newest_note_is_read_whatever_its_slot() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Mark::open(dir.path()).unwrap().is_none());
        Mark::create(dir.path()).unwrap();
        for batches in [1, 2, 5, 6, 100] {
            let mut mark = Mark::open(dir.path()).unwrap().unwrap();
            mark.set(batches).unwrap();
            assert_eq!(Mark::open(dir.path()).unwrap().unwrap().batches(), batches);
        }
    }

    /// Whenever a crash comes, it finds a file that can be read, or none.
    #[test]
    fn it_appears_as_a_whole() {
        for _ in 0..200 {
            let dir = tempfile::tempdir().unwrap();
            std::thread::scope(|scope| {
                let create = scope.spawn(|| Mark::create(dir.path()).unwrap());
                while !create.is_finished() {
                    assert!(Mark::open(dir.path()).unwrap().is_none_or(|mark| mark.batches() == 0));
                }
            });
        }
    }

    #[test]
    fn a_torn_slot_leaves_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let mut mark = Mark::create(dir.path()).unwrap();
        mark.set(7).unwrap();
        mark.set(8).unwrap();
        bend(dir.path(), STEP + 15);
        let mut mark = Mark::open(dir.path()).unwrap().unwrap();
        assert_eq!(mark.batches(), 7);
        mark.set(9).unwrap();
        bend(dir.path(), 15);
        assert_eq!(Mark::open(dir.path()).unwrap().unwrap().batches(), 9, "the torn slot was written, not the whole one");
    }

    #[test]
    fn a_file_without_a_whole_slot_is_damage() {
        let dir = tempfile::tempdir().unwrap();
        Mark::create(dir.path()).unwrap();
        bend(dir.path(), 3);
        bend(dir.path(), STEP + 3);
        assert_eq!(Mark::open(dir.path()).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
