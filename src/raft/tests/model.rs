//! Every engine against a plain map: whatever is put, replaced and deleted, alone and in ranges, it reads as the map does.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use bytes::Bytes;

use super::Dice;
use crate::raft::engine::{Batch, JournalEngine, LedgerReader, LogEngine, MemoryDisk, Op, Order, RedbEngine, SledEngine, Space};

const CACHE: u64 = 8 << 20;

/// Keys are below this, so that they meet often.
const KEYS: u64 = 120;

type Model = BTreeMap<(Space, u64), Bytes>;

fn keys(dice: &mut Dice) -> Range<u64> {
    let start = dice.roll(KEYS);
    start..start + dice.roll(30)
}

fn value(dice: &mut Dice) -> Bytes {
    let length = match dice.roll(8) {
        0 => 0,
        1 => dice.roll(9000),
        2 => dice.roll(1500),
        _ => dice.roll(60),
    };
    vec![u8::try_from(dice.roll(256)).unwrap(); usize::try_from(length).unwrap()].into()
}

/// What a log does (entries at the end, some of the newest or oldest go), and whatever else can be asked for.
fn ops(dice: &mut Dice, space: Space, model: &Model) -> Vec<Op> {
    if space == Space::Meta {
        return small(dice);
    }
    let all = model.range((space, 0)..(space, u64::MAX));
    let end = all.last().map_or(0, |((_, key), _)| key + 1);
    match dice.roll(10) {
        0 => vec![Op::Delete { space, key: dice.roll(KEYS) }],
        1 => vec![Op::DeleteRange { space, keys: keys(dice) }],
        2 => vec![Op::DeleteRange { space, keys: 0..dice.roll(KEYS) }],
        3 => vec![Op::DeleteRange { space, keys: end.saturating_sub(dice.roll(20))..u64::MAX }],
        4 => vec![Op::Put { space, key: dice.roll(KEYS), value: value(dice) }],
        5 => keys(dice).map(|key| Op::Put { space, key, value: value(dice) }).collect(),
        // The same once more, as after a start.
        6 => model.range((space, dice.roll(KEYS))..(space, u64::MAX)).map(|(at, value)| Op::Put { space, key: at.1, value: value.clone() }).collect(),
        _ if end < 2 * KEYS => (end..end + dice.roll(30)).map(|key| Op::Put { space, key, value: value(dice) }).collect(),
        _ => vec![Op::DeleteRange { space, keys: 0..u64::MAX }],
    }
}

/// Of few small records under fixed keys.
fn small(dice: &mut Dice) -> Vec<Op> {
    let (space, key) = (Space::Meta, dice.roll(8));
    match dice.roll(4) {
        0 => vec![Op::Delete { space, key }],
        1 => vec![Op::DeleteRange { space, keys: key..key + dice.roll(4) }],
        _ => vec![Op::Put { space, key, value: vec![1; usize::try_from(dice.roll(60)).unwrap()].into() }],
    }
}

fn apply(model: &mut Model, op: &Op) {
    match op {
        Op::Put { space, key, value } => drop(model.insert((*space, *key), value.clone())),
        Op::Delete { space, key } => drop(model.remove(&(*space, *key))),
        Op::DeleteRange { space, keys } => model.retain(|(at, key), _| at != space || !keys.contains(key)),
    }
}

fn compare(reader: &dyn LedgerReader, model: &Model, dice: &mut Dice) {
    for space in Space::ALL {
        let some = keys(dice);
        for keys in [0..u64::MAX, some] {
            let expected: Vec<(u64, Bytes)> =
                model.range((space, keys.start)..(space, keys.end)).map(|((_, key), value)| (*key, value.clone())).collect();
            for limit in [usize::MAX, 7] {
                let ascending = reader.range(space, keys.clone(), Order::Ascending, limit).unwrap();
                assert!(ascending.iter().eq(expected.iter().take(limit)), "{space:?} {keys:?}: {ascending:?}");
                let descending = reader.range(space, keys.clone(), Order::Descending, limit).unwrap();
                assert!(descending.iter().eq(expected.iter().rev().take(limit)), "{space:?} {keys:?}: {descending:?}");
            }
        }
        for key in 0..KEYS {
            assert_eq!(reader.get(space, key).unwrap().as_ref(), model.get(&(space, key)), "{space:?} {key}");
        }
    }
}

fn reads_like_a_map<E: LogEngine>(seed: u64, rounds: u64, open: impl Fn() -> E) {
    let (mut dice, mut model) = (Dice(seed), Model::new());
    let mut engine = open();
    for _ in 0..rounds {
        let mut batch = Batch::default();
        for _ in 0..=dice.roll(3) {
            let space = Space::ALL[usize::try_from(dice.roll(4)).unwrap()];
            for op in ops(&mut dice, space, &model) {
                apply(&mut model, &op);
                batch.ops.push(op);
            }
        }
        engine.write(batch).unwrap();
        if dice.roll(12) == 0 {
            engine.sync().unwrap();
            engine.close();
            drop(engine);
            engine = open();
        }
        compare(&*engine.reader(), &model, &mut dice);
    }
}

fn on_disk<E: LogEngine>(rounds: u64, open: impl Fn(&Path) -> E) {
    for seed in 0..4 {
        let dir = tempfile::tempdir().unwrap();
        reads_like_a_map(seed, rounds, || open(dir.path()));
    }
}

#[test]
fn sled_reads_like_a_map() {
    on_disk(150, |dir| SledEngine::open(dir, CACHE).unwrap());
}

#[test]
fn redb_reads_like_a_map() {
    on_disk(150, |dir| RedbEngine::open(dir, CACHE).unwrap());
}

#[test]
fn a_journal_reads_like_a_map() {
    on_disk(150, |dir| JournalEngine::open(dir, CACHE).unwrap());
}

#[test]
fn memory_reads_like_a_map() {
    let disk = MemoryDisk::new();
    reads_like_a_map(1, 300, || disk.open().unwrap());
}
