//! The snapshot file.
//!
//! ```text
//! "HRTHSNAP" · format u16 · head length u32 · head (last entry, membership) · crc32 of head
//! chunk*:   1 · raw length u32 · packed length u32 · zstd of frames (noun u8 · length u32 · record)
//! trailer:  0 · chunks u64 · records u64 · bytes u64 · sha256 of everything before
//! ```
//!
//! Numbers are big endian. The trailer is last, so a file cut short has none; the digest covers all of it.

use std::io::{self, BufWriter, Read, Write};

use sha2::{Digest, Sha256};

use crate::raft::codec;
use crate::raft::engine::damaged;
use crate::raft::types::SnapshotMeta;

const MAGIC: &[u8; 8] = b"HRTHSNAP";
const FORMAT: u16 = 1;
const CHUNK: u8 = 1;
const TRAILER: u8 = 0;

/// Frames gather until a chunk holds this many bytes.
const CHUNK_BYTES: usize = 256 * 1024;

/// The longest head, record and chunk that is believed, in bytes.
const LARGEST_HEAD: usize = 1024 * 1024;
const LARGEST_RECORD: usize = 256 * 1024 * 1024;
const LARGEST_CHUNK: usize = LARGEST_RECORD + CHUNK_BYTES + 16;

/// How hard zstd tries: 1 is the fastest of its usual levels, and a snapshot should be out of the way soon.
const LEVEL: i32 = 1;

/// What is in a snapshot file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    chunks: u64,
    /// How many records.
    pub records: u64,
    /// How many bytes they have, unpacked.
    pub bytes: u64,
}

/// Writes a snapshot.
pub struct SnapshotWriter<W: Write> {
    out: Hashing<BufWriter<W>>,
    chunk: Vec<u8>,
    counts: Counts,
}

impl<W: Write> SnapshotWriter<W> {
    /// Writes the head.
    ///
    /// # Errors
    /// The disk failed.
    pub fn begin(out: W, meta: &SnapshotMeta) -> io::Result<Self> {
        let mut out = Hashing { inner: BufWriter::new(out), hasher: Sha256::new() };
        let head = codec::encode_meta(meta)?;
        out.write_all(MAGIC)?;
        out.write_all(&FORMAT.to_be_bytes())?;
        out.write_all(&length(head.len())?.to_be_bytes())?;
        out.write_all(&head)?;
        out.write_all(&crc32fast::hash(&head).to_be_bytes())?;
        Ok(Self { out, chunk: Vec::new(), counts: Counts::default() })
    }

    /// Adds a record.
    ///
    /// # Errors
    /// The disk failed, or the record is too long.
    pub fn push(&mut self, noun: u8, record: &[u8]) -> io::Result<()> {
        if record.len() > LARGEST_RECORD {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("a record of {} bytes is too long for a snapshot", record.len())));
        }
        self.chunk.push(noun);
        self.chunk.extend_from_slice(&length(record.len())?.to_be_bytes());
        self.chunk.extend_from_slice(record);
        self.counts.records += 1;
        self.counts.bytes += record.len() as u64;
        if self.chunk.len() >= CHUNK_BYTES { self.flush_chunk() } else { Ok(()) }
    }

    fn flush_chunk(&mut self) -> io::Result<()> {
        let packed = zstd::bulk::compress(&self.chunk, LEVEL)?;
        self.out.write_all(&[CHUNK])?;
        self.out.write_all(&length(self.chunk.len())?.to_be_bytes())?;
        self.out.write_all(&length(packed.len())?.to_be_bytes())?;
        self.out.write_all(&packed)?;
        self.counts.chunks += 1;
        self.chunk.clear();
        Ok(())
    }

    /// Writes the trailer; the caller makes the file durable.
    ///
    /// # Errors
    /// The disk failed.
    pub fn finish(mut self) -> io::Result<(W, Counts)> {
        if !self.chunk.is_empty() {
            self.flush_chunk()?;
        }
        self.out.write_all(&[TRAILER])?;
        for number in [self.counts.chunks, self.counts.records, self.counts.bytes] {
            self.out.write_all(&number.to_be_bytes())?;
        }
        let Hashing { mut inner, hasher } = self.out;
        inner.write_all(&hasher.finalize())?;
        let out = inner.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok((out, self.counts))
    }
}

/// Reads a snapshot record by record. Only when it has ended without an error was the file whole; see [`verify`].
pub struct SnapshotReader<R: Read> {
    input: Hashing<R>,
    meta: SnapshotMeta,
    chunk: io::Cursor<Vec<u8>>,
    counts: Counts,
    ended: bool,
}

impl<R: Read> SnapshotReader<R> {
    /// Reads the head.
    ///
    /// # Errors
    /// The disk failed, or this is no snapshot, is damaged, or is of a newer format.
    pub fn open(input: R) -> io::Result<Self> {
        let mut input = Hashing { inner: input, hasher: Sha256::new() };
        if &input.array::<8>()? != MAGIC {
            return Err(damaged("not a snapshot file"));
        }
        let format = u16::from_be_bytes(input.array()?);
        if format != FORMAT {
            return Err(damaged(format_args!("snapshot format {format} is not known to this release")));
        }
        let head = input.block(LARGEST_HEAD)?;
        if u32::from_be_bytes(input.array()?) != crc32fast::hash(&head) {
            return Err(damaged("the head of a snapshot does not match its checksum"));
        }
        let meta = codec::decode_meta(&head)?;
        Ok(Self { input, meta, chunk: io::Cursor::default(), counts: Counts::default(), ended: false })
    }

