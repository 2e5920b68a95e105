//! How batches lie in a segment: a head that says with which batch the segment begins, and behind it one frame per batch.
//!
//! ```text
//! segment   magic 8 · salt 8 · begins 8 · checksum 4 · nothing 4 · frames
//! frame     salt 8 · number 8 · synced 8 · length 4 · previous 4 · nothing 4 · checksum 4 · changes, filled up to a multiple of 8
//! change    kind 1 · space 1 · key 8 · then the end of a range 8, or the length of a value 4 and the value
//! ```
//!
//! A frame names the checksum of the one before it, so what a segment held in an earlier life is never taken for its
//! continuation. The salt is random and the same in all of a store, so that no value that somebody had written looks like a frame.
//! Numbers are big-endian.

use std::io;
use std::ops::Range;

use crate::raft::engine::{Op, Space, damaged};

const SEGMENT: [u8; 8] = *b"hearthJ1";

/// Length of a segment's head, in bytes.
pub const SEGMENT_HEAD: usize = 32;
/// Length of a frame's head, in bytes.
pub const FRAME_HEAD: usize = 40;
/// Where in a frame its checksum is.
const SUM: usize = 36;
/// Frames begin at multiples of this.
pub const STEP: usize = 8;

/// See the module.
pub type Salt = [u8; 8];

/// What the head of a segment says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The store's salt.
    pub salt: Salt,
    /// The number of the first batch.
    pub begins: u64,
}

impl Head {
    /// The head as bytes, and what the segment's first frame names as previous.
    pub fn seal(self) -> ([u8; SEGMENT_HEAD], u32) {
        let mut head = [0; SEGMENT_HEAD];
        head[..8].copy_from_slice(&SEGMENT);
        head[8..16].copy_from_slice(&self.salt);
        head[16..24].copy_from_slice(&self.begins.to_be_bytes());
        let sum = crc32fast::hash(&head[..24]);
        head[24..28].copy_from_slice(&sum.to_be_bytes());
        (head, sum)
    }

    /// The head at the beginning of these bytes, if it is whole.
    pub fn open(bytes: &[u8]) -> Option<Self> {
        let head = Self { salt: array(bytes, 8)?, begins: u64::from_be_bytes(array(bytes, 16)?) };
        bytes.starts_with(&head.seal().0).then_some(head)
    }
}

/// A whole frame as it was found.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    /// The number of its batch.
    pub number: u64,
    /// The newest batch that was known to be synced when this one was written.
    pub synced: u64,
    /// The checksum of the frame before it.
    pub previous: u32,
    /// Its own checksum.
    pub sum: u32,
    /// Where its changes are.
    pub body: Range<usize>,
    /// Where the next frame begins.
    pub end: usize,
}

/// Makes a frame of the changes of `ops` behind what `out` holds already, and gives its checksum.
///
/// # Errors
/// The batch is longer than a frame can be.
pub fn seal(out: &mut Vec<u8>, ops: &[Op], salt: Salt, number: u64, synced: u64, previous: u32) -> io::Result<u32> {
    let start = out.len();
    out.resize(start + FRAME_HEAD, 0);
    for op in ops {
        put(out, op)?;
    }
    let body = start + FRAME_HEAD;
    let length = u32::try_from(out.len() - body).map_err(too_long)?;
    let head = &mut out[start..body];
    head[..8].copy_from_slice(&salt);
    head[8..16].copy_from_slice(&number.to_be_bytes());
    head[16..24].copy_from_slice(&synced.to_be_bytes());
    head[24..28].copy_from_slice(&length.to_be_bytes());
    head[28..32].copy_from_slice(&previous.to_be_bytes());
    let sum = checksum(&out[start..]);
    out[start + SUM..body].copy_from_slice(&sum.to_be_bytes());
    out.resize(out.len().next_multiple_of(STEP), 0);
    Ok(sum)
}

/// The frame at `at`, if it is whole.
pub fn open(bytes: &[u8], at: usize, salt: Salt) -> Option<Frame> {
    let found = bytes.get(at..)?;
    if !found.starts_with(&salt) {
        return None;
    }
    let length = usize::try_from(u32::from_be_bytes(array(found, 24)?)).ok()?;
    let whole = found.get(..FRAME_HEAD.checked_add(length)?)?;
    let sum = u32::from_be_bytes(array(whole, SUM)?);
    let frame = Frame {
        number: u64::from_be_bytes(array(whole, 8)?),
        synced: u64::from_be_bytes(array(whole, 16)?),
        previous: u32::from_be_bytes(array(whole, 28)?),
        sum,
        body: at + FRAME_HEAD..at + whole.len(),
        end: (at + whole.len()).next_multiple_of(STEP),
    };
    (checksum(whole) == sum).then_some(frame)
}

/// Of all but the four bytes where it is.
fn checksum(frame: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&frame[..SUM]);
    hasher.update(&frame[FRAME_HEAD..]);
    hasher.finalize()
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn too_long(_: std::num::TryFromIntError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "a batch is too long for the log")
}

const PUT: u8 = 1;
const DELETE: u8 = 2;
const DELETE_RANGE: u8 = 3;

