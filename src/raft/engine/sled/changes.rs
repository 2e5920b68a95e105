//! The records that a batch changes.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;

use bytes::Bytes;

use super::super::Space;
use super::super::record::{self, Record, Split};
use super::head::Ends;
use super::{CHUNK, before, bounds, failed};

/// Changes of a batch in the making: a later change of the same batch must see an earlier one, and sled's own batch keeps
/// no order.
///
/// A run that loses some of its values keeps its place, so a reader beside the write finds the others at any moment. Only where
/// a value within it is *replaced* does it come apart, and then others may be missed for that moment: a log is truncated before
/// entries are written anew, and ledgers are read through what is still to be written.
pub(super) struct Changes<'a> {
    db: &'a ::sled::Db,
    ends: &'a mut Ends,
    /// Whether all of them are records behind the ends as they were.
    appended: bool,
    /// Values to be written, none of which has a record.
    fresh: BTreeMap<(Space, u64), Bytes>,
    /// What becomes of records that are stored.
    stored: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl<'a> Changes<'a> {
    /// None yet.
    pub(super) fn new(db: &'a ::sled::Db, ends: &'a mut Ends) -> Self {
        Self { db, ends, appended: true, fresh: BTreeMap::new(), stored: BTreeMap::new() }
    }

    /// Keeps `value` under `key`, replacing what was there.
    pub(super) fn put(&mut self, space: Space, key: u64, value: Bytes) -> io::Result<()> {
        match self.ends.get_mut(&(space as u8)) {
            Some(end) if key >= *end => *end = key.saturating_add(1),
            _ => {
                if self.has(space, key, &value)? {
                    return Ok(());
                }
                self.delete(space, key..key.saturating_add(1))?;
            }
        }
        self.fresh.insert((space, key), value);
        Ok(())
    }

    /// Forgets `keys`.
    pub(super) fn delete(&mut self, space: Space, keys: Range<u64>) -> io::Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        self.appended = false;
        let written: Vec<_> = self.fresh.range((space, keys.start)..(space, keys.end)).map(|(at, _)| *at).collect();
        for at in written {
            self.fresh.remove(&at);
        }
        // Records do not overlap, so of those that are runs only the first and the last may have other keys too.
        let edges = [self.record(space, keys.start)?, self.record(space, keys.end - 1)?];
        for stored in self.db.range(bounds(space, keys.clone())).keys() {
            self.stored.insert(stored.map_err(failed)?.to_vec(), None);
        }
        for edge in edges {
            if let Some((first, Record::Run(values))) = edge {
                self.shorten(space, first, values, &keys)?;
            }
        }
        Ok(())
    }

    /// Whether `key` is stored with this very value, as it is when entries are applied again after a start. Else a run that it
    /// is within comes apart.
    fn has(&mut self, space: Space, key: u64, value: &Bytes) -> io::Result<bool> {
        let Some((first, record)) = self.record(space, key)? else { return Ok(false) };
        match record {
            Record::Whole(stored) => Ok(stored == value),
            Record::Split(_) => Ok(false),
            Record::Run(values) if values.iter().zip(first..).any(|(stored, at)| at == key && stored.as_ref() == Some(value)) => Ok(true),
            Record::Run(values) => {
                self.stored.insert(record::place(space, first, None), None);
                self.fresh.extend((first..).zip(values).filter_map(|(at, value)| Some(((space, at), value?))));
                Ok(false)
            }
        }
    }

    /// The record that `key` is within as it will be, and the first key of that, where the space grows.
    fn record(&self, space: Space, key: u64) -> io::Result<Option<(u64, Record)>> {
        let Some((first, stored)) = before(self.db, space, key.saturating_add(1))? else { return Ok(None) };
        let place = record::place(space, first, None);
        let record = match self.stored.get(&place) {
            Some(None) => return Ok(None),
            Some(Some(changed)) => record::open(&place, changed)?,
            None => record::open(&place, &stored)?,
        };
        Ok((key - first < record.keys()).then_some((first, record)))
    }

    /// Takes values out of a run, which keeps its place.
    fn shorten(&mut self, space: Space, first: u64, mut values: Vec<Option<Bytes>>, gone: &Range<u64>) -> io::Result<()> {
        for (_, value) in (first..).zip(&mut values).filter(|(key, _)| gone.contains(key)) {
            *value = None;
        }
        while values.pop_if(|value| value.is_none()).is_some() {}
        let place = record::place(space, first, None);
        let record = if values.is_empty() { None } else { Some(record::run(&place, &values)?) };
        self.stored.insert(place, record);
        Ok(())
    }

    /// What is to be stored.
    pub(super) fn records(self) -> io::Result<Records> {
        let mut records = self.stored;
        let mut fresh = self.fresh.into_iter().peekable();
        while let Some(((space, first), value)) = fresh.next() {
            let place = record::place(space, first, None);
            let mut length = value.len() + record::RUN_OVERHEAD;
            let mut values = vec![Some(value)];
            while space.grows()
                && let Some(next) =
                    fresh.next_if(|(at, value)| *at == (space, first + values.len() as u64) && length + value.len() + record::RUN_OVERHEAD <= CHUNK)
            {
                length += next.1.len() + record::RUN_OVERHEAD;
                values.push(Some(next.1));
            }
            match &values[..] {
                [Some(value)] if value.len() <= CHUNK => drop(records.insert(place.clone(), Some(record::whole(&place, value)))),
                [Some(value)] => split(&mut records, space, first, value),
                _ => drop(records.insert(place.clone(), Some(record::run(&place, &values)?))),
            }
        }
        Ok(Records { appended: self.appended, records })
    }
}

/// What a batch comes to.
pub(super) struct Records {
    /// Whether there are only new records in it, all of them behind the ends that held before.
    pub appended: bool,
    /// The records by place; `None` for one that is to go.
    pub records: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

/// The records of a value that is larger than one may be.
fn split(records: &mut BTreeMap<Vec<u8>, Option<Vec<u8>>>, space: Space, key: u64, value: &Bytes) {
    let mut chunks = 0u32;
    for part in value.chunks(CHUNK) {
        let at = record::place(space, key, Some(chunks));
        let sealed = record::whole(&at, part);
        records.insert(at, Some(sealed));
        chunks += 1;
    }
    let place = record::place(space, key, None);
    let head = record::split(&place, &Split::of(chunks, value));
    records.insert(place, Some(head));
}
