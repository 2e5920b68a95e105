//! The files of the segments: all of one length, written once with nothing when they are made, so that a later sync has only
//! bytes to write and no lengths or block lists; and used again when what they held is no longer needed.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::index::Segment;

/// How many bytes are written at a time to a new file.
const PIECE: u64 = 1 << 20;

/// How many files wait to be used again; more are deleted.
const SPARES: usize = 8;

/// A file that holds nothing that is needed.
#[derive(Debug)]
pub struct Spare {
    /// Open for reading and writing.
    pub file: File,
    /// Where it is.
    pub path: PathBuf,
}

/// Opens a file of a segment.
pub fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

/// Makes a file of `length` bytes that is durable with its name.
pub fn make(path: &Path, length: u64) -> io::Result<Spare> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)?;
    let nothing = vec![0; usize::try_from(PIECE.min(length)).map_err(io::Error::other)?];
    let mut at = 0;
    while at < length {
        let piece = &nothing[..nothing.len().min(usize::try_from(length - at).unwrap_or(usize::MAX))];
        file.write_all_at(piece, at)?;
        at += piece.len() as u64;
    }
    file.sync_all()?;
    path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())?;
    Ok(Spare { file, path: path.to_owned() })
}

/// The files that wait to be used again, and the names of those to be made.
#[derive(Debug)]
pub struct Stock {
    dir: PathBuf,
    length: u64,
    next: u64,
    spares: Vec<Spare>,
}

impl Stock {
    /// Of the directory `dir`, where files are `length` bytes long.
    pub fn new(dir: PathBuf, length: u64) -> io::Result<Self> {
        let mut next = 1;
        for file in fs::read_dir(&dir)? {
            let number = file?.file_name().to_str().and_then(|name| name.parse::<u64>().ok());
            next = next.max(number.map_or(1, |number| number.saturating_add(1)));
        }
        Ok(Self { dir, length, next, spares: Vec::new() })
    }

    /// Where the files are.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A name that no file has had since the start.
    pub fn name(&mut self) -> PathBuf {
        let path = self.dir.join(format!("{:08}", self.next));
        self.next += 1;
        path
    }

    /// A spare file, if there is one.
    pub fn take(&mut self) -> Option<Spare> {
        self.spares.pop()
    }

    /// Whether there is no spare file.
    pub fn is_empty(&self) -> bool {
        self.spares.is_empty()
    }

    /// Keeps a file for later, or deletes it where there are enough or it has another length.
    pub fn put(&mut self, spare: Spare) -> io::Result<()> {
        if self.spares.len() < SPARES && spare.file.metadata()?.len() == self.length {
            self.spares.push(spare);
            return Ok(());
        }
        fs::remove_file(&spare.path)
    }

    /// Keeps the file of a segment that is not needed any more, unless somebody is still reading it.
    pub fn recycle(&mut self, Segment { file, path, .. }: Segment) -> io::Result<()> {
        match Arc::try_unwrap(file) {
            Ok(file) => self.put(Spare { file, path }),
            Err(_) => fs::remove_file(&path),
        }
    }
}
