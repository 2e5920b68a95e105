//! What the files hold at start.
//!
//! The segments that count are those whose batches follow each other without a gap up to the newest. The newest may end in a
//! batch that a crash has torn; it was never called durable and is written over. That what is cut off was not durable is
//! shown by three witnesses, none of which may know of a synced batch behind the end: the mark, the ledgers' store, and every
//! frame in any file, which says how far all was synced when it was written.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::files::{self, Spare};
use super::frame::{self, Frame, SEGMENT_HEAD, STEP};
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
    begins: u64,
}

/// The whole frames of a segment, in order.
struct Frames<'a> {
    bytes: &'a [u8],
    at: usize,
    number: u64,
    previous: u32,
}

impl<'a> Frames<'a> {
    fn of(bytes: &'a [u8], begins: u64) -> Self {
        let (_, previous) = frame::segment_head(begins);
        Self { bytes, at: SEGMENT_HEAD, number: begins.saturating_sub(1), previous }
    }
}

impl Iterator for Frames<'_> {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        let frame = frame::open(self.bytes, self.at)?;
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
    let first = survey.chain.first().map_or(number + 1, |oldest| oldest.begins);
    if first > kept + 1 {
        return Err(damaged(format_args!("batches {} to {} are missing in the log", kept + 1, first - 1)));
    }
    let (mut index, mut end) = (Index::default(), None);
    for candidate in std::mem::take(&mut survey.chain) {
        end = Some(load(&mut index, candidate, kept)?);
    }
    let spares = survey.others.into_iter().map(|path| Ok(Spare { file: files::open(&path)?, path })).collect::<io::Result<_>>()?;
    Ok(Found { index, number, end, spares })
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
}

fn survey(dir: &Path) -> io::Result<Survey> {
    let (mut candidates, mut others, mut witnessed) = (Vec::new(), Vec::new(), 0);
    for file in fs::read_dir(dir)? {
        let path = file?.path();
        let bytes = fs::read(&path)?;
        witnessed = witnessed.max(witness(&bytes));
        match frame::begins(&bytes) {
            Some(begins) => candidates.push((begins, Frames::of(&bytes, begins).last().map_or(begins.saturating_sub(1), |last| last.number), path)),
            None => others.push(path),
        }
    }
    candidates.sort();
    let number = candidates.last().map_or(0, |(_, last, _)| *last);
    let (mut chain, mut next) = (Vec::new(), None);
    while let Some((begins, last, path)) = candidates.pop() {
        if next.is_some_and(|next| last + 1 != next) {
            others.push(path);
            break;
        }
        next = Some(begins);
        chain.push(Candidate { path, begins });
    }
    others.extend(candidates.into_iter().map(|(_, _, path)| path));
    chain.reverse();
    Ok(Survey { chain, others, number, witnessed })
}

/// The newest batch that a whole frame in `bytes` says was synced, wherever it lies.
fn witness(bytes: &[u8]) -> u64 {
    let found = (SEGMENT_HEAD..bytes.len()).step_by(STEP).filter_map(|at| frame::open(bytes, at));
    found.map(|frame| frame.synced).max().unwrap_or_default()
}

fn load(index: &mut Index, Candidate { path, begins }: Candidate, kept: u64) -> io::Result<End> {
    let bytes = fs::read(&path)?;
    index.segments.insert(begins, Segment::new(files::open(&path)?, path, begins));
    let mut frames = Frames::of(&bytes, begins);
    for frame in frames.by_ref() {
        index.apply(begins, 0, &bytes, frame.body, frame.number > kept)?;
    }
    if let Some(segment) = index.segments.get_mut(&begins) {
        segment.last = frames.number;
    }
    Ok(End { segment: begins, at: frames.at as u64, previous: frames.previous })
}