fn put(out: &mut Vec<u8>, op: &Op) -> io::Result<()> {
    let mut head = |kind: u8, space: Space, key: u64| {
        out.extend_from_slice(&[kind, space as u8]);
        out.extend_from_slice(&key.to_be_bytes());
    };
    match op {
        Op::Put { space, key, value } => {
            head(PUT, *space, *key);
            out.extend_from_slice(&u32::try_from(value.len()).map_err(too_long)?.to_be_bytes());
            out.extend_from_slice(value);
        }
        Op::Delete { space, key } => head(DELETE, *space, *key),
        Op::DeleteRange { space, keys } => {
            head(DELETE_RANGE, *space, keys.start);
            out.extend_from_slice(&keys.end.to_be_bytes());
        }
    }
    Ok(())
}

/// One change, its value by where it lies.
#[derive(Debug, PartialEq, Eq)]
pub enum Change {
    /// See [`Op::Put`].
    Put(Space, u64, Range<usize>),
    /// See [`Op::Delete`].
    Delete(Space, u64),
    /// See [`Op::DeleteRange`].
    DeleteRange(Space, Range<u64>),
}

/// Reads the changes of a frame one after the other.
pub struct Changes<'a> {
    /// The bytes up to the end of the frame's changes.
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Changes<'a> {
    /// Of a frame in `bytes` whose changes are at `body`.
    pub fn new(bytes: &'a [u8], body: Range<usize>) -> Self {
        Self { bytes: &bytes[..body.end], at: body.start }
    }

    fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let taken = array(self.bytes, self.at).ok_or_else(|| damaged("a change in the log is too short"))?;
        self.at += N;
        Ok(taken)
    }

    fn value(&mut self) -> io::Result<Range<usize>> {
        let length = u32::from_be_bytes(self.take()?) as usize;
        let value = self.at..self.at.saturating_add(length);
        if value.end > self.bytes.len() {
            return Err(damaged("a value in the log is too short"));
        }
        self.at = value.end;
        Ok(value)
    }

    fn change(&mut self) -> io::Result<Change> {
        let [kind, space] = self.take()?;
        let space = Space::ALL.into_iter().find(|known| *known as u8 == space);
        let space = space.ok_or_else(|| damaged("a change in the log is in an unknown space"))?;
        let key = u64::from_be_bytes(self.take()?);
        match kind {
            PUT => Ok(Change::Put(space, key, self.value()?)),
            DELETE => Ok(Change::Delete(space, key)),
            DELETE_RANGE => Ok(Change::DeleteRange(space, key..u64::from_be_bytes(self.take()?))),
            other => Err(damaged(format_args!("a change of kind {other} is not known to this release"))),
        }
    }
}

impl Iterator for Changes<'_> {
    type Item = io::Result<Change>;

    fn next(&mut self) -> Option<Self::Item> {
        (self.at < self.bytes.len()).then(|| self.change())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    const SALT: Salt = *b"somesalt";

    fn ops() -> Vec<Op> {
        vec![
            Op::Put { space: Space::Log, key: 7, value: "value".into() },
            Op::Delete { space: Space::Meta, key: 1 },
            Op::DeleteRange { space: Space::Audit, keys: 2..9 },
            Op::Put { space: Space::Messages, key: 8, value: "".into() },
        ]
    }

    #[test]
    fn a_frame_reads_back() {
        let mut bytes = vec![0; 16];
        let sum = seal(&mut bytes, &ops(), SALT, 5, 4, 99).unwrap();
        let frame = open(&bytes, 16, SALT).unwrap();
        assert_eq!((frame.number, frame.synced, frame.previous, frame.sum, frame.end), (5, 4, 99, sum, bytes.len()));
        let changes: Vec<_> = Changes::new(&bytes, frame.body).map(Result::unwrap).collect();
        let [Change::Put(Space::Log, 7, value), Change::Delete(Space::Meta, 1), Change::DeleteRange(Space::Audit, range), Change::Put(_, 8, empty)] =
            &changes[..]
        else {
            unreachable!("{changes:?}");
        };
        assert_eq!((&bytes[value.clone()], range.clone(), empty.len()), (&b"value"[..], 2..9, 0));
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let mut bytes = Vec::new();
        seal(&mut bytes, &ops(), SALT, 5, 4, 99).unwrap();
        let body = open(&bytes, 0, SALT).unwrap().body.end;
        for at in 0..body * 8 {
            let mut bent = bytes.clone();
            bent[at / 8] ^= 1 << (at % 8);
            assert_eq!(open(&bent, 0, SALT), None, "bit {at}");
        }
        for end in 0..body {
            assert_eq!(open(&bytes[..end], 0, SALT), None, "cut at {end}");
        }
        let head = Head { salt: SALT, begins: 77 };
        let (sealed, _) = head.seal();
        for at in 0..SEGMENT_HEAD * 8 {
            let mut bent = sealed;
            bent[at / 8] ^= 1 << (at % 8);
            assert_eq!(Head::open(&bent), None, "bit {at}");
        }
        assert_eq!(Head::open(&sealed), Some(head));
    }

    #[test]
    fn changes_that_do_not_add_up_are_damage() {
        let mut bytes = Vec::new();
        seal(&mut bytes, &ops(), SALT, 5, 4, 99).unwrap();
        let body = open(&bytes, 0, SALT).unwrap().body;
        for end in body.start + 1..body.end {
            let read: io::Result<Vec<_>> = Changes::new(&bytes, body.start..end).collect();
            assert!(read.is_err() || read.unwrap().len() < 4, "cut at {end}");
        }
    }
}