    /// The position and membership it was taken at.
    pub fn meta(&self) -> &SnapshotMeta {
        &self.meta
    }

    fn next_record(&mut self) -> io::Result<Option<(u8, Vec<u8>)>> {
        while self.chunk.position() == self.chunk.get_ref().len() as u64 {
            match self.input.array::<1>()? {
                [CHUNK] => self.next_chunk()?,
                [TRAILER] => return self.trailer().map(|()| None),
                [other] => return Err(damaged(format_args!("part {other} is not known"))),
            }
        }
        let [noun] = array(&mut self.chunk)?;
        let record = block(&mut self.chunk, LARGEST_RECORD)?;
        self.counts.records += 1;
        self.counts.bytes += record.len() as u64;
        Ok(Some((noun, record)))
    }

    fn next_chunk(&mut self) -> io::Result<()> {
        let raw = u32::from_be_bytes(self.input.array()?) as usize;
        if raw > LARGEST_CHUNK {
            return Err(damaged(format_args!("a chunk of {raw} bytes")));
        }
        let packed = self.input.block(LARGEST_CHUNK)?;
        let chunk = zstd::bulk::decompress(&packed, raw).map_err(damaged)?;
        if chunk.len() != raw {
            return Err(damaged("a chunk is not as long as it says"));
        }
        self.counts.chunks += 1;
        self.chunk = io::Cursor::new(chunk);
        Ok(())
    }

    fn trailer(&mut self) -> io::Result<()> {
        let mut number = || self.input.array().map(u64::from_be_bytes);
        let counts = Counts { chunks: number()?, records: number()?, bytes: number()? };
        let digest = self.input.hasher.clone().finalize();
        if self.input.array::<32>()?[..] != digest[..] {
            return Err(damaged("a snapshot does not match its digest"));
        }
        if counts != self.counts {
            return Err(damaged("a snapshot does not hold what it counts"));
        }
        if self.input.inner.read(&mut [0])? != 0 {
            return Err(damaged("a snapshot goes on behind its end"));
        }
        self.ended = true;
        Ok(())
    }
}

impl<R: Read> Iterator for SnapshotReader<R> {
    type Item = io::Result<(u8, Vec<u8>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.next_record().transpose();
        self.ended |= matches!(next, Some(Err(_)));
        next
    }
}

/// Reads a snapshot to its end and says what is in it.
///
/// # Errors
/// The disk failed, or the snapshot is damaged.
pub fn verify(input: impl Read) -> io::Result<(SnapshotMeta, Counts)> {
    let mut reader = SnapshotReader::open(input)?;
    for record in &mut reader {
        record?;
    }
    Ok((reader.meta, reader.counts))
}

fn length(n: usize) -> io::Result<u32> {
    u32::try_from(n).map_err(io::Error::other)
}

fn array<const N: usize>(input: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes).map_err(cut_short)?;
    Ok(bytes)
}

fn block(input: &mut impl Read, most: usize) -> io::Result<Vec<u8>> {
    let length = u32::from_be_bytes(array(input)?) as usize;
    if length > most {
        return Err(damaged(format_args!("a part of {length} bytes")));
    }
    let mut bytes = Vec::new();
    input.take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() == length { Ok(bytes) } else { Err(damaged("a snapshot ends too soon")) }
}

fn cut_short(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::UnexpectedEof { damaged("a snapshot ends too soon") } else { error }
}

/// Computes the digest of what passes through.
struct Hashing<T> {
    inner: T,
    hasher: Sha256,
}

impl<T: Read> Hashing<T> {
    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        array(self)
    }

    fn block(&mut self, most: usize) -> io::Result<Vec<u8>> {
        block(self, most)
    }
}

impl<T: Read> Read for Hashing<T> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.hasher.update(&buf[..n]);
        Ok(n)
    }
}

impl<T: Write> Write for Hashing<T> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(buf)?;
        self.hasher.update(&buf[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    fn sample(records: usize, size: usize) -> Vec<u8> {
        let mut writer = SnapshotWriter::begin(Vec::new(), &SnapshotMeta::default()).unwrap();
        for i in 0..records {
            writer.push(1, &vec![u8::try_from(i % 251).unwrap(); size]).unwrap();
        }
        writer.finish().unwrap().0
    }

    #[test]
    fn records_come_back_in_order_over_many_chunks() {
        let file = sample(1000, 1000);
        let records: Vec<_> = SnapshotReader::open(&file[..]).unwrap().map(Result::unwrap).collect();
        assert_eq!(records.len(), 1000);
        assert!(records.iter().enumerate().all(|(i, (noun, r))| *noun == 1 && r.len() == 1000 && usize::from(r[0]) == i % 251));
        assert!(verify(&file[..]).unwrap().1.chunks > 1);
    }

    #[test]
    fn an_empty_snapshot_is_whole() {
        assert_eq!(verify(&sample(0, 0)[..]).unwrap().1, Counts::default());
    }

    #[test]
    fn every_flipped_byte_is_noticed() {
        let file = sample(20, 5);
        for at in 0..file.len() {
            let mut bent = file.clone();
            bent[at] ^= 0x10;
            assert!(verify(&bent[..]).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_file_cut_short_or_too_long_is_refused() {
        let mut file = sample(20, 5);
        for end in 0..file.len() {
            assert!(verify(&file[..end]).is_err(), "cut at {end}");
        }
        file.push(0);
        assert!(verify(&file[..]).is_err());
    }
}
