//! How a record lies on disk: a version byte, the bytes, and a checksum that also covers where it belongs, so that neither
//! a flipped bit nor a misplaced record is taken for good.

use std::io;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::{Space, damaged};

/// The record holds its bytes.
const WHOLE: u8 = 1;
/// The record holds the number of chunks, the length and the checksum of its bytes; each chunk is a record of its own.
const SPLIT: u8 = 2;
/// The record holds the bytes of several keys that follow one another, the first of which is its own.
const RUN: u8 = 3;

const CHECKSUM: usize = 4;

/// What each value of a run takes besides itself, in bytes.
pub(super) const RUN_OVERHEAD: usize = 2;

/// What a record says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// The bytes.
    Whole(Bytes),
    /// The bytes are in this many chunks and this long in total.
    Split(Split),
    /// The bytes of this key and those after it; `None` for one that is gone.
    Run(Vec<Option<Bytes>>),
}

impl Record {
    /// How many keys it is the record of.
    pub(super) fn keys(&self) -> u64 {
        match self {
            Self::Whole(_) | Self::Split(_) => 1,
            Self::Run(values) => values.len() as u64,
        }
    }
}

/// Where the bytes of a split record are.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Split {
    /// In how many chunks.
    pub chunks: u32,
    /// How long in total.
    pub length: u64,
    /// The checksum of all of them, so that chunks of two versions are never taken for one value.
    pub sum: u32,
}

impl Split {
    pub(super) fn of(chunks: u32, bytes: &[u8]) -> Self {
        Self { chunks, length: bytes.len() as u64, sum: crc32fast::hash(bytes) }
    }
}

/// The key of a record: its space, its key in big endian, and for a chunk its number, so that chunks follow their record.
pub(super) fn place(space: Space, key: u64, chunk: Option<u32>) -> Vec<u8> {
    let mut place = Vec::with_capacity(13);
    place.push(space as u8);
    place.extend_from_slice(&key.to_be_bytes());
    if let Some(chunk) = chunk {
        place.extend_from_slice(&chunk.to_be_bytes());
    }
    place
}

/// The key inside its space, or `None` for a chunk.
pub(super) fn key_of(place: &[u8]) -> io::Result<Option<u64>> {
    match place.len() {
        9 => {
            let mut key = [0; 8];
            key.copy_from_slice(&place[1..]);
            Ok(Some(u64::from_be_bytes(key)))
        }
        13 => Ok(None),
        n => Err(damaged(format_args!("a key of {n} bytes"))),
    }
}

pub(super) fn whole(place: &[u8], bytes: &[u8]) -> Vec<u8> {
    seal(place, WHOLE, bytes)
}

pub(super) fn split(place: &[u8], head: &Split) -> Vec<u8> {
    let mut body = [0; 16];
    body[..4].copy_from_slice(&head.chunks.to_be_bytes());
    body[4..12].copy_from_slice(&head.length.to_be_bytes());
    body[12..].copy_from_slice(&head.sum.to_be_bytes());
    seal(place, SPLIT, &body)
}

/// For each value one more than its length in two bytes, then itself; for one that is gone a length of zero.
///
/// # Errors
/// A value is longer than that can say.
pub(super) fn run(place: &[u8], values: &[Option<Bytes>]) -> io::Result<Vec<u8>> {
    let mut body = BytesMut::new();
    for value in values {
        let Some(value) = value else {
            body.put_u16(0);
            continue;
        };
        body.put_u16(u16::try_from(value.len() + 1).map_err(io::Error::other)?);
        body.put_slice(value);
    }
    Ok(seal(place, RUN, &body))
}

fn open_run(mut body: Bytes) -> io::Result<Record> {
    let short = || damaged("a run of records is too short");
    let mut values = Vec::new();
    while !body.is_empty() {
        let length = usize::from(body.try_get_u16().map_err(|_| short())?);
        values.push(match length.checked_sub(1) {
            Some(length) if length <= body.len() => Some(body.split_to(length)),
            Some(_) => return Err(short()),
            None => None,
        });
    }
    Ok(Record::Run(values))
}

fn seal(place: &[u8], version: u8, body: &[u8]) -> Vec<u8> {
    let mut record = BytesMut::with_capacity(1 + body.len() + CHECKSUM);
    record.put_u8(version);
    record.put_slice(body);
    let sum = checksum(place, &record);
    record.put_u32(sum);
    record.into()
}

/// Reads what [`whole`], [`split`] or [`run`] wrote at the same place.
pub(super) fn open(place: &[u8], stored: &[u8]) -> io::Result<Record> {
    let Some((body, sum)) = stored.split_last_chunk::<CHECKSUM>() else {
        return Err(damaged("a record is too short"));
    };
    if checksum(place, body) != u32::from_be_bytes(*sum) {
        return Err(damaged(format_args!("a record of space {} does not match its checksum", place.first().unwrap_or(&0))));
    }
    match body.split_first() {
        Some((&WHOLE, bytes)) => Ok(Record::Whole(Bytes::copy_from_slice(bytes))),
        Some((&SPLIT, head)) => open_split(head),
        Some((&RUN, values)) => open_run(Bytes::copy_from_slice(values)),
        Some((version, _)) => Err(damaged(format_args!("record version {version} is not known to this release"))),
        None => Err(damaged("an empty record")),
    }
}

fn open_split(head: &[u8]) -> io::Result<Record> {
    let Ok([a, b, c, d, l0, l1, l2, l3, l4, l5, l6, l7, s @ ..]) = <[u8; 16]>::try_from(head) else {
        return Err(damaged("the head of a split record is too short"));
    };
    let length = u64::from_be_bytes([l0, l1, l2, l3, l4, l5, l6, l7]);
    Ok(Record::Split(Split { chunks: u32::from_be_bytes([a, b, c, d]), length, sum: u32::from_be_bytes(s) }))
}

fn checksum(place: &[u8], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(place);
    hasher.update(body);
    hasher.finalize()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn a_record_reads_back_only_where_it_was_written() {
        let here = place(Space::Log, 7, None);
        let stored = whole(&here, b"bytes");
        assert_eq!(open(&here, &stored).unwrap(), Record::Whole(Bytes::from_static(b"bytes")));
        assert!(open(&place(Space::Log, 8, None), &stored).is_err());
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let here = place(Space::Meta, 1, None);
        let stored = split(&here, &Split { chunks: 3, length: 150_000, sum: 9 });
        for at in 0..stored.len() * 8 {
            let mut bent = stored.clone();
            bent[at / 8] ^= 1 << (at % 8);
            assert!(open(&here, &bent).is_err(), "bit {at}");
        }
    }

    #[test]
    fn a_run_reads_back_with_its_gaps_and_not_shortened() {
        let here = place(Space::Log, 7, None);
        let values = [Some(Bytes::from_static(b"a")), None, Some(Bytes::new()), Some(vec![9; 4096].into())];
        assert_eq!(open(&here, &run(&here, &values).unwrap()).unwrap(), Record::Run(values.to_vec()));
        assert!(open(&here, &seal(&here, RUN, &[0, 3, 1])).is_err());
        assert!(open(&here, &seal(&here, RUN, &[0])).is_err());
        assert!(run(&here, &[Some(vec![0; 65_535].into())]).is_err());
    }

    #[test]
    fn an_unknown_version_is_refused() {
        let here = place(Space::Meta, 1, None);
        assert!(open(&here, &seal(&here, 9, b"x")).unwrap_err().to_string().contains("version 9"));
    }
}
