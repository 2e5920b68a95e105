//! Ledger writes that the ledgers' own store may not have yet, laid over what it has.

use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;

use crate::raft::engine::{Op, Space};

/// See the module. What is cleared is cleared of what lies below; the values lie on top of that.
#[derive(Debug, Default)]
pub struct Overlay {
    cleared: Vec<(Space, Range<u64>)>,
    /// `None` for a deletion.
    values: BTreeMap<(Space, u64), Option<Bytes>>,
}

impl Overlay {
    /// Takes a value, `None` for a deletion.
    pub fn put(&mut self, space: Space, key: u64, value: Option<Bytes>) {
        self.values.insert((space, key), value);
    }

    /// Takes the deletion of a range.
    pub fn clear(&mut self, space: Space, keys: Range<u64>) {
        if !keys.is_empty() {
            self.values.retain(|(of, key), _| *of != space || !keys.contains(key));
            self.cleared.push((space, keys));
        }
    }

    /// Lays the writes with these keys over `below`.
    pub fn lay(&self, space: Space, keys: &Range<u64>, below: &mut BTreeMap<u64, Option<Bytes>>) {
        below.retain(|key, _| !self.clears(space, *key));
        let over = self.values.range((space, keys.start)..(space, keys.end));
        below.extend(over.map(|((_, key), value)| (*key, value.clone())));
    }

    fn clears(&self, space: Space, key: u64) -> bool {
        self.cleared.iter().any(|(of, keys)| *of == space && keys.contains(&key))
    }

    /// What of `pieces`, which are in order, is not cleared, in order.
    pub fn left(&self, space: Space, mut pieces: Vec<Range<u64>>) -> Vec<Range<u64>> {
        for (_, gone) in self.cleared.iter().filter(|(of, _)| *of == space) {
            let sides = |piece: Range<u64>| [piece.start..piece.end.min(gone.start), piece.start.max(gone.end)..piece.end];
            pieces = pieces.into_iter().flat_map(sides).filter(|piece| !piece.is_empty()).collect();
        }
        pieces
    }

    /// The writes as changes, in an order that comes to the same.
    pub fn ops(&self) -> impl Iterator<Item = Op> {
        let cleared = self.cleared.iter().map(|(space, keys)| Op::DeleteRange { space: *space, keys: keys.clone() });
        let values = self.values.iter().map(|(&(space, key), value)| match value {
            Some(value) => Op::Put { space, key, value: value.clone() },
            None => Op::Delete { space, key },
        });
        cleared.chain(values)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cleared_is_gone_below_and_not_above() {
        let mut overlay = Overlay::default();
        overlay.put(Space::Audit, 3, Some("before".into()));
        overlay.put(Space::Messages, 3, Some("other".into()));
        overlay.clear(Space::Audit, 2..5);
        overlay.put(Space::Audit, 4, Some("after".into()));
        let mut found: BTreeMap<u64, Option<Bytes>> = (0..7).map(|key| (key, Some("below".into()))).collect();
        overlay.lay(Space::Audit, &(0..7), &mut found);
        assert_eq!(found.keys().copied().collect::<Vec<_>>(), [0, 1, 4, 5, 6]);
        assert_eq!(found[&4], Some("after".into()));
        assert_eq!(overlay.ops().count(), 3);
    }

    #[test]
    fn what_is_left_has_no_cleared_key() {
        let mut overlay = Overlay::default();
        overlay.clear(Space::Audit, 2..5);
        overlay.clear(Space::Audit, 8..9);
        overlay.clear(Space::Messages, 0..100);
        let left = |keys: Range<u64>| overlay.left(Space::Audit, vec![keys]);
        assert_eq!(left(0..10), [0..2, 5..8, 9..10]);
        assert_eq!(left(3..6).as_slice(), std::slice::from_ref(&(5..6)));
        assert!(left(2..5).is_empty());
        assert_eq!(left(u64::MAX - 1..u64::MAX).as_slice(), std::slice::from_ref(&(u64::MAX - 1..u64::MAX)));
    }
}
