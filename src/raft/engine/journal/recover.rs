//! What the files hold at start.
//!
//! The segments that count are those whose batches follow each other without a gap up to the newest. The newest may end in a
//! batch that a crash has torn; it was never called durable and is written over. That what is cut off was not durable is
//! shown by three witnesses, none of which may know of a synced batch behind the end: the mark, the ledgers' store, and every
//! frame in any file, which says how far all was synced when it was written.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::files::{self, Spare};
use super::frame::{self, Frame, Head, SEGMENT_HEAD, STEP, Salt};
use super::index::{Index, Segment};
use crate::raft::engine::damaged;

/// What was found.
pub struct Found {
    /// What the segments say.
    pub index: Index,
    /// The newest batch.
    pub number: u64,
    /// Where the next frame goes in the newest segment; `None` where there is no segment at all.
    pub end: Option<End>,
    /// The store's salt; `None` where there is no segment at all.
    pub salt: Option<Salt>,
    /// Files that hold nothing that is needed.
    pub spares: Vec<Spare>,
}

/// The end of the newest segment.
#[derive(Clone, Copy, Debug)]
pub struct End {
    /// The segment, by the batch it begins with.
    pub segment: u64,
    /// Where the next frame goes.
    pub at: u64,
    /// What it names as previous.
    pub previous: u32,
}

/// A file with the head of a segment.
struct Candidate {
    path: PathBuf,
    head: Head,
}

/// The whole frames of a segment, in order.
struct Frames<'a> {
    bytes: &'a [u8],
    salt: Salt,
    at: usize,
    number: u64,
    previous: u32,
}

impl<'a> Frames<'a> {
    fn of(bytes: &'a [u8], head: Head) -> Self {
        let (_, previous) = head.seal();
        Self { bytes, salt: head.salt, at: SEGMENT_HEAD, number: head.begins.saturating_sub(1), previous }
    }
}

impl Iterator for Frames<'_> {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        let frame = frame::open(self.bytes, self.at, self.salt)?;
        if frame.number != self.number + 1 || frame.previous != self.previous {
            return None;
        }
        (self.at, self.number, self.previous) = (frame.end, frame.number, frame.sum);
        Some(frame)
    }
}

/// Reads all files of `dir`; the ledgers' store has the ledger writes of the batches up to `kept`, and the batches up to
/// `synced` are known to have been synced.
///
/// # Errors
/// The disk failed, or something is missing ([`io::ErrorKind::InvalidData`]).
pub fn read(dir: &Path, kept: u64, synced: u64) -> io::Result<Found> {
    let mut survey = survey(dir)?;
    let number = survey.number;
    let known = synced.max(kept).max(survey.witnessed);
    if number < known {
        return Err(damaged(format_args!("the log ends at batch {number}, but {known} were synced")));
    }
    let first = survey.chain.first().map_or(number + 1, |oldest| oldest.head.begins);
    if first > kept + 1 {
        return Err(damaged(format_args!("batches {} to {} are missing in the log", kept + 1, first - 1)));
    }
    let (mut index, mut end) = (Index::default(), None);
    for candidate in std::mem::take(&mut survey.chain) {
        end = Some(load(&mut index, candidate, kept)?);
    }
    let spares = survey.others.into_iter().map(|path| Ok(Spare { file: files::open(&path)?, path })).collect::<io::Result<_>>()?;
    Ok(Found { index, number, end, salt: survey.salt, spares })
}

struct Survey {
    /// The segments that count, oldest first.
    chain: Vec<Candidate>,
    /// All other files.
    others: Vec<PathBuf>,
    /// The newest batch.
    number: u64,
    /// The newest batch that a frame anywhere says was synced.
    witnessed: u64,
    salt: Option<Salt>,
}

fn survey(dir: &Path) -> io::Result<Survey> {
    let (mut candidates, mut others, mut witnessed) = (Vec::new(), Vec::new(), 0);
    let files = fs::read_dir(dir)?.map(|file| Ok(file?.path())).collect::<io::Result<Vec<_>>>()?;
    let heads = files.iter().map(|path| head(path)).collect::<io::Result<Vec<_>>>()?;
    let salt = heads.iter().flatten().max_by_key(|head| head.begins).map(|head| head.salt);
    for (path, head) in files.into_iter().zip(heads) {
        let bytes = fs::read(&path)?;
        witnessed = witnessed.max(salt.map_or(0, |salt| witness(&bytes, salt)));
        match head {
            Some(head) => {
                let last = Frames::of(&bytes, head).last().map_or(head.begins.saturating_sub(1), |last| last.number);
                candidates.push((head.begins, last, path, head));
            }
            None => others.push(path),
        }
    }
    candidates.sort_by_key(|(begins, last, ..)| (*begins, *last));
    let number = candidates.last().map_or(0, |(_, last, ..)| *last);
    let (mut chain, mut next) = (Vec::new(), None);
    while let Some((begins, last, path, head)) = candidates.pop() {
        if next.is_some_and(|next| last + 1 != next) {
            others.push(path);
            break;
        }
        next = Some(begins);
        chain.push(Candidate { path, head });
    }
    others.extend(candidates.into_iter().map(|(_, _, path, _)| path));
    chain.reverse();
    Ok(Survey { chain, others, number, witnessed, salt })
}

/// The head of the segment in a file, if it is whole.
fn head(path: &Path) -> io::Result<Option<Head>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(SEGMENT_HEAD as u64).read_to_end(&mut bytes)?;
    Ok(Head::open(&bytes))
}

/// The newest batch that a whole frame in `bytes` says was synced, wherever it lies.
fn witness(bytes: &[u8], salt: Salt) -> u64 {
    let found = (SEGMENT_HEAD..bytes.len()).step_by(STEP).filter_map(|at| frame::open(bytes, at, salt));
    found.map(|frame| frame.synced).max().unwrap_or_default()
}

fn load(index: &mut Index, Candidate { path, head }: Candidate, kept: u64) -> io::Result<End> {
    let (bytes, begins) = (fs::read(&path)?, head.begins);
    index.segments.insert(begins, Segment::new(files::open(&path)?, path, begins));
    let mut frames = Frames::of(&bytes, head);
    for frame in frames.by_ref() {
        index.apply(begins, 0, &bytes, frame.body, frame.number > kept)?;
    }
    if let Some(segment) = index.segments.get_mut(&begins) {
        segment.last = frames.number;
    }
    Ok(End { segment: begins, at: frames.at as u64, previous: frames.previous })
}
