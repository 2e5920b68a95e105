//! What every batch writes anew: one record, the last that a batch stores.

use std::collections::BTreeMap;
use std::io;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::super::record::{self, Record};
use super::super::{Space, damaged};
use super::{CHUNK, end, failed};

/// Where it is: before all spaces. A leaf is written anew again and again as its records change, and among those behind it are
/// the oldest of the log, which go soon.
const PLACE: &[u8] = &[0];

/// Where the number of the newest batch was before there was a head.
const OLD_NUMBER: &[u8] = &[0xFF];

const FORMAT: u8 = 1;

/// For each space that grows, a key from which on there is nothing.
pub(super) type Ends = BTreeMap<u8, u64>;

/// See the module.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Head {
    /// The number of the newest batch.
    pub number: u64,
    /// Where it ends: what is found behind is of a batch that was not finished.
    pub ends: Ends,
    /// The records of [`Space::Meta`].
    pub meta: BTreeMap<u64, Bytes>,
}

impl Head {
    /// That of a store in which there is nothing.
    fn empty() -> Self {
        let ends = Space::growing().map(|space| (space as u8, 0));
        Self { number: 0, ends: ends.collect(), meta: BTreeMap::new() }
    }

    /// That of this store; that of an empty one where it has none.
    ///
    /// # Errors
    /// The disk failed, or it is damaged.
    pub fn read(db: &::sled::Db) -> io::Result<Self> {
        let Some(stored) = db.get(PLACE).map_err(failed)? else { return Ok(Self::empty()) };
        match record::open(PLACE, &stored)? {
            Record::Whole(bytes) => match bytes.split_first() {
                Some((&FORMAT, bytes)) => postcard::from_bytes(bytes).map_err(damaged),
                Some((format, _)) => Err(damaged(format_args!("head format {format} is not known to this release"))),
                None => Err(damaged("an empty head")),
            },
            Record::Split(_) | Record::Run(_) => Err(damaged("the head is not whole")),
        }
    }

    /// It as a record, with its place.
    ///
    /// # Errors
    /// [`Space::Meta`] has more than fits.
    pub fn record(&self) -> io::Result<(&'static [u8], Vec<u8>)> {
        let body = postcard::to_extend(self, vec![FORMAT]).map_err(io::Error::other)?;
        if body.len() > CHUNK {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the small records are too large"));
        }
        Ok((PLACE, record::whole(PLACE, &body)))
    }

    /// That of a store from before there was one; `None` where there is one, or nothing at all.
    ///
    /// # Errors
    /// The disk failed, or it is damaged.
    pub fn of_old(db: &::sled::Db) -> io::Result<Option<Self>> {
        let Some(number) = db.get(OLD_NUMBER).map_err(failed)? else { return Ok(None) };
        let Record::Whole(number) = record::open(OLD_NUMBER, &number)? else { return Err(damaged("the number of the newest batch is not whole")) };
        let mut head = Self { number: <[u8; 8]>::try_from(&number[..]).map(u64::from_be_bytes).map_err(damaged)?, ..Self::empty() };
        for space in Space::growing() {
            head.ends.insert(space as u8, end(db, space)?);
        }
        for old in db.scan_prefix([Space::Meta as u8]) {
            let (place, stored) = old.map_err(failed)?;
            let (Some(key), Record::Whole(value)) = (record::key_of(&place)?, record::open(&place, &stored)?) else {
                return Err(damaged("a small record is not whole"));
            };
            head.meta.insert(key, value);
        }
        Ok(Some(head))
    }

    /// Puts it in the place of what there was before there was a head.
    ///
    /// # Errors
    /// The disk failed.
    pub fn take_over(&self, db: &::sled::Db) -> io::Result<()> {
        let mut batch = ::sled::Batch::default();
        batch.remove(OLD_NUMBER);
        for old in db.scan_prefix([Space::Meta as u8]).keys() {
            batch.remove(old.map_err(failed)?);
        }
        let (place, record) = self.record()?;
        batch.insert(place, record);
        db.apply_batch(batch).map_err(failed)
    }
}
